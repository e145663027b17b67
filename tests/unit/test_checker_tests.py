"""The measures that a checker is shown: with the day on which all of their tests had passed, or none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from api.checker_tests import proven
from governance.assurance import SHOWN
from governance.record import load_record, record_folder
from retention.keys import write_private
from retention.secure_store import SecureStore
from tests.release_samples import quick_passphrases, secure_zone


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    return SecureStore(secure_zone(tmp_path / "secure"))


def test_a_measure_is_shown_on_the_day_that_the_last_of_its_tests_passed(store: SecureStore) -> None:
    measures = {measure.does: measure for measure in load_record(record_folder("big_ask")).register.measures}
    first, second = next(measure for measure in measures.values() if measure.code == "attack_first").tests
    write_private(store.zone.folder / SHOWN, f'{{"{first}": "2026-03-02", "{second}": "2026-03-01"}}'.encode())
    shown = {one.what: one.on for one in proven(store, "big_ask")}
    assert shown[next(does for does, measure in measures.items() if measure.code == "attack_first")] == date(2026, 3, 1)
    assert shown[next(does for does, measure in measures.items() if measure.code == "three_people")] is None
    about = {measures[what].code for what in shown}
    assert {"threshold", "earlier_releases", "three_people", "checked_bytes_only"} <= about
    assert all(any(module.startswith(("disclosure", "pipeline", "retention")) for module in measures[what].modules) for what in shown)


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"one": "soon"}'])
def test_days_that_cannot_be_read_are_no_days(store: SecureStore, kept: bytes) -> None:
    write_private(store.zone.folder / SHOWN, kept)
    assert {one.on for one in proven(store, "big_ask")} == {None}
