"""Which tables meet, what their comparison is made of, and which published count lies behind a difference: exact, in small tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from disclosure.audit import audit
from disclosure.differencing import asks_as_much, attack_together, cells_behind, comparisons, related
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.in_sight import Exposure
from disclosure.policy import Group, Zeros, load_policy
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)


def line(name: str, codes: dict[str, int], variable: str = "age", **more: object) -> PublishedTable:
    """A table of one variable, its total worked out; a count below nought is withheld, and the total with it."""
    inner = list(codes.values())
    values = np.array([WITHHELD if min(inner) < 0 else sum(inner), *inner])
    status = np.where(values < 0, Status.SECONDARY.value, Status.PUBLISHED.value)
    return PublishedTable(name, (Dimension.flat(variable, list(codes)),), values, status, np.zeros_like(values), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"name": "other", "title": "other"}, True),
        ({"percentage_base": 50, "mean_base": 50}, True),
        ({"threshold": 9}, False),
        ({"zeros": Zeros.PROTECTED}, False),
        ({"minimum_width": 2}, False),
        ({"group_disclosure": Group.ALL}, False),
        ({"identifying_variables": frozenset({"home"})}, False),
        ({"structural_zeros": ({"age": "4"},)}, False),
    ],
)
def test_policies_ask_as_much_if_their_rules_on_single_counts_are_the_same(change: dict[str, object], same: bool) -> None:
    assert asks_as_much(POLICY, replace(POLICY, **change)) is same  # type: ignore[arg-type]
    assert asks_as_much(replace(POLICY, **change), POLICY) is same  # type: ignore[arg-type]


def names(tables: Sequence[PublishedTable]) -> list[str]:
    return [table.id for table in tables]


def test_tables_are_related_through_the_waves_they_count_and_through_each_other() -> None:
    tables = [line(name, {"4": 20}, population=name) for name in ("2025", "2026", "2027", "2026 and 2027", "2025 and 2026")]
    first, second, third, late, early = tables
    atoms = {"2026 and 2027": frozenset({"2026", "2027"}), "2025 and 2026": frozenset({"2025", "2026"})}
    assert names(related([first], tables, {})) == ["2025"]
    assert names(related([first], [second, third, late], {"population": atoms})) == []
    assert names(related([third], [first, second, late], {"population": atoms})) == ["2026", "2026 and 2027"]
    assert names(related([third], [first, late, early], {"population": atoms})) == ["2025", "2026 and 2027", "2025 and 2026"]
    assert names(related([first, third], [second], {"population": atoms})) == []
    assert names(related([], tables, {})) == []


def at(found: dict[str, np.ndarray]) -> dict[str, list[list[int]]]:
    assert all(mask.dtype == bool for mask in found.values())
    return {name: np.argwhere(mask).tolist() for name, mask in found.items()}


OLD_BANDS, NEW_BANDS = line("old", {"4-8": 40, "9-17": 50}), line("new", {"4-7": 37, "8-17": 53})


def test_behind_a_difference_lies_the_smallest_count_it_was_taken_of_in_the_new_tables() -> None:
    exposed = attack_together([NEW_BANDS], [OLD_BANDS], POLICY).exposed
    assert [(dict(e.cell), e.low) for e in exposed] == [({"age": "8-17 and 4-8 but not 4-7 or 9-17"}, 3)]
    assert at(cells_behind(exposed, [NEW_BANDS], [OLD_BANDS])) == {"new": [[1]]}
    exposed = attack_together([OLD_BANDS, NEW_BANDS], [], POLICY).exposed
    assert at(cells_behind(exposed, [OLD_BANDS], [NEW_BANDS])) == {"old": [[1]]}
    assert at(cells_behind(exposed, [OLD_BANDS, NEW_BANDS], [])) == {"new": [[1]]}


def test_nothing_lies_behind_what_is_no_difference_or_has_no_count() -> None:
    (small,) = attack_together([NEW_BANDS], [OLD_BANDS], POLICY).exposed
    assert cells_behind([replace(small, table="new")], [NEW_BANDS], [OLD_BANDS]) == {}
    assert cells_behind([small, replace(small, table="new")], [NEW_BANDS], [OLD_BANDS]) == {}
    assert cells_behind([small, replace(small, cell={"home": "parents"})], [NEW_BANDS], [OLD_BANDS]) == {}
    assert cells_behind([], [NEW_BANDS], [OLD_BANDS]) == {}
    withheld = line("new", {"4-7": WITHHELD, "8-17": WITHHELD})
    assert cells_behind([small], [withheld], [OLD_BANDS]) == {}


def test_a_difference_between_waves_and_filters_has_a_count_behind_it() -> None:
    atoms = {"population": {"both": frozenset({"2026", "2027"})}}
    first = line("first", {"a": 40, "b": 50}, "area", population="2026")
    both = line("both", {"a": 43, "b": 70}, "area", population="both")
    exposed = attack_together([both], [first], POLICY, meanings=atoms).exposed
    assert {(e.low, e.high) for e in exposed} == {(3, 3)}
    assert at(cells_behind(exposed, [both], [first], atoms)) == {"both": [[1]]}
    assert at(cells_behind(exposed, [first], [both], atoms)) == {"first": [[1]]}
    everyone, at_home = line("all", {"a": 40, "b": 50}, "area"), line("home", {"a": 37, "b": 30}, "area", where=(("home", "parents"),))
    exposed = attack_together([everyone, at_home], [], POLICY).exposed
    assert {(e.low, e.high) for e in exposed} == {(3, 3)}
    assert at(cells_behind(exposed, [everyone], [at_home])) == {"all": [[1]]}
    assert at(cells_behind(exposed, [at_home], [everyone])) == {"home": [[1]]}
    assert at(cells_behind(exposed, [everyone, at_home], [])) == {"home": [[1]]}


def test_what_is_withheld_in_the_new_tables_is_counted_and_the_bounds_are_of_all_published() -> None:
    """The comparison's own counts, and those of earlier tables, are not among them."""
    earlier = line("earlier", {"4-8": WITHHELD, "9-17": WITHHELD})
    for new, withheld in ((NEW_BANDS, 0), (replace(line("hidden", {"4-7": WITHHELD, "8-17": WITHHELD}), id="new"), 3)):
        report = attack_together([new], [earlier], POLICY)
        assert report.withheld == withheld
        assert [low.shape for low in report.low] == [high.shape for high in report.high] == [(3,), (3,)]
    assert attack_together([earlier], [], POLICY).withheld == 3


