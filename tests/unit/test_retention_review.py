"""The review queue: two people blind, a third where they differ, places in a text and never the text."""

from __future__ import annotations

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from pipeline.scrub.spans import LABELS as SCRUBBER_LABELS
from retention import review as module
from retention import review_tables
from retention.ledger import Entry
from retention.review import (
    Reason,
    ReviewItem,
    add_items,
    counts,
    item,
    items,
    left_to,
    open_to,
    read,
    read_all,
    read_by,
    readings,
    undo,
    viewed,
    waiting,
)
from retention.review_marks import LABELS, Mark, ReviewError, from_json, hidden, to_json
from retention.review_states import MOVES, OPEN, READINGS, Move, ReviewState
from retention.secure_store import SecureStore
from tests.secure_waves import new_wave

NAME, PLACE = Mark(3, 8, "PERSON"), Mark(10, 14, "PLACE")
WAVE = "2026-spring"
READERS = ("reviewer-1", "reviewer-2", "reviewer-3")


def queue(store: SecureStore, texts: int = 3) -> list[ReviewItem]:
    new_wave(store)
    with store.record(Entry("tester", "scrub", WAVE)) as connection:
        add_items(connection, WAVE, [(row, Reason.FLAGGED, (NAME, PLACE)) for row in range(texts)])
    return items(store, WAVE)


def put_into(store: SecureStore, found: ReviewItem, state: ReviewState) -> ReviewItem:
    """The item in this state, as READERS in their order brought it there: the first hid the name, the second differs."""
    with store.engine.begin() as connection:
        connection.execute(delete(review_tables.review_reading))
        for place in range(1, READINGS[state] + 1):
            marks = to_json([NAME] if place == 1 or state is ReviewState.AGREED else [])
            values = {"item": found.id, "place": place, "reader": READERS[place - 1], "marks": marks, "read_on": module.today()}
            connection.execute(insert(review_tables.review_reading).values(**values))
        table = review_tables.review_item
        connection.execute(update(table).where(table.c.id == found.id).values(state=state, decided=None))
    return item(store, found.id)


def attempt(store: SecureStore, found: ReviewItem, move: Move) -> None:
    """What a person does for this move to happen, whoever they are: READERS read in their order, and a fourth after them."""
    read_before = READINGS[found.state]
    reader = (*READERS, "reviewer-4")[read_before]
    if move is Move.UNDO:
        undo(store, found.id, READERS[max(read_before - 1, 0)])
    else:
        read(store, found.id, [NAME] if move in (Move.READ, Move.AGREE) else [PLACE], reader, 20)


def test_every_move_is_made_from_the_states_of_the_table_and_refused_from_the_others(sqlite_store: SecureStore) -> None:
    (found,) = queue(sqlite_store, 1)
    for state, move in product(ReviewState, Move):
        current = put_into(sqlite_store, found, state)
        entries = sqlite_store.verify_ledger()
        allowed = MOVES.get((state, move))
        if allowed is None and move is not Move.UNDO and state in OPEN:
            continue  # a reading is a reading: which move it is, the state says
        if allowed is not None:
            attempt(sqlite_store, current, move)
            assert item(sqlite_store, found.id).state is allowed[0], (state, move)
            assert sqlite_store.verify_ledger() == entries + 1
            assert len(readings(sqlite_store, WAVE, found.id)) == READINGS[allowed[0]]
        else:
            with pytest.raises(ReviewError):
                attempt(sqlite_store, current, move)
            assert item(sqlite_store, found.id) == current
            assert sqlite_store.verify_ledger() == entries


