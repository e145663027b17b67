"""What the cell key withholds of a table: judged on what is shown, so that what is withheld tells no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.perturbed_rules import GROUP_DISCLOSURE, SMALL_GROUP, SPARSE_AREA, judge
from disclosure.policy import Group, load_policy

CENSUS = load_policy("census-cell-key")
NEAR = CENSUS.perturbation_smallest  # what one child may read as, at least
GENDER, WISH, AREA = (Dimension.flat(name, codes) for name, codes in (("gender", "fm"), ("wish", "xyz"), ("area", "pq")))


def shown(*rows: tuple[int, ...]) -> np.ndarray:
    return np.array(rows, np.int64)


@pytest.mark.parametrize(("rest", "withheld"), [(0, True), (NEAR, True), (NEAR + 1, False)])
def test_a_group_of_one_mind_is_withheld_but_for_its_total(rest: int, withheld: bool) -> None:
    counts = shown((60, 30, 15, 15), (30, 10, 10, 10), (30, 30 - rest, rest, 0))
    mask = judge(counts, (GENDER, WISH), CENSUS).by_rule[GROUP_DISCLOSURE]
    assert mask.tolist() == [[False] * 4, [False] * 4, [False, *[withheld] * 3]]


@pytest.mark.parametrize(("size", "withheld"), [(CENSUS.threshold - 1, True), (CENSUS.threshold, False), (CENSUS.threshold + 1, False)])
def test_what_a_small_group_answered_is_withheld(size: int, withheld: bool) -> None:
    counts = shown((60, 30, 15, 15), (30, 10, 10, 10), (size, size - 4, 4, 0))
    judged = judge(counts, (GENDER, WISH), CENSUS)
    assert judged.by_rule[SMALL_GROUP].tolist() == [[False] * 4, [False] * 4, [False, *[withheld] * 3]]
    assert judged.withheld[2, 1:].all() == withheld


def test_each_option_of_several_is_a_group_of_its_own() -> None:
    options = Dimension.multiple("wishes", ["x", "y"])
    counts = shown((40, 40, 0, 20, 20))[0]
    assert judge(counts, (options,), CENSUS).by_rule[GROUP_DISCLOSURE].tolist() == [False, True, True, False, False]


def test_a_group_that_was_not_asked_is_of_no_mind() -> None:
    asked = Dimension.flat("wish", ["x", "y", "not_asked"])
    counts = shown((50, 30, 0, 20))[0]
    assert judge(counts, (asked,), CENSUS, not_answers=("not_asked",)).withheld.tolist() == [False, True, True, True]
    assert not judge(counts, (asked,), CENSUS).withheld.any()


def test_what_identifies_is_no_answer_and_a_policy_without_the_rule_has_none() -> None:
    counts = shown((60, 60, 0), (30, 30, 0), (30, 30, 0))
    assert not judge(counts, (GENDER, Dimension.flat("age", "xy")), CENSUS).withheld.any()
    assert judge(counts, (GENDER, Dimension.flat("wish", "xy")), CENSUS).withheld.any()
    assert not judge(counts, (GENDER, Dimension.flat("wish", "xy")), replace(CENSUS, group_disclosure=Group.NONE)).withheld.any()


@pytest.mark.parametrize(("small", "withheld"), [(1, False), (2, True)])
def test_an_area_is_sparse_above_the_share_and_keeps_its_total(small: int, withheld: bool) -> None:
    cells = (12, *[4] * small, *[20] * (2 - small))[:3]
    counts = shown((90, 30, 30, 30), (45, 15, 15, 15), (sum(cells), *cells))
    mask = judge(counts, (AREA, Dimension.flat("gender", "fmo")), replace(CENSUS, sparse_share=0.34)).by_rule[SPARSE_AREA]
    assert mask.tolist() == [[False] * 4, [False] * 4, [False, *[withheld] * 3]]


def test_all_areas_together_are_never_sparse_and_the_share_itself_is_not_too_much() -> None:
    halves = shown((44, 22, 22), (8, 4, 4), (36, 18, 18))
    everything = shown((8, 4, 4), (4, 2, 2), (4, 2, 2))
    gender = Dimension.flat("gender", "fm")
    assert judge(everything, (AREA, gender), CENSUS).by_rule[SPARSE_AREA].tolist() == [
        [False] * 3,
        [False, True, True],
        [False, True, True],
    ]
    assert judge(halves, (AREA, gender), CENSUS).by_rule[SPARSE_AREA].sum() == 2
    exactly = shown((60, 25, 35, 0), (24, 12, 12, 0), (40, 4, 12, 0))  # of the second area's three counts one is small
    third = Dimension.flat("gender", "fmo")
    assert not judge(exactly, (AREA, third), replace(CENSUS, sparse_share=1 / 3)).by_rule[SPARSE_AREA].any()
    assert judge(exactly, (AREA, third), replace(CENSUS, sparse_share=0.33)).by_rule[SPARSE_AREA].sum() == 3


NOT_ASKED = Dimension.flat("wish", ["x", "y", "z", "not_asked"])


def test_a_group_is_small_by_those_who_were_asked_and_by_all() -> None:
    """A small answer of a large group is none; nobody asked is no small group, but a small group is one whoever was asked."""
    counts = shown((160, 40, 40, 4, 76), (60, 30, 26, 4, 0), (94, 4, 4, 0, 86), (60, 0, 0, 0, 60), (6, 0, 0, 0, 6))
    gender = Dimension.flat("gender", "fmod")
    judged = judge(counts, (gender, NOT_ASKED), CENSUS, not_answers=("not_asked",))
    assert judged.by_rule[SMALL_GROUP][:, 1].tolist() == [False, False, True, False, True]
    assert not judged.by_rule[SMALL_GROUP][:, 0].any()
    assert judged.by_rule[GROUP_DISCLOSURE][:, 1].tolist() == [False, False, False, False, False]


def test_each_answer_of_two_is_judged_and_each_area_of_two() -> None:
    wish, mood = Dimension.flat("wish", "xy"), Dimension.flat("mood", "gb")
    one_mind = shown((60, 60, 0), (30, 30, 0), (30, 30, 0))  # in the second of two questions
    counts = one_mind.reshape(3, 3)
    found = judge(counts, (wish, mood), CENSUS).by_rule[GROUP_DISCLOSURE]
    assert found[:, 1:].all()
    assert not found[:, 0].any()
    other = judge(counts.T, (mood, wish), CENSUS).by_rule[GROUP_DISCLOSURE]
    assert (other == found.T).all()
    few = shown((60, 30, 30), (56, 28, 28), (4, 2, 2))
    assert judge(few, (wish, mood), CENSUS).by_rule[SMALL_GROUP][2, 1:].all()
    region, council = Dimension.flat("region", "pq"), Dimension.flat("area", "pq")
    areas = replace(CENSUS, geography_variables=frozenset({"region", "area"}), sparse_share=0.5)
    spread = shown((60, 30, 30), (56, 28, 28), (4, 2, 2))
    assert judge(spread, (region, council), areas).by_rule[SPARSE_AREA].tolist() == [[False] * 3, [False] * 3, [False, True, True]]
    assert judge(spread.T, (region, council), areas).by_rule[SPARSE_AREA].tolist() == [
        [False] * 3,
        [False, False, True],
        [False, False, True],
    ]


@pytest.mark.parametrize(("count", "sparse"), [(1, True), (CENSUS.threshold - 1, True), (CENSUS.threshold, False)])
def test_an_areas_count_is_small_from_one_to_below_the_threshold(count: int, sparse: bool) -> None:
    counts = shown((90, 45, 45), (60, 30, 30), (2 * count, count, count))
    mask = judge(counts, (AREA, Dimension.flat("gender", "fm")), replace(CENSUS, sparse_share=0.6)).by_rule[SPARSE_AREA]
    assert mask[2].tolist() == [False, sparse, sparse]


def test_a_population_and_its_rest_are_judged_apart() -> None:
    """Of the first axis, all children and two parts of them: an area is sparse for each by itself."""
    who = Dimension.flat("who", ["in care", "not"])
    area = shown((44, 22, 22), (8, 4, 4), (36, 18, 18))
    counts = np.stack([area * 2, area, area * 2])
    mask = judge(counts, (who, AREA, Dimension.flat("gender", "fm")), replace(CENSUS, sparse_share=0.5), populations=1).by_rule[SPARSE_AREA]
    assert mask[1].tolist() == [[False] * 3, [False, True, True], [False] * 3]
    assert mask[2].tolist() == [[False] * 3, [False, True, True], [False] * 3]


def test_a_count_of_one_is_one_of_an_areas_counts() -> None:
    counts = shown((52, 21, 31), (40, 20, 20), (12, 1, 11))
    mask = judge(counts, (AREA, Dimension.flat("gender", "fm")), replace(CENSUS, sparse_share=0.4)).by_rule[SPARSE_AREA]
    assert not mask.any()
