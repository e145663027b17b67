"""How a large system is cut, what each part is asked, and how their patterns are put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from disclosure import blocks
from disclosure.blocks import Budget, _among, _Cut, _cut, _each, _in_blocks, _solve, _widen, extend, suppress_in_blocks
from disclosure.dimension import Dimension
from disclosure.problem import Pattern, Problem, finish
from disclosure.secondary import FAR_COSTS, Effort, never, prove, suppress
from disclosure.system import System, link
from disclosure.table import Table
from tests.unit.test_disclosure_exchanges import grid, problem_of, table
from tests.unit.test_disclosure_secondary import CORNERS, SQUARE, holds, mask, named, quietly
from tests.unit.test_disclosure_secondary import problem_of as square_of

PLACE = Dimension.tree("place", {"N": "Total", "S": "Total", **dict.fromkeys("abc", "N"), **dict.fromkeys("de", "S"), "f": "Total"})
WISH = Dimension.flat("wish", ["x", "y"])
INNER = [[3, 30], [40, 5], [0, 0], [2, 60], [12, 13], [70, 41]]
TRUE = table((PLACE, WISH), INNER)
SYSTEM = link([TRUE])
V = [variable.name for variable in SYSTEM.variables].index("place")


def places(system: System, codes: str, name: str = "place") -> np.ndarray:
    """Cells of some places: their codes, a dot for the total."""
    variable = next(variable for variable in system.variables if variable.name == name)
    at = [variable.codes.index("" if code == "." else code) for code in codes]
    return np.flatnonzero(np.isin(system.column(name), at))


def problem() -> Problem:
    return problem_of(SYSTEM)


def cut_of(size: int, carriers: int, given: Problem, monkeypatch: pytest.MonkeyPatch, system: System = SYSTEM) -> _Cut:
    monkeypatch.setattr(blocks, "BLOCK", size)
    monkeypatch.setattr(blocks, "CARRIERS", carriers)
    return _cut(system, given)


@pytest.mark.parametrize(
    ("size", "pieces"),
    [
        (1, ["f", "a", "b", "d", "e"]),
        (3, ["f", "a", "b", "d", "e"]),
        (5, ["f", "a", "b", "d", "e"]),
        (6, ["f", "ab", "de"]),
        (99, ["f", "ab", "de"]),
    ],
)
def test_a_system_is_cut_below_each_parent_by_how_many_cells_can_move(
    size: int, pieces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each place has three such cells; nothing of c can move, so it is in no block."""
    cut = cut_of(size, 1, problem(), monkeypatch)
    assert sorted(block.tolist() for block in cut.blocks) == sorted(places(SYSTEM, piece).tolist() for piece in pieces)
    around = sorted(np.flatnonzero(own).tolist() for own in cut.neighbourhoods)
    assert around == sorted(places(SYSTEM, own).tolist() for own in (".f", "Nab", "Sde"))


def test_moves_from_elsewhere_are_carried_by_the_codes_with_most_small_counts_and_most_that_can_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of d and e, d has a small count; of a and b, both have one, and the first is taken."""
    assert set(cut_of(9, 1, problem(), monkeypatch).carriers.tolist()) == set(places(SYSTEM, "fad").tolist())
    assert set(cut_of(9, 2, problem(), monkeypatch).carriers.tolist()) == set(places(SYSTEM, "fabde").tolist())
    given = problem()
    given.movable[places(SYSTEM, "d")[:1]] = False
    assert set(cut_of(9, 1, given, monkeypatch).carriers.tolist()) == set(places(SYSTEM, "fade").tolist())
    given = problem()
    given.down[grid(TRUE, SYSTEM, [(PLACE.index["a"], 1)])] = 1
    assert set(cut_of(9, 1, given, monkeypatch).carriers.tolist()) == set(places(SYSTEM, "fad").tolist())
    given.down[grid(TRUE, SYSTEM, [(PLACE.index["a"], 1)])] = 0  # a count of one: it can carry nothing further down
    assert set(cut_of(9, 1, given, monkeypatch).carriers.tolist()) == set(places(SYSTEM, "fabd").tolist())


def test_of_many_codes_alike_the_first_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each other place has one count more that can move; the last has none."""
    many = Dimension.flat("place", [f"p{k:02}" for k in range(41)])
    inner = np.array([[20, 20 * (k % 2)] for k in range(41)])
    inner[40] = 0
    system = link([table((many, WISH), inner)])
    cut = cut_of(10**6, 3, problem_of(system), monkeypatch, system)
    carrying = {system.variables[0].codes[k] for k in system.column("place")[cut.carriers].tolist()}
    assert carrying == {"p00", "p01", "p02", "p03", "p05"}
    assert system.variables[0].name == "place"


