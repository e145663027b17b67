"""A stranger's sealed records in a wave: counted, kept apart still sealed, and no reason to keep the others' postcodes a day longer."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from forms.answers import Locator
from pipeline.postcode import Outcome
from pipeline.status import as_text, status
from pipeline.steps.locate import locate
from pipeline.steps.sealed_records import Bundle, Why
from retention.bundle import write_bundle
from retention.destroy import certified
from retention.keys import public_key
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse, SealError, seal
from retention.steps import Verb
from tests.integration.chain import WAVE, Office, responses

pytestmark = pytest.mark.usefixtures("quick")
HONEST = 12
FORGED = [b"no json", b"[]", b"{}", b'"my name is Zofia"', b"[" * 900, b'{"a":true,"c":"","p":7,"s":""}']


def _wave_with_forgeries(home: Path) -> tuple[Office, list[SealedResponse]]:
    """Honest responses; forged ones that open; one honest body with a garbled locator, and the other way round."""
    office = Office.at(home)
    honest = responses()[:HONEST]
    office.open_wave(honest)
    body = public_key(office.settings.collection.keys, office.wave.body_key)
    locator = public_key(office.settings.collection.keys, office.wave.locator_key)
    forged = [
        SealedResponse(secrets.token_bytes(16), seal(content, BODY_SIZE, body), seal(content, LOCATOR_SIZE, locator)) for content in FORGED
    ]
    garbled = [
        SealedResponse(secrets.token_bytes(16), seal(honest[0].body(), BODY_SIZE, body), secrets.token_bytes(LOCATOR_SIZE)),
        SealedResponse(
            secrets.token_bytes(16), secrets.token_bytes(BODY_SIZE), seal(Locator("SW1A 0AA", asked=True).to_bytes(), LOCATOR_SIZE, locator)
        ),
    ]
    office.collection.put([*forged, *garbled])
    return office, [*forged, *garbled]


def test_a_wave_with_forged_and_garbled_records_reaches_its_tables_and_its_certificates(tmp_path: Path) -> None:
    office, strange = _wave_with_forgeries(tmp_path / "home")
    office.run(Verb.TRANSFER)
    located = office.run(Verb.LOCATE)
    unreadable = len(FORGED) + 1
    assert (located["responses"], located["set_aside"]) == (HONEST + len(strange), unreadable)
    assert located[f"outcome_{Outcome.UNREADABLE}"] == unreadable
    places = office.store.vault.read(office.store.asset(WAVE, "located").stored)
    assert len(places) == HONEST + len(strange), "every record has an outcome"
    lost = places[places["outcome"] == Outcome.UNREADABLE]
    assert lost[["lsoa11cd", "lad25cd", "rgn", "nation", "school_phase"]].isna().all(axis=None)
    aside = office.store.vault.read(office.store.asset(WAVE, "locators_set_aside").stored)
    assert sorted(aside["row"]) == sorted(lost["row"])
    assert {bytes(box) for box in aside["sealed"]} == {record.locator for record in strange[: unreadable - 1]} | {strange[-2].locator}
    assert aside["why"].value_counts().to_dict() == {Why.NOT_OF_OUR_FORMS: len(FORGED), Why.DOES_NOT_OPEN: 1}

    scrubbed = office.run(Verb.SCRUB)
    assert (scrubbed["responses"], scrubbed["set_aside"]) == (HONEST + 1, unreadable)
    kept = office.store.vault.read(office.store.asset(WAVE, "bodies_set_aside").stored)
    assert {bytes(box) for box in kept["sealed"]} == {record.body for record in strange[: unreadable - 1]} | {strange[-1].body}
    assert certified(office.store, WAVE) >= {"locators", "bodies"}
    office.decide()
    office.run(Verb.REVIEW)
    office.run(Verb.TABULATE)
    words = as_text(status(office.store, office.collection))
    assert f"{unreadable} locators and {unreadable} bodies could not be read and are set aside, sealed" in words


def test_too_many_unreadable_records_stop_the_step_before_anything_is_destroyed_until_a_person_says_how_many(tmp_path: Path) -> None:
    office = Office.at(tmp_path / "home")
    office.open_wave(responses()[:2])
    office.collection.put(
        [SealedResponse(secrets.token_bytes(16), secrets.token_bytes(BODY_SIZE), secrets.token_bytes(LOCATOR_SIZE)) for _ in range(12)]
    )
    office.run(Verb.TRANSFER)
    with pytest.raises(SealError, match=r"12 of 14 sealed locators cannot be read: .* with --set-aside 12\. Nothing was destroyed"):
        office.run(Verb.LOCATE)
    assert office.store.ring.exists(office.wave.locator_key)
    assert Verb.LOCATE not in office.store.steps(WAVE)
    with pytest.raises(SealError):
        locate(office.store, WAVE, "an.alyst", set_aside=11)
    assert locate(office.store, WAVE, "an.alyst", set_aside=12)["set_aside"] == 12
    assert certified(office.store, WAVE) == {"locators"}


@pytest.mark.parametrize(
    ("count", "most"), [(1, 1), (2, 1), (5, 4), (10, 9), (11, 10), (12, 10), (1000, 10), (1099, 10), (1100, 11), (1200, 12)]
)
def test_how_many_are_put_up_with_at_the_edge(tmp_path: Path, count: int, most: int) -> None:
    path = tmp_path / "records.bundle"
    write_bundle(path, "locators", 8, (number.to_bytes(8, "big") for number in range(count)))
    bundle = Bundle(path, "locators", 8, count)
    aside = bundle.set_aside({count - 1 - number: Why.DOES_NOT_OPEN for number in range(most)})
    assert [bytes(box) for box in aside["sealed"]] == [(count - 1 - number).to_bytes(8, "big") for number in range(most)]
    if most < count:
        with pytest.raises(SealError, match=f"{most + 1} of {count} sealed locators"):
            bundle.set_aside(dict.fromkeys(range(most + 1), Why.DOES_NOT_OPEN))
