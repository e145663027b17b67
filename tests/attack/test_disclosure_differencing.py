"""Tables that are safe apart and give a child away together: found, whenever they were released, and however they were cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.audit import audit
from disclosure.differencing import Meanings, attack_together, comparisons
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, load_policy
from disclosure.published_table import PublishedTable, Status

POLICY = load_policy("ons-threshold-10")
ANSWER = Dimension.flat("wish", ["play", "rest"])


def shown(name: str, dimensions: Sequence[Dimension], inner: Sequence[object], **more: object) -> PublishedTable:
    """A table with every count published, from its inner cells."""
    counts = np.array(inner)
    for axis, dimension in enumerate(dimensions):
        counts = np.moveaxis(np.tensordot(dimension.aggregation, counts, axes=(1, axis)), 0, axis)
    status = np.full(counts.shape, Status.PUBLISHED, dtype="<U9")
    return PublishedTable(name, tuple(dimensions), counts, status, np.zeros_like(counts), **more)  # type: ignore[arg-type]


COUNCILS = Dimension.flat("area", ["Ashdale", "Birchley"])
SITUATIONS: dict[str, tuple[PublishedTable, PublishedTable, Meanings]] = {
    "a changed age band": (
        shown("bands", [Dimension.flat("age", ["4-8", "9-17"]), ANSWER], [[40, 30], [50, 60]]),
        shown("new bands", [Dimension.flat("age", ["4-7", "8-17"]), ANSWER], [[37, 18], [53, 72]]),
        {},
    ),
    "a nested geography": (
        shown("councils", [COUNCILS, ANSWER], [[40, 30], [50, 60]]),
        shown("towns", [ANSWER], [37, 30], where=(("area", "Ashton"),)),
        {"area": {"Ashdale": frozenset({"Ashton", "Ashby"})}},
    ),
    "an overlapping geography": (
        shown("councils", [COUNCILS, ANSWER], [[40, 30], [50, 60]]),
        shown("constituencies", [Dimension.flat("area", ["North", "South"]), ANSWER], [[43, 41], [47, 49]]),
        {
            "area": {
                "Ashdale": frozenset({"1", "2"}),
                "Birchley": frozenset({"3", "4"}),
                "North": frozenset({"1", "2", "3"}),
                "South": frozenset({"4"}),
            }
        },
    ),
    "a wave added": (
        shown("first", [COUNCILS, ANSWER], [[40, 30], [50, 60]], population="2026"),
        shown("both", [COUNCILS, ANSWER], [[43, 45], [70, 90]], population="2026 and 2027"),
        {"population": {"2026 and 2027": frozenset({"2026", "2027"})}},
    ),
    "a filter narrowed": (
        shown("everyone", [COUNCILS, ANSWER], [[40, 30], [50, 60]]),
        shown("at home", [COUNCILS, ANSWER], [[37, 15], [20, 30]], where=(("home", "parents"),)),
        {},
    ),
    "a filter narrowed twice": (
        shown("up to 12", [COUNCILS, ANSWER], [[40, 30], [50, 60]], where=(("age", "4-12"),)),
        shown("up to 11", [COUNCILS, ANSWER], [[37, 15], [20, 30]], where=(("age", "4-11"),)),
        {},
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_tables_safe_apart_leak_together(situation: str) -> None:
    first, second, meanings = SITUATIONS[situation]
    for alone in (first, second):
        assert audit([alone], POLICY).exposed == ()
        assert attack_together([alone], [], POLICY, meanings=meanings).exposed == ()
    for new, earlier in (([second], [first]), ([first], [second]), ([first, second], [])):
        found = attack_together(new, earlier, POLICY, meanings=meanings).exposed
        assert any((exposure.low, exposure.high) == (3, 3) for exposure in found)  # the three children more in one cell
        assert all("cut the same children differently" in exposure.how for exposure in found)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_difference_of_ten_children_is_no_leak_and_of_nine_is(situation: str) -> None:
    first, second, meanings = SITUATIONS[situation]
    larger = first if first.values.sum() > second.values.sum() else second
    for more, leaks in ((6, True), (7, False)):
        values = larger.values.copy()
        cell = tuple(min(1, len(d.codes) - 1) if d.name != "wish" else 1 for d in larger.dimensions)
        if situation == "a changed age band":
            values, cell = first.values.copy(), (1, 1)
            values[2, 1] -= more
            values[2, 0] -= more
            changed = [replace_counts(first, values, cell, more), second]
        elif situation == "an overlapping geography":
            values, cell = second.values.copy(), (1, 1)
            changed = [
                first,
                shown("constituencies", second.dimensions, [[43 + more, 41], [47 - more, 49]]),
            ]
        elif situation == "a nested geography":
            changed = [shown("councils", first.dimensions, [[40 + more, 30], [50, 60]]), second]
        elif larger is first:
            changed = [shown("large", first.dimensions, [[40 + more, 30], [50, 60]], where=first.where), second]
        else:
            changed = [first, shown("large", second.dimensions, [[43 + more, 45], [70, 90]], population=second.population)]
        found = attack_together(changed, [], POLICY, meanings=meanings).exposed
        small = [exposure for exposure in found if 0 < exposure.low == exposure.high]
        assert bool(small) == leaks


def replace_counts(table: PublishedTable, values: np.ndarray, cell: tuple[int, ...], more: int) -> PublishedTable:
    """The table with some children moved from its second band to its first."""
    values[cell] += more
    values[1, 0] += more
    return replace(table, values=values)


def test_tables_that_cut_alike_need_no_comparison() -> None:
    tree = Dimension.tree("area", {"a": "north", "b": "north", "c": "south", "d": "south"})
    waves = [shown(year, [tree, ANSWER], [[20, 30]] * 4, population=year) for year in ("2026", "2027")]
    coarse = shown("regions", [Dimension.flat("area", ["north", "south"])], [100, 100], population="2026")
    options = shown("options", [Dimension.multiple("likes", ["x", "y"]), ANSWER], [[40, 60]] * 4, population="2026")
    assert (
        comparisons([replace(table, population="", where=(("population", table.population),)) for table in [*waves, coarse, options]], {})
        == []
    )
    assert attack_together([waves[0], coarse, options], [waves[1]], POLICY).exposed == ()


def test_a_code_that_means_something_else_in_each_release_is_not_taken_apart() -> None:
    one = shown("one", [Dimension.tree("area", {"a": "north", "b": "north", "c": "south", "d": "south"})], [20] * 4)
    two = shown("two", [Dimension.tree("area", {"e": "north", "f": "north", "g": "south", "h": "south"})], [13, 27, 20, 20])
    assert attack_together([two], [one], POLICY).exposed == ()


def test_differences_from_withheld_counts_are_attacked_too() -> None:
    """12 children less 8 to 11 of them: 1 to 4 are left, and no single number."""
    first, second, _ = SITUATIONS["a filter narrowed"]
    small = first.values.copy()
    first = replace(first, values=small)
    status, values = second.status.copy(), second.values.copy()
    floor = np.zeros_like(values)
    for cell in ((1, 1), (1, 2), (2, 1), (2, 2)):
        status[cell], values[cell], floor[cell] = Status.SECONDARY, -1, 1
    found = attack_together([replace(second, status=status, values=values, floor=floor)], [first], POLICY).exposed
    assert found == ()


def test_a_comparison_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("disclosure.differencing.MANY_CELLS", 20)
    first, second, _ = SITUATIONS["a filter narrowed"]
    with pytest.raises(DisclosureError, match="too large for a comparison by area and home and wish"):
        attack_together([first], [second], POLICY)


ATOMS = [str(age) for age in range(4, 10)]


@st.composite
def cuts(draw: st.DrawFn) -> tuple[list[int], list[list[tuple[int, int]]]]:
    """How many children of each age, and two or three ways to cut the ages into bands."""
    children = [draw(st.integers(0, 6)) for _ in ATOMS]
    ways = []
    for _ in range(draw(st.integers(2, 3))):
        ends = sorted(draw(st.sets(st.integers(1, len(ATOMS) - 1), min_size=1, max_size=3)))
        ways.append(list(zip([0, *ends], [*ends, len(ATOMS)], strict=True)))
    return children, ways


@settings(max_examples=80, deadline=None)
@given(cuts(), st.booleans())
def test_every_difference_of_nested_bands_is_found_and_none_is_made_up(
    drawn: tuple[list[int], list[list[tuple[int, int]]]], old: bool
) -> None:
    children, ways = drawn
    policy = replace(POLICY, threshold=3, group_disclosure=Group.NONE)
    tables = []
    for number, way in enumerate(ways):
        codes = [f"{ATOMS[a]}-{ATOMS[b - 1]}" for a, b in way]
        tables.append(shown(f"t{number}", [Dimension.flat("age", codes)], [sum(children[a:b]) for a, b in way]))
    report = attack_together(tables[:1], tables[1:], policy) if old else attack_together(tables, [], policy)
    bands = {band for way in ways for band in way}
    expected = any(
        (a, b) != (c, d) and c <= a and b <= d and 0 < sum(children[c:d]) - sum(children[a:b]) < 3
        for (a, b), (c, d) in [pair for one, two in combinations(bands, 2) for pair in ((one, two), (two, one))]
    )
    published = any(0 < sum(children[a:b]) < 3 for a, b in bands)
    if expected or published:
        assert report.exposed
    # Every table of single ages that fits what is published, up to 9 children each way: no exposure excludes the true one.
    for exposure in report.exposed:
        if exposure.high is not None and exposure.table == "":
            inside = _ages_of(exposure.cell["age"])
            assert exposure.low <= sum(children[ATOMS.index(age)] for age in inside) <= exposure.high


def _ages_of(code: str) -> set[str]:
    """The ages behind a piece's name: "4-6 and 5-9 but not 4-5 or 5-5", or a band."""

    def band(text: str) -> set[str]:
        first, _, last = text.partition("-")
        return {str(age) for age in range(int(first), int(last) + 1)}

    if code.startswith("anything but "):
        return set(ATOMS) - band(code.removeprefix("anything but "))
    if code.startswith("all but not "):
        return set(ATOMS) - band(code.removeprefix("all but not "))
    inside, _, beside = code.partition(" but not ")
    found = set(ATOMS)
    for part in inside.split(" and "):
        found &= band(part)
    for part in beside.split(" or ") if beside else ():
        found -= band(part)
    return found