def test_a_difference_is_told_if_it_is_small_and_not_nought() -> None:
    for count, told in ((0, False), (1, True), (9, True), (10, False)):
        new = line("new", {"4-7": 40 - count, "8-17": 50 + count})
        exposed = attack_together([new], [OLD_BANDS], POLICY).exposed
        assert [(dict(e.cell), e.table, e.low) for e in exposed] == (
            [({"age": "8-17 and 4-8 but not 4-7 or 9-17"}, "", count)] if told else []
        )
        assert all(e.how.startswith("comparing tables that cut the same children differently, ") for e in exposed)


def test_an_exposure_within_a_table_names_it_and_no_population() -> None:
    hidden = replace(line("hidden", {"4": 20, "5": 30}, population="2026"), values=np.array([50, 20, 30]))
    small = line("small", {"4": 3, "5": 30}, population="2027")
    exposed = attack_together(
        [hidden, small], [], POLICY, meanings={"population": {"2026": frozenset("67"), "2027": frozenset("78")}}
    ).exposed
    assert Exposure("small", {"age": "4"}, 3, 3, "published under the threshold") in exposed
    assert all("population" not in e.cell for e in exposed if e.table)


def test_what_rounding_leaves_open_of_other_tables_depends_on_what_is_withheld_in_any() -> None:
    """A count withheld beside others, in a table of whatever method but suppression, may be large."""
    rules = replace(load_policy("nhs-1-7-round-5"), group_disclosure=Group.NONE)
    first = replace(
        line("first", {"4": 20, "5": 30}), status=np.array(["secondary", "primary", "published"]), values=np.array([-1, -1, 30])
    )
    first = replace(first, method=Method.SMALL_COUNT_ROUNDING, base=5, floor=np.array([1, 1, 0]))
    other = replace(
        line("other", {"x": 20, "y": 30}, "area"), status=np.array(["published", "primary", "published"]), values=np.array([50, -1, 50])
    )
    other = replace(other, method=Method.SMALL_COUNT_ROUNDING, base=5, floor=np.array([0, 1, 0]))
    alone = attack_together([other], [], rules)
    assert alone.high[0][1] <= 4  # at most 52, of which 48
    assert attack_together([other, first], [], rules).exposed == alone.exposed


