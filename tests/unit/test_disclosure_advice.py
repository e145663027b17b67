"""How advice is looked for, step by step: which mergings are tried, which are kept, and what a single trial takes into account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from disclosure import advice
from disclosure.advice import (
    CELLS,
    GIVEN,
    Advice,
    Outcome,
    Suggestion,
    _gain,
    _less_withheld,
    _protectable,
    _Trial,
    _Tried,
    _tried,
    _without_needless,
    in_words,
    suggest,
)
from disclosure.dimension import Dimension
from disclosure.merging import LeaveOut, Merging, PutTogether, RollUp, merged_keys
from disclosure.policy import load_policy
from disclosure.published_table import PublishedTable, Status
from disclosure.secondary import never
from disclosure.table import Table

ROLL, PUT = RollUp(("t",), "v", ("a",)), PutTogether(("t",), "v", ("b", "c"))
LEAVE, SPARE = LeaveOut(("t",), "v"), LeaveOut(("t",), "w")
Outcomes = Mapping[frozenset[Merging], Outcome]


def after(*mergings: Merging, outcome: Outcome) -> _Tried:
    return _Tried((), {}, mergings, outcome, ())


def trial(spent: bool = False) -> _Trial:
    return _Trial(load_policy("strict"), (), lambda: spent, lambda: None)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Outcomes], None]:
    """Has trials give what is written; what is not cannot be made. Nothing is found needless."""

    def take(outcomes: Outcomes) -> None:
        def tried(_trial: _Trial, at: _Tried, kinds: tuple[type, ...]) -> Iterator[_Tried]:
            for way in (ROLL, PUT, LEAVE, SPARE):
                made = (*at.mergings, way)
                if isinstance(way, kinds) and way not in at.mergings and frozenset(made) in outcomes:
                    yield after(*made, outcome=outcomes[frozenset(made)])

        monkeypatch.setattr(advice, "_tried", tried)
        monkeypatch.setattr(advice, "_without_needless", lambda _trial, _start, end: end)

    return take


def test_what_a_merging_gains_is_told_for_each_cell_it_costs() -> None:
    before = after(outcome=Outcome(10, None, 6))
    assert _gain(before, after(outcome=Outcome(7, None, 2))) == pytest.approx(4 / 3)
    assert _gain(before, after(outcome=Outcome(9, None, 2))) == 4
    assert _gain(before, after(outcome=Outcome(10, None, 2))) == 4
    assert _gain(before, after(outcome=Outcome(8, 3))) == 3


START = after(outcome=Outcome(100, 50))


def test_each_merging_and_the_best_ones_together_are_advised(scripted: Callable[[Outcomes], None]) -> None:
    scripted(
        {
            frozenset({ROLL}): Outcome(90, 30),
            frozenset({PUT}): Outcome(80, 10),  # most shown: the start of more
            frozenset({LEAVE}): Outcome(60, 31),  # a larger share is withheld
            frozenset({PUT, ROLL}): Outcome(75, 3),
            frozenset({PUT, LEAVE}): Outcome(60, 0),
            frozenset({PUT, ROLL, LEAVE}): Outcome(60, 0),  # less is shown
        }
    )
    assert [each.mergings for each in _less_withheld(trial(), START)] == [(ROLL,), (PUT,), (PUT, ROLL)]
    assert list(_less_withheld(trial(spent=True), START)) == []
    scripted({frozenset({ROLL}): Outcome(60, 10), frozenset({ROLL, PUT}): Outcome(50, 0)})
    assert [each.mergings for each in _less_withheld(trial(), START)] == [(ROLL,)]  # as much is shown as before


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_so_many_mergings_make_one_suggestion_at_most(
    scripted: Callable[[Outcomes], None], monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(advice, "STEPS", steps)
    chain: list[Merging] = [ROLL, PUT, LEAVE, SPARE]
    sets = [frozenset(chain[: k + 1]) for k in range(4)]
    scripted({some: Outcome(90 - k, 30 - 9 * k) for k, some in enumerate(sets)})
    assert [each.mergings for each in _less_withheld(trial(), START)][-1] == tuple(chain[:steps])
    scripted({some: Outcome(90 - k, 0 if k == 2 else None, 0 if k == 2 else 5 - k) for k, some in enumerate(sets)})
    found = [each.mergings for each in _protectable(trial(), REFUSED)]
    assert found == ([(ROLL, PUT, LEAVE)] if steps == 3 else [])


REFUSED = after(outcome=Outcome(100, None, 8))


def test_mergings_that_leave_fewer_in_the_way_are_made_until_nothing_is(scripted: Callable[[Outcomes], None]) -> None:
    """Once with every kind, once without leaving anything out, once by leaving out alone; what gains most for its cost comes first."""
    scripted(
        {
            frozenset({ROLL}): Outcome(90, None, 5),
            frozenset({PUT}): Outcome(50, None, 4),
            frozenset({LEAVE}): Outcome(80, None, 8),  # no fewer
            frozenset({ROLL, PUT}): Outcome(45, 10),
            frozenset({ROLL, LEAVE}): Outcome(80, 20),  # more is shown
            frozenset({LEAVE, SPARE}): Outcome(70, 0),
        }
    )
    assert [each.mergings for each in _protectable(trial(), REFUSED)] == [(ROLL, LEAVE), (ROLL, PUT)]
    assert list(_protectable(trial(spent=True), REFUSED)) == []


def test_every_single_merging_that_is_enough_is_advised(scripted: Callable[[Outcomes], None]) -> None:
    scripted({frozenset({ROLL}): Outcome(90, 20), frozenset({PUT}): Outcome(80, 5), frozenset({SPARE}): Outcome(70, None, 1)})
    assert [each.mergings for each in _protectable(trial(), REFUSED)] == [(ROLL,), (PUT,), (PUT,)] * 2


def test_where_one_way_leads_nowhere_the_next_is_gone(scripted: Callable[[Outcomes], None], monkeypatch: pytest.MonkeyPatch) -> None:
    scripted({frozenset({LEAVE}): Outcome(99, None, 1), frozenset({ROLL}): Outcome(90, None, 7), frozenset({ROLL, PUT}): Outcome(80, 5)})
    seen: list[tuple[_Trial, _Tried]] = []

    def asked(given: _Trial, start: _Tried, end: _Tried) -> _Tried:
        seen.append((given, start))
        return end

    monkeypatch.setattr(advice, "_without_needless", asked)
    mine = trial()
    assert [each.mergings for each in _protectable(mine, REFUSED)] == [(ROLL, PUT)]
    assert [(one is mine, other is REFUSED) for one, other in seen] == [(True, True)]


def row(*codes: str, where: tuple[tuple[str, str], ...] = ()) -> Table:
    return Table("t", (Dimension.flat("v", codes),), np.array([len(codes), *[1] * len(codes)]), where=where)


def test_what_takes_most_cells_out_of_the_way_for_those_it_costs_is_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    start = _Tried((row("a", "b", "c"),), {}, (), Outcome(4, None, 2), ({"v": "a"}, {"v": "b"}))
    ways = [
        (SPARE, (row("a", "b"),)),  # costs a cell, takes none
        (PUT, (row("c"),)),  # costs two, takes both
        (ROLL, (row("b", "c"),)),  # costs one, takes one
        (LEAVE, (row("ab", "c"),)),  # costs one, takes both
    ]
    monkeypatch.setattr(advice, "mergings", lambda *_given: ways)
    made: list[Merging] = []

    def make(_start: _Tried, way: Merging, left: object) -> _Tried | None:
        assert left is dict((id(way), left) for way, left in ways)[id(way)]  # noqa: C402 - mergings that are equal are not the same
        made.append(way)
        return None if way is PUT else after(way, outcome=Outcome(3, 0))

    given: Any = SimpleNamespace(spent=lambda: len(made) == 4, after=make, earlier=())
    found = list(_tried(given, start, (RollUp, PutTogether, LeaveOut)))
    assert made == [LEAVE, PUT, ROLL, SPARE]
    assert [each.mergings for each in found] == [(LEAVE,), (ROLL,), (SPARE,)]
    assert list(_tried(given, start, (LeaveOut,))) == []  # time is up
    made.clear()
    list(_tried(given, start, (LeaveOut,)))
    assert made == [LEAVE, SPARE]
    monkeypatch.setattr(advice, "LOOKED_AT", 2)
    made.clear()
    list(_tried(given, start, (RollUp, PutTogether, LeaveOut)))
    assert made == [LEAVE, PUT]


@pytest.mark.parametrize(("cells", "looked_at"), [(1, 1), (CELLS - 1, CELLS - 1), (CELLS, CELLS // 2), (3 * CELLS, -(-3 * CELLS // 4))])
def test_of_many_cells_in_the_way_a_sample_says_where_to_look(monkeypatch: pytest.MonkeyPatch, cells: int, looked_at: int) -> None:
    asked: list[int] = []

    def ways(_tables: object, sample: tuple[object, ...], _earlier: object) -> list[object]:
        asked.append(len(sample))
        return []

    monkeypatch.setattr(advice, "mergings", ways)
    start = _Tried((), {}, (), Outcome(cells, None, cells), tuple({"v": str(k)} for k in range(cells)))
    assert list(_tried(trial(), start, (LeaveOut,))) == []
    assert asked == [looked_at]


def needed(*enough: set[Merging], shown: Mapping[frozenset[Merging], int] | None = None) -> Any:
    """A trial in which tables can be protected as soon as one of these sets is made."""

    def make(at: _Tried, way: Merging) -> _Tried:
        made = (*at.mergings, way)
        fine = any(some <= set(made) for some in enough)
        size = (shown or {}).get(frozenset(made), 50)
        return after(*made, outcome=Outcome(size, 0) if fine else Outcome(100, None, 1))

    return SimpleNamespace(spent=lambda: False, after=make)


def test_needless_mergings_are_spared_wherever_they_stand() -> None:
    end = after(ROLL, PUT, LEAVE, outcome=Outcome(50, 0))
    kept: tuple[tuple[Merging, ...], ...] = ((LEAVE,), (PUT, LEAVE), (ROLL, LEAVE), (ROLL, PUT, LEAVE))
    for left in kept:
        assert _without_needless(needed(set(left)), REFUSED, end).mergings == left
    less = needed({LEAVE}, shown={frozenset({PUT, LEAVE}): 49, frozenset({ROLL, LEAVE}): 51})
    assert _without_needless(less, REFUSED, end).mergings == (ROLL, LEAVE)  # without the first, less would be shown
    impossible = SimpleNamespace(spent=lambda: False, after=lambda *_given: None)
    assert _without_needless(impossible, REFUSED, end) is end  # type: ignore[arg-type]


PLACE, ANSWER = Dimension.flat("place", ["a", "b", "c"]), Dimension.flat("answer", ["x", "y"])


def counted(name: str, inner: list[list[int]], **more: object) -> Table:
    return Table(name, (PLACE, ANSWER), PLACE.aggregation @ np.array(inner) @ ANSWER.aggregation.T, **more)  # type: ignore[arg-type]


def test_a_trial_takes_earlier_releases_into_account() -> None:
    """All but three of a cell of an earlier table are in the new one: by itself, the new one would withhold nothing."""
    everyone, at_home = counted("e", [[40, 30], [50, 60], [70, 80]]), counted("h", [[37, 15], [30, 30], [40, 50]], where=(("home", "h"),))
    status = np.full((4, 3), Status.PUBLISHED, dtype="<U9")
    earlier = PublishedTable("e", everyone.dimensions, everyone.counts, status, np.zeros((4, 3), np.int64))
    policy = load_policy("ons-threshold-10")
    assert _Trial(policy, (), never, lambda: None).of([at_home], {}).outcome == Outcome(12, 0)
    withheld = _Trial(policy, (earlier,), never, lambda: None).of([at_home], {}).outcome.withheld
    assert withheld is not None
    assert withheld > 0


def test_a_trial_of_a_merging_ends_with_the_time_and_the_first_one_does_not() -> None:
    """Tables as they are are tried whatever it takes: else there would be nothing to say of them."""
    table = counted("t", [[3, 40], [25, 31], [60, 22]])
    hurried = _Trial(load_policy("ons-threshold-10"), (), lambda: True, lambda: None)
    start = hurried.of([table], {})
    assert start.outcome.withheld == 4
    ended = hurried.after(start, PutTogether(("t",), "place", ("b", "c")))
    assert ended is not None
    assert ended.outcome == Outcome(9, None, 1)  # what has no cells in the way has at least itself


def test_a_merging_is_tried_with_the_keys_of_what_it_leaves() -> None:
    table = counted("t", [[3, 40], [25, 31], [60, 22]])
    keys = {"t": np.array([[3, 40], [25, 31], [60, 22]]) * 7}
    perturbed = _Trial(load_policy("census-cell-key"), (), never, lambda: None)
    start = perturbed.of([table], keys)
    way = PutTogether(("t",), "place", ("b", "c"))
    found = perturbed.after(start, way)
    assert found is not None
    assert found.keys["t"].tolist() == merged_keys(keys, [table], way)["t"].tolist() == [[21, 280], [595, 371]]


def test_suggestions_that_show_most_come_first_then_those_that_withhold_less(monkeypatch: pytest.MonkeyPatch) -> None:
    table = counted("t", [[30, 40], [25, 31], [60, 22]])
    some = [
        after(LeaveOut((name,)), outcome=outcome)
        for name, outcome in (("a", Outcome(60, 20)), ("b", Outcome(70, 0)), ("c", Outcome(50, 10)))
    ]
    two = after(ROLL, PUT, outcome=Outcome(50, 10))
    monkeypatch.setattr(advice, "_less_withheld", lambda *_given: [*some[::-1], two, some[0], *some])
    found = suggest([table], load_policy("ons-threshold-10"))
    assert [str(each.mergings[0]) for each in found.suggestions] == [
        "leave out the table 'b'", "leave out the table 'c'", str(ROLL), "leave out the table 'a'",
    ]  # fmt: skip
    many = [after(LeaveOut((f"t{k}",)), outcome=Outcome(60, k)) for k in range(GIVEN + 1)]
    monkeypatch.setattr(advice, "_less_withheld", lambda *_given: many)
    assert [each.outcome.withheld for each in suggest([table], load_policy("ons-threshold-10")).suggestions] == list(range(GIVEN))


def test_mergings_to_be_made_together_are_told_together() -> None:
    found = Advice(Outcome(1200, 60), (Suggestion((ROLL, SPARE), Outcome(1000, 20)),))
    assert in_words(found) == (
        "As they are: 1,200 cells, 60 withheld (5%).",
        "show 'v' no finer than 'a', in the table 't'; leave out 'w', in the table 't': 1,000 cells, 20 withheld (2%).",
    )