def test_the_variable_with_most_codes_in_use_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six wishes, of which four were had by nobody, are fewer than three places."""
    wishes = Dimension.flat("answer", ["u", "v", "w", "x", "y", "z"])
    true = table((wishes, Dimension.flat("place", ["a", "b", "d"])), [[20, 21, 22], [23, 24, 25], *[[0, 0, 0]] * 4])
    system = link([true])
    cut = cut_of(1, 1, problem_of(system), monkeypatch, system)
    assert sorted(block.tolist() for block in cut.blocks) == sorted(places(system, code).tolist() for code in "abd")


def test_a_code_below_two_parents_is_cut_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places by region, and by whether they lie at the sea."""
    two = Dimension(
        "place", ("Total", "N", "S", "sea", "land", "a", "b", "d", "e"),
        (
            ("Total", ("N", "S")), ("N", ("a", "b")), ("S", ("d", "e")), ("Total", ("sea", "land")), ("sea", ("a", "d")),
            ("land", ("b", "e")),
        ),
    )  # fmt: skip
    counts = {"a": 20, "b": 21, "d": 22, "e": 23, "N": 41, "S": 45, "sea": 42, "land": 44, "Total": 86}
    true = Table("t", (two,), np.array([counts[code] for code in two.codes]))
    system = link([true])
    cut = cut_of(99, 1, problem_of(system), monkeypatch, system)
    assert sorted(block.tolist() for block in cut.blocks) == sorted(places(system, own).tolist() for own in ("ab", "de"))
    assert len(cut.neighbourhoods) == 2


NORTH_SOUTH = Dimension.tree("place", {"N": "Total", "S": "Total", **dict.fromkeys("abc", "N"), **dict.fromkeys("de", "S")})
TWO = table((NORTH_SOUTH, WISH), INNER[:5])
HALVES = link([TWO])
Asked = list[tuple[list[int], list[int], list[int], bool]]


def asked_of_parts(
    given: Problem, monkeypatch: pytest.MonkeyPatch, budget: Budget | None = None, *, size: int = 9, system: System = SYSTEM
) -> tuple[list[Asked], list[list[Pattern]], list[float], Pattern, Budget]:
    """For each round its parts (numbers of the cells, which are hidden, and free; whether they are neighbourhoods), and their patterns."""
    rounds: list[Asked] = []
    found: list[list[Pattern]] = []
    budgets: list[Budget] = []
    shares: list[float] = []
    order = np.arange(len(given.up))
    cut = cut_of(size, 1, given, monkeypatch, system)

    def seen(parts: Sequence[tuple[Problem, bool]], budget: Budget, solve: Any) -> Iterator[Pattern]:
        budgets.append(budget)
        rounds.append(
            [(part.order.tolist(), part.order[part.hidden].tolist(), part.order[part.free].tolist(), beyond) for part, beyond in parts]
        )
        found.append(list(_each(parts, budget, solve)))
        return iter(found[-1])

    with monkeypatch.context() as patched:
        patched.setattr(blocks, "PROCESSES", 1)
        patched.setattr(blocks, "_each", seen)
        pattern = _in_blocks(replace(given, order=order), cut, shares.append, budget or Budget())
    return rounds, found, shares, pattern, budgets[0]


