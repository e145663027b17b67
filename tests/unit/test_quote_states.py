"""The moves of a quote are one table: each is made exactly where it stands there."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import update

from retention import quotes
from retention.quotes import MOVES, QuoteMove, QuoteState
from retention.secure_store import SecureStore, StepRefused
from retention.theme_tables import quote as table
from tests.secure_waves import new_wave


def put(store: SecureStore, state: QuoteState) -> None:
    with store.engine.begin() as connection:
        connection.execute(update(table).values(state=state, approver=None, other_approver=None, refused_by=None, release=None))


def test_every_move_is_made_from_the_states_of_the_table_and_refused_from_the_others(sqlite_store: SecureStore) -> None:
    new_wave(sqlite_store)
    quotes.propose(sqlite_store, "2026-spring", "q", "more parks please", "9-17", "barriers", "places", "ann")
    made = {
        QuoteMove.APPROVE: lambda: quotes.approve(sqlite_store, "q", "ben"),
        QuoteMove.REFUSE: lambda: quotes.refuse(sqlite_store, "q", "ben"),
        QuoteMove.RELEASE: lambda: quotes.put_into_release(sqlite_store, [quotes.quote(sqlite_store, "q")], "r1", "ann"),
    }
    assert set(made) == set(QuoteMove)
    for state, move in product(QuoteState, QuoteMove):
        put(sqlite_store, state)
        before = sqlite_store.verify_ledger()
        if (state, move) in MOVES:
            made[move]()
            assert quotes.quote(sqlite_store, "q").state is MOVES[state, move]
            assert sqlite_store.verify_ledger() == before + 1
        else:
            with pytest.raises(StepRefused, match="cannot take this step"):
                made[move]()
            assert quotes.quote(sqlite_store, "q").state is state
            assert sqlite_store.verify_ledger() == before


def test_the_way_out_is_through_two_approvals_and_no_other() -> None:
    assert [old for (old, move) in MOVES if move is QuoteMove.RELEASE] == [QuoteState.APPROVED]
    assert [(old, new) for (old, move), new in MOVES.items() if move is QuoteMove.APPROVE] == [
        (QuoteState.PROPOSED, QuoteState.APPROVED_ONCE),
        (QuoteState.APPROVED_ONCE, QuoteState.APPROVED),
    ]
    assert not [old for (old, _) in MOVES if old in (QuoteState.REFUSED, QuoteState.IN_RELEASE)]


def test_words_said_before_are_known_however_they_are_spaced_or_written(secure_store: SecureStore) -> None:
    new_wave(secure_store)
    quotes.propose(secure_store, "2026-spring", "q", "More  parks please", "9-17", "barriers", "places", "ann")
    with pytest.raises(StepRefused, match="same words"):
        quotes.propose(secure_store, "2026-spring", "p", "more parks PLEASE", "9-17", "barriers", "places", "ann")
    with pytest.raises(StepRefused, match="no such quote"):
        quotes.quote(secure_store, "p")
    new_wave(secure_store, "2027-spring")
    quotes.propose(secure_store, "2027-spring", "r", "more parks please", "9-17", "barriers", "places", "ann")
