"""What is withheld of tables that are published nearly, and which count beside one that was pinned down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure.altered import alter, withhold_beside
from disclosure.audit import Exposure
from disclosure.dimension import Dimension
from disclosure.policy import Zeros, load_policy
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.table import Table

NHS, CENSUS = load_policy("nhs-1-7-round-5"), load_policy("census-cell-key")
GENDER, WISH, AREA = (Dimension.flat(name, codes) for name, codes in (("gender", "fm"), ("wish", "xyz"), ("area", "pq")))
OUT, MORE, NOT = Status.PUBLISHED, Status.SECONDARY, Status.PRIMARY


def table(dimensions: tuple[Dimension, ...], inner: list[list[int]]) -> Table:
    counts = np.array(inner)
    for axis in range(counts.ndim):
        counts = np.concatenate([counts.sum(axis=axis, keepdims=True), counts], axis=axis)
    return Table("t", dimensions, counts, "Wishes", "2026", (("band", "9-12"),))


def test_of_a_sparse_area_the_rest_is_withheld_and_what_was_small_stays_so() -> None:
    policy = replace(NHS, sparse_share=0.2, geography_variables=frozenset({"area"}))
    (shown,) = alter([table((AREA, WISH), [[3, 20, 21], [30, 31, 32]])], policy, {})
    assert shown.values.tolist() == [[135, 35, 50, 55], [45, WITHHELD, WITHHELD, WITHHELD], [95, 30, 30, 30]]
    assert shown.status.tolist() == [[OUT] * 4, [OUT, NOT, MORE, MORE], [OUT] * 4]
    assert shown.floor.tolist() == [[0] * 4, [0, 1, 0, 0], [0] * 4]
    assert (shown.id, shown.title, shown.population, shown.where) == ("t", "Wishes", "2026", (("band", "9-12"),))
    assert (shown.method, shown.base) == (NHS.method, 5)


def test_of_a_group_of_one_mind_nothing_may_be_taken_for_granted() -> None:
    (shown,) = alter([table((GENDER, Dimension.flat("wish", "xy")), [[20, 0], [30, 4]])], NHS, {})
    assert shown.status[1:, 1:].tolist() == [[MORE, MORE], [OUT, NOT]]
    assert shown.floor[1:, 1:].tolist() == [[0, 0], [0, 1]]


def test_by_the_cell_key_a_group_of_one_mind_is_withheld() -> None:
    true = table((GENDER, WISH), [[40, 0, 0], [30, 25, 20]])
    (shown,) = alter([true], CENSUS, {"t": np.zeros((2, 3), np.int64)})
    assert shown.status.tolist() == [[OUT] * 4, [OUT, MORE, MORE, MORE], [OUT] * 4]
    assert (shown.values[1, 1:] == WITHHELD).all()
    assert (abs(shown.values - true.counts)[~shown.withheld] <= CENSUS.perturbation_maximum).all()
    assert not shown.floor.any()
    assert (shown.method, shown.base) == (Method.CELL_KEY, CENSUS.perturbation_maximum)


@pytest.mark.parametrize(
    ("zeros", "impossible", "withheld"),
    [
        (Zeros.DATA, (), []),
        (Zeros.PROTECTED, (), [[1, 3]]),
        (Zeros.PROTECTED, ({"gender": "f", "wish": "z"},), []),
        (Zeros.PROTECTED, ({"gender": "m", "wish": "z"},), [[1, 3]]),
    ],
)
def test_by_the_cell_key_zeros_are_withheld_that_a_policy_protects(
    zeros: Zeros, impossible: tuple[dict[str, str], ...], withheld: list[list[int]]
) -> None:
    policy = replace(CENSUS, zeros=zeros, structural_zeros=impossible)
    (shown,) = alter([table((GENDER, WISH), [[40, 19, 0], [30, 25, 20]])], policy, {"t": np.zeros((2, 3), np.int64)})
    assert np.argwhere(shown.withheld).tolist() == withheld


def shown(values: object, *dimensions: Dimension, name: str = "t", where: tuple[tuple[str, str], ...] = ()) -> PublishedTable:
    """A rounded table; a count below 0 is withheld as small."""
    counts = np.array(values)
    status = np.where(counts < 0, NOT, OUT).astype(np.str_)
    return PublishedTable(name, dimensions, counts, status, (counts < 0).astype(int), where=where, method=NHS.method, base=5)


def exposed(name: str, **cell: str) -> Exposure:
    return Exposure(name, cell, 3, 3, "pinned down")


FIVE = Dimension.flat("wish", "vwxyz")


def test_the_smallest_count_beside_one_that_is_pinned_down_is_withheld() -> None:
    true = shown([40, WITHHELD, 0, 15, 10, 1], FIVE)
    found = withhold_beside([true], [exposed("t", wish="v")])
    assert found is not None
    assert found[0].values.tolist() == [40, WITHHELD, 0, 15, 10, WITHHELD]
    assert found[0].status.tolist() == [OUT, NOT, OUT, OUT, OUT, MORE]
    assert found[0].floor.tolist() == [0, 1, 0, 0, 0, 1]
    again = withhold_beside([true], [exposed("t", wish="v"), exposed("t", wish="v")])
    assert again is not None
    assert again[0].values.tolist() == [40, WITHHELD, 0, 15, WITHHELD, WITHHELD]
    assert true.values.tolist() == [40, WITHHELD, 0, 15, 10, 1]


def test_a_count_beside_is_one_of_any_sum_that_it_is_in() -> None:
    whole = shown([[95, 40, 55], [50, WITHHELD, 45], [45, 35, 10]], GENDER, Dimension.flat("wish", "xy"))
    found = withhold_beside([whole], [exposed("t", gender="f", wish="x")])
    assert found is not None
    assert np.argwhere(found[0].withheld).tolist() == [[1, 1], [2, 1]]  # 35 of the same wish, and not 10 of another
    published = withhold_beside([whole], [exposed("t", gender="f", wish="y")])  # a count that is shown, and pinned down by that
    assert published is not None
    assert np.argwhere(published[0].withheld).tolist() == [[1, 1], [2, 2]]
    total = withhold_beside([whole], [exposed("t", wish="y")])
    assert total is not None
    assert np.argwhere(total[0].withheld).tolist() == [[1, 1], [2, 2]]


def test_nothing_is_withheld_where_nothing_is_left() -> None:
    assert withhold_beside([shown([0, WITHHELD, WITHHELD, 0, 0, WITHHELD], FIVE)], [exposed("t", wish="v")]) is None
    assert withhold_beside([shown([40, WITHHELD, 0, 15, 10, 1], FIVE)], []) is None


def test_a_count_beside_is_of_the_same_table_and_a_group_of_all() -> None:
    one = shown([40, WITHHELD, 0, 15, 10, 5], FIVE, name="one", where=(("gender", "f"),))
    two = shown([90, 30, 0, 25, 20, 15], FIVE, name="two", where=(("gender", "f"),))
    found = withhold_beside([one, two], [exposed("two", wish="v")])
    assert found is not None
    assert [each.id for each in found] == ["one", "two"]
    assert [np.flatnonzero(each.withheld).tolist() for each in found] == [[1], [5]]
    assert found[1].floor[5] == 1
    group = withhold_beside([one, two], [exposed("", wish="v", gender="f")])
    assert group is not None
    assert [np.flatnonzero(each.withheld).tolist() for each in group] == [[1, 5], [1]]  # itself, or beside it where it was withheld
    assert [group[0].floor[5], group[1].floor[1]] == [0, 0]


@pytest.mark.parametrize(
    ("cell", "withheld"),
    [
        ({"wish": "w"}, [2]),
        ({"wish": "w", "gender": "f"}, [2]),
        ({"gender": "f"}, [0]),
        ({}, [0]),
        ({"wish": "w", "gender": "m"}, None),
        ({"gender": "m"}, None),
        ({"wish": "w", "area": "p"}, None),
        ({"wish": "w", "gender": "f", "area": "p"}, None),
        ({"wish": "a"}, None),
    ],
)
def test_a_cell_is_found_where_a_table_has_it(cell: dict[str, str], withheld: list[int] | None) -> None:
    """Of girls alone: what is a total is not named, and that they are girls may be."""
    other = shown([90, 40, 50], AREA, name="other")  # has none of these wishes, and is passed over
    girls = shown([40, 5, 10, 15, 10, 5], FIVE, where=(("gender", "f"),))
    found = withhold_beside([other, girls] if cell.get("wish") == "w" and "area" not in cell else [girls], [exposed("", **cell)])
    assert (None if found is None else np.flatnonzero(found[-1].withheld).tolist()) == withheld
