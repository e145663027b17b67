"""What each method leaves open of a count, and what the attack on nearly known counts makes of it: exact, in small tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure import approximate
from disclosure.approximate import Bounded, Narrowed, attack_approximate, bounds_of
from disclosure.dimension import Dimension
from disclosure.policy import Attacker, Group, Policy, Zeros, load_policy
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.search import NO_LIMIT

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
NO = int(NO_LIMIT)
PUBLISHED, PRIMARY, SECONDARY = Status.PUBLISHED.value, Status.PRIMARY.value, Status.SECONDARY.value


def line(
    *values: int, name: str = "wish", status: list[str] | None = None, floor: list[int] | None = None, **more: object
) -> PublishedTable:
    """A table of one variable, total first; counts below nought are withheld."""
    counts = np.array(values)
    found = np.array(status or [SECONDARY if value < 0 else PUBLISHED for value in values])
    codes = [f"{name}{k}" for k in range(1, len(values))]
    return PublishedTable("t", (Dimension.flat(name, codes),), counts, found, np.array(floor or [0] * len(values)), **more)  # type: ignore[arg-type]


def spans(table: PublishedTable, policy: Policy = POLICY, *, secondary: bool = False) -> list[tuple[int, int]]:
    found = bounds_of(table, policy, secondary=secondary)
    assert found.table is table
    return list(zip(found.low.tolist(), found.high.tolist(), strict=True))


@pytest.mark.parametrize(
    ("method", "base", "shown", "span"),
    [
        (Method.CONVENTIONAL_ROUNDING, 10, 0, (0, 4)),
        (Method.CONVENTIONAL_ROUNDING, 10, 10, (5, 14)),
        (Method.CONVENTIONAL_ROUNDING, 5, 5, (3, 7)),
        (Method.CONVENTIONAL_ROUNDING, 2, 2, (1, 2)),
        (Method.SMALL_COUNT_ROUNDING, 5, 0, (0, 0)),
        (Method.SMALL_COUNT_ROUNDING, 5, 10, (10, 12)),
        (Method.SMALL_COUNT_ROUNDING, 5, 15, (13, 17)),
        (Method.SMALL_COUNT_ROUNDING, 10, 10, (10, 14)),
        (Method.SMALL_COUNT_ROUNDING, 5, 5, (10, 10)),  # no count of ten or more reads five: the nearest
        (Method.CONTROLLED_ROUNDING, 5, 0, (0, 4)),
        (Method.CONTROLLED_ROUNDING, 5, 5, (1, 9)),
        (Method.CONTROLLED_ROUNDING, 5, 10, (6, 14)),
        (Method.CELL_KEY, 3, 0, (0, 3)),
        (Method.CELL_KEY, 3, 1, (1, 4)),
        (Method.CELL_KEY, 3, 3, (1, 6)),
        (Method.CELL_KEY, 3, 4, (1, 7)),
        (Method.CELL_KEY, 3, 5, (2, 8)),
    ],
)
def test_a_count_that_is_near_the_true_one_leaves_its_neighbours(method: Method, base: int, shown: int, span: tuple[int, int]) -> None:
    assert spans(line(99, shown, method=method, base=base))[1] == span


def test_a_published_count_is_itself_and_a_withheld_one_is_anything_from_its_floor() -> None:
    assert spans(line(20, 0, 15, -1, -1, floor=[9, 9, 9, 1, 0])) == [(20, 20), (0, 0), (15, 15), (1, NO), (0, NO)]


@pytest.mark.parametrize(("secondary", "most"), [(False, 9), (True, NO)])
@pytest.mark.parametrize("method", list(Method)[1:])
def test_what_rounding_withholds_is_small_unless_more_than_the_small_are_withheld(method: Method, secondary: bool, most: int) -> None:
    limit = most if method is Method.SMALL_COUNT_ROUNDING else NO
    table = line(20, -1, -1, status=[PUBLISHED, PRIMARY, SECONDARY], floor=[0, 1, 0], method=method, base=5)
    assert spans(table, secondary=secondary)[1:] == [(1, limit), (0, limit)]


def test_a_reader_who_knows_what_is_small_knows_what_is_not() -> None:
    knows = replace(POLICY, attacker=Attacker.STATUS_KNOWN)
    table = line(50, -1, -1, -1, 30, status=[PUBLISHED, PRIMARY, SECONDARY, SECONDARY, PUBLISHED], floor=[1, 1, 1, 0, 1])
    assert spans(table, knows) == [(50, 50), (1, 9), (10, NO), (0, NO), (30, 30)]
    assert spans(table) == [(50, 50), (1, NO), (1, NO), (0, NO), (30, 30)]
    rounded = line(50, -1, 30, status=[PUBLISHED, PRIMARY, PUBLISHED], floor=[1, 1, 1], method=Method.CONTROLLED_ROUNDING, base=5)
    assert spans(rounded, knows)[1] == (1, NO)


def between(low: list[int], high: list[int], name: str = "t", **more: object) -> Bounded:
    """A table of one variable, each count between these."""
    return Bounded(replace(line(*[WITHHELD] * len(low)), id=name, **more), np.array(low), np.array(high))  # type: ignore[arg-type]


def attacked(*bounded: Bounded, policy: Policy = POLICY) -> Narrowed:
    return attack_approximate(bounded, policy)


def exposed(*bounded: Bounded, policy: Policy = POLICY) -> list[tuple[str, dict[str, str], int, int | None, str]]:
    return [(e.table, dict(e.cell), e.low, e.high, e.how) for e in attacked(*bounded, policy=policy).report.exposed]


ALONE, TOGETHER = "this count alone", "putting sums together"


@pytest.mark.parametrize(
    ("low", "high", "width", "zeros", "told"),
    [
        (3, 3, 1, Zeros.DATA, True),
        (3, 4, 1, Zeros.DATA, False),
        (3, 4, 2, Zeros.DATA, True),
        (3, 5, 2, Zeros.DATA, False),
        (9, 9, 1, Zeros.DATA, True),
        (10, 10, 1, Zeros.DATA, False),
        (8, 10, 3, Zeros.DATA, False),
        (1, 1, 1, Zeros.DATA, True),
        (0, 0, 1, Zeros.DATA, False),
        (0, 0, 1, Zeros.PROTECTED, True),
        (0, 1, 1, Zeros.PROTECTED, False),
        (0, 1, 2, Zeros.DATA, False),
        (0, 1, 2, Zeros.PROTECTED, True),
    ],
)
def test_a_count_is_told_if_it_is_small_for_certain_and_narrower_than_the_width(
    low: int, high: int, width: int, zeros: Zeros, told: bool
) -> None:
    found = exposed(between([30, low, 0], [90, high, 90]), policy=replace(POLICY, minimum_width=width, zeros=zeros))
    assert found == ([("t", {"wish": "wish1"}, low, high, ALONE)] if told else [])


def test_how_a_count_is_told_and_where_is_said() -> None:
    in_area = between([50, 47, 0], [50, 47, 90], "here", where=(("area", "a"),))
    assert exposed(in_area) == [("here", {"area": "a", "wish": "wish2"}, 3, 3, TOGETHER)]
    assert exposed(between([50, 47, 3], [50, 47, 90])) == [("t", {"wish": "wish2"}, 3, 3, TOGETHER)]
    assert exposed(between([50, 47, 0], [50, 47, 3])) == [("t", {"wish": "wish2"}, 3, 3, TOGETHER)]
    assert exposed(between([50, 20, 3], [50, 90, 3])) == [("t", {"wish": "wish2"}, 3, 3, ALONE)]


def test_a_count_that_stands_in_two_tables_is_narrowed_by_both_and_told_once() -> None:
    """3 to 5 in the one and 5 to 7 in the other: 5."""
    one, other = between([30, 3, 0], [90, 5, 90], "one"), between([30, 5, 0], [90, 7, 90], "other")
    assert exposed(one, other) == [("one", {"wish": "wish1"}, 5, 5, TOGETHER)]
    assert exposed(one) == exposed(other) == []
    found = attacked(one, other)
    assert [low.tolist()[1] for low in found.low] == [high.tolist()[1] for high in found.high] == [5, 5]


def test_what_cannot_be_is_no_child_but_what_is_not_nought_there_is_told_with_all_that_follows() -> None:
    nobody = replace(POLICY, zeros=Zeros.PROTECTED, structural_zeros=({"wish": "wish1"}, {"wish": "wish2", "area": "a"}))
    assert [found[1] for found in exposed(between([30, 0, 0, 0], [90, 0, 0, 90]), policy=nobody)] == [{"wish": "wish2"}]
    there = between([30, 0, 0, 0], [90, 0, 0, 90], where=(("area", "a"),))
    assert exposed(there, policy=nobody) == []
    assert [found[1:4] for found in exposed(between([30, 3, 4, 0], [90, 3, 4, 90]), policy=nobody)] == [
        ({"wish": "wish1"}, 3, 3),
        ({"wish": "wish2"}, 4, 4),
    ]


def test_the_report_holds_the_bounds_of_every_count_and_counts_what_is_withheld() -> None:
    """Of 20, the first 5 to 9: the second is 11 to 15; a third table is apart from them, and of its counts one is published."""
    one = between([20, 5, 0], [20, 9, NO])
    apart = Bounded(
        replace(line(40, WITHHELD, WITHHELD, name="mood"), id="apart", population="2027"), np.array([40, 0, 0]), np.array([40, NO, NO])
    )
    found = attacked(one, apart)
    assert found.report.withheld == 5
    assert found.report.exact
    assert [low.tolist() for low in found.report.low] == [low.tolist() for low in found.low] == [[20, 5, 11], [40, 0, 0]]
    assert [high.tolist() for high in found.report.high] == [high.tolist() for high in found.high] == [[20, 9, 15], [40, 40, 40]]
    assert found.report.narrowest == 4
    open_ = attacked(between([20, 0, 0], [NO, 9, NO]))
    assert (open_.report.low[0].tolist(), open_.report.high[0].tolist()) == ([20, 0, 11], [-1, 9, -1])
    assert open_.high[0].tolist() == [NO, 9, NO]


def test_tables_of_more_than_one_variable_keep_their_shape() -> None:
    place, wish = Dimension.flat("place", ["a", "b"]), Dimension.flat("wish", ["play", "rest"])
    low, high = np.array([[40, 20, 20], [22, 18, 4], [18, 2, 0]]), np.array([[40, 20, 20], [22, 18, 4], [18, 2, 90]])
    table = PublishedTable("t", (place, wish), np.full((3, 3), WITHHELD), np.full((3, 3), SECONDARY), np.zeros((3, 3), np.int64))
    found = attacked(Bounded(table, low, high))
    assert found.low[0].tolist() == found.high[0].tolist() == [[40, 20, 20], [22, 18, 4], [18, 2, 16]]
    told = [({"place": "a", "wish": "rest"}, 4), ({"place": "b", "wish": "play"}, 2)]
    assert [(dict(e.cell), e.low) for e in found.report.exposed] == told


@pytest.mark.parametrize(("limit", "exact"), [(3, True), (2, False)])
def test_bounds_are_exact_up_to_so_many_unknowns(limit: int, exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "ALL_BOUNDS", limit)
    found = attacked(between([20, 5, 0], [20, 9, NO])).report
    assert found.exact is exact
    if exact:
        assert (found.low[0].tolist(), found.high[0].tolist()) == ([20, 5, 11], [20, 9, 15])
    else:  # two tables, at least, that are possible
        assert (found.low[0] >= [20, 5, 11]).all()
        assert (found.high[0] <= [20, 9, 15]).all()
        assert found.low[0][1] < found.high[0][1]


def test_bounds_of_what_is_not_safe_are_not_said_to_be_exact() -> None:
    assert not attacked(between([20, 5, 0], [20, 5, NO])).report.exact


def test_groups_of_one_mind_are_told_but_not_those_who_gave_no_answer() -> None:
    """20 children, 19 or 20 of whom wish the first."""
    policy = replace(POLICY, group_disclosure=Group.ALL_BUT_ONE, identifying_variables=frozenset({"place"}))
    bounded = between([20, 19, 0, 0], [20, 20, 1, 1])
    assert [dict(e.cell) for e in attack_approximate([bounded], policy).report.exposed] == [{"wish": "wish1"}]
    assert attack_approximate([bounded], policy, not_answers=("wish1",)).report.exposed == ()


def test_how_far_the_attack_is_is_told() -> None:
    heard: list[float] = []
    apart = Bounded(
        replace(line(40, WITHHELD, WITHHELD, name="mood"), id="apart", population="2027"), np.array([40, 0, 0]), np.array([40, NO, NO])
    )
    attack_approximate([between([20, 5, 0], [20, 9, NO]), apart], POLICY, progress=lambda share, _: heard.append(share))
    assert len(heard) == 2
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_what_a_rounded_table_shows_is_not_taken_for_exact_nor_its_floor_for_a_bound() -> None:
    """Two counts that read 0, and a total that reads 5: 1 or 2 each."""
    rounded = line(5, 0, 0, floor=[1, 1, 1], method=Method.CONVENTIONAL_ROUNDING, base=5)
    found = attacked(bounds_of(rounded, POLICY, secondary=False))
    assert [low.tolist() for low in found.low] == [[3, 1, 1]]
    assert [high.tolist() for high in found.high] == [[4, 2, 2]]
    empty = line(0, 0, 0, floor=[1, 1, 1], method=Method.CONVENTIONAL_ROUNDING, base=5)
    assert attacked(bounds_of(empty, POLICY, secondary=False)).low[0].tolist() == [0, 0, 0]


def test_of_many_unknowns_the_report_holds_what_was_seen_to_be_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approximate, "ALL_BOUNDS", 2)
    found = attacked(between([2000, 0, 0], [2000, 1500, NO]))
    low, high = found.report.low[0], found.report.high[0]
    assert (found.low[0][1], found.high[0][1]) == (0, 1500)
    assert 0 <= low[1] < high[1] <= 1500
    assert high[1] - low[1] < 1500  # nobody looked for the ends
    assert found.report.linear_programs == 1
