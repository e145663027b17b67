"""Variables whose codes are related by sums, and the neighbourhoods in which the attack looks for second tables."""

from __future__ import annotations

import numpy as np
import pytest

from disclosure.axes import Axis, axes
from disclosure.dimension import Dimension
from disclosure.in_sight import named
from disclosure.inference import equations
from disclosure.published_table import WITHHELD, PublishedTable

TREE = Dimension.tree("place", {f"r{k}": "Total" for k in range(4)} | {f"p{k}": f"r{k % 4}" for k in range(16)})
MOOD, ONE = Dimension.flat("mood", ["good", "bad"]), Dimension.flat("one", ["only"])
EVERY = sorted(["", *TREE.codes[1:]])  # a total has no code


def withheld(*dimensions: Dimension, hide: tuple[int, ...] | None = None) -> PublishedTable:
    """Of all counts, those of one place in the table, or all but the grand total, are withheld."""
    shape = tuple(len(dimension.codes) for dimension in dimensions)
    hidden = np.zeros(shape, bool)
    hidden[hide if hide is not None else ...] = True
    if hide is None:
        hidden[(0,) * len(shape)] = False
    status = np.where(hidden, "secondary", "published")
    values = np.where(hidden, WITHHELD, 0)
    return PublishedTable("t", dimensions, values, status, np.zeros(shape, int), population="2026")


SYSTEM = equations([withheld(TREE, MOOD, ONE)])
PLACE = axes(SYSTEM)[0]
CELLS = np.arange(len(SYSTEM.keys))


def test_variables_of_more_than_one_category_are_axes_and_those_of_most_come_first() -> None:
    found = axes(equations([withheld(MOOD, TREE, ONE)]))
    assert [len(axis.leaves) for axis in found] == [16, 2]
    three = Dimension.flat("answer", "xyz")
    assert [len(axis.leaves) for axis in axes(equations([withheld(MOOD, three)]))] == [3, 2]
    assert [len(axis.leaves) for axis in axes(equations([withheld(three, MOOD)]))] == [3, 2]


def test_an_axis_has_the_code_of_each_unknown_and_all_codes_above() -> None:
    assert [EVERY[k] for k in PLACE.code] == [named(key).get("place", "") for key in SYSTEM.keys]
    region = {code: f"r{k % 4}" for k in range(16) for code in (f"p{k}",)}
    for number, code in enumerate(EVERY):
        over = {code, ""} | ({region[code]} if code in region else set())
        assert {EVERY[k] for k in np.flatnonzero(PLACE.above[number])} == over
    assert {EVERY[k] for k in PLACE.leaves} == set(region)
    assert {EVERY[k] for k in np.flatnonzero(PLACE.inner)} == {"", "r0", "r1", "r2", "r3"}


def test_codes_of_published_counts_are_above_as_well_and_a_chain_of_any_length_is() -> None:
    deep = Dimension.tree("place", {"a": "Total", "b": "a", "c": "b", "d": "c", "e": "c", "f": "Total"})
    (axis,) = axes(equations([withheld(deep, hide=(deep.index["d"],))]))
    every = sorted(["", *deep.codes[1:]])
    assert [every[k] for k in axis.code] == ["d"]
    assert {every[k] for k in np.flatnonzero(axis.above[every.index("d")])} == {"", "a", "b", "c", "d"}
    assert {every[k] for k in axis.leaves} == {"d", "e", "f"}


def test_kinds_are_the_leaves_below_the_same_code() -> None:
    deep = Dimension.tree("place", {"a": "Total", "b": "a", "c": "a", "d": "b", "e": "b", "f": "c", "g": "a", "h": "Total"})
    for dimension, kinds in (
        (TREE, [{f"p{k}" for k in range(r, 16, 4)} for r in range(4)]),
        (deep, [{"d", "e"}, {"f"}, {"g"}, {"h"}]),
        (MOOD, [{"good", "bad"}]),
    ):
        every = sorted(["", *dimension.codes[1:]])
        (axis,) = axes(equations([withheld(dimension)]))
        assert sorted(sorted(every[k] for k in kind) for kind in axis.kinds()) == sorted(sorted(kind) for kind in kinds)


def groups(axis: Axis, size: int, seed: int, cells: np.ndarray = CELLS) -> list[set[int]]:
    return [set(group.tolist()) for group in axis.groups(cells, size, np.random.default_rng(seed))]


@pytest.mark.parametrize(("size", "pieces"), [(1, 16), (4, 4), (5, 3), (6, 3), (10, 2), (11, 0), (16, 0), (100, 0)])
def test_leaves_are_cut_into_groups_with_all_that_is_above_them(size: int, pieces: int) -> None:
    found = groups(PLACE, size, 1)
    assert len(found) == pieces
    leaves = [set(PLACE.leaves.tolist()) & {int(PLACE.code[cell]) for cell in group} for group in found]
    if pieces:
        assert sorted(leaf for group in leaves for leaf in group) == PLACE.leaves.tolist()
        assert max(map(len, leaves)) - min(map(len, leaves)) <= 1
    for group, below in zip(found, leaves, strict=True):
        above = np.flatnonzero(PLACE.above[sorted(below)].any(axis=0))
        assert group == set(np.flatnonzero(np.isin(PLACE.code, above)).tolist())


def test_leaves_come_in_any_order_or_with_those_of_the_same_place() -> None:
    """With four groups of four, those below one region are sometimes together, and sometimes not."""
    together = []
    for seed in range(12):
        regions = [{EVERY[PLACE.code[cell]] for cell in group} & {"r0", "r1", "r2", "r3"} for group in groups(PLACE, 4, seed)]
        together.append(all(len(region) == 1 for region in regions))
    assert 0 < sum(together) < 12
    assert len({tuple(map(frozenset, groups(PLACE, 4, seed))) for seed in range(12)}) > 4


def test_a_group_is_of_the_unknowns_that_are_asked_about_and_none_is_empty() -> None:
    cells = np.flatnonzero(np.isin(PLACE.code, [EVERY.index(code) for code in ("p0", "p1", "p2")]))
    found = groups(PLACE, 2, 3, cells)
    assert all(found)
    assert sorted(cell for group in found for cell in group) == list(range(len(cells)))
    assert len(groups(PLACE, 1, 3, cells)) == 3
