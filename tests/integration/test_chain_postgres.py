"""The whole chain with both databases on PostgreSQL: the same children, the same tables as on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.status import as_text, status
from retention.releases import ReleaseState, releases
from retention.secure_store import StepRefused
from retention.steps import Verb, sweep
from tests.integration.chain import RELEASE, STEPS, WAVE, Office, Stages, release_it, responses
from tests.postgres import Postgres

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def office(postgres: Postgres, tmp_path: Path) -> Office:
    return Office.at(tmp_path / "home", BIGASK_COLLECTION_URL=postgres.new_database(), BIGASK_SECURE_URL=postgres.new_database())


def test_the_whole_chain(office: Office, stages: Stages, tmp_path: Path) -> None:
    office.open_wave(responses())
    assert office.collection.count() == len(responses())
    for verb in STEPS:
        first = office.run(verb)
        assert office.run(verb) == first
        if verb is Verb.SCRUB:
            office.decide()
        sweep(office.store)
    release_it(office)
    (release,) = releases(office.store)
    assert release.state is ReleaseState.RELEASED
    assert (tmp_path / "home" / "release" / RELEASE / "manifest.json").is_file()
    assert office.collection.count() == 0
    assert office.store.verify_ledger() == len(list(office.store.ledger()))

    on_sqlite = Office.at(stages.copy(Verb.PROTECT, tmp_path / "sqlite")).store
    for kind in ("tables", "protected"):
        here = office.store.vault.read(office.store.asset(WAVE, kind).stored)
        there = on_sqlite.vault.read(on_sqlite.asset(WAVE, kind).stored)
        here, there = (frame.drop(columns="key", errors="ignore") for frame in (here, there))  # of a secret made by chance
        assert here.to_csv() == there.to_csv(), "the database has no say in what is counted or withheld"
    found = status(office.store, office.collection)
    assert found["collection"] == {"wave": WAVE, "state": "wiped", "responses": 0}
    assert "next" not in as_text(found)


def test_a_step_out_of_order_and_a_wave_that_is_closed(office: Office) -> None:
    office.open_wave(responses()[:2])
    with pytest.raises(StepRefused, match="run `bigask transfer` first"):
        office.run(Verb.LOCATE)
    office.run(Verb.TRANSFER)
    with pytest.raises(StepRefused, match="has been used"):
        office.open_wave(())
