"""Flags for the safeguarding lead: sealed in the table, opened for the lead, closed once, gone with their key."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from retention.keys import KeyDestroyed, KeyMissing
from retention.ledger import Entry
from retention.review_marks import ReviewError
from retention.review_tables import safeguarding_flag
from retention.safeguarding_flags import RAISED_BY_A_READER, add_flags, close_flag, key_of, open_flags, raise_flag, waiting
from retention.secure_store import SecureStore
from retention.steps import sweep
from tests.secure_waves import new_wave

WAVE = "2026-spring"
FOUND = [(row, rule) for row, rule in enumerate(["suicide", "violence", "identified_and_harmful"] * 8)]


def flagged(store: SecureStore) -> None:
    new_wave(store)
    with store.record(Entry("tester", "scrub", WAVE)) as connection:
        add_flags(connection, store.ring, WAVE, FOUND)


def test_the_lead_gets_every_flag_and_closes_each_once(secure_store: SecureStore) -> None:
    flagged(secure_store)
    found = open_flags(secure_store, WAVE)
    assert sorted((flag.text_row, flag.rule) for flag in found) == sorted(FOUND)
    assert waiting(secure_store, WAVE) == len(FOUND)
    with secure_store.record(Entry("lead", "safeguarding-close", WAVE)) as connection:
        close_flag(connection, found[0].id)
    assert waiting(secure_store, WAVE) == len(FOUND) - 1
    assert found[0] not in open_flags(secure_store, WAVE)
    with pytest.raises(ReviewError, match="no such open"), secure_store.record(Entry("lead", "safeguarding-close", WAVE)) as connection:
        close_flag(connection, found[0].id)
    assert (open_flags(secure_store, "another"), waiting(secure_store, "another")) == ([], 0)


def test_the_table_tells_neither_which_text_nor_by_which_rule(sqlite_store: SecureStore) -> None:
    flagged(sqlite_store)
    with sqlite_store.reading() as connection:
        rows = connection.execute(select(safeguarding_flag).order_by(safeguarding_flag.c.id)).all()
    assert len({len(row.sealed) for row in rows}) == 1, "all of one size"
    assert len({row.sealed for row in rows}) == len(rows)
    assert not any(rule.encode() in row.sealed for row in rows for _, rule in FOUND)
    order = [flag.text_row for flag in open_flags(sqlite_store, WAVE)]
    assert order != sorted(order)


def test_who_reads_a_text_can_raise_a_flag_and_the_ledger_does_not_say_which(sqlite_store: SecureStore) -> None:
    new_wave(sqlite_store)
    raise_flag(sqlite_store, WAVE, 4711, "reviewer-1")
    (flag,) = open_flags(sqlite_store, WAVE)
    assert (flag.text_row, flag.rule) == (4711, RAISED_BY_A_READER)
    entry = list(sqlite_store.ledger())[-1].entry
    assert (entry.actor, entry.verb, dict(entry.counts)) == ("reviewer-1", "safeguarding-flag", {"flags": 1})


def test_without_their_key_flags_are_noise_and_the_sweep_leaves_it_alone(sqlite_store: SecureStore) -> None:
    flagged(sqlite_store)
    sweep(sqlite_store)
    assert len(open_flags(sqlite_store, WAVE)) == len(FOUND)
    with sqlite_store.engine.begin() as connection:
        connection.execute(safeguarding_flag.update().values(sealed=b"x" * 136))
    with pytest.raises(KeyMissing, match="does not open"):
        open_flags(sqlite_store, WAVE)
    sqlite_store.ring.destroy(key_of(WAVE))
    with pytest.raises(KeyDestroyed):
        open_flags(sqlite_store, WAVE)


def test_nothing_is_made_where_nothing_is_flagged_and_a_rule_is_a_code(sqlite_store: SecureStore) -> None:
    new_wave(sqlite_store)
    with sqlite_store.record(Entry("tester", "scrub", WAVE)) as connection:
        add_flags(connection, sqlite_store.ring, WAVE, [])
    assert not sqlite_store.ring.exists(key_of(WAVE))
    with pytest.raises(ReviewError, match="small letters"), sqlite_store.record(Entry("tester", "scrub", WAVE)) as connection:
        add_flags(connection, sqlite_store.ring, WAVE, [(1, "My name is Zofia")])