def check_rounds(
    given: Problem, system: System, blocks_of: list[str], own: list[str], carriers: str, rounds: list[Asked], found: Any
) -> int:
    """Each part against what the module says of it, as hidden cells become more; the number of neighbourhoods that were tried widely."""
    count = len(given.up)

    def within(codes: str) -> np.ndarray:
        return _among(places(system, codes), count)

    def check(part: tuple[list[int], list[int], list[int], bool], cells: np.ndarray, free: np.ndarray, beyond: bool) -> None:
        assert sorted(part[0]) == np.flatnonzero(cells).tolist()
        assert sorted(part[1]) == np.flatnonzero(cells & hidden).tolist()
        assert sorted(part[2]) == np.flatnonzero(cells & free).tolist()
        assert part[3] == beyond

    def take(asked: Asked, patterns: list[Pattern]) -> None:
        for part, pattern in zip(asked, patterns, strict=True):
            hidden[np.array(part[0], np.int64)[pattern.hidden]] = True
            moves.append(_widen(pattern.moves, np.array(part[0], np.int64), count))

    moves = [sparse.csr_matrix((0, count), dtype=np.int64)]
    assert len(rounds[0]) == len(blocks_of)
    hidden = given.hidden  # what is free too, which then moves unhidden
    for part, codes in zip(rounds[0], blocks_of, strict=True):
        check(part, within(codes) & (given.movable | given.hidden), given.free, False)
    hidden = given.hidden & ~given.free
    take(rounds[0], found[0])
    above, widely, number = ~within("".join(blocks_of)), 0, 1
    nowhere = above & ~within("".join(own))
    for wide in (False, True):
        for first in range(0, len(own), 2):
            unproven = finish(given, hidden, sparse.vstack(moves).tocsr()).unproven
            asked = iter(rounds[number])
            for codes in own[first : first + 2]:
                here = within(codes) | nowhere
                if wide and not (unproven & here).any():
                    continue
                widely += wide
                withheld = hidden | given.free | (given.movable & within(codes) & wide)
                cells = withheld & (here | within(carriers)) | above & (given.movable | hidden | given.free)
                check(next(asked), cells, given.free | (hidden & ~(unproven & here)), True)
            assert next(asked, None) is None
            take(rounds[number], found[number])
            number += 1
    assert number == len(rounds)
    return widely