def test_a_table_of_too_many_cells_is_refused_and_of_just_as_many_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    (made,) = comparisons([OLD_BANDS, NEW_BANDS], {})
    monkeypatch.setattr("disclosure.differencing.MANY_CELLS", made.values.size)
    assert names(comparisons([OLD_BANDS, NEW_BANDS], {})) == ["comparison by age"]
    monkeypatch.setattr("disclosure.differencing.MANY_CELLS", made.values.size - 1)
    with pytest.raises(DisclosureError, match="too large for a comparison by age"):
        comparisons([OLD_BANDS, NEW_BANDS], {})


def test_a_comparison_has_a_name_of_its_own() -> None:
    taken = [replace(OLD_BANDS, id="comparison by age"), replace(NEW_BANDS, id="comparison by age'")]
    assert names(comparisons(taken, {})) == ["comparison by age''"]


Sums = set[tuple[str, tuple[str, ...]]]


def made_of(*tables: PublishedTable, **meanings: dict[str, frozenset[str]]) -> dict[str, Sums]:
    """The sums of each variable of the comparison of the most variables."""
    made = max(comparisons(tables, meanings), key=lambda table: len(table.dimensions))
    assert (made.values == WITHHELD).all()
    assert (made.status == Status.SECONDARY).all()
    assert not made.floor.any()
    return {d.name: {(parent, tuple(sorted(children))) for parent, children in d.partitions} for d in made.dimensions}


def sums(*listed: tuple[str, ...]) -> Sums:
    """A whole, and its parts."""
    return {(whole, tuple(sorted(parts))) for whole, *parts in listed}


def test_ranges_are_cut_into_the_pieces_where_they_meet() -> None:
    piece = "4-8 and 8-17 but not 9-17 or 4-7"
    expected = sums(("Total", "4-8", "9-17"), ("Total", "4-7", "8-17"), ("4-8", "4-7", piece), ("8-17", "9-17", piece))
    assert made_of(OLD_BANDS, NEW_BANDS) == {"age": expected}


def test_bands_within_bands_leave_the_rest_of_each() -> None:
    tables = line("a", {"4-12": 90, "13-17": 60}), line("b", {"4-11": 80, "12-17": 70}), line("c", {"6": 30, "7": 20})
    twelve, others = "4-12 and 12-17 but not 13-17 or 4-11 or 6 or 7", "4-12 and 4-11 but not 12-17 or 6 or 7"
    published = sums(("Total", "4-12", "13-17"), ("Total", "4-11", "12-17"), ("Total", "6", "7"))
    pieces = sums(("12-17", "13-17", twelve), ("4-11", others, "6", "7"), ("4-12", others, twelve, "6", "7"))
    pairs = sums(
        ("4-11", "6", "4-11 but not 6"), ("4-11", "7", "4-11 but not 7"), ("4-12", "4-11", twelve),
        ("4-12", "6", "4-12 but not 6"), ("4-12", "7", "4-12 but not 7"),
    )  # fmt: skip
    assert made_of(*tables) == {"age": published | pieces | pairs}
    few = made_of(line("a", {"4-12": 90}), line("b", {"4-8": 80, "9": 3}))
    left = sums(("4-12", "4-8", "9", "4-12 but not 4-8 or 9"), ("4-12", "4-8", "4-12 but not 4-8"), ("4-12", "9", "4-12 but not 9"))
    assert few == {"age": sums(("Total", "4-12"), ("Total", "4-8", "9")) | left}


