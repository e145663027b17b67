"""Cohen's kappa against a textbook and scikit-learn, its interval against simulation, and pieces counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from pipeline.agreement import Agreement, agreement, pairs, pieces
from pipeline.recall import recall
from pipeline.residual import Residual
from retention.review import Reading, Reason, ReviewItem
from retention.review_marks import Mark
from retention.review_states import ReviewState

COUNTS = st.integers(0, 30)


def test_a_table_worked_by_hand() -> None:
    """20 both, 5 and 10 alone, 15 neither: observed .7, expected .5, so .4."""
    table = Agreement(20, 5, 10, 15)
    assert table.kappa == pytest.approx(0.4)
    interval = table.interval()
    assert interval is not None
    assert interval == pytest.approx((0.1511, 0.6489), abs=5e-4)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_kappa_is_scikit_learn_s(both: int, first: int, second: int, neither: int) -> None:
    table = Agreement(both, first, second, neither)
    labels = [(1, 1)] * both + [(1, 0)] * first + [(0, 1)] * second + [(0, 0)] * neither
    if table.kappa is None:
        assert not labels or len({label for pair in labels for label in pair}) == 1
        assert table.interval() is None
        return
    assert table.kappa == pytest.approx(cohen_kappa_score(*zip(*labels, strict=True)))
    interval = table.interval()
    assert interval is not None
    assert interval[0] <= table.kappa + 1e-9
    assert interval[1] >= table.kappa - 1e-9


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """2,000 samples of 300 texts, of which the readers hide something in 30 % and err independently."""
    rng = np.random.default_rng(7)
    shares = np.array([0.3 * 0.81 + 0.7 * 0.0025, 0.3 * 0.09 + 0.7 * 0.0475, 0.3 * 0.09 + 0.7 * 0.0475, 0.3 * 0.01 + 0.7 * 0.9025])
    truth = Agreement(*(round(share * 1_000_000) for share in shares)).kappa
    assert truth is not None
    covered = 0
    for counts in rng.multinomial(300, shares, 2000):
        low, high = Agreement(*map(int, counts)).interval() or (0.0, 0.0)
        covered += low <= truth <= high
    assert 0.93 <= covered / 2000 <= 0.97


def reading(item: str, place: int, *places: tuple[int, int]) -> Reading:
    return Reading(item, place, f"reader-{place}", tuple(Mark(start, end, "PERSON") for start, end in places))


def test_pairs_are_of_texts_that_two_have_read_and_leave_the_third_out() -> None:
    found = [reading("a", 1), reading("a", 2), reading("b", 1), reading("c", 1), reading("c", 2, (0, 1)), reading("c", 3)]
    assert [(first.item, second.place) for first, second in pairs(found)] == [("a", 2), ("c", 2)]
    assert agreement(pairs(found)) == Agreement(0, 0, 1, 1)


def test_pieces_are_counted_once_however_widely_each_reader_marked_them() -> None:
    read = [
        (reading("a", 1, (0, 5), (10, 15)), reading("a", 2, (2, 8))),
        (reading("b", 1), reading("b", 2, (1, 2), (4, 6))),
        (reading("c", 1, (3, 9)), reading("c", 2, (3, 9))),
    ]
    found = pieces(read)
    assert (found.both, found.first_only, found.second_only) == (2, 1, 2)
    assert found.missed_by_both == pytest.approx(1 * 2 / 3)


def item(number: int, reason: Reason, proposed: list[tuple[int, int]], decided: list[tuple[int, int]]) -> ReviewItem:
    marks = [tuple(Mark(start, end, "PERSON") for start, end in places) for places in (proposed, decided)]
    return ReviewItem(str(number), "w", number, reason, ReviewState.AGREED, *marks)


def test_the_machine_s_recall_weighs_what_was_sampled() -> None:
    """10 of 10 and 1 missed in what all was read; 1 of 50 sampled out of 500 missed one: about 10 more in the rest."""
    queue = [item(n, Reason.FLAGGED, [(0, 5)], [(0, 5)]) for n in range(9)]
    queue += [item(9, Reason.FLAGGED, [(0, 5)], [(0, 5), (8, 12)]), item(10, Reason.FLAGGED, [(0, 5)], [])]
    queue += [item(100 + n, Reason.SAMPLE, [], [(0, 3)] if n == 0 else []) for n in range(50)]
    found = recall(queue, Residual(500, 50, 50, 1, 1, 0.975))
    assert (found.found, found.missed) == (10, 1 + 10)
    assert found.recall == pytest.approx(10 / 21)
    assert (found.proposed, found.kept, found.precision) == (11, 10, pytest.approx(10 / 11))
    assert 0 < found.low < 10 / 21 < found.high < 10 / 11


def test_where_every_text_was_read_the_recall_is_known() -> None:
    queue = [item(n, Reason.FLAGGED, [(0, 5)], [(0, 5)]) for n in range(3)] + [item(5, Reason.SAMPLE, [], [(0, 3)])]
    found = recall(queue, Residual(1, 1, 1, 1, 1, 0.975))
    assert found.recall == found.low == found.high == 0.75
    empty = recall([], Residual(0, 0, 0, 0, 1, 0.975))
    assert (empty.recall, empty.precision) == (None, None)