@pytest.mark.parametrize(("size", "widely"), [(9, 0), (1, 1)])
def test_parts_are_blocks_and_then_neighbourhoods_of_what_is_withheld(size: int, widely: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = problem()
    pieces = ["f", "ab", "de"] if size > 1 else ["f", "a", "b", "d", "e"]
    rounds, found, shares, pattern, budget = asked_of_parts(given, monkeypatch, size=size)
    assert not budget.effort.thorough  # what only a search could prove is left for the whole system
    assert (check_rounds(given, SYSTEM, pieces, [".f", "Nab", "Sde"], "fad", rounds, found) > 0) == bool(widely)
    assert shares[: len(pieces)] == pytest.approx([0.5 * (k + 1) / len(pieces) for k in range(len(pieces))])
    assert shares[len(pieces) : len(pieces) + 3] == pytest.approx([0.55, 0.6, 0.7])
    assert shares == sorted(shares)
    assert shares[-1] <= 0.9
    assert pattern.moves.toarray().any(axis=1).all()
    assert not pattern.unproven.any()
    holds(given, pattern)


@pytest.mark.parametrize("size", [9, 1])
def test_what_is_above_every_neighbourhood_belongs_to_each(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The total of all, where no place is right below it. Some above are withheld for good, some free, some must be hidden."""
    given = problem_of(HALVES)
    at = HALVES.entries[0].reshape(TWO.counts.shape)
    given.hidden[[at[0, 1], at[1, 2], at[2, 1]]] = True
    given.movable[[at[1, 2], at[4, 2], at[2, 2]]] = False
    given.free[[at[2, 2], at[7, 2]]] = True
    pieces = ["ab", "de"] if size > 1 else ["a", "b", "d", "e"]
    rounds, found, _, pattern, _ = asked_of_parts(given, monkeypatch, size=size, system=HALVES)
    check_rounds(given, HALVES, pieces, ["Nab", "Sde"], "ad", rounds, found)
    assert not (pattern.hidden & given.free).any()
    holds(given, pattern)


def test_neighbourhoods_are_left_out_once_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    given = problem()
    rounds, _, shares, pattern, _ = asked_of_parts(given, monkeypatch, Budget(spent=lambda: True), size=1)
    assert len(rounds) == 1
    assert len(shares) == 5
    assert pattern.unproven.any()


def test_free_cells_are_neither_hidden_nor_proven_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    given = problem()
    given.free[places(SYSTEM, "b")] = True
    given.hidden[places(SYSTEM, "b")[:1]] = True
    rounds, _, _, pattern, _ = asked_of_parts(given, monkeypatch)
    assert not (pattern.hidden & given.free).any()
    assert not (pattern.unproven & given.free).any()
    for asked in rounds[1:]:
        for cells, _, free, _ in asked:
            assert set(cells) & set(places(SYSTEM, "b").tolist()) <= set(free)
    holds(given, pattern)


class Later:
    """Solves nothing: gives a numbered pattern when asked for it, and knows how many are waited for."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, Effort]] = []
        self.waiting = self.most = 0

    def __call__(self, part: tuple[Problem, bool], effort: Effort) -> Callable[[], Pattern]:
        self.begun.append((part[0].width, effort))
        self.waiting += 1
        self.most = max(self.most, self.waiting)

        def give() -> Pattern:
            self.waiting -= 1
            return numbered(part[0].width)

        return give


def numbered(number: int) -> Pattern:
    return Pattern(np.arange(4) == number, sparse.csr_matrix((0, 4), dtype=np.int64), np.zeros(4, bool))


PARTS = [(replace(square_of(SQUARE), width=width), width == 3) for width in (3, 1, 2)]


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_parts_are_solved_in_order_and_so_many_at_a_time(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PROCESSES", processes)
    solve, budget = Later(), Budget(Effort(prune=False))
    found = [int(pattern.hidden.argmax()) for pattern in _each(PARTS, budget, solve)]
    assert found == [3, 1, 2]
    assert solve.begun == [(width, Effort(prune=False)) for width in (3, 1, 2)]
    assert solve.most == min(processes, 3)
    assert len(budget.done) == 3


def test_what_is_solved_already_is_not_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PROCESSES", 2)
    solve, done = Later(), dict[str, Pattern]()
    assert len(list(_each(PARTS[1:2], Budget(done=done), solve))) == 1
    assert [int(pattern.hidden.argmax()) for pattern in _each(PARTS, Budget(done=done), solve)] == [3, 1, 2]
    assert [width for width, _ in solve.begun] == [1, 3, 2]
    list(_each([(PARTS[0][0], False)], Budget(done=done), solve))  # the same problem, but no neighbourhood
    list(_each(PARTS, Budget(Effort(starts=1), done=done), solve))  # with another effort
    assert [width for width, _ in solve.begun[3:]] == [3, 3, 1, 2]
    list(_each(PARTS, Budget(done=done), solve))
    assert len(solve.begun) == 7


def test_what_is_solved_in_haste_does_not_count_as_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "PROCESSES", 1)
    solve, done = Later(), dict[str, Pattern]()
    answers = iter([False])
    assert len(list(_each(PARTS, Budget(done=done, spent=lambda: next(answers, True)), solve))) == 3
    hasty = Effort(starts=1, prune=False)
    assert solve.begun == [(3, Effort()), (1, hasty), (2, hasty)]
    assert len(done) == 3
    list(_each(PARTS, Budget(done=done), solve))
    assert solve.begun[3:] == [(1, Effort()), (2, Effort())]
    assert len(done) == 5


def test_two_processes_are_given_a_part_each(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[int, str]] = []

    class Pool:
        def __init__(self, processes: int, mp_context: Any) -> None:
            started.append((processes, mp_context.get_start_method()))

        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *_: object) -> None:
            started.append((0, "ended"))

        def submit(self, work: Any, *given: Any) -> Any:
            return type("Future", (), {"result": lambda _: work(*given)})()

    monkeypatch.setattr(blocks, "ProcessPoolExecutor", Pool)
    for processes, pools in ((1, []), (2, [(2, "spawn"), (0, "ended")])):
        started.clear()
        monkeypatch.setattr(blocks, "PROCESSES", processes)
        with blocks._solver() as solve:
            assert named(solve((square_of(SQUARE), False), Effort())().hidden) == CORNERS
        assert started == pools


def test_a_block_is_solved_and_a_neighbourhood_extended(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    def whole(*how: Any) -> Pattern:
        given.append(how)
        return suppress(*how)

    def further(*how: Any, **named: Any) -> Pattern:
        given.append((how, named))
        return extend(*how, **named)

    monkeypatch.setattr(blocks, "suppress", whole)
    monkeypatch.setattr(blocks, "extend", further)
    asked, effort = square_of(SQUARE), Effort(starts=1)
    assert named(_solve((asked, False), effort).hidden) == CORNERS
    assert given[0][0] is asked
    assert given[0][1](0.5) is None
    assert given[0][2] == effort
    assert named(_solve((asked, True), effort).hidden) == CORNERS
    assert given[1][1] == {"thorough": False}
    nothing = given[1][0][1]
    assert not nothing.hidden.any()
    assert nothing.moves.shape == (0, 16)


def test_moves_of_a_part_are_put_back_into_their_place() -> None:
    part = sparse.csr_matrix(np.array([[1, 0, -1], [0, 2, 0]]))
    assert _widen(part, np.array([4, 0, 2]), 5).toarray().tolist() == [[0, 0, -1, 0, 1], [2, 0, 0, 0, 0]]
    assert _among(np.array([1, 3]), 4).tolist() == [False, True, False, True]
    assert not _among(np.zeros(0, np.int64), 2).any()


def move(problem: Problem, *steps: tuple[int, int, int]) -> np.ndarray:
    found = np.zeros(len(problem.up), np.int64)
    for row, column, step in steps:
        found[4 * row + column] = step
    return found


NEAR = ((1, 1, 1), (1, 2, -1), (2, 1, -1), (2, 2, 1))


def pattern_of(problem: Problem, moves: list[np.ndarray], **more: Any) -> Pattern:
    kept = sparse.csr_matrix(np.array(moves).reshape(-1, len(problem.up)), dtype=np.int64)
    hidden = problem.hidden | (np.array(moves).reshape(-1, len(problem.up)) != 0).any(axis=0)
    return replace(finish(problem, hidden, kept), **more)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"up": (1, 1, 1)}, True),
        ({"up": (1, 1, 0)}, False),
        ({"down": (1, 2, 1)}, True),
        ({"down": (1, 2, 0)}, False),
        ({"movable": (1, 2, False)}, False),
        ({"movable": (1, 1, False)}, True),  # it must be hidden
    ],
)
def test_moves_that_still_fit_are_kept_and_the_others_left_out(change: dict[str, tuple[int, int, int]], fits: bool) -> None:
    problem = square_of(SQUARE)
    before = pattern_of(problem, [move(problem, *NEAR), move(problem, (3, 1, 1), (3, 2, -1), (2, 1, -1), (2, 2, 1))])
    assert not before.unproven[5]
    for name, (row, column, value) in change.items():
        getattr(problem, name)[4 * row + column] = value
    found = extend(problem, before, thorough=True, spent=lambda: True)
    assert [list(row) for row in found.moves.toarray()] == [list(row) for row in before.moves.toarray()[0 if fits else 1 :]]
    assert found.hidden.tolist() == (before.hidden & (problem.movable | problem.hidden)).tolist()
    assert bool(found.unproven[5]) == (not fits)