def test_codes_that_are_explained_are_cut_as_ranges_are() -> None:
    all_, one = line("all", {"a": 40, "b": 50}, "area"), line("one", {"a1": 37}, "area")
    assert made_of(all_, one, area={"a": frozenset({"a1", "a2"})}) == {
        "area": sums(("Total", "a", "b"), ("Total", "a1"), ("a", "a1", "a but not a1"))
    }
    assert comparisons([all_, one], {}) == []


def test_a_filter_is_a_code_beside_all_others_of_its_variable() -> None:
    everyone, at_home = line("all", {"a": 40, "b": 50}, "area"), line("home", {"a": 37, "b": 30}, "area", where=(("home", "parents"),))
    area = sums(("Total", "a", "b"))
    assert made_of(everyone, at_home) == {"area": area, "home": sums(("Total", "parents", "all but not parents"))}
    wide, narrow = (line(name, {"a": 40, "b": 50}, "area", where=(("age", name),)) for name in ("4-12", "4-11"))
    ages = sums(("4-12", "4-11", "4-12 but not 4-11"), ("Total", "4-12", "anything but 4-12"))
    assert made_of(wide, narrow) == {"age": ages, "area": area}


def test_tables_that_share_no_variable_and_no_code_of_it_are_not_compared() -> None:
    assert comparisons([line("a", {"4-8": 40}), line("b", {"a": 30}, "area")], {}) == []
    assert comparisons([line("a", {"a": 40, "b": 30}, "area"), line("b", {"c": 40, "d": 30}, "area")], {}) == []
    assert comparisons([OLD_BANDS, replace(OLD_BANDS, id="again")], {}) == []
    assert comparisons([], {}) == []


def of(name: str, where: str, variable: str = "age", wishes: dict[str, int] | None = None) -> PublishedTable:
    """What children of one category, or all ("") wish: a table of another variable, so that the category is its filter."""
    return line(name, wishes or {"play": 40, "rest": 50}, "wish", where=((variable, where),) if where else ())


WISH = sums(("Total", "play", "rest"))


def crossed(name: str, variable: str, counts: dict[str, tuple[int, int]]) -> PublishedTable:
    """A table of a variable by what children wish, every count published."""
    inner = np.array(list(counts.values()))
    rows = np.vstack([inner.sum(axis=0), inner])
    values = np.hstack([rows.sum(axis=1, keepdims=True), rows])
    dimensions = (Dimension.flat(variable, list(counts)), Dimension.flat("wish", ["play", "rest"]))
    return PublishedTable(name, dimensions, values, np.full(values.shape, Status.PUBLISHED.value), np.zeros_like(values))


def of_one_sum(total: int, name: str, counts: dict[str, int], variable: str = "wish", **more: object) -> PublishedTable:
    """A table whose total is published although counts below it are withheld."""
    withheld = line(name, counts, variable, **more)
    values, status = withheld.values.copy(), withheld.status.copy()
    values[0], status[0] = total, Status.PUBLISHED
    return replace(withheld, values=values, status=status)


HIDDEN = {"play": WITHHELD, "rest": WITHHELD}
TREE = Dimension.tree("area", {"A": "", "b": "", "m": "A", "z": "m"})  # m is all there is of A, and z of m
ONE_BELOW = PublishedTable("areas", (TREE,), np.array([140, 90, 50, 90, 90]), np.full(5, "published"), np.zeros(5, np.int64))