AGES, AREAS = ["4", "5", "6", "7"], ["a", "b", "c"]
Box = tuple[frozenset[str], frozenset[str]]


def _name_of(group: frozenset[str]) -> str:
    return "+".join(sorted(group))


@st.composite
def partition(draw: st.DrawFn, atoms: list[str]) -> list[frozenset[str]]:
    """A way to group some categories, at least two groups."""
    label = [draw(st.integers(0, 2)) for _ in atoms]
    label[0], label[-1] = 0, 1
    return [frozenset(a for a, k in zip(atoms, label, strict=True) if k == group) for group in sorted(set(label))]


@st.composite
def release(draw: st.DrawFn, counts: np.ndarray, number: int) -> tuple[PublishedTable, dict[Box, int]]:
    """A table of the children by age, by area or by both, perhaps of one group of the other alone; and its cells as sets of atoms."""
    names = draw(st.sampled_from([("age",), ("area",), ("age", "area")]))
    ways = {"age": draw(partition(AGES)), "area": draw(partition(AREAS))}
    where = {name: draw(st.sampled_from([None, *ways[name]])) for name in ways if name not in names}
    everyone = {"age": frozenset(AGES), "area": frozenset(AREAS)}
    groups = {name: ways[name] if name in names else [where.get(name) or everyone[name]] for name in ways}

    def count(age: frozenset[str], area: frozenset[str]) -> int:
        return int(counts[np.ix_([a in age for a in AGES], [a in area for a in AREAS])].sum())

    inner = np.array([[count(age, area) for area in groups["area"]] for age in groups["age"]])
    dimensions = [Dimension.flat(name, [_name_of(group) for group in ways[name]]) for name in names]
    fixed = tuple((name, _name_of(group)) for name, group in where.items() if group)
    table = shown(f"t{number}", dimensions, inner.reshape([len(d.leaves) for d in dimensions]), where=fixed)
    boxes = {
        (age, area): count(age, area)
        for age in [*groups["age"], everyone["age"]][: None if "age" in names else 1]
        for area in [*groups["area"], everyone["area"]][: None if "area" in names else 1]
    }
    return table, boxes