def test_a_free_cell_is_allowed_to_move_and_is_not_hidden() -> None:
    problem = square_of(SQUARE)
    before = pattern_of(problem, [move(problem, *NEAR)])
    corner = mask(problem, 4, (2, 2))
    problem.free |= corner
    problem.movable &= ~corner
    problem.hidden |= corner
    found = extend(problem, before, thorough=True)
    assert found.moves.shape[0] == 1
    assert named(found.hidden) == CORNERS - {(2, 2)}
    assert not found.unproven.any()


def test_what_has_no_proof_is_proven_through_what_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, Any]] = []

    def proving(*how: Any, **named: Any) -> np.ndarray:
        given.append({"how": how, **named})
        return prove(*how, **named)

    monkeypatch.setattr(blocks, "prove", proving)
    problem = square_of(SQUARE)
    other = move(problem, (3, 1, 1), (3, 2, -1), (2, 1, -1), (2, 2, 1))
    before = pattern_of(problem, [other], hurried=mask(problem, 4, (3, 1)))
    asked = lambda: False  # noqa: E731
    for thorough in (True, False):
        found = extend(problem, before, thorough=thorough, spent=asked)
        assert not found.unproven[5]
        assert found.hurried is before.hurried
        assert found.moves.toarray()[0].tolist() == other.tolist()
        assert found.moves.shape[0] == 3
        holds(problem, found)
        how = given[-1]
        assert how["how"][1].moves
        assert (how["how"][2] == before.hidden).all()
        assert (how["how"][3] == problem.movable).all()
        assert {name: how[name] for name in ("free", "thorough", "step", "spent")} == {
            "free": False, "thorough": thorough, "step": FAR_COSTS, "spent": asked,
        }  # fmt: skip
    late = extend(problem, before, thorough=True, spent=lambda: True)
    assert late.unproven[5]
    assert late.hurried is before.hurried
    assert len(given) == 2
    whole = extend(problem, found, thorough=True)
    assert whole.hurried is before.hurried
    assert len(given) == 2