@pytest.mark.parametrize(
    ("tables", "meanings"),
    [
        (
            (line("one", {"4": WITHHELD, "5-17": WITHHELD}), line("two", {"4-4": 12, "6": 20, "7": 18})),
            {},
        ),
        (
            (line("one", {"a": WITHHELD, "b": WITHHELD}, "area"), line("two", {"A": 12, "B": 38}, "area")),
            {"area": {"a": frozenset("12"), "A": frozenset("12"), "b": frozenset("34"), "B": frozenset("34")}},
        ),
        ((of_one_sum(90, "one", HIDDEN), of("two", "4-17", wishes={"play": 12, "rest": 78}), OLD_BANDS), {}),
        ((of_one_sum(90, "one", HIDDEN), of("two", "4-17", wishes={"play": 12, "rest": 78}), line("ages", {"4-17": 90})), {}),
        ((of_one_sum(50, "one", HIDDEN, where=(("age", "4"),)), of("two", "4-4", wishes={"play": 12, "rest": 38})), {}),
        ((of_one_sum(90, "one", HIDDEN, where=(("area", "A"),)), of("two", "m", "area", {"play": 12, "rest": 78}), ONE_BELOW), {}),
    ],
)
def test_what_is_withheld_of_children_is_found_where_another_name_of_theirs_tells_it(
    tables: tuple[PublishedTable, ...], meanings: dict[str, dict[str, frozenset[str]]]
) -> None:
    exposed = attack_together(tables, [], POLICY, meanings=meanings).exposed
    assert ("one", 12, 12) in [(each.table, each.low, each.high) for each in exposed]
    assert "one" in [each.table for each in attack_together(tables[::-1], [], POLICY, meanings=meanings).exposed]


def test_a_code_that_is_everyone_is_all_of_the_total_and_leaves_no_others() -> None:
    kept = made_of(line("one", HIDDEN, "wish"), of("two", "4-17"), OLD_BANDS)
    assert kept == {"age": sums(("Total", "4-17")), "wish": WISH}


def test_a_code_of_which_nobody_says_what_it_is_part_of_is_compared_with_everyone() -> None:
    """That all listed areas are told does not tell who lives elsewhere than in a town whose area nobody names."""
    areas, town = crossed("areas", "area", {"a": (40, 20), "b": (50, 20)}), of("town", "Z", "area", {"play": 87, "rest": 20})
    assert made_of(areas, town) == {
        "area": sums(("Total", "Z", "all but not Z")),
        "wish": WISH,
    }
    exposed = attack_together([areas, town], [], POLICY).exposed
    assert [(dict(each.cell), each.low, each.high) for each in exposed] == [({"area": "all but not Z", "wish": "play"}, 3, 3)]


def test_of_a_sum_only_codes_that_meet_others_and_what_is_left_of_it_are_compared() -> None:
    part = {"a": frozenset({"a1", "a2"}), "a1": frozenset({"a1"})}
    whole, all_ = line("areas", {"a": 40, "b": 30, "c": 20}, "area"), of("all", "")
    by_wish = crossed("by wish", "area", {"a": (40, 9), "b": (30, 9), "c": (20, 9)})
    unknown = sums(("a", "a1", "a but not a1"), ("Total", "a1", "all but not a1"), ("Total", "a", "anything but a"))
    assert made_of(by_wish, of("part", "a1", "area"), area={"a": part["a"]}) == {"area": unknown, "wish": WISH}
    apart = sums(("Total", "a1", "a but not a1", "none of a or a1"))
    assert made_of(by_wish, of("part", "a1", "area"), area=part) == {"area": unknown | apart, "wish": WISH}
    assert made_of(all_, of("a", "a", "area"), whole)["area"] == sums(("Total", "a", "all but not a"), ("Total", "a", "none of a"))
    assert made_of(OLD_BANDS, NEW_BANDS, line("eighteen", {"18": 50})) == made_of(OLD_BANDS, NEW_BANDS)


