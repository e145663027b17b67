"""Large systems, block by block: a move rarely needs more than a few neighbouring places.

The variable with most codes (usually a geography) cuts the system into blocks of some of the codes below one parent. Cells
above every block are proven first, with a few of each parent's codes to carry what moves; then each block by itself, the
cells above it held fast; whatever is left, in the whole system. Every move is a move of the whole system, so the proofs
hold as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from disclosure.moves import Mask, Whole
from disclosure.secondary import Pattern, Problem, Proofs, finish, prove, suppress
from disclosure.system import System

WHOLE = 6000  # up to so many movable cells, a system is one block
CODES = 40  # at most so many codes in a block
CARRIERS = 4  # codes of each parent that carry the moves of the cells above


def suppress_in_blocks(system: System, problem: Problem, progress: Callable[[float], None]) -> Pattern:
    """`suppress`, for systems of any size."""
    blocks, carriers = _blocks(system, problem) if problem.movable.sum() > WHOLE else ([], np.zeros(0, np.int64))
    if len(blocks) < 2:
        return suppress(problem, progress)
    above = np.ones(len(problem.up), bool)
    above[np.concatenate(blocks)] = False
    carrying = np.zeros(len(above), bool)
    carrying[carriers] = True
    hidden = problem.hidden & ~problem.free
    moves: list[sparse.csr_matrix] = []

    def solve(cells: Whole, free: Mask) -> None:
        pattern = suppress(problem.part(cells, hidden=hidden & ~free, free=free), _quietly, starts=1)
        hidden[cells] |= pattern.hidden
        moves.append(_widen(pattern.moves, cells, len(above)))

    solve(np.flatnonzero((above | carrying) & (problem.movable | hidden)), problem.free | (carrying & hidden))
    for number, cells in enumerate(blocks):
        progress((number + 1) / (len(blocks) + 1))
        solve(cells[(problem.movable | hidden)[cells]], problem.free)
    found = finish(problem, hidden, sparse.vstack(moves).tocsr())
    return _rest(problem, found) if found.unproven.any() else found


def _quietly(_share: float) -> None:
    """No progress wanted within a block."""


def _widen(moves: sparse.csr_matrix, cells: Whole, count: int) -> sparse.csr_matrix:
    """Moves of some cells as moves of all."""
    return sparse.csr_matrix((moves.data, cells[moves.indices], moves.indptr), shape=(moves.shape[0], count))


def _rest(problem: Problem, found: Pattern) -> Pattern:
    """Proves what no block could, in the whole system."""
    proofs = Proofs(problem)
    proofs.take(found.moves)
    hidden = prove(problem, proofs, found.hidden, problem.movable | found.hidden | problem.free, free=False)
    more = sparse.csr_matrix(np.array(proofs.moves, np.int64).reshape(len(proofs.moves), len(hidden)))
    return finish(problem, hidden, sparse.vstack([found.moves, more]).tocsr())


def _blocks(system: System, problem: Problem) -> tuple[list[Whole], Whole]:
    """Cells of each block, and of the codes that carry the moves above; blocks are of the variable with most codes in use."""
    used = [np.unique(system.places[problem.movable, v]) for v in range(len(system.variables))]
    v = int(np.argmax([len(codes) for codes in used]))
    variable, place = system.variables[v], system.places[:, v]
    index = {code: k for k, code in enumerate(variable.codes)}
    parents = {index[parent] for parent, _ in variable.partitions}
    small = problem.hidden & (problem.down > 0)
    taken: set[int] = set()
    blocks: list[Whole] = []
    carriers: list[Whole] = []
    for _, children in variable.partitions:
        codes = [index[child] for child in children if index[child] not in parents and index[child] not in taken]
        codes = [code for code in codes if code in used[v]]
        taken |= set(codes)
        if not codes:
            continue
        pieces = np.array_split(np.array(sorted(codes)), -(-len(codes) // CODES))
        blocks += [np.flatnonzero(np.isin(place, piece)) for piece in pieces]
        weight = [int((small & (place == code)).sum()) for code in codes]
        best = np.array(codes)[np.argsort(-np.array(weight), kind="stable")[:CARRIERS]]
        carriers.append(np.flatnonzero(np.isin(place, best)))
    return blocks, np.concatenate(carriers) if carriers else np.zeros(0, np.int64)
