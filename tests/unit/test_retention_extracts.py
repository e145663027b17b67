"""The contractor's extracts: registered, chased from the day after the one they are due, and closed by a statement."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from retention import extracts as module
from retention.extracts import attest, extracts, overdue, register
from retention.secure_store import SecureStore, StepRefused, today
from tests.secure_waves import new_wave


def test_from_registered_to_attested(secure_store: SecureStore) -> None:
    wave = new_wave(secure_store)
    due = today() + timedelta(days=30)
    assert extracts(secure_store) == []
    assert register(secure_store, wave.id, "hosting.ltd", "nightly-backup", due, "an.alyst") == 1
    assert register(secure_store, wave.id, "hosting.ltd", "disk-image", due, "an.alyst") == 2
    first, second = extracts(secure_store)
    assert (first.what, first.taken_on, first.due_on, first.attested_on) == ("nightly-backup", today(), due, None)
    closed = attest(secure_store, 1, "letter-2026-17", "an.alyst")
    assert (closed.attested_on, closed.statement) == (today(), "letter-2026-17")
    assert extracts(secure_store)[1] == second
    assert [signed.entry.verb for signed in secure_store.ledger()][-3:] == ["extract-taken", "extract-taken", "extract-deleted"]
    secure_store.verify_ledger()
    with pytest.raises(StepRefused, match=r"attested on .* already"):
        attest(secure_store, 1, "letter-2026-18", "an.alyst")


def test_overdue_at_its_edge(sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = new_wave(sqlite_store)
    now = today()
    register(sqlite_store, wave.id, "hosting.ltd", "backup", now, "an.alyst")
    for day, count in ((now, 0), (now + timedelta(days=1), 1)):
        monkeypatch.setattr(module, "today", lambda day=day: day)
        assert overdue(sqlite_store) == count
        (extract,) = extracts(sqlite_store)
        assert extract.overdue(day) == bool(count)
        assert extract.state(day).startswith("OVERDUE") == bool(count)
    attest(sqlite_store, 1, "letter", "an.alyst")
    assert overdue(sqlite_store) == 0


@pytest.mark.parametrize(
    ("holder", "what", "due"), [("Hosting Ltd", "backup", 1), ("h", "a b", 1), ("", "backup", 1), ("h", "x" * 65, 1), ("h", "backup", -1)]
)
def test_what_cannot_be_registered_is_refused(sqlite_store: SecureStore, holder: str, what: str, due: int) -> None:
    wave = new_wave(sqlite_store)
    with pytest.raises(StepRefused):
        register(sqlite_store, wave.id, holder, what, today() + timedelta(days=due), "an.alyst")
    assert extracts(sqlite_store) == []


def test_a_wave_or_an_extract_that_is_not_there_is_refused(sqlite_store: SecureStore) -> None:
    with pytest.raises(StepRefused, match="no wave 'nowhere'"):
        register(sqlite_store, "nowhere", "h", "backup", date(2999, 1, 1), "an.alyst")
    with pytest.raises(StepRefused, match="no extract 7"):
        attest(sqlite_store, 7, "letter", "an.alyst")
