"""Which tables meet, what their comparison is made of, and which published count lies behind a difference: exact, in small tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

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
    """The sums of each variable of the one comparison there is."""
    (made,) = comparisons(tables, meanings)
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
