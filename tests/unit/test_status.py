"""Where everything stands, as data and in words, at each stage of a wave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.status import STEPS, as_text, status
from retention.collection_store import connect_collection
from retention.ledger import LedgerError
from retention.secure_store import SecureStore
from retention.settings import CollectionZone
from retention.waves import open_wave


@pytest.fixture
def zone(tmp_path: Path) -> CollectionZone:
    folder = tmp_path / "collection"
    return CollectionZone(folder, f"sqlite:///{folder / 'responses.sqlite'}")


def test_an_office_that_has_never_collected(sqlite_store: SecureStore, zone: CollectionZone) -> None:
    found = status(sqlite_store, connect_collection(zone))
    collecting = {"wave": None, "state": "wiped", "responses": 0}
    assert found == {"collection": collecting, "waves": [], "extracts_overdue": 0, "ledger_entries": 0}
    assert as_text(found).splitlines() == ["No wave is on the collection server.", "Ledger: 0 entries, chain and signatures verified."]


def test_a_wave_that_is_collecting(sqlite_store: SecureStore, zone: CollectionZone) -> None:
    open_wave(sqlite_store, connect_collection(zone), zone, "autumn", "big_ask", "an.alyst")
    found = status(sqlite_store, connect_collection(zone))
    assert json.loads(json.dumps(found)) == found
    (wave,) = found["waves"]
    assert found["collection"] == {"wave": "autumn", "state": "open", "responses": 0}
    assert wave["steps"] == dict.fromkeys([verb.value for verb in STEPS])
    assert (wave["next"], wave["data_sets"], wave["releases"]) == ("transfer", {}, [])
    words = as_text(found)
    assert "Collection server: wave autumn is open, 0 responses." in words
    assert "  next: bigask transfer --wave autumn" in words
    assert words.count("  open  ") == len(STEPS)


def test_words_for_every_stage() -> None:
    steps = {"transfer": {"responses": 5}, "locate": None}
    wave = {
        "wave": "autumn", "survey": "big_ask", "steps": steps, "next": "locate", "texts_waiting": 3,
        "data_sets": {"locators": "5 rows", "bodies": "destroyed"}, "releases": [{"release": "r", "state": "drafted"}],
    }  # fmt: skip
    words = as_text({"collection": {"wave": "autumn", "state": "wiped", "responses": 0}, "waves": [wave], "ledger_entries": 4})
    for line in (
        "  done  transfer",
        "  open  locate",
        "  3 texts wait to be read at the staff door",
        "  data sets: bodies (destroyed), locators (5 rows)",
        "  release r: drafted",
        "  next: bigask locate --wave autumn",
    ):
        assert line in words.splitlines()


def test_words_for_places_records_set_aside_and_extracts_overdue() -> None:
    locate = {"directory": "ONSPD_2026-01", "deprivation": "none", "schools": "none", "source_1_sha256": "ab", "set_aside": 2}
    steps = {"transfer": {}, "locate": locate, "scrub": {"set_aside": 1}}
    wave = {"wave": "w", "survey": "s", "steps": steps, "next": None, "texts_waiting": 0, "data_sets": {}, "releases": []}
    standing = {"collection": {"wave": None}, "waves": [wave], "extracts_overdue": 3, "ledger_entries": 4}
    lines = as_text(standing).splitlines()
    assert any(line.startswith("  located with directory ONSPD 2026-01") and "1 source files" in line for line in lines)
    assert "  2 locators and 1 bodies could not be read and are set aside, sealed" in lines
    assert "OVERDUE: the deletion of 3 extracts is not attested (bigask extracts list)" in lines


def test_an_edited_ledger_is_no_status(sqlite_store: SecureStore, zone: CollectionZone) -> None:
    open_wave(sqlite_store, connect_collection(zone), zone, "autumn", "big_ask", "an.alyst")
    (sqlite_store.zone.folder / "ledger.head").write_text('{"seq": 9}')
    with pytest.raises(LedgerError):
        status(sqlite_store, connect_collection(zone))