def test_two_who_agree_settle_a_text_and_two_who_differ_do_not(secure_store: SecureStore) -> None:
    first, second, third = queue(secure_store)
    for found, marks in ((first, [PLACE, NAME]), (second, [NAME]), (third, [])):
        read(secure_store, found.id, marks, "reviewer-1", 20)
    assert counts(secure_store, WAVE)[ReviewState.READ_ONCE] == 3
    for found, marks in ((first, [NAME, PLACE]), (second, [Mark(3, 8, "PLACE")]), (third, [])):
        read(secure_store, found.id, marks, "reviewer-2", 20)
    assert [item(secure_store, found.id).state for found in (first, second, third)] == ["agreed", "disputed", "agreed"]
    assert [item(secure_store, found.id).decided for found in (first, second, third)] == [(NAME, PLACE), None, ()]
    assert (waiting(secure_store, WAVE), open_to(secure_store, WAVE, "reviewer-1")) == (1, [])
    assert open_to(secure_store, WAVE, "reviewer-3") == [second.id]
    assert [left_to(secure_store, WAVE, f"reviewer-{number}") for number in (1, 2, 3)] == [0, 0, 1]
    read(secure_store, second.id, [NAME], "reviewer-3", 20)
    assert (item(secure_store, second.id).state, item(secure_store, second.id).decided) == ("resolved", (NAME,))
    assert (waiting(secure_store, WAVE), read_by(secure_store, WAVE, "reviewer-1"), read_by(secure_store, WAVE, "reviewer-3")) == (0, 3, 1)
    said = [(signed.entry.actor, signed.entry.verb) for signed in secure_store.ledger()][2:]
    assert said == [("reviewer-1", "review-read")] * 3 + [("reviewer-2", "review-read")] * 3 + [("reviewer-3", "review-resolve")]


def test_nobody_reads_a_text_twice_and_the_first_is_not_the_third(sqlite_store: SecureStore) -> None:
    found, *_ = queue(sqlite_store)
    read(sqlite_store, found.id, [NAME], "reviewer-1", 20)
    with pytest.raises(ReviewError, match="You have read this text already"):
        read(sqlite_store, found.id, [NAME], "reviewer-1", 20)
    read(sqlite_store, found.id, [], "reviewer-2", 20)
    for reader in ("reviewer-1", "reviewer-2"):
        with pytest.raises(ReviewError, match="You have read this text already"):
            read(sqlite_store, found.id, [NAME], reader, 20)
    assert item(sqlite_store, found.id).state is ReviewState.DISPUTED


def test_only_the_last_reader_takes_back_and_only_their_own(sqlite_store: SecureStore) -> None:
    found, *_ = queue(sqlite_store)
    read(sqlite_store, found.id, [NAME], "reviewer-1", 20)
    read(sqlite_store, found.id, [NAME], "reviewer-2", 20)
    with pytest.raises(ReviewError, match="cannot be taken back"):
        undo(sqlite_store, found.id, "reviewer-1")
    undo(sqlite_store, found.id, "reviewer-2")
    assert item(sqlite_store, found.id).decided is None
    undo(sqlite_store, found.id, "reviewer-1")
    with pytest.raises(ReviewError, match="cannot be taken back"):
        undo(sqlite_store, found.id, "reviewer-1")
    assert (item(sqlite_store, found.id), readings(sqlite_store, WAVE)) == (found, [])


