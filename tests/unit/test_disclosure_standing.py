"""What a policy withholds of any table: protected zeros and sparse areas; and what a comparison of tables makes necessary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure.audit import audit
from disclosure.differencing import attack_together
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, Zeros, load_policy
from disclosure.protect import protect
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.standing import joined, structural, withheld_whole
from disclosure.suppression import Wishes
from disclosure.table import Table

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
PROTECTED = replace(POLICY, zeros=Zeros.PROTECTED)
SPARSE = replace(POLICY, sparse_share=0.5)


def table(inner: object, first: str = "area", **more: object) -> Table:
    counts = np.array(inner)
    names = (first, "wish", "age")[: counts.ndim]
    dimensions = tuple(Dimension.flat(name, [f"{name}{k}" for k in range(n)]) for name, n in zip(names, counts.shape, strict=True))
    for axis, dimension in enumerate(dimensions):
        counts = np.moveaxis(np.tensordot(dimension.aggregation, counts, axes=(1, axis)), 0, axis)
    return Table("t", dimensions, counts, **more)  # type: ignore[arg-type]


def test_protected_zeros_are_withheld_unless_they_cannot_be_otherwise() -> None:
    true = table([[0, 30], [40, 0]])
    assert not withheld_whole(true, POLICY).any()
    assert withheld_whole(true, PROTECTED).sum() == 2
    declared = replace(PROTECTED, structural_zeros=({"area": "area0", "wish": "wish0"},))
    assert structural(true, declared).sum() == 1
    assert np.argwhere(withheld_whole(true, declared)).tolist() == [[2, 2]]
    elsewhere = replace(PROTECTED, structural_zeros=({"wish": "wish1", "home": "alone"},))
    assert withheld_whole(true, elsewhere).sum() == 2
    assert withheld_whole(replace(true, where=(("home", "alone"),)), elsewhere).sum() == 1


def test_tables_with_protected_zeros_show_none_and_withstand() -> None:
    true = table([[0, 30, 25], [40, 0, 33], [28, 35, 41]])
    shown = protect([true], PROTECTED).tables[0]
    assert not (shown.values == 0).any()
    assert audit([shown], PROTECTED).exposed == ()
    bare = PublishedTable("t", true.dimensions, true.counts, np.full(true.counts.shape, "published"), np.zeros_like(true.counts))
    assert [(e.low, e.high) for e in audit([bare], PROTECTED).exposed] == [(0, 0), (0, 0)]
    declared = replace(PROTECTED, structural_zeros=({"area": "area0", "wish": "wish0"}, {"area": "area1", "wish": "wish1"}))
    assert audit([bare], declared).exposed == ()
    assert (protect([true], declared).tables[0].values == true.counts).all()


def test_an_area_is_sparse_above_its_share_and_keeps_its_total() -> None:
    true = table([[3, 4, 30, 50], [5, 60, 30, 50], [3, 4, 5, 50]])
    mask = withheld_whole(true, SPARSE)
    assert mask.any(axis=1).tolist() == [False, False, False, True]  # three of five are small; two of five are not
    assert mask[3].tolist() == [False, True, True, True, True]
    assert not withheld_whole(true, replace(SPARSE, sparse_share=0.6)).any()
    assert not withheld_whole(table([[3, 4, 30, 50], [3, 4, 5, 50]], first="home"), SPARSE).any()
    deeper = withheld_whole(table(np.full((2, 2, 2), 4)), replace(SPARSE, sparse_share=0.8))
    assert deeper.sum() == 2 * 8
    assert not deeper[0].any()
    tiny = withheld_whole(table(np.full((2, 2, 2), 1)), SPARSE)
    assert not tiny[0].any()  # the total of all areas is no area
    assert tiny[1:].sum() == 2 * 8


@pytest.mark.parametrize(
    ("counts", "sparse"),
    [
        ([0, 3, 4, 5, 50], True),  # three of five that are not nought
        ([0, 0, 0, 40, 50], False),
        ([1, 1, 1, 50, 0], True),
        ([10, 10, 10, 50, 0], False),
        ([9, 9, 9, 50, 0], True),
        ([0, 0, 0, 0, 0], False),
    ],
)
def test_noughts_say_nothing_of_an_areas_sparseness(counts: list[int], sparse: bool) -> None:
    true = table([counts, [50] * 5])
    assert withheld_whole(true, SPARSE)[1].any() == sparse


def test_a_sparse_area_is_withheld_whole_by_every_method() -> None:
    true = table([[3, 4, 5, 50], [30, 60, 30, 50], [31, 44, 52, 50]])
    shown = protect([true], SPARSE).tables[0]
    assert (shown.values[1] == WITHHELD).tolist() == [False, True, True, True, True]
    rounded = protect([true], replace(load_policy("nhs-1-7-round-5"), sparse_share=0.5)).tables[0]
    assert (rounded.values[1] == WITHHELD).tolist() == [False, True, True, True, True]
    assert rounded.status[1].tolist() == ["published", "primary", "primary", "primary", "secondary"]


def test_asking_to_show_a_sparse_area_is_refused() -> None:
    true = table([[3, 4, 5, 50], [30, 60, 30, 50], [31, 44, 52, 50]])
    show = np.zeros(true.counts.shape, bool)
    show[1, 4] = True
    with pytest.raises(DisclosureError, match="never to be withheld must be"):
        protect([true], SPARSE, wishes=Wishes(show={"t": show}))


def test_marks_are_joined() -> None:
    one, two = {"a": np.array([True, False])}, {"a": np.array([False, False]), "b": np.array([True])}
    both = joined(one, two)
    assert both["a"].tolist() == [True, False]
    assert both["b"].tolist() == [True]
    assert one["a"].tolist() == [True, False]


WISH = Dimension.flat("wish", ["play", "rest"])
AREA = Dimension.flat("area", ["a", "b", "c"])


def published(true: Table) -> PublishedTable:
    return PublishedTable(
        "earlier", true.dimensions, true.counts, np.full(true.counts.shape, Status.PUBLISHED, dtype="<U9"), np.zeros_like(true.counts),
        where=true.where, population=true.population,
    )  # fmt: skip


def small(inner: list[list[int]], name: str, **more: object) -> Table:
    counts = np.tensordot(WISH.aggregation, np.tensordot(AREA.aggregation, np.array(inner), axes=1), axes=(1, 1)).T
    return Table(name, (AREA, WISH), counts, **more)  # type: ignore[arg-type]


EVERYONE = small([[40, 30], [50, 60], [70, 80]], "everyone")
AT_HOME = small([[37, 15], [30, 30], [40, 50]], "at home", where=(("home", "parents"),))


def test_what_a_comparison_gives_away_is_withheld_in_the_new_table() -> None:
    """All but three of the 40 in a cell live with their parents: the new table withholds that cell, and others that protect it."""
    earlier = published(EVERYONE)
    alone = protect([AT_HOME], POLICY).tables
    assert not alone[0].withheld.any()
    assert attack_together(alone, [earlier], POLICY).exposed
    result = protect([AT_HOME], POLICY, earlier=[earlier])
    assert result.tables[0].withheld[1, 1]
    assert result.audit.exposed == ()
    assert attack_together(result.tables, [earlier], POLICY).exposed == ()


def test_a_difference_of_two_earlier_tables_cannot_be_mended_any_more() -> None:
    other = replace(published(AT_HOME), id="another")
    with pytest.raises(DisclosureError, match="between tables, by"):
        protect([small([[20, 30], [30, 20], [25, 25]], "new", where=(("home", "alone"),))], POLICY, earlier=[published(EVERYONE), other])


def test_a_single_child_makes_an_area_sparse_and_what_each_rule_withholds_stays_withheld() -> None:
    assert withheld_whole(table([[1, 0], [40, 50]]), SPARSE).tolist() == [[False] * 3, [False, True, True], [False] * 3]
    both = replace(SPARSE, zeros=Zeros.PROTECTED)
    assert withheld_whole(table([[3, 4], [40, 0]]), both).tolist() == [[False] * 3, [False, True, True], [False, False, True]]
    region, council = (Dimension.flat(name, ["p", "q"]) for name in ("region", "area"))
    counts = np.array([[60, 30, 30], [56, 28, 28], [4, 2, 2]])
    two = replace(SPARSE, geography_variables=frozenset({"region", "area"}))
    assert withheld_whole(Table("t", (region, council), counts), two).tolist() == [[False] * 3, [False] * 3, [False, True, True]]
    assert withheld_whole(Table("t", (region, council), counts.T), two)[:, 2].tolist() == [False, True, True]


def test_a_count_of_one_is_one_of_an_areas_counts() -> None:
    assert not withheld_whole(table([[1, 11], [20, 20]]), replace(SPARSE, sparse_share=0.4)).any()