def test_filters_are_cut_up_within_everyone_or_beside_the_rest() -> None:
    filters = of("all", ""), of("young", "4-8"), of("old", "6-17")
    both, young, old = "4-8 and 6-17", "4-8 but not 6-17", "6-17 but not 4-8"
    cut = sums(("4-8", both, young), ("6-17", both, old))
    left = sums(("Total", "4-8", "all but not 4-8"), ("Total", "6-17", "all but not 6-17"))
    assert made_of(*filters) == {"age": cut | left | sums(("Total", both, young, old, "none of 4-8 or 6-17")), "wish": WISH}
    both = "4-8 and 6-17 but not 9-17"
    cut = sums(("4-8", both, young), ("6-17", both, "9-17"))
    whole = sums(("Total", both, young, "9-17"), ("Total", "6-17", young), ("Total", "4-8", "9-17"))
    assert made_of(*filters, OLD_BANDS)["age"] == cut | whole


def test_a_comparison_is_of_variables_that_both_tables_have_or_are_filtered_by() -> None:
    one = crossed("one", "age", {"4-8": (40, 20), "9-17": (30, 60)})
    for tables in ([one, NEW_BANDS], [NEW_BANDS, one]):
        assert names(comparisons(tables, {})) == ["comparison by age"]
    up_to = [line("twelve", {"a": 40, "b": 50}, "area", where=(("age", "4-12"),)), of("eleven", "4-11")]
    assert made_of(*up_to) == {"age": sums(("4-12", "4-11", "4-12 but not 4-11"), ("Total", "4-12", "anything but 4-12"))}


def test_every_two_tables_are_compared_whatever_others_have_nothing_in_common() -> None:
    alike, elsewhere = replace(OLD_BANDS, id="alike"), line("elsewhere", {"a": 50, "b": 50}, "area")
    assert names(comparisons([elsewhere, OLD_BANDS, NEW_BANDS], {})) == ["comparison by age"]
    assert names(comparisons([OLD_BANDS, alike, NEW_BANDS], {})) == ["comparison by age"]
    at_home = [replace(table, id=f"{table.id} at home", where=(("home", "parents"),)) for table in (OLD_BANDS, NEW_BANDS)]
    in_care = replace(OLD_BANDS, id="in care", where=(("home", "care"),))
    assert comparisons([in_care, at_home[1]], {}) == []
    assert names(comparisons([in_care, *at_home[::-1]], {})) == ["comparison by age and home"]


def test_what_published_counts_tell_of_a_difference_needs_no_comparison() -> None:
    at_home = [
        replace(table, where=(("home", "parents"),)) for table in (OLD_BANDS, NEW_BANDS, line("eight", {"8": 30}))
    ]  # fmt: skip
    assert comparisons(at_home, {}) == []
    assert names(comparisons(at_home[:2], {})) == ["comparison by age and home"]
    two, three = line("two", {"a": 40, "b": 50}, "area"), line("three", {"a": 40, "b": 50, "c": 60}, "area")
    assert comparisons([of("all", ""), of("a", "a", "area"), two], {}) == []
    assert comparisons([of("all", ""), of("a", "a", "area"), of("b", "b", "area"), two], {}) == []
    assert names(comparisons([of("all", ""), of("a", "a", "area"), three], {})) == ["comparison by area and wish"]
    others = line("others", {"x": 40, "y": 50}, "area")
    assert comparisons([others, three, of("all", ""), *(of(code, code, "area") for code in "abc")], {}) == []


def test_a_part_is_not_told_by_a_sum_that_is_not() -> None:
    """4 of 4-5 is told, and 4-5 is not: so 5 is not, and 5-6 less 6 neither."""
    tree = Dimension.tree("age", {"4-5": "", "7-17": "", "4": "4-5", "5": "4-5"})
    sum_ = PublishedTable("ages", (tree,), np.array([90, 40, 50, 20, 20]), np.full(5, "published"), np.zeros(5, np.int64))
    found = made_of(sum_, of("4", "4"), of("5-6", "5-6"), of("6", "6"))
    assert ("5-6", ("5-6 but not 6", "6")) in found["age"]


