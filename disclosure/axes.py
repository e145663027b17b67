"""Neighbourhoods of unknown counts: those that share a few codes of one variable, with all codes above them.

Used by the attack alone. What one of two councils has more, or one of two answers, the other has less: a second table mostly differs
from a first in a few codes of one variable only. Among counts of so few codes, sums form a network or nearly one, and a linear program
finds whole numbers at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disclosure.inference import Equations

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Axis:
    """One variable: the code of each unknown (unknowns,), and for each code those above it, itself included (codes, codes).

    `leaves`: codes with none below; `inner`: the others (codes,).
    """

    code: Whole
    above: Mask
    leaves: Whole
    inner: Mask

    def groups(self, cells: Whole, size: int, rng: np.random.Generator) -> Iterator[Whole]:
        """A random order of the leaves cut into groups of about `size`: these unknowns' numbers with a code of one, or one above.

        None where there would be one group only.
        """
        order = rng.permutation(self.leaves)
        if rng.integers(2):  # half of the times, leaves that have the same codes above them come together
            order = order[np.lexsort((self.above & self.inner)[order].T)]
        for group in np.array_split(order, pieces) if (pieces := round(len(order) / size)) > 1 else ():
            among = np.flatnonzero(self.above[group].any(axis=0)[self.code[cells]])
            if len(among):
                yield among

    def kinds(self) -> list[Whole]:
        """The leaves that have the same code next above them, for each such code."""
        above = self.above & self.inner
        nearest = np.where(above[self.leaves], above.sum(axis=1), -1).argmax(axis=1)
        return [self.leaves[nearest == parent] for parent in np.unique(nearest)]


def axes(system: Equations) -> list[Axis]:
    """The variables whose codes are related by sums, those with most leaves first."""
    parents: dict[str, dict[str, set[str]]] = {}
    for variable, parent, children in system.sums:
        above = dict(part for part in parent[1:] if isinstance(part, tuple)).get(variable, "")
        for child in children:
            code = dict(part for part in child[1:] if isinstance(part, tuple))[variable]
            parents.setdefault(variable, {}).setdefault(code, set()).add(above)
    named = [dict(part for part in key[1:] if isinstance(part, tuple)) for key in system.keys]
    found = [_axis([codes.get(variable, "") for codes in named], parents[variable]) for variable in sorted(parents)]
    return sorted((axis for axis in found if len(axis.leaves) > 1), key=lambda axis: -len(axis.leaves))


def _axis(codes: list[str], parents: dict[str, set[str]]) -> Axis:
    every = sorted({*codes, *parents, *(code for above in parents.values() for code in above)})
    number = {code: k for k, code in enumerate(every)}
    above = np.eye(len(every), dtype=bool)
    for code, over in parents.items():
        above[number[code], [number[one] for one in over]] = True
    while (wider := above | (above.astype(np.int64) @ above > 0)).sum() > above.sum():
        above = wider
    inner = np.zeros(len(every), bool)
    inner[[number[code] for over in parents.values() for code in over]] = True
    return Axis(np.array([number[code] for code in codes]), above, np.flatnonzero(~inner), inner)
