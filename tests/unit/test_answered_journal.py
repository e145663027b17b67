"""What was answered a moment ago: on the disk before the answer leaves, in the table soon, and never lost between the two."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from retention import answered_journal
from retention.answered import definitions, journals, to_line
from retention.answered_journal import AnsweredJournal, journal
from retention.builder_tables import answered as table
from retention.database import DatabaseUnavailable
from retention.ledger import Entry
from retention.secure_store import SecureStore, Wave
from tests.builder_samples import WAVE
from tests.release_samples import quick_passphrases, secure_zone


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    made = SecureStore(secure_zone(tmp_path / "secure"))
    for wave in (WAVE, "other"):
        made.add_wave(Wave(wave, "big_ask", "body", "locator"), Entry("ann", "wave-open", wave))
    return made


def in_table(store: SecureStore) -> set[str]:
    with store.reading() as connection:
        return set(connection.execute(select(table.c.definition)).scalars())


def test_it_is_read_from_the_journal_at_once_and_from_the_table_soon(store: SecureStore) -> None:
    kept = AnsweredJournal(store)
    kept.append(WAVE, ["a", "b"])
    kept.append("other", ["c"])
    assert in_table(store) == set()
    assert (set(definitions(store, WAVE)), definitions(store, "other")) == ({"a", "b"}, ["c"])
    kept.settle()
    kept.append(WAVE, ["d", "a"])
    assert in_table(store) == {"a", "b", "c"}
    assert sorted(definitions(store, WAVE)) == ["a", "b", "d"]
    kept.close()
    assert in_table(store) == {"a", "b", "c", "d"}
    assert list(journals(store).iterdir()) == []
    store.verify_ledger()


def test_what_a_dead_keeper_left_is_taken_over_but_for_a_line_that_was_never_whole(store: SecureStore) -> None:
    journals(store).mkdir()
    left = journals(store) / "0123-0"
    left.write_bytes(to_line(WAVE, "a") + to_line(WAVE, "b") + to_line(WAVE, "never answered")[:-5])
    assert sorted(definitions(store, WAVE)) == ["a", "b"]
    kept = AnsweredJournal(store)
    assert in_table(store) == {"a", "b"}
    assert not left.exists()
    kept.close()


def test_two_keepers_leave_each_others_journals_alone(store: SecureStore) -> None:
    one = AnsweredJournal(store)
    one.append(WAVE, ["a"])
    other = AnsweredJournal(store)
    assert in_table(store) == set()
    other.close()
    one.append(WAVE, ["b"])
    assert sorted(definitions(store, WAVE)) == ["a", "b"]
    one.close()
    assert in_table(store) == {"a", "b"}


def test_what_the_database_does_not_take_stays_in_the_journal(store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> int:
        raise DatabaseUnavailable("The database does not answer.")

    kept = AnsweredJournal(store)
    kept.append(WAVE, ["a"])
    with monkeypatch.context() as broken:
        broken.setattr(answered_journal, "keep", silent)
        for definition in ("b", "c"):
            with pytest.raises(DatabaseUnavailable):
                kept.settle()
            kept.append(WAVE, [definition])
    assert sorted(definitions(store, WAVE)) == ["a", "b", "c"]
    kept.close()
    assert in_table(store) == {"a", "b", "c"}


def test_its_end_settles_it_and_its_files_are_its_owners_alone(store: SecureStore) -> None:
    with journal(store) as kept:
        kept.append(WAVE, ["a"])
        assert {path.stat().st_mode & 0o777 for path in journals(store).iterdir()} == {0o600}
    assert in_table(store) == {"a"}