def test_what_known_moves_prove_is_not_proven_again() -> None:
    problem = square_of([[3, 30, 40], [41, 50, 60], [70, 42, 4]])
    before = pattern_of(problem, [move(problem, *NEAR)])
    found = extend(problem, before, thorough=True)
    assert not found.unproven.any()
    new = found.moves.toarray()[1:]
    assert new[:, 15].all()
    assert len(new) == 2


def test_what_is_hidden_and_may_not_move_any_more_moves_if_it_must_be_hidden() -> None:
    """As an earlier release withheld it: nobody knows it, though no new cover may be made of it."""
    problem = square_of(SQUARE)
    problem.hidden |= mask(problem, 4, *CORNERS)
    problem.movable[:] = False
    nothing = Pattern(problem.hidden & False, sparse.csr_matrix((0, 16), dtype=np.int64), problem.hidden & False)
    found = extend(problem, nothing, thorough=True)
    assert named(found.hidden) == CORNERS
    assert not found.unproven.any()


Seen = list[tuple[str, dict[str, Any]]]


def steps_of(
    given: Problem, budget: Budget, monkeypatch: pytest.MonkeyPatch, start: Pattern | None = None, **limits: int
) -> tuple[Seen, Pattern]:
    """Which steps are gone, in order, for a system of places and wishes."""
    seen: Seen = []
    for name, value in {"PROCESSES": 1, **limits}.items():
        monkeypatch.setattr(blocks, name, value)

    def watched(name: str, work: Any) -> Any:
        def step(*how: Any, **named: Any) -> Any:
            at = len(seen)
            seen.append((name, {"how": how, **named}))
            seen[at][1]["found"] = work(*how, **named)
            return seen[at][1]["found"]

        return step

    for name in ("suppress", "_in_blocks", "extend", "by_exchange", "without_spare"):
        monkeypatch.setattr(blocks, name, watched(name, getattr(blocks, name)))
    return seen, suppress_in_blocks(SYSTEM, given, quietly, budget, start)


