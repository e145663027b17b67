"""Large systems, block by block: a move rarely needs more than a few neighbouring places.

The variable with most codes (usually a geography) cuts the system into blocks of some of the codes below one parent. Cells
above every block are proven first, with a few of each parent's codes to carry what moves. Then each block is solved by
itself, several at a time; what it cannot prove alone, it tries with those cells outside it that are withheld by then.
Whatever is left is proven in the whole system. Every move is a move of the whole system, so the proofs hold as they are,
and so do all blocks' together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context

import numpy as np
from scipy import sparse

from disclosure.moves import Mask, Whole
from disclosure.secondary import FAR_COSTS, Effort, Pattern, Problem, Proofs, finish, never, prove, suppress
from disclosure.system import System

WHOLE = 6000  # up to so many movable cells, a system is one block
BLOCK = 2000  # about so many movable cells in a block
CARRIERS = 2  # codes of each parent that carry the moves of the cells above: with most small counts, and with fewest zeros
PROCESSES = 2  # blocks that are solved at the same time


Part = tuple[Problem, Mask]  # cells of a block and cells outside that may move, and which are inside


@dataclass(frozen=True, eq=False)
class Budget:
    """What the search for a cheap pattern may cost; the pattern is safe whatever it is.

    `spent` is asked before each block, and before each cell that might be published again: once it says True, no more is
    spent than safety needs. `done` takes up each block that is solved, and how: given again, a search that was stopped goes
    on where it was. It says much about withheld counts, and must never leave the office.
    """

    effort: Effort = field(default_factory=Effort)
    spent: Callable[[], bool] = never
    done: MutableMapping[str, Pattern] = field(default_factory=dict)


def suppress_in_blocks(
    system: System, problem: Problem, progress: Callable[[float], None], budget: Budget, start: Pattern | None = None
) -> Pattern:
    """`suppress`, for systems of any size. With a pattern to `start` from, what it proves and still holds is kept."""
    if start is not None:
        return extend(problem, start, thorough=True)
    blocks, carriers = _blocks(system, problem) if problem.movable.sum() > WHOLE else ([], np.zeros(0, np.int64))
    if len(blocks) < 2:
        return suppress(problem, progress, budget.effort, budget.spent)
    above = np.ones(len(problem.up), bool)
    above[np.concatenate(blocks)] = False
    carrying = np.zeros(len(above), bool)
    carrying[carriers] = True
    start_free = problem.free | (carrying & problem.hidden)
    cells = np.flatnonzero((above | carrying) & (problem.movable | problem.hidden))
    # What only a search could prove is left for the whole system.
    budget = replace(budget, effort=replace(budget.effort, thorough=False))
    top = next(
        _each([(problem.part(cells, free=start_free), np.ones(len(cells), bool))], replace(budget, effort=replace(budget.effort, starts=1)))
    )
    first = _widen(top, cells, len(above))
    held = problem.hidden | first.hidden
    proofs = Proofs(problem)
    proofs.take(first.moves)
    done = problem.free | above | (first.hidden & proofs.proven())
    among = [_among(block, len(above)) for block in blocks]
    inside = [np.flatnonzero(block & problem.movable | held) for block in among]
    now = replace(problem, hidden=held)
    parts = [(now.part(cells, free=done | ~block), block[cells]) for cells, block in zip(inside, among, strict=True)]
    found = [first]
    for number, pattern in enumerate(_each(parts, budget)):
        found.append(_widen(pattern, inside[number], len(above)))
        progress(0.9 * (number + 1) / len(parts))
    hidden = np.logical_or.reduce([held & ~problem.free, *(pattern.hidden for pattern in found)])
    return extend(problem, finish(problem, hidden, sparse.vstack([pattern.moves for pattern in found]).tocsr()), thorough=True)


def extend(problem: Problem, pattern: Pattern, *, thorough: bool) -> Pattern:
    """The pattern with whatever else must be hidden and proven, found in the whole system; moves that no longer fit are left out."""
    allowed = problem.movable | problem.hidden | problem.free
    rows = np.repeat(np.arange(pattern.moves.shape[0]), np.diff(pattern.moves.indptr))
    cells, steps = pattern.moves.indices, pattern.moves.data
    wrong = ~allowed[cells] | (steps > problem.up[cells]) | (-steps > problem.down[cells])
    moves = pattern.moves[np.setdiff1d(np.arange(pattern.moves.shape[0]), rows[wrong])]
    hidden = (pattern.hidden & allowed | problem.hidden) & ~problem.free
    found = finish(problem, hidden, moves)
    if not found.unproven.any():
        return found
    proofs = Proofs(problem)
    proofs.take(moves)
    hidden = prove(problem, proofs, hidden, allowed | hidden, free=False, thorough=thorough, step=FAR_COSTS)
    more = sparse.csr_matrix(np.array(proofs.moves, np.int64).reshape(len(proofs.moves), len(hidden)))
    return finish(problem, hidden, sparse.vstack([moves, more]).tocsr())


def _each(parts: Sequence[Part], budget: Budget) -> Iterator[Pattern]:
    """Each part solved, in order; in processes of their own, the same patterns as without."""
    keys = [f"{part.digest()} {inside.sum()} {budget.effort}" for part, inside in parts]
    todo = [k for k, key in enumerate(keys) if key not in budget.done]
    with _solver(len(todo)) as solve:
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
def _solver(parts: int) -> Iterator[Callable[[Part, Effort], Callable[[], Pattern]]]:
    """Starts to solve a part, and gives what waits for its pattern."""
    if PROCESSES < 2 or parts < 2:
        yield lambda part, effort: lambda: _solve(part, effort)
        return
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield lambda part, effort: pool.submit(_solve, part, effort).result


def _solve(part: Part, effort: Effort) -> Pattern:
    """First the cells inside by themselves, then with those outside."""
    problem, inside = part
    cells = np.flatnonzero(inside)
    alone = suppress(problem.part(cells, free=problem.free), _quietly, effort)
    return extend(problem, _widen(alone, cells, len(inside)), thorough=effort.thorough)


def _quietly(_share: float) -> None:
    """No progress wanted within a block."""


def _among(cells: Whole, count: int) -> Mask:
    among = np.zeros(count, bool)
    among[cells] = True
    return among


def _widen(pattern: Pattern, cells: Whole, count: int) -> Pattern:
    """A pattern of some cells as one of all."""
    hidden, unproven = np.zeros(count, bool), np.zeros(count, bool)
    hidden[cells], unproven[cells] = pattern.hidden, pattern.unproven
    moves = pattern.moves
    return Pattern(hidden, sparse.csr_matrix((moves.data, cells[moves.indices], moves.indptr), shape=(moves.shape[0], count)), unproven)


def _blocks(system: System, problem: Problem) -> tuple[list[Whole], Whole]:
    """Cells of each block, and of the codes that carry the moves above; blocks are of the variable with most codes in use."""
    used = [np.unique(system.places[problem.movable, v]) for v in range(len(system.variables))]
    v = int(np.argmax([len(codes) for codes in used]))
    variable, place = system.variables[v], system.places[:, v]
    index = {code: k for k, code in enumerate(variable.codes)}
    parents = {index[parent] for parent, _ in variable.partitions}
    small = np.bincount(place[problem.hidden & (problem.down > 0)], minlength=len(variable.codes))
    movable = np.bincount(place[problem.movable], minlength=len(variable.codes))
    taken: set[int] = set()
    blocks: list[Whole] = []
    carriers: list[Whole] = []
    for _, children in variable.partitions:
        codes = np.array([index[child] for child in children if index[child] not in parents | taken and movable[index[child]]], int)
        taken |= set(codes.tolist())
        if not len(codes):
            continue
        pieces = np.array_split(np.sort(codes), min(len(codes), -(-int(movable[codes].sum()) // BLOCK)))
        blocks += [np.flatnonzero(np.isin(place, piece)) for piece in pieces]
        best = [codes[np.argsort(-weight[codes], kind="stable")[:CARRIERS]] for weight in (small, movable)]
        carriers.append(np.flatnonzero(np.isin(place, np.concatenate(best))))
    return blocks, np.concatenate(carriers) if carriers else np.zeros(0, np.int64)
