"""The road to release: one table of moves, three people, and exactly the bytes that they looked at."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import update

from retention import releases as module
from retention import tables
from retention.ledger import LedgerError
from retention.releases import TRANSITIONS, ReleaseRefused, ReleaseState, approve, check, draft, refuse, release, releases, withdraw
from retention.secure_store import SecureStore
from tests.secure_waves import new_wave

HASH, OTHER = "ab" * 32, "cd" * 32
REASON = "A label was wrong."
ALLOWED = {("drafted", "checked"), ("drafted", "refused"), ("checked", "released"), ("checked", "refused"), ("released", "withdrawn")}


@pytest.fixture
def store(secure_store: SecureStore) -> SecureStore:
    """A store with one drafted release."""
    new_wave(secure_store)
    draft(secure_store, "r1", "2026-spring", "author", HASH)
    return secure_store


def put_into(store: SecureStore, state: ReleaseState) -> None:
    checker = "checker" if state is not ReleaseState.DRAFTED else None
    with store.engine.begin() as connection:
        connection.execute(update(tables.release).values(state=state, checker=checker))


def test_the_table_of_moves_is_complete() -> None:
    assert set(TRANSITIONS) == set(ReleaseState)
    assert {(old.value, new.value) for old, targets in TRANSITIONS.items() for new in targets} == ALLOWED


def test_every_pair_of_states_is_allowed_or_refused_as_the_table_says(sqlite_store: SecureStore) -> None:
    new_wave(sqlite_store)
    draft(sqlite_store, "r1", "2026-spring", "author", HASH)
    verbs = {
        ReleaseState.CHECKED: lambda: check(sqlite_store, "r1", "another", HASH),
        ReleaseState.RELEASED: lambda: approve(sqlite_store, "r1", "another", HASH),
        ReleaseState.REFUSED: lambda: refuse(sqlite_store, "r1", "another", REASON),
        ReleaseState.WITHDRAWN: lambda: withdraw(sqlite_store, "r1", "another", REASON),
    }
    assert set(verbs) == set(ReleaseState) - {ReleaseState.DRAFTED}
    for old, new in product(ReleaseState, verbs):
        put_into(sqlite_store, old)
        if (old.value, new.value) in ALLOWED:
            assert verbs[new]().state is new
        else:
            with pytest.raises(ReleaseRefused, match=f"is {old}: it cannot become {new}"):
                verbs[new]()
            assert release(sqlite_store, "r1").state is old


def test_three_people_release(store: SecureStore) -> None:
    with pytest.raises(ReleaseRefused, match="Three different people"):
        check(store, "r1", "author", HASH)
    assert check(store, "r1", "checker", HASH).checker == "checker"
    for person in ("author", "checker"):
        with pytest.raises(ReleaseRefused, match="Three different people"):
            approve(store, "r1", person, HASH)
    assert release(store, "r1").state is ReleaseState.CHECKED
    approved = approve(store, "r1", "approver", HASH)
    assert (approved.state, approved.author, approved.checker, approved.approver) == (
        ReleaseState.RELEASED,
        "author",
        "checker",
        "approver",
    )
    assert approved.released_on == approved.drafted_on
    withdrawn = withdraw(store, "r1", "author", REASON)
    assert (withdrawn.state, withdrawn.reason) == (ReleaseState.WITHDRAWN, REASON)
    verbs = [(signed.entry.actor, signed.entry.verb) for signed in store.ledger()][1:]
    assert verbs == [
        ("author", "release-draft"), ("checker", "release-checked"), ("approver", "release-released"), ("author", "release-withdrawn"),
    ]  # fmt: skip
    assert all(signed.entry.counts["sha256"] == HASH for signed in list(store.ledger())[1:])


def test_other_bytes_than_those_that_were_drafted_are_refused(store: SecureStore) -> None:
    with pytest.raises(ReleaseRefused, match="not those that were drafted"):
        check(store, "r1", "checker", OTHER)
    check(store, "r1", "checker", HASH)
    with pytest.raises(ReleaseRefused, match="not those that were drafted"):
        approve(store, "r1", "approver", OTHER)
    assert release(store, "r1").state is ReleaseState.CHECKED


def test_of_two_people_at_once_the_second_is_told(store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = release(store, "r1")
    check(store, "r1", "checker", HASH)
    monkeypatch.setattr(module, "release", lambda *_: before)  # the second looked before the first moved it
    with pytest.raises(ReleaseRefused, match="Somebody else moved"):
        refuse(store, "r1", "another", REASON)
    monkeypatch.undo()
    assert release(store, "r1").state is ReleaseState.CHECKED


def test_a_release_is_never_replaced(store: SecureStore) -> None:
    with pytest.raises(ReleaseRefused, match="never replaced"):
        draft(store, "r1", "2026-spring", "author", OTHER)
    draft(store, "r2", "2026-spring", "author", OTHER)
    assert {found.id: found.sha256 for found in releases(store)} == {"r1": HASH, "r2": OTHER}
    assert releases(store, "2026-autumn") == []
    with pytest.raises(ReleaseRefused, match="no release 'r3'"):
        release(store, "r3")


@pytest.mark.parametrize("reason", ["", "   ", "too short", " 123456789 "])
def test_stopping_a_release_needs_a_sentence(store: SecureStore, reason: str) -> None:
    with pytest.raises(ReleaseRefused, match="Say why in a sentence"):
        refuse(store, "r1", "checker", reason)
    assert release(store, "r1").state is ReleaseState.DRAFTED
    assert refuse(store, "r1", "checker", " 1234567890 ").reason == "1234567890"


def test_a_name_with_words_in_it_is_refused(store: SecureStore) -> None:
    with pytest.raises(LedgerError):
        draft(store, "my release", "2026-spring", "author", HASH)
    assert len(releases(store)) == 1
