"""The table of moves on the review desk: complete, and the diagram in the repository is drawn from it."""

from __future__ import annotations

from pathlib import Path

from retention import review_states
from retention.review_states import MOVES, OPEN, READINGS, SETTLED, Move, ReviewState, Who, diagram


def test_every_state_is_settled_or_open_and_counts_its_readings() -> None:
    assert set(ReviewState) == OPEN | SETTLED
    assert not OPEN & SETTLED
    assert set(READINGS) == set(ReviewState)


def test_reading_adds_one_reading_and_undoing_takes_one_away() -> None:
    for (old, move), (new, _) in MOVES.items():
        assert READINGS[new] - READINGS[old] == (-1 if move is Move.UNDO else 1), (old, move)


def test_every_state_can_be_reached_and_every_open_one_goes_on() -> None:
    assert {new for (_, move), (new, _) in MOVES.items() if move is not Move.UNDO} == set(ReviewState) - {ReviewState.UNREAD}
    for state in ReviewState:
        onward = {move for old, move in MOVES if old is state and move is not Move.UNDO}
        assert bool(onward) is (state in OPEN)
        assert ((state, Move.UNDO) in MOVES) is (state is not ReviewState.UNREAD)


def test_only_who_has_not_read_a_text_reads_it_and_only_the_last_takes_back() -> None:
    for (_, move), (_, who) in MOVES.items():
        assert who is (Who.LAST_READER if move is Move.UNDO else Who.NEW_READER)


def test_the_diagram_is_the_table() -> None:
    page = Path(review_states.__file__).with_name("review_states.md").read_text(encoding="utf-8")
    assert page.split("```mermaid\n")[1].split("```")[0] == diagram()
    assert diagram().count(" --> ") == len(MOVES) + 1 + len(SETTLED)
