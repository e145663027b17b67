"""Large systems, block by block: a move rarely needs more than a few neighbouring places.

The variable with most codes (usually a geography) cuts the system into blocks of some of the codes below one parent. Each
block is solved by itself, several at a time, all cells above held fast. What it cannot prove alone is tried again with all
cells below the same parent that are withheld by then, the cells above every block, and a code or two below each other parent
that carry what moves there. Whatever is left is proven in the whole system, and once time is up, by exchanges. Every move is a
move of the whole system, so the proofs hold as they are, and so do all together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context

import numpy as np
from scipy import sparse

from disclosure.exchanges import by_exchange
from disclosure.groups import Mask, Whole
from disclosure.problem import Pattern, Problem, Proofs, finish
from disclosure.prune import without_spare
from disclosure.secondary import FAR_COSTS, Effort, never, prove, suppress
from disclosure.system import System

WHOLE = 6000  # up to so many movable cells, a system is one block
BLOCK = 2000  # about so many movable cells in a block
CARRIERS = 1  # codes of each parent that carry moves from elsewhere: with most small counts, and with fewest zeros
PROCESSES = 2  # parts that are solved at the same time
TOGETHER = 2  # neighbourhoods that do not wait for what the others withhold


Part = tuple[Problem, bool]  # what to solve; True if it is a neighbourhood, where much is withheld and proven already
Start = Callable[[Part, Effort], Callable[[], Pattern]]


@dataclass(frozen=True, eq=False)
class Budget:
    """What the search for a cheap pattern may cost; the pattern is safe whatever it is.

    `spent` is asked before each block, and before each cell that is to be proven or published again: once it says True, what
    has no proof yet gets one by exchanges, which take little time and withhold more; what they cannot prove is searched for
    until it is `over`. Then tables of which a cell has no proof, or that were not attacked to the end, are refused. `done`
    takes up each part that is solved, and how: given again, a search that was stopped goes on where it was. It says much
    about withheld counts, and must never leave the office.
    """

    effort: Effort = field(default_factory=Effort)
    spent: Callable[[], bool] = never
    over: Callable[[], bool] = never
    done: MutableMapping[str, Pattern] = field(default_factory=dict)


def suppress_in_blocks(
    system: System, problem: Problem, progress: Callable[[float], None], budget: Budget, start: Pattern | None = None
) -> Pattern:
    """`suppress`, for systems of any size. With a pattern to `start` from, what it proves and still holds is kept."""
    if start is not None:
        pattern = start
    else:
        cut = _cut(system, problem) if problem.movable.sum() > WHOLE else None
        if cut is None or len(cut.blocks) < 2:
            pattern = suppress(problem, progress, budget.effort, budget.spent)
        else:
            pattern = _in_blocks(problem, cut, progress, budget)
    pattern = extend(problem, pattern, thorough=not budget.spent(), spent=budget.spent)
    if pattern.unproven.any():
        before, pattern = pattern, by_exchange(system, problem, pattern)
        if budget.spent():
            pattern = replace(pattern, hurried=pattern.hidden & ~before.hidden)
    return without_spare(problem, extend(problem, pattern, thorough=True, spent=budget.over))


def extend(problem: Problem, pattern: Pattern, *, thorough: bool, spent: Callable[[], bool] = never) -> Pattern:
    """The pattern with whatever else must be hidden and proven, found in the whole problem until `spent`.

    Moves that no longer fit are left out.
    """
    allowed = problem.movable | problem.hidden | problem.free
    rows = np.repeat(np.arange(pattern.moves.shape[0]), np.diff(pattern.moves.indptr))
    cells, steps = pattern.moves.indices, pattern.moves.data
    wrong = ~allowed[cells] | (steps > problem.up[cells]) | (-steps > problem.down[cells])
    moves = pattern.moves[np.setdiff1d(np.arange(pattern.moves.shape[0]), rows[wrong])]
    hidden = (pattern.hidden & allowed | problem.hidden) & ~problem.free
    found = replace(finish(problem, hidden, moves), hurried=pattern.hurried)
    if not found.unproven.any() or spent():
        return found
    proofs = Proofs(problem)
    proofs.take(moves)
    hidden = prove(problem, proofs, hidden, allowed | hidden, free=False, thorough=thorough, step=FAR_COSTS, spent=spent)
    return replace(finish(problem, hidden, sparse.vstack([moves, proofs.matrix()]).tocsr()), hurried=pattern.hurried)


def _in_blocks(problem: Problem, cut: _Cut, progress: Callable[[float], None], budget: Budget) -> Pattern:
    """Each block by itself, then what is left in neighbourhoods."""
    # What only a search could prove is left for the whole system.
    budget = replace(budget, effort=replace(budget.effort, thorough=False))
    count = len(problem.up)
    hidden, proofs = problem.hidden & ~problem.free, Proofs(problem)
    moves = [sparse.csr_matrix((0, count), dtype=np.int64)]
    carrying = _among(cut.carriers, count)
    above = ~_among(np.concatenate(cut.blocks), count)
    nowhere = above & ~np.logical_or.reduce(cut.neighbourhoods)

    def take(patterns: Iterator[Pattern], cells: list[Whole], done: float, share: float) -> None:
        for number, (pattern, at) in enumerate(zip(patterns, cells, strict=True)):
            found = _widen(pattern.moves, at, count)
            hidden[at[pattern.hidden]] = True
            proofs.take(found)
            moves.append(found)
            progress(done + share * (number + 1) / len(cells))

    with _solver() as solve:
        inside = [block[problem.movable[block] | problem.hidden[block]] for block in cut.blocks]
        take(_each([(problem.part(cells), False) for cells in inside], budget, solve), inside, 0.0, 0.5)
        rounds = [(wide, first) for wide in (False, True) for first in range(0, len(cut.neighbourhoods), TOGETHER)]
        for number, (wide, first) in enumerate(rounds):
            if budget.spent():
                break
            unproven = hidden & ~problem.free & ~proofs.proven()
            parts: list[Part] = []
            around: list[Whole] = []
            for own in cut.neighbourhoods[first : first + TOGETHER]:
                here = own | nowhere
                if wide and not (unproven & here).any():
                    continue
                known = (hidden | problem.free | (problem.movable & own & wide)) & (here | carrying)
                cells = np.flatnonzero(known | above & (problem.movable | hidden | problem.free))
                around.append(cells)
                now = replace(problem, hidden=hidden, free=problem.free | (hidden & ~(unproven & here)))
                parts.append((now.part(cells), True))
            take(_each(parts, budget, solve), around, 0.5 + 0.4 * number / len(rounds), 0.4 / len(rounds))
    return finish(problem, hidden, sparse.vstack(moves).tocsr())


def _each(parts: Sequence[Part], budget: Budget, solve: Start) -> Iterator[Pattern]:
    """Each part solved, in order; in processes of their own, the same patterns as without."""
    keys = [f"{problem.digest()} {beyond} {budget.effort}" for problem, beyond in parts]
    todo = [k for k, key in enumerate(keys) if key not in budget.done]
    waiting: dict[int, Callable[[], Pattern]] = {}
    for k in range(len(parts)):
        while todo and len(waiting) < PROCESSES:
            spent, following = budget.spent(), todo.pop(0)
            waiting[following] = solve(parts[following], replace(budget.effort, starts=1, prune=False) if spent else budget.effort)
            keys[following] += " spent" if spent else ""
        if k in waiting:
            budget.done[keys[k]] = waiting.pop(k)()
        yield budget.done[keys[k]]


@contextmanager
def _solver() -> Iterator[Start]:
    """Starts to solve a part, and gives what waits for its pattern."""
    if PROCESSES < 2:
        yield lambda part, effort: lambda: _solve(part, effort)
        return
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield lambda part, effort: pool.submit(_solve, part, effort).result


def _solve(part: Part, effort: Effort) -> Pattern:
    problem, beyond = part
    if not beyond:
        return suppress(problem, _quietly, effort)
    cells = len(problem.up)
    nothing = Pattern(np.zeros(cells, bool), sparse.csr_matrix((0, cells), dtype=np.int64), np.zeros(cells, bool))
    return extend(problem, nothing, thorough=False)


def _quietly(_share: float) -> None:
    """No progress wanted within a part."""


def _among(cells: Whole, count: int) -> Mask:
    among = np.zeros(count, bool)
    among[cells] = True
    return among


def _widen(moves: sparse.csr_matrix, cells: Whole, count: int) -> sparse.csr_matrix:
    """Moves of some cells as moves of all."""
    return sparse.csr_matrix((moves.data, cells[moves.indices], moves.indptr), shape=(moves.shape[0], count))


@dataclass(frozen=True, eq=False)
class _Cut:
    """Cells of each block; for each parent, its own cells and those of all its blocks (masks); cells that carry moves elsewhere."""

    blocks: list[Whole]
    neighbourhoods: list[Mask]
    carriers: Whole


def _cut(system: System, problem: Problem) -> _Cut:
    """Cuts a system by the variable with most codes in use."""
    used = [np.unique(system.places[problem.movable, v]) for v in range(len(system.variables))]
    v = int(np.argmax([len(codes) for codes in used]))
    variable, place = system.variables[v], system.places[:, v]
    index = {code: k for k, code in enumerate(variable.codes)}
    parents = {index[parent] for parent, _ in variable.partitions}
    small = np.bincount(place[problem.hidden & (problem.down > 0)], minlength=len(variable.codes))
    movable = np.bincount(place[problem.movable], minlength=len(variable.codes))
    taken: set[int] = set()
    blocks: list[Whole] = []
    neighbourhoods: list[Mask] = []
    carriers = [np.zeros(0, np.int64)]
    for parent, children in variable.partitions:
        codes = np.array([index[child] for child in children if index[child] not in parents | taken and movable[index[child]]], int)
        taken |= set(codes.tolist())
        if not len(codes):
            continue
        pieces = np.array_split(np.sort(codes), min(len(codes), -(-int(movable[codes].sum()) // BLOCK)))
        blocks += [np.flatnonzero(np.isin(place, piece)) for piece in pieces]
        neighbourhoods.append(np.isin(place, [index[parent], *codes]))
        best = [codes[np.argsort(-weight[codes], kind="stable")[:CARRIERS]] for weight in (small, movable)]
        carriers.append(np.flatnonzero(np.isin(place, np.concatenate(best))))
    return _Cut(blocks, neighbourhoods, np.concatenate(carriers))