def test_of_two_readers_at_once_the_second_is_told(secure_store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    found, *_ = queue(secure_store)
    read(secure_store, found.id, [NAME], "reviewer-1", 20)
    entries = secure_store.verify_ledger()
    monkeypatch.setattr(module, "item", lambda *_: found)  # the second looked before the first saved
    with pytest.raises(ReviewError, match="Somebody else read this text in the meantime"):
        read(secure_store, found.id, [], "reviewer-2", 20)
    monkeypatch.undo()
    assert [reading.reader for reading in readings(secure_store, WAVE)] == ["reviewer-1"]
    assert secure_store.verify_ledger() == entries


def test_scripted_readers_settle_everything_and_go_on_where_they_stopped(sqlite_store: SecureStore) -> None:
    first, *_ = queue(sqlite_store, 3)
    read(sqlite_store, first.id, [], "reviewer-1", 20)
    assert [read_all(sqlite_store, WAVE, "reviewer-1", lambda one: one.proposed) for _ in range(2)] == [2, 0]
    assert read_all(sqlite_store, WAVE, "reviewer-2", lambda one: one.proposed) == 3
    assert item(sqlite_store, first.id).state is ReviewState.DISPUTED
    assert read_all(sqlite_store, WAVE, "reviewer-3", lambda one: one.proposed) == 1
    assert waiting(sqlite_store, WAVE) == 0
    assert {found.decided for found in items(sqlite_store, WAVE)} == {(NAME, PLACE)}
    assert [reading.place for reading in readings(sqlite_store, WAVE, first.id)] == [1, 2, 3]


def test_a_view_is_in_the_ledger_and_does_not_tell_which_text(sqlite_store: SecureStore) -> None:
    queue(sqlite_store)
    viewed(sqlite_store, WAVE, "reviewer-1")
    entry = list(sqlite_store.ledger())[-1].entry
    assert (entry.actor, entry.verb, dict(entry.counts)) == ("reviewer-1", "review-view", {"texts": 1})


def test_the_kinds_are_those_of_the_scrubber() -> None:
    assert set(LABELS) == set(SCRUBBER_LABELS)
    assert hidden([Mark(1, 3, "PERSON"), Mark(5, 6, "URL")]) == {1, 2, 5}


@pytest.mark.parametrize(
    "marks",
    [
        [Mark(0, 5, "PERSON"), Mark(4, 6, "PLACE")],
        [Mark(0, 5, "PERSON"), Mark(0, 5, "PERSON")],
        [Mark(0, 9, "PERSON"), Mark(2, 3, "PLACE")],
    ],
)
def test_overlapping_marks_are_refused(sqlite_store: SecureStore, marks: list[Mark]) -> None:
    found, *_ = queue(sqlite_store)
    for order in (marks, marks[::-1]):
        with pytest.raises(ReviewError, match="overlap: join them"):
            read(sqlite_store, found.id, order, "reviewer-1", 20)
    assert item(sqlite_store, found.id) == found


def test_marks_reach_to_the_end_of_the_text_and_no_further(sqlite_store: SecureStore) -> None:
    found, *_ = queue(sqlite_store)
    for length in (13, 12, 0):
        with pytest.raises(ReviewError, match="after the end of the text"):
            read(sqlite_store, found.id, [NAME, PLACE], "reviewer-1", length)
    read(sqlite_store, found.id, [NAME, PLACE], "reviewer-1", 14)
    assert readings(sqlite_store, WAVE)[0].marks == (NAME, PLACE)


def test_an_item_that_is_not_there_is_said_so(sqlite_store: SecureStore) -> None:
    for verb in (
        lambda: item(sqlite_store, "none"),
        lambda: undo(sqlite_store, "none", "r"),
        lambda: read(sqlite_store, "none", [], "r", 9),
    ):
        with pytest.raises(ReviewError, match="no such text"):
            verb()
    assert items(sqlite_store, "none") == []


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 3)])
def test_a_mark_covers_something(start: int, end: int) -> None:
    with pytest.raises(ReviewError, match="start before its end"):
        Mark(start, end, "PERSON")


@pytest.mark.parametrize("label", ["", "_", "person", "Emma Smith", "EMMA", "OTHER", "P1", "PERSON\n", "É", "A" * 33])
def test_a_label_is_a_kind_and_not_what_a_child_wrote(label: str) -> None:
    with pytest.raises(ReviewError) as caught:
        Mark(0, 3, label)
    assert label in ("", "_", "person") or label not in str(caught.value)


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
        stored = [row.text_row for row in connection.execute(review_tables.review_item.select())]
    assert stored != list(range(40))


def test_the_queue_holds_places_and_kinds_only(sqlite_store: SecureStore) -> None:
    found, *_ = queue(sqlite_store)
    for reader in READERS[:2]:
        read(sqlite_store, found.id, [NAME], reader, 20)
    with sqlite_store.reading() as connection:
        row = connection.execute(review_tables.review_item.select().where(review_tables.review_item.c.id == found.id)).one()
    assert json.loads(row.proposed) == [[3, 8, "PERSON"], [10, 14, "PLACE"]]
    assert json.loads(row.decided) == [[3, 8, "PERSON"]]