@pytest.mark.parametrize(
    ("more", "size", "first"), [(0, 9, "suppress"), (-1, 9, "_in_blocks"), (1, 9, "suppress"), (-1, 10**6, "_in_blocks")]
)
def test_a_system_is_cut_if_more_of_it_can_move_than_is_solved_whole(
    more: int, size: int, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = problem()
    seen, found = steps_of(given, Budget(), monkeypatch, WHOLE=int(given.movable.sum()) + more, BLOCK=size)
    assert seen[0][0] == first
    assert not found.unproven.any()
    assert [name for name, _ in seen if name in ("by_exchange", "without_spare")] == ["without_spare"]
    holds(given, found)


@pytest.mark.parametrize(("inner", "cut"), [(INNER[:5], True), ([*INNER[:3], [0, 0], [0, 0]], False)])
def test_a_system_of_a_single_block_is_solved_whole(inner: list[list[int]], cut: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one of two is not."""
    system = link([table((NORTH_SOUTH, WISH), inner)])
    seen: list[str] = []

    def in_blocks(*how: Any) -> Pattern:
        seen.append("in blocks")
        return _in_blocks(*how)

    for name, value in (("WHOLE", 0), ("BLOCK", 99), ("PROCESSES", 1), ("_in_blocks", in_blocks)):
        monkeypatch.setattr(blocks, name, value)
    suppress_in_blocks(system, problem_of(system), quietly, Budget())
    assert seen == ["in blocks"] * cut


def test_what_is_given_to_start_from_is_extended_and_nothing_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    given = problem()
    start = suppress(given, quietly, Effort())
    given.hidden[grid(TRUE, SYSTEM, [(PLACE.index["f"], 1)])] = True
    seen, found = steps_of(given, Budget(), monkeypatch, start)
    assert [name for name, _ in seen] == ["extend", "extend", "without_spare"]
    assert seen[0][1]["how"][1] is start
    assert not found.unproven.any()


def test_time_and_effort_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(Effort(starts=1), spent=lambda: False, over=lambda: False)
    given = problem()
    seen, _ = steps_of(given, budget, monkeypatch)
    assert [name for name, _ in seen] == ["suppress", "extend", "extend", "without_spare"]
    assert seen[0][1]["how"] == (given, quietly, budget.effort, budget.spent)
    assert (seen[1][1]["thorough"], seen[1][1]["spent"]) == (True, budget.spent)
    assert (seen[2][1]["thorough"], seen[2][1]["spent"]) == (True, budget.over)
    assert seen[3][1]["how"][1] is seen[2][1]["found"]
    assert seen[2][1]["how"][1] is seen[1][1]["found"]


def test_what_is_left_when_time_is_up_is_proven_by_exchanges_and_said_to_be_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = Budget(spent=lambda: True)
    given = problem()
    seen, found = steps_of(given, budget, monkeypatch)
    assert [name for name, _ in seen] == ["suppress", "extend", "by_exchange", "extend", "without_spare"]
    assert (seen[1][1]["thorough"], seen[1][1]["spent"]) == (False, budget.spent)
    assert seen[2][1]["how"][:2] == (SYSTEM, given)
    assert not found.unproven.any()
    assert found.hurried is not None
    assert (found.hurried == (found.hidden & ~given.hidden)).all()
    assert found.hurried.any()


def test_what_only_exchanges_could_prove_in_time_is_not_said_to_be_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """There was time, and no move was found otherwise."""
    given = problem()
    monkeypatch.setattr(blocks, "prove", lambda _problem, _proofs, hidden, *_, **__: hidden)
    monkeypatch.setattr("disclosure.secondary.prove", lambda _problem, _proofs, hidden, *_, **__: hidden)
    seen, found = steps_of(given, Budget(), monkeypatch)
    assert [name for name, _ in seen] == ["suppress", "extend", "by_exchange", "extend", "without_spare"]
    assert not found.unproven.any()
    assert found.hurried is None


def test_the_default_is_no_limit() -> None:
    assert Budget().spent is Budget().over is never
