"""The review queue: one table of moves, one decision at a time, places in a text and never the text."""

from __future__ import annotations

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from retention import review as module
from retention import tables
from retention.ledger import Entry
from retention.review import (
    TRANSITIONS,
    Mark,
    Reason,
    ReviewError,
    ReviewItem,
    ReviewState,
    add_items,
    counts,
    decide,
    decide_all,
    from_json,
    item,
    items,
    to_json,
    undo,
)
from retention.secure_store import SecureStore
from tests.secure_waves import new_wave

NAME, PLACE = Mark(3, 8, "PERSON"), Mark(10, 14, "PLACE")
ALLOWED = {("pending", "accepted"), ("pending", "changed"), ("accepted", "pending"), ("changed", "pending")}


def queue(store: SecureStore, texts: int = 3) -> list[ReviewItem]:
    new_wave(store)
    with store.record(Entry("tester", "scrub", "2026-spring")) as connection:
        add_items(connection, "2026-spring", [(row, Reason.FLAGGED, (NAME, PLACE)) for row in range(texts)])
    return items(store, "2026-spring")


def put_into(store: SecureStore, found: ReviewItem, state: ReviewState) -> ReviewItem:
    decided = None if state is ReviewState.PENDING else "[]"
    with store.engine.begin() as connection:
        connection.execute(update(tables.review_item).where(tables.review_item.c.id == found.id).values(state=state, decided=decided))
    return item(store, found.id)


def test_the_table_of_moves_is_complete() -> None:
    assert set(TRANSITIONS) == set(ReviewState)
    assert {(old.value, new.value) for old, targets in TRANSITIONS.items() for new in targets} == ALLOWED


def test_every_pair_of_states_is_allowed_or_refused_as_the_table_says(sqlite_store: SecureStore) -> None:
    (found,) = queue(sqlite_store, 1)
    for old, new in product(ReviewState, ReviewState):
        current = put_into(sqlite_store, found, old)
        entries = sqlite_store.verify_ledger()
        if (old.value, new.value) in ALLOWED:
            module._move(sqlite_store, current, new, "tester", None)
            assert item(sqlite_store, found.id).state is new
            assert sqlite_store.verify_ledger() == entries + 1
        else:
            with pytest.raises(ReviewError, match=f"{old} cannot become {new}"):
                module._move(sqlite_store, current, new, "tester", None)
            assert item(sqlite_store, found.id).state is old
            assert sqlite_store.verify_ledger() == entries


def test_accepting_changing_and_undoing(secure_store: SecureStore) -> None:
    first, second, third = queue(secure_store)
    assert decide(secure_store, first.id, [PLACE, NAME], "reviewer-1", 20) is ReviewState.ACCEPTED
    assert decide(secure_store, second.id, [NAME], "reviewer-1", 20) is ReviewState.CHANGED
    assert decide(secure_store, third.id, [], "reviewer-2", 20) is ReviewState.CHANGED
    assert [item(secure_store, found.id).decided for found in (first, second, third)] == [(NAME, PLACE), (NAME,), ()]
    assert counts(secure_store, "2026-spring") == {ReviewState.PENDING: 0, ReviewState.ACCEPTED: 1, ReviewState.CHANGED: 2}
    with pytest.raises(ReviewError, match="changed cannot become accepted"):
        decide(secure_store, third.id, [NAME, PLACE], "reviewer-2", 20)
    undo(secure_store, third.id, "reviewer-2")
    assert item(secure_store, third.id).decided is None
    assert items(secure_store, "2026-spring", ReviewState.PENDING) == [item(secure_store, third.id)]
    with pytest.raises(ReviewError, match="pending cannot become pending"):
        undo(secure_store, third.id, "reviewer-2")
    assert decide_all(secure_store, "2026-spring", "reviewer-2") == 1
    assert decide_all(secure_store, "2026-spring", "reviewer-2") == 0
    assert item(secure_store, third.id).decided == (NAME, PLACE)
    verbs = [signed.entry.verb for signed in secure_store.ledger()]
    assert verbs[2:] == ["review-accepted", "review-changed", "review-changed", "review-pending", "review-all", "review-all"]
    assert list(secure_store.ledger())[-2].entry.counts == {"accepted": 1}


