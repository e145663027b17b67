"""The attack sees what a reader can know: each test publishes a table with a hole in it, and the attack must find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from disclosure.audit import Proofs, audit
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.in_sight import Exposure, group_limits, groups_shown, known_sums, small_counts_shown, take_for_granted
from disclosure.inference import Equations, equations
from disclosure.policy import Attacker, Group, Zeros, load_policy
from disclosure.protect import protect
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.search import NO_LIMIT
from disclosure.table import Table

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
PLACE = Dimension.flat("place", ["a", "b", "c"])
ANSWER = Dimension.flat("answer", ["x", "y", "z"])


def full(inner: Sequence[Sequence[int]], places: Dimension = PLACE, answers: Dimension = ANSWER) -> Table:
    rows = [
        {places.name: p, answers.name: a, "n": n}
        for p, line in zip(places.leaves, inner, strict=True)
        for a, n in zip(answers.leaves, line, strict=True)
    ]
    return Table.from_inner("t", (places, answers), pd.DataFrame(rows))


def hide(table: Table, *cells: tuple[str, str], small: int = 10) -> PublishedTable:
    hidden = np.zeros(table.counts.shape, bool)
    for place, answer in cells:
        hidden[table.dimensions[0].index[place], table.dimensions[1].index[answer]] = True
    kinds = np.where(table.counts < small, Status.PRIMARY, Status.SECONDARY)
    status = np.where(hidden, kinds, Status.PUBLISHED).astype(np.str_)
    values = np.where(hidden, WITHHELD, table.counts)
    return PublishedTable(table.id, table.dimensions, values, status, hidden.astype(np.int64))


TABLE = full([[3, 20, 30], [25, 40, 18], [31, 22, 27]])


def test_a_lone_withheld_cell_is_found_by_subtraction() -> None:
    report = audit([hide(TABLE, ("a", "x"))], POLICY)
    assert [(e.cell, e.low, e.high) for e in report.exposed] == [({"place": "a", "answer": "x"}, 3, 3)]


def test_four_withheld_cells_in_a_square_hold() -> None:
    report = audit([hide(TABLE, ("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"))], POLICY)
    assert report.exposed == ()
    low, high = report.low[0], report.high[0]
    assert (low[1, 1], high[1, 1]) == (1, 22)  # with "a, y" from 1, and "b, x" from 1
    assert report.narrowest == 21


def test_a_small_count_left_in_place_is_found() -> None:
    report = audit([hide(TABLE)], POLICY)
    assert [e.how for e in report.exposed] == ["published under the threshold"]


def test_knowing_that_zeros_are_published_can_be_enough() -> None:
    table = full([[1, 1, 20], [1, 1, 20], [20, 20, 20]])
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    assert len(audit([hide(table, *cells)], POLICY).exposed) == 4


def test_seeing_which_cells_are_small_can_be_enough() -> None:
    table = full([[9, 10, 20], [10, 10, 18], [31, 22, 27]])
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    assert audit([hide(table, *cells)], POLICY).exposed == ()
    assert len(audit([hide(table, *cells)], replace(POLICY, attacker=Attacker.STATUS_KNOWN)).exposed) == 4


def test_a_second_table_gives_the_first_away() -> None:
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    first = hide(TABLE, *cells)
    second = hide(replace(TABLE, id="u"))
    cell = [e for e in audit([first, second], POLICY).exposed if "published" in e.how]
    assert len(cell) == 1
    assert audit([first, replace(first, id="u")], POLICY).exposed == ()


def test_a_region_of_the_same_children_gives_an_authority_away() -> None:
    """`region` and `authority` are different columns of different tables, yet one hierarchy."""
    tree = Dimension.tree("authority", {"N": "Total", "S": "Total", "a": "N", "b": "N", "c": "S"})
    table = full([[3, 20, 30], [25, 40, 18], [31, 22, 27]], tree)
    hidden = [("a", "x"), ("a", "y"), ("N", "x"), ("N", "y"), ("S", "x"), ("S", "y"), ("c", "x"), ("c", "y")]
    assert audit([hide(table, *hidden)], POLICY).exposed == ()
    region = full([[28, 60, 48], [31, 22, 27]], Dimension.flat("region", ["N", "S"]))
    found = audit([hide(table, *hidden), replace(hide(region), id="u")], POLICY).exposed
    assert {"authority": "a", "answer": "x"} in [e.cell for e in found]


def test_a_filter_gives_the_rest_away() -> None:
    """All children, and those of all answers but one: the difference is a small count in no table."""
    age = Dimension.flat("age", ["young", "old"])
    table = full([[3, 97], [40, 60], [50, 50]], PLACE, age)
    everyone = Table("everyone", (PLACE,), table.counts[:, 0])
    old = Table("old", (PLACE,), table.counts[:, 2], where=(("age", "old"),))
    ages = PublishedTable("ages", (age,), table.counts[0], np.full(3, "published"), np.zeros(3, np.int64))
    parts = [
        PublishedTable(t.id, t.dimensions, t.counts, np.full(4, "published"), np.zeros(4, np.int64), where=t.where) for t in (everyone, old)
    ]
    found = audit([*parts, ages], POLICY).exposed
    assert [(e.cell, e.low) for e in found] == [({"age": "young", "place": "a"}, 3)]
    assert "difference" in found[0].how
    safe = protect([everyone, old, Table("ages", (age,), table.counts[0])], POLICY)
    assert any(t.withheld.any() for t in safe.tables)


def test_tables_that_cannot_both_be_true_are_refused() -> None:
    other = full([[3, 20, 30], [25, 40, 18], [31, 22, 28]])
    with pytest.raises(DisclosureError, match="different counts"):
        audit([hide(TABLE), replace(hide(other), id="u")], POLICY)


def test_a_set_that_no_table_fits_is_refused() -> None:
    table = full([[0, 20, 30], [25, 40, 18], [31, 22, 27]])
    with pytest.raises(DisclosureError, match="fits"):  # a withheld count is at least 1, and this one is 0
        audit([hide(table, ("a", "x"))], POLICY)


@pytest.mark.parametrize(("rest", "exposed"), [(0, True), (1, True), (2, False)])
def test_a_published_group_in_one_category_is_found(rest: int, exposed: bool) -> None:
    table = full([[30, rest * 10, 0], [25, 40, 18], [31, 22, 27]])
    policy = replace(POLICY, group_disclosure=Group.ALL_BUT_ONE, threshold=2)
    if rest == 1:
        table = full([[30, 1, 0], [25, 40, 18], [31, 22, 27]])
    found = [e for e in audit([hide(table)], policy).exposed if "group" in e.how and e.cell.get("place") == "a"]
    assert bool(found) is exposed


def test_withholding_a_group_beside_published_zeros_is_not_enough() -> None:
    table = full([[30, 0, 0], [25, 40, 18], [31, 22, 27]])
    policy = replace(POLICY, group_disclosure=Group.ALL_BUT_ONE)
    assert audit([hide(table, ("a", "x"), ("b", "x"), ("c", "x"))], policy).exposed


def test_protecting_a_group_leaves_other_answers_possible() -> None:
    policy = replace(POLICY, group_disclosure=Group.ALL_BUT_ONE)
    table = full([[30, 0, 0], [25, 40, 18], [31, 22, 27]])
    result = protect([table], policy)
    assert result.tables[0].status[1, 1] == Status.SECONDARY
    assert result.audit.low[0][1, 1] <= 28
    assert (result.tables[0].floor[result.tables[0].withheld & (table.counts == 0)] == 0).all()


def test_a_withheld_sum_that_is_too_small_is_found() -> None:
    table = full([[3, 2, 30], [4, 6, 18], [31, 22, 27]])
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    assert audit([hide(table, *cells)], POLICY).exposed == ()
    found = audit([hide(table, *cells)], replace(POLICY, minimum_withheld_sum=10)).exposed
    assert sorted(e.low for e in found) == [5, 7, 8]


def test_proofs_are_checked_not_believed() -> None:
    published = hide(TABLE, ("a", "x"), ("a", "y"), ("b", "x"), ("c", "y"))  # two rows and columns with one hole each
    change = np.zeros((1, 16), np.int64)
    change[0, [5, 6]] = [1, -1]  # claims a table that the columns' totals rule out
    proofs = Proofs((TABLE.counts.reshape(-1),), sparse.csr_matrix(change))
    assert len(audit([published], POLICY, proofs=proofs).exposed) == 4
    wrong = TABLE.counts.reshape(-1).copy()
    wrong[5] += 1
    with pytest.raises(DisclosureError, match="does not fit"):
        audit([published], POLICY, proofs=Proofs((wrong,), sparse.csr_matrix(change)))


def test_protect_refuses_when_its_own_attack_finds_something(monkeypatch: pytest.MonkeyPatch) -> None:
    import disclosure.suppression as module
    from disclosure.problem import Pattern, Problem
    from disclosure.system import System

    def careless(_system: System, problem: Problem, *_how: object) -> Pattern:
        hidden = problem.hidden
        return Pattern(hidden, sparse.csr_matrix((0, len(hidden)), dtype=np.int64), np.zeros_like(hidden))

    monkeypatch.setattr(module, "suppress_in_blocks", careless)
    with pytest.raises(DisclosureError, match="nothing is released"):
        protect([TABLE], POLICY)


@pytest.mark.parametrize(("apart", "told"), [(1, True), (2, False)])
def test_a_withheld_group_of_which_one_at_most_can_stand_apart_is_found(apart: int, told: bool) -> None:
    """Of 30 children in "a", so many at most are not in "x", for the other withheld count of "y" is at least 1."""
    table = full([[30 - apart, apart, 0], [25, 1, 18], [31, 22, 27]])
    policy = replace(POLICY, group_disclosure=Group.ALL_BUT_ONE, threshold=2)
    shown = hide(table, ("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"))
    floor = np.where(shown.withheld, 0, 0)
    floor[2, 1:3] = 1
    found = [each.cell for each in audit([replace(shown, floor=floor)], policy).exposed]
    assert ({"place": "a", "answer": "x"} in found) is told


SQUARE = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
KNOWN_PLACE = replace(POLICY, identifying_variables=frozenset({"place"}))


def at(system: Equations, place: str, answer: str) -> int:
    """The number of an unknown."""
    return system.keys.index(("", ("answer", answer), ("place", place)))


def test_what_a_reader_of_the_status_takes_for_granted() -> None:
    """Under the threshold where that is said, from it on where that is said; and where a zero may be withheld, neither."""
    policy = replace(POLICY, attacker=Attacker.STATUS_KNOWN)
    shown = hide(TABLE, *SQUARE)
    shown = replace(shown, floor=np.where(TABLE.counts == 25, 0, shown.floor))
    system = equations([shown])
    high = system.high.copy()
    take_for_granted([shown], system, POLICY)
    assert (system.high == high).all()
    take_for_granted([shown], system, policy)
    bounds = [(int(system.low[cell]), int(system.high[cell])) for cell in (at(system, *each) for each in SQUARE)]
    assert bounds == [(1, 9), (10, NO_LIMIT), (0, NO_LIMIT), (10, NO_LIMIT)]
    system.high[:], system.low[:] = 5, 20
    take_for_granted([shown], system, policy)
    assert system.high.tolist() == [5] * 4
    assert system.low.tolist() == [20] * 4


@pytest.mark.parametrize(
    ("count", "zeros", "exposed"), [(0, "data", 0), (1, "data", 1), (9, "data", 1), (10, "data", 0), (0, "protected", 1)]
)
def test_a_count_is_small_from_one_to_below_the_threshold_and_a_zero_where_zeros_are_protected(
    count: int, zeros: str, exposed: int
) -> None:
    table = full([[count, 20, 30], [25, 40, 18], [31, 22, 27]])
    found = list(small_counts_shown([hide(table)], replace(POLICY, zeros=Zeros(zeros))))
    expected = [Exposure("t", {"place": "a", "answer": "x"}, count, count, "published under the threshold")]
    assert found == expected[:exposed]


def test_a_zero_that_could_not_be_otherwise_tells_nothing() -> None:
    """Also by what the whole table was filtered to; a count above nought is told whatever was declared."""
    policy = replace(POLICY, zeros=Zeros.PROTECTED, structural_zeros=({"answer": "x", "age": "4"}, {"answer": "y"}))
    table = replace(hide(full([[0, 4, 30], [25, 40, 18], [31, 0, 27]])), where=(("age", "4"),))
    assert [each.cell for each in small_counts_shown([table], policy)] == [{"place": "a", "answer": "y"}]
    assert len(list(small_counts_shown([replace(table, where=(("age", "5"),))], policy))) == 2
    assert len(list(small_counts_shown([table, replace(table, id="u")], policy))) == 2


@pytest.mark.parametrize(("rule", "below"), [(Group.ALL, 1), (Group.ALL_BUT_ONE, 2)])
def test_a_withheld_count_must_possibly_be_so_far_below_its_group(rule: Group, below: int) -> None:
    policy = replace(KNOWN_PLACE, group_disclosure=rule)
    system = equations([hide(TABLE, *SQUARE)])
    limits = group_limits(system, policy)
    assert [int(limits[at(system, *each)]) for each in SQUARE] == [53 - below] * 2 + [83 - below] * 2
    assert (group_limits(system, KNOWN_PLACE) == NO_LIMIT).all()
    everywhere = group_limits(system, replace(policy, identifying_variables=frozenset()))
    assert int(everywhere[at(system, "b", "x")]) == 59 - below  # of all who gave this answer, fewer than of all in b
    strict = replace(policy, percentage_base=99, mean_base=99, quantile_base=198)
    for threshold, limited in ((83, 2), (84, 0)):
        assert int((group_limits(system, replace(strict, threshold=threshold)) < NO_LIMIT).sum()) == limited


def test_a_group_of_one_category_tells_nothing_and_one_of_two_does() -> None:
    policy = replace(KNOWN_PLACE, group_disclosure=Group.ALL_BUT_ONE)
    alone = full([[3], [25], [31]], PLACE, Dimension.flat("answer", ["x"]))
    assert not list(groups_shown(equations([hide(alone)]), policy))
    two = full([[3, 4], [25, 0], [31, 31]], PLACE, Dimension.flat("answer", ["x", "y"]))
    assert [each.cell for each in groups_shown(equations([hide(two)]), policy)] == [{"answer": "x", "place": "b"}]


def test_a_group_that_is_withheld_itself_or_in_all_its_parts_is_not_shown() -> None:
    policy = replace(KNOWN_PLACE, group_disclosure=Group.ALL_BUT_ONE, threshold=2)
    table = full([[2, 0, 0], [25, 40, 18], [31, 22, 27]])
    assert not list(groups_shown(equations([hide(table, ("a", "Total"), ("b", "Total"))]), policy))
    assert not list(groups_shown(equations([hide(table, ("a", "x"), ("a", "y"), ("a", "z"))]), policy))
    assert (group_limits(equations([hide(table, ("a", "Total"), ("a", "x"))]), policy) == NO_LIMIT).all()


@pytest.mark.parametrize(
    ("apart", "rule", "told"), [(0, Group.ALL, True), (1, Group.ALL, False), (1, Group.ALL_BUT_ONE, True), (2, Group.ALL_BUT_ONE, False)]
)
def test_a_group_is_shown_to_be_of_one_mind_by_its_published_counts(apart: int, rule: Group, told: bool) -> None:
    table = full([[30, apart, 0], [25, 40, 18], [31, 22, 27]])
    policy = replace(KNOWN_PLACE, group_disclosure=rule)
    found = list(groups_shown(equations([hide(table)]), policy))
    how = "group disclosure: (nearly) all of a group in one category"
    assert found == [Exposure("", {"answer": "x", "place": "a"}, 30, 30, how)] * told


@pytest.mark.parametrize(("least", "told"), [(0, []), (1, []), (23, []), (24, [23]), (65, [23]), (66, [23, 65])])
def test_withheld_parts_are_told_together_up_to_the_least_sum(least: int, told: list[int]) -> None:
    """Of place a 23 are withheld, of place b 65, and of each answer more; a total that is withheld itself tells nothing."""
    shown = hide(TABLE, *SQUARE, ("Total", "x"), ("Total", "y"))
    found = list(known_sums(equations([shown]), replace(POLICY, minimum_withheld_sum=least)))
    assert [(each.table, dict(each.cell), each.low, each.high) for each in found] == [
        ("", {"place": place}, left, left) for place, left in zip("ab", told, strict=False)
    ]
    assert all(each.how == f"the withheld parts of this total are known to be {each.low} together" for each in found)


@pytest.mark.parametrize(("left", "told"), [(0, 0), (1, 1), (2, 0)])
def test_a_known_sum_is_small_from_one_on(left: int, told: int) -> None:
    shown = hide(full([[left, 20, 30], [25, 40, 18], [31, 22, 27]]), ("a", "x"))
    system = equations([replace(shown, floor=shown.floor * 0)])
    assert len(list(known_sums(system, replace(POLICY, minimum_withheld_sum=2)))) == 2 * told  # of the place, and of the answer


def cut(*young: int) -> list[PublishedTable]:
    """All children of three places, and those that are not young: how many are young is in no table but that of all places."""
    age = Dimension.flat("age", ["young", "old"])
    table = full([[n, 60] for n in young], PLACE, age)
    everyone = Table("everyone", (PLACE,), table.counts[:, 0])
    old = Table("old", (PLACE,), table.counts[:, 2], where=(("age", "old"),))
    ages = Table("ages", (age,), table.counts[0])
    return [
        PublishedTable(t.id, t.dimensions, t.counts, np.full(len(t.counts), "published"), np.zeros(len(t.counts), np.int64), where=t.where)
        for t in (everyone, old, ages)
    ]


@pytest.mark.parametrize(
    ("young", "small"), [((0, 1, 10), "b"), ((10, 9, 0), "b"), ((11, 10, 30), ""), ((0, 0, 12), ""), ((9, 0, 40), "a")]
)
def test_a_difference_between_tables_is_told_from_one_to_below_the_threshold(young: tuple[int, ...], small: str) -> None:
    report = audit(cut(*young), POLICY)
    how = "adding and subtracting whole numbers of tables: a difference"
    count = dict(zip("abc", young, strict=True)).get(small, 0)
    assert report.exposed == (Exposure("", {"age": "young", "place": small}, count, count, how),) * bool(small)
    assert (report.narrowest, report.linear_programs) == (None, 0)


def of(population: str, table: Table, *cells: tuple[str, str]) -> PublishedTable:
    return replace(hide(table, *cells), id=f"of {population}", population=population)


def test_what_is_found_is_told_with_its_table_and_each_part_counts() -> None:
    """Two groups of children: of one a square of counts is open by 21, of the other a count is not open at all."""
    tight = full([[2, 3, 30], [25, 40, 18], [31, 22, 27]])
    tables = [of("one", tight, *SQUARE), of("two", TABLE, *SQUARE), of("four", TABLE, *SQUARE)]
    alone = [audit([each], POLICY) for each in tables]
    heard: list[float] = []
    report = audit(tables, POLICY, progress=lambda share, _: heard.append(share))
    assert [each.narrowest for each in alone] == [3, 21, 21]
    assert all(each.linear_programs > 0 for each in alone)
    assert report.narrowest == 3
    assert report.linear_programs == sum(each.linear_programs for each in alone)
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert len(heard) == 3 + 12  # each part, and each of its counts: who stops the attack there need not wait for the part
    told = audit([*tables, of("three", TABLE, ("a", "x"))], POLICY).exposed
    assert told == (Exposure("of three", {"place": "a", "answer": "x"}, 3, 3, "adding and subtracting whole numbers"),)


def test_proofs_spare_the_search_for_a_first_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("disclosure.search.Search.first")
    proofs = Proofs((TABLE.counts.reshape(-1),), sparse.csr_matrix((0, 16), dtype=np.int64))
    assert audit([hide(TABLE, *SQUARE)], POLICY, proofs=proofs).narrowest == 21


def test_where_all_is_withheld_no_count_has_a_limit() -> None:
    every = [(place, answer) for place in PLACE.codes for answer in ANSWER.codes]
    report = audit([hide(TABLE, *every)], POLICY)
    assert report.exposed == ()
    assert (report.high[0] == -1).all()
    assert report.low[0][1:, 1:].tolist() == [[1] * 3] * 3
    assert report.low[0][0, 0] == 9


def test_where_nothing_limits_a_count_the_report_says_so() -> None:
    everything = [(place, answer) for place in PLACE.codes for answer in ANSWER.codes]
    report = audit([hide(TABLE, *everything)], POLICY)
    assert report.exposed == ()
    assert report.high[0][0, 0] == -1
    assert report.low[0].min() == 1
    shown = audit([hide(TABLE)], POLICY)
    assert (shown.low[0] == -1).all()
    assert (shown.high[0] == -1).all()


def test_of_many_counts_the_report_holds_what_some_table_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("disclosure.audit.ALL_BOUNDS", 3)
    report = audit([hide(TABLE, *SQUARE)], POLICY)
    assert not report.exact
    (low, high) = (report.low[0][1, 1], report.high[0][1, 1])
    assert 1 <= low < high <= 22
    assert (low, high) != (1, 22)  # as far as it had to look
    monkeypatch.setattr("disclosure.audit.ALL_BOUNDS", 4)
    assert audit([hide(TABLE, *SQUARE)], POLICY).exact