def test_two_comparisons_that_leave_over_different_children_do_not_contradict_each_other() -> None:
    """One child, of 4 and in b: everybody outside 6+7 is another group than everybody outside 4+6 and 6+7."""

    def table(number: int, name: str, counts: dict[str, int], *where: tuple[str, str]) -> PublishedTable:
        return shown(f"t{number}", [Dimension.flat(name, list(counts))], np.array(list(counts.values())), where=where)

    tables = [
        table(0, "age", {"4+5": 1, "6+7": 0}),
        table(1, "age", {"4+6": 1, "7": 0, "5": 0}, ("area", "b")),
        table(2, "area", {"a+b": 0, "c": 0}, ("age", "7")),
        table(3, "area", {"a": 0, "c": 0, "b": 0}, ("age", "6+7")),
    ]
    parts = {code: frozenset(code.split("+")) for code in ("4+5", "6+7", "4+6", "a+b", *AGES, *AREAS)}
    report = attack_together(tables, [], replace(POLICY, threshold=3, group_disclosure=Group.NONE), meanings={"age": parts, "area": parts})
    assert report.exposed


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_small_differences_of_any_two_cells_are_found_in_two_variables_and_filters(data: st.DataObject) -> None:
    counts = np.array([[data.draw(st.integers(0, 4)) for _ in AREAS] for _ in AGES])
    policy = replace(POLICY, threshold=3, group_disclosure=Group.NONE)
    drawn = [data.draw(release(counts, number)) for number in range(data.draw(st.integers(2, 4)))]
    meanings = {
        name: {_name_of(frozenset(group)): frozenset(group) for size in range(1, len(atoms)) for group in combinations(atoms, size)}
        for name, atoms in (("age", AGES), ("area", AREAS))
    }
    report = attack_together([table for table, _ in drawn], [], policy, meanings=meanings)
    cells: dict[Box, int] = {}
    for _, boxes in drawn:
        cells |= boxes
    small = any(0 < count < 3 for count in cells.values())
    for (age, area), count in cells.items():
        for (other_age, other_area), other in cells.items():
            nested = (age < other_age and area == other_area) or (age == other_age and area < other_area)
            small |= nested and 0 < other - count < 3
    assert not small or report.exposed