def test_of_two_reviewers_at_once_the_second_is_told(secure_store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    found, *_ = queue(secure_store)
    decide(secure_store, found.id, [NAME], "reviewer-1", 20)
    monkeypatch.setattr(module, "item", lambda *_: found)  # the second looked before the first decided
    with pytest.raises(ReviewError, match="Somebody else decided this text"):
        decide(secure_store, found.id, [], "reviewer-2", 20)
    monkeypatch.undo()
    assert item(secure_store, found.id).decided == (NAME,)
    assert [signed.entry.actor for signed in secure_store.ledger()][-1] == "reviewer-1"


@pytest.mark.parametrize(
    "marks", [[Mark(0, 5, "A"), Mark(4, 6, "B")], [Mark(0, 5, "A"), Mark(0, 5, "A")], [Mark(0, 9, "A"), Mark(2, 3, "B")]]
)
def test_overlapping_marks_are_refused(sqlite_store: SecureStore, marks: list[Mark]) -> None:
    found, *_ = queue(sqlite_store)
    for order in (marks, marks[::-1]):
        with pytest.raises(ReviewError, match="overlap: join them"):
            decide(sqlite_store, found.id, order, "reviewer-1", 20)
    assert item(sqlite_store, found.id) == found


def test_marks_reach_to_the_end_of_the_text_and_no_further(sqlite_store: SecureStore) -> None:
    found, *_ = queue(sqlite_store)
    for length in (13, 12, 0):
        with pytest.raises(ReviewError, match="after the end of the text"):
            decide(sqlite_store, found.id, [NAME, PLACE], "reviewer-1", length)
    assert decide(sqlite_store, found.id, [NAME, PLACE], "reviewer-1", 14) is ReviewState.ACCEPTED


def test_an_item_that_is_not_there_is_said_so(sqlite_store: SecureStore) -> None:
    for verb in (
        lambda: item(sqlite_store, "none"),
        lambda: undo(sqlite_store, "none", "r"),
        lambda: decide(sqlite_store, "none", [], "r", 9),
    ):
        with pytest.raises(ReviewError, match="no such text"):
            verb()
    assert items(sqlite_store, "none") == []


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3)])
def test_a_mark_covers_something(start: int, end: int) -> None:
    with pytest.raises(ReviewError, match="start before its end"):
        Mark(start, end, "PERSON")


@pytest.mark.parametrize("label", ["", "_", "person", "Emma Smith", "EMMA SMITH", "P1", "PERSON\n", "É", "A" * 33])
def test_a_label_is_a_kind_and_not_what_a_child_wrote(label: str) -> None:
    with pytest.raises(ReviewError) as caught:
        Mark(0, 3, label)
    assert len(label) < 4 or label not in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    ["", "{", "null", "1", '"text"', "{}1", "[1]", "[[1, 2]]", '[[1, 2, "A", 4]]', '[["1", 2, "A"]]', '[[1.5, 2, "A"]]', '[[true, 2, "A"]]',
     "[[1, 2, 3]]", '[[1, 2, null]]', '{"abc": 1}'],
)  # fmt: skip
def test_marks_in_any_other_form_are_refused(raw: str) -> None:
    with pytest.raises(ReviewError, match="not in the expected form"):
        from_json(raw)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 10)), max_size=6))
def test_marks_are_read_back_exactly_when_none_overlaps(places: list[tuple[int, int]]) -> None:
    marks = tuple(sorted((Mark(start, start + length, "PERSON") for start, length in places), key=lambda mark: mark.start))
    covered = [position for mark in marks for position in range(mark.start, mark.end)]
    if len(covered) == len(set(covered)):
        assert from_json(to_json(marks)) == marks
    else:
        with pytest.raises(ReviewError, match="overlap"):
            from_json(to_json(marks))


def test_the_queue_keeps_nothing_of_the_order_of_the_texts(sqlite_store: SecureStore) -> None:
    found = queue(sqlite_store, 40)
    assert [entry.id for entry in found] == sorted(entry.id for entry in found)
    assert sorted(entry.text_row for entry in found) == list(range(40))
    assert [entry.text_row for entry in found] != list(range(40))
    with sqlite_store.reading() as connection:
        stored = [row.text_row for row in connection.execute(tables.review_item.select())]
    assert stored != list(range(40))


def test_the_queue_holds_places_and_kinds_only(sqlite_store: SecureStore) -> None:
    found, *_ = queue(sqlite_store)
    decide(sqlite_store, found.id, [NAME], "reviewer-1", 20)
    with sqlite_store.reading() as connection:
        row = connection.execute(tables.review_item.select().where(tables.review_item.c.id == found.id)).one()
    assert json.loads(row.proposed) == [[3, 8, "PERSON"], [10, 14, "PLACE"]]
    assert json.loads(row.decided) == [[3, 8, "PERSON"]]
