"""The review desk: whatever the text and the proposal, the page shows the whole text, and decides exactly what was ticked."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.review_desk import decided_marks, differences, pieces
from retention.review import Reading
from retention.review_marks import Mark, ReviewError

TEXT = st.text(st.sampled_from("ab é'@._-/:!,\n😀3"), min_size=1, max_size=60)


@st.composite
def texts_with_marks(draw: st.DrawFn) -> tuple[str, tuple[Mark, ...]]:
    text = draw(TEXT)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    labels = draw(st.lists(st.sampled_from(["PERSON", "PLACE", "UPN"]), min_size=len(spans), max_size=len(spans)))
    return text, tuple(Mark(start, end, label) for (start, end), label in zip(spans, labels, strict=True))


@given(texts_with_marks())
def test_the_pieces_are_the_text(case: tuple[str, tuple[Mark, ...]]) -> None:
    text, marks = case
    shown = pieces(text, marks)
    assert "".join(piece.text for piece in shown) == text
    assert all(text[piece.start : piece.end] == piece.text for piece in shown)
    for number, mark in enumerate(marks):
        inside = [piece for piece in shown if piece.mark == number]
        assert "".join(piece.text for piece in inside) == text[mark.start : mark.end]
        assert any(piece.word for piece in inside)


@given(texts_with_marks())
def test_saving_what_was_proposed_changes_nothing(case: tuple[str, tuple[Mark, ...]]) -> None:
    text, marks = case
    ticked = [piece.place for piece in pieces(text, marks) if piece.word and piece.mark is not None]
    kinds: dict[int | str, str] = {number: mark.label for number, mark in enumerate(marks)}
    assert decided_marks(text, marks, ticked, "PERSON", kinds) == marks


@given(texts_with_marks(), st.data())
def test_exactly_the_ticked_words_are_hidden(case: tuple[str, tuple[Mark, ...]], data: st.DataObject) -> None:
    text, marks = case
    words = [piece for piece in pieces(text, marks) if piece.word]
    ticked = [piece for piece in words if data.draw(st.booleans())]
    decided = decided_marks(text, marks, [piece.place for piece in ticked], "SCHOOL", {})
    hidden = {at for mark in decided for at in range(mark.start, mark.end)}
    for piece in words:
        inside = set(range(piece.start, piece.end))
        assert inside <= hidden if piece in ticked else not inside & hidden
    assert all(first.end <= second.start for first, second in pairwise(decided))
    assert all(mark.label == "SCHOOL" for mark in decided if not any(m.start <= mark.start < m.end for m in marks))


@pytest.mark.parametrize(
    ("text", "ticked", "expected"),
    [
        ("ask Zofia Lark now", ["4-9", "10-14"], [(4, 14)]),
        ("ask Zofia, Lark now", ["4-9", "11-15"], [(4, 9), (11, 15)]),
        ("ask Zofia. Lark now", ["4-9", "11-15"], [(4, 9), (11, 15)]),
        ("at 12 / 3 Elm", ["3-5", "8-9"], [(3, 5), (8, 9)]),
        ("write @zofia_k09 or z.lark@mail.test", ["6-16", "20-36"], [(6, 16), (20, 36)]),
        ("O'Neill-Khan's", ["0-14"], [(0, 14)]),
    ],
)
def test_neighbouring_words_are_one_name_and_a_list_is_several(text: str, ticked: list[str], expected: list[tuple[int, int]]) -> None:
    assert [(mark.start, mark.end) for mark in decided_marks(text, (), ticked, "PERSON", {})] == expected


def test_what_was_unticked_between_two_words_stays_to_be_read() -> None:
    assert decided_marks("3:3", (Mark(1, 2, "PERSON"),), ["0-1", "2-3"], "PERSON", {}) == (Mark(0, 1, "PERSON"), Mark(2, 3, "PERSON"))


def test_a_word_added_beside_a_proposal_of_its_kind_joins_it_and_two_proposals_stay_two() -> None:
    text = "Zofia Maria Lark"
    proposed = (Mark(0, 5, "PERSON"), Mark(12, 16, "PERSON"))
    assert decided_marks(text, proposed, ["0-5", "6-11", "12-16"], "PERSON", {}) == (Mark(0, 16, "PERSON"),)
    assert decided_marks(text, proposed, ["0-5", "6-11", "12-16"], "PERSON", {"6-11": "PLACE"})[1] == Mark(6, 11, "PLACE")
    near = (Mark(0, 5, "PERSON"), Mark(6, 11, "PERSON"))
    assert decided_marks(text, near, ["0-5", "6-11"], "PERSON", {}) == near


@pytest.mark.parametrize(
    ("ticked", "new_kind", "kinds"),
    [(["0-4"], "PERSON", {}), (["x"], "PERSON", {}), ([], "MADE_UP", {}), ([], "PERSON", {0: "MADE_UP"}), ([], "PERSON", {"0-5": "<b>"})],
)
def test_what_the_page_does_not_offer_is_refused(ticked: list[str], new_kind: str, kinds: dict[int | str, str]) -> None:
    with pytest.raises(ReviewError, match="not the one for this text"):
        decided_marks("Zofia", (), ticked, new_kind, kinds)


@given(texts_with_marks(), st.data())
def test_the_third_sees_all_that_either_hid_and_what_only_one_did(case: tuple[str, tuple[Mark, ...]], data: st.DataObject) -> None:
    text, first = case
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    second = tuple(Mark(start, end, "PERSON") for start, end in zip(cuts[::2], cuts[1::2], strict=False))
    shown = differences(text, Reading("i", 1, "a", first), Reading("i", 2, "b", second))
    covered = {at for one in shown for at in range(one.mark.start, one.mark.end)}
    either = {at for mark in (*first, *second) for at in range(mark.start, mark.end)}
    both = {at for mark in first for at in range(mark.start, mark.end)} & {at for mark in second for at in range(mark.start, mark.end)}
    assert covered <= either
    assert {at for at in either if text[at].isalnum()} <= covered
    assert all(one.end <= two.start for one, two in pairwise([shown_mark.mark for shown_mark in shown]))
    for one in shown:
        if not one.disputed:
            assert set(range(one.mark.start, one.mark.end)) <= both
    assert "".join(piece.text for piece in pieces(text, [one.mark for one in shown])) == text


def test_where_two_readers_agree_nothing_is_disputed_and_a_kind_is_told() -> None:
    text = "ask Zofia Lark now"
    mine = Reading("i", 1, "a", (Mark(4, 14, "PERSON"),))
    assert [(one.mark, one.disputed) for one in differences(text, mine, mine)] == [(Mark(4, 14, "PERSON"), False)]
    (one,) = differences(text, mine, Reading("i", 2, "b", (Mark(4, 14, "PLACE"),)))
    assert one.why == "One reader took it for: Name; the other for: Place"
    shown = differences(text, mine, Reading("i", 2, "b", (Mark(4, 9, "PERSON"),)))
    assert [(one.mark, one.disputed) for one in shown] == [(Mark(4, 9, "PERSON"), False), (Mark(10, 14, "PERSON"), True)]