def test_a_sum_of_ranges_is_cut_as_a_range_is_and_one_of_two_meanings_is_not() -> None:
    tree = Dimension.tree("age", {"young": "", "old": "", "4-6": "young", "7-9": "young"})
    grouped = PublishedTable("groups", (tree,), np.array([100, 60, 40, 30, 30]), np.full(5, "published"), np.zeros(5, np.int64))
    found = made_of(grouped, line("five", {"4-5": 20, "6-17": 80}))
    assert ("young", ("4-5", "young but not 4-5")) in found["age"]

    def regions(name: str, areas: str) -> PublishedTable:
        tree = Dimension.tree("area", {"north": "", "south": ""} | dict.fromkeys(areas, "north"))
        values = np.array([40 * len(areas) + 50, 40 * len(areas), 50, *(40 for _ in areas)])
        return PublishedTable(name, (tree,), values, np.full(len(values), "published"), np.zeros_like(values))

    part = {"a": frozenset({"a1", "a2"}), "a1": frozenset({"a1"})}
    smaller = line("part", {"a1": 20}, "area")
    clear = made_of(regions("one", "abc"), smaller, area=part)["area"]
    assert {parent for parent, children in clear if "a1" in children} == {"Total", "a", "north"}
    unclear = made_of(regions("one", "abc"), regions("two", "ef"), smaller, area=part)["area"]
    assert {parent for parent, children in unclear if "a1" in children} == {"Total", "a"}


def test_options_of_which_several_may_be_chosen_are_not_cut() -> None:
    def chosen(name: str, *options: str) -> PublishedTable:
        values = np.array([100, *(40, 60) * len(options)])
        dimension = Dimension.multiple("likes", options)
        return PublishedTable(name, (dimension,), values, np.full(len(values), "published"), np.zeros_like(values))

    others = of("all", ""), of("z", "z", "likes")
    assert made_of(chosen("one", "x", "y"), chosen("two", "u", "v"), *others)["likes"] == sums(("Total", "z", "all but not z"))
    assert (
        comparisons([chosen("one", "x", "y"), chosen("two", "u", "v"), of("all", ""), of("x", "x", "likes"), of("y", "y", "likes")], {})
        == []
    )
    assert comparisons([chosen("one", "x", "y"), line("two", {"z": 40}, "likes"), line("three", {"x": 40}, "likes")], {}) == []


def test_a_name_of_a_wave_is_no_range_of_years() -> None:
    waves = [line(name, {"4": 40}, where=(("population", name),)) for name in ("2020-2026", "2025")]
    assert comparisons(waves, {}) == []


def test_the_total_of_a_comparison_has_a_name_that_no_code_has() -> None:
    codes = Dimension("area", ("all", "Total", "Total'"), (("all", ("Total", "Total'")),))
    table = PublishedTable("one", (codes,), np.array([90, 40, 50]), np.full(3, "published"), np.zeros(3, np.int64))
    found = made_of(table, line("two", {"x": 20}, "area"), area={"Total": frozenset("xy"), "Total'": frozenset("xz")})["area"]
    assert ("Total''", ("Total", "Total'")) in found


def behind(new: Sequence[PublishedTable], earlier: Sequence[PublishedTable], cell: dict[str, str]) -> dict[str, list[list[int]]]:
    return at(cells_behind([Exposure("", cell, 3, 3, "")], new, earlier))


def test_behind_a_difference_is_a_count_of_children_and_one_that_it_is_part_of() -> None:
    eight = {"age": "8-17 and 4-8 but not 4-7 or 9-17"}
    for least, place in ((0, 2), (1, 1), (2, 1)):
        assert behind([line("new", {"4-7": least, "8-17": 53})], [OLD_BANDS], eight) == {"new": [[place]]}
    three = line("new", {"4-7": 37, "8-12": 33, "13-17": 20})
    (name,) = {each.cell["age"] for each in attack_together([three], [OLD_BANDS], POLICY).exposed if each.low == 3}
    assert behind([three], [OLD_BANDS], {"age": name}) == {"new": [[2]]}


