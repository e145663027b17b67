"""Secondary suppression: which further cells to withhold, at least cost, so that no withheld cell is pinned down.

For each withheld cell that no move changes yet, the cheapest move is found; the cells it needs join the withheld. A move
proves all the cells it changes at once, so most cells need none of their own. Then every further cell is tried again,
dearest first: it is published after all if each withheld cell keeps a proof without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from disclosure.groups import Groups, Mask, group
from disclosure.moves import Finder
from disclosure.needs import Needs, moves_for
from disclosure.problem import Floats, Pattern, Problem, Proofs, finish
from disclosure.prune import HIDDEN_COST, publish_again

PROVEN_COST = 1e-2  # the same once it has its proof: a new move had better pass through cells that have none
FAR_COSTS = (3.0, 4.0)  # the two where much is withheld already: free steps would let a search wander


@dataclass(frozen=True)
class Effort:
    """How hard to look for a cheap pattern; any effort gives a safe one.

    `starts`: 1 or 2; `prune`: publish again what can be; `thorough`: search, too, for moves that linear programs do not give.
    """

    starts: int = 2
    prune: bool = True
    thorough: bool = True


def never() -> bool:
    """No limit to what may be spent."""
    return False


def _costs(groups: Groups, problem: Problem, hidden: Mask, proven: Mask, step: tuple[float, float]) -> Floats:
    """Cost of one step of each group: what its cells would add to the withheld; `step` of a withheld cell, or a proven one."""
    cost = np.where(hidden | problem.free, np.where(proven, step[1], step[0]), problem.weight)
    total = np.zeros(groups.matrix.shape[1])
    alive = groups.of >= 0
    np.add.at(total, groups.of[alive], cost[alive])
    return total


def prove(
    problem: Problem,
    proofs: Proofs,
    hidden: Mask,
    movable: Mask,
    *,
    free: bool,
    thorough: bool = True,
    step: tuple[float, float] = (HIDDEN_COST, PROVEN_COST),
    spent: Callable[[], bool] = never,
) -> Mask:
    """Finds moves for all withheld cells without proof, until `spent`; returns the withheld cells, more than before unless `free`."""
    groups = group(problem.matrix, movable, problem.up, problem.down)
    needs = Needs.of(problem, groups)
    finder = Finder(groups, _costs(groups, problem, hidden, proofs.proven(), step))
    hidden = hidden.copy()
    failed = np.zeros(len(hidden), bool)
    while True:
        waiting = np.flatnonzero(hidden & ~problem.free & ~proofs.proven() & ~failed & (groups.of >= 0))
        if not len(waiting):
            return hidden
        for cell in waiting[np.argsort(-problem.order[waiting], kind="stable")]:
            if proofs.proven(cell):
                continue
            if spent():
                return hidden
            moves = [groups.cells(move) for move in moves_for(finder, int(groups.of[cell]), needs, first=free, thorough=thorough)]
            failed[cell] = True  # unless these moves prove it
            touched = np.zeros(len(hidden), bool)
            for move in moves:
                proofs.add(move)
                touched |= move != 0
            hidden |= touched & ~problem.free
            changed = np.unique(groups.of[touched & (groups.of >= 0)])
            finder.set_cost(changed, _costs(groups, problem, hidden, proofs.proven(), step)[changed])


def suppress(problem: Problem, progress: Callable[[float], None], effort: Effort, spent: Callable[[], bool] = never) -> Pattern:
    """Chooses the cells to withhold. Whatever cannot be protected is in `unproven`, never published and never passed over.

    Two starts, proving the largest counts first and the cells as they come, are put together before anything is published
    again: what both propose is rarely needed, and pruning their union ends below what either gives. Once `spent` says so, what
    is found by then is given, and what has no proof by then is `unproven`.
    """
    start = problem.hidden & ~problem.free
    proofs, hidden = Proofs(problem), start.copy()
    for number, order in enumerate((problem.order, np.arange(len(start)))[: effort.starts]):
        if spent():
            break
        own = replace(problem, order=order)
        found = Proofs(own)
        kept = prove(own, found, start, start | problem.free, free=True, thorough=False, spent=spent)
        hidden |= prove(own, found, kept, problem.movable | kept | problem.free, free=False, thorough=effort.thorough, spent=spent)
        proofs.moves += found.moves
        progress(0.3 * (number + 1))
    if effort.prune:
        hidden, proofs = publish_again(problem, proofs, hidden, spent)
    return finish(problem, hidden, proofs.matrix())