def test_behind_a_difference_is_the_first_of_counts_that_are_as_small_and_a_total_may_be() -> None:
    eight = {"age": "8-17 and 4-8 but not 4-7 or 9-17"}
    assert behind([NEW_BANDS, replace(NEW_BANDS, id="again")], [OLD_BANDS], eight) == {"new": [[1]]}
    by_wish = [crossed("old", "age", {"4-8": (20, 20), "9-17": (25, 25)}), crossed("new", "age", {"4-7": (17, 20), "8-17": (28, 25)})]
    (first, *_) = attack_together(by_wish[1:], by_wish[:1], POLICY).exposed
    assert behind(by_wish[1:], by_wish[:1], {"age": first.cell["age"]}) == {"new": [[1, 0]]}


def test_whose_answers_a_table_is_of_is_told_only_of_what_is_in_no_table() -> None:
    first = of_one_sum(50, "first", {"4": WITHHELD, "5": 30}, "age", population="2026")
    second = line("second", {"4": 20, "5": 30}, population="2027")
    assert [(each.table, dict(each.cell)) for each in attack_together([first, second], [], POLICY).exposed] == [("first", {"age": "4"})]
    rules = replace(POLICY, group_disclosure=Group.ALL, identifying_variables=frozenset({"age"}))
    wishes = [line(name, {"play": play, "rest": 20}, "wish", population=name) for name, play in (("2026", 20), ("2027", 30))]
    one_mind = replace(line("2026", {"play": 50, "rest": 0}, "wish"), population="2026")
    exposed = attack_together([one_mind, wishes[1]], [], rules).exposed
    assert [(each.table, dict(each.cell)) for each in exposed] == [("", {"wish": "play", "population": "2026"})]


def test_that_a_group_answered_in_one_wave_is_no_answer() -> None:
    rules = replace(POLICY, group_disclosure=Group.ALL, identifying_variables=frozenset({"area"}))
    first = line("first", {"a": 40, "b": 50}, "area", population="2026")
    both = line("both", {"a": 40, "b": 70}, "area", population="both")
    meanings = {"population": {"both": frozenset({"2026", "2027"})}}
    assert attack_together([first, both], [], rules, meanings=meanings).exposed == ()


def rounded(name: str, values: list[int], status: list[str]) -> PublishedTable:
    table = line(name, {"x": 20, "y": 30}, "area" if name == "other" else "age")
    floor = np.array([int(value < 0) for value in values])
    return replace(table, values=np.array(values), status=np.array(status), floor=floor, method=Method.SMALL_COUNT_ROUNDING, base=5)


def test_a_withheld_count_is_small_by_the_rule_of_rounding_unless_any_is_withheld_beside_others() -> None:
    rules = replace(load_policy("nhs-1-7-round-5"), group_disclosure=Group.NONE)
    other = rounded("other", [50, -1, 45], ["published", "primary", "published"])
    beside = rounded("beside", [-1, -1, 30], ["secondary", "primary", "published"])
    assert attack_together([other], [], rules).high[0].tolist() == [52, 7, 47]
    assert attack_together([other, line("exact", {"4": 20, "5": 31})], [], rules).high[0].tolist() == [51, 7, 47]
    assert attack_together([other, beside], [], rules).high[0][1] == 9


def test_how_far_the_attack_is_is_told_and_proofs_are_taken_of_new_tables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    given: list[object] = []

    def watched(*arguments: object, proofs: object, **more: object) -> object:
        given.append(proofs)
        return audit(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("disclosure.differencing.audit", watched)
    proofs = object()
    hidden = line("hidden", {"4-7": WITHHELD, "8-17": WITHHELD})
    for new, earlier in (([hidden], []), ([hidden], [replace(hidden, id="earlier")]), ([hidden, OLD_BANDS], [])):
        attack_together(new, earlier, POLICY, proofs=proofs, progress=lambda share, _: told.append(share))  # type: ignore[arg-type]
        assert told.pop() == 1
        told.clear()
    assert given == [proofs, None, None]
    near = replace(hidden, values=np.array([5, 5, 0]), status=np.full(3, "published"), method=Method.CONVENTIONAL_ROUNDING, base=5)
    attack_together([near], [], POLICY, progress=lambda share, _: told.append(share))
    assert told
