"""Dimensions: a variable's codes and the sums among them.

A dimension's first code is its total; each of its `partitions` says that the count of one code is the sum of the counts of
others, so a flat list, a tree, two hierarchies over the same leaves, and "choose up to five" (each option and its complement)
are all the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from disclosure.error import DisclosureError

Counts = npt.NDArray[np.int64]
Partition = tuple[str, tuple[str, ...]]

TOTAL = "Total"
NOT = "not "  # prefix of an option's complement in a dimension of multiple response


def is_tree(partitions: Sequence[Partition]) -> bool:
    """True if every code is a part of one other at most, and a sum in one way at most (so no options of which several may be chosen)."""
    parents = [parent for parent, _ in partitions]
    children = [child for _, group in partitions for child in group]
    return len(set(parents)) == len(parents) and len(set(children)) == len(children)


def _refuse_repeats(codes: Sequence[str], where: str) -> None:
    if len(set(codes)) != len(codes):
        twice = next(code for code in codes if list(codes).count(code) > 1)
        raise DisclosureError(f"{where} has the code '{twice}' twice: give every category a code of its own")


@dataclass(frozen=True)
class Dimension:
    """A variable and its codes, total first. `partitions`: (parent, children), children's counts summing to the parent's."""

    name: str
    codes: tuple[str, ...]
    partitions: tuple[Partition, ...]

    def __post_init__(self) -> None:
        where = f"dimension '{self.name}'"
        if not self.name or not self.codes:
            raise DisclosureError(f"{where} needs a name and codes")
        _refuse_repeats(self.codes, where)
        for parent, children in self.partitions:
            _refuse_repeats(children, f"{where}, below '{parent}',")
            if unknown := {parent, *children} - set(self.codes):
                raise DisclosureError(f"{where} uses the unknown code '{min(unknown)}' in its hierarchy")
        self._order()

    @classmethod
    def flat(cls, name: str, codes: Iterable[str], total: str = TOTAL) -> Dimension:
        """One level of categories below a total."""
        children = tuple(codes)
        return cls(name, (total, *children), ((total, children),) if children else ())

    @classmethod
    def tree(cls, name: str, parents: Mapping[str, str]) -> Dimension:
        """A hierarchy from each code's parent; a code without one ("") hangs below "Total", or is the total if alone."""
        known = dict.fromkeys(parents)
        for parent in parents.values():
            if parent:
                known.setdefault(parent)
        tops = [code for code in known if not parents.get(code)]
        if len(tops) == 1:
            root, full = tops[0], dict(parents)
        else:
            root = TOTAL
            full = {code: parents.get(code) or (TOTAL if code != TOTAL else "") for code in known}
        children: dict[str, list[str]] = {}
        for code in known:
            if full.get(code):
                children.setdefault(full[code], []).append(code)
        codes = (root, *(code for code in known if code != root))
        return cls(name, codes, tuple((parent, tuple(group)) for parent, group in children.items()))

    @classmethod
    def multiple(cls, name: str, options: Iterable[str], total: str = TOTAL) -> Dimension:
        """Options of which several may be chosen: the total is every child asked; option + "not option" = total."""
        chosen = tuple(options)
        codes = (total, *(code for option in chosen for code in (option, NOT + option)))
        return cls(name, codes, tuple((total, (option, NOT + option)) for option in chosen))

    @property
    def total(self) -> str:
        """The code of the total."""
        return self.codes[0]

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each code."""
        return {code: position for position, code in enumerate(self.codes)}

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Codes that are no sum of others, in order."""
        summed = {parent for parent, _ in self.partitions}
        return tuple(code for code in self.codes if code not in summed)

    def _order(self) -> list[str]:
        """Codes, children before parents; raises DisclosureError on a cycle or a code that does not lead to the total."""
        done: dict[str, None] = {}
        below: dict[str, set[str]] = {}
        for parent, children in self.partitions:
            below.setdefault(parent, set()).update(children)
        waiting = list(self.codes)
        while waiting:
            ready = [code for code in waiting if below.get(code, set()) <= done.keys()]
            if not ready:
                raise DisclosureError(
                    f"the hierarchy of dimension '{self.name}' runs in a circle through '{waiting[0]}': give each code one way up"
                )
            done.update(dict.fromkeys(ready))
            waiting = [code for code in waiting if code not in done]
        reached, stack = {self.codes[0]}, [self.codes[0]]
        while stack:
            new = below.get(stack.pop(), set()) - reached
            reached |= new
            stack += new
        if lost := set(self.codes) - reached:
            raise DisclosureError(f"code '{min(lost)}' of dimension '{self.name}' does not lead up to '{self.codes[0]}'")
        return list(done)

    @cached_property
    def aggregation(self) -> Counts:
        """0/1 matrix (codes, leaves): which leaves a code sums; where it has several partitions, by the first."""
        column = {leaf: k for k, leaf in enumerate(self.leaves)}
        first: dict[str, tuple[str, ...]] = {}
        for parent, children in self.partitions:
            first.setdefault(parent, children)
        matrix = np.zeros((len(self.codes), len(column)), np.int64)
        for code in self._order():
            if code in column:
                matrix[self.index[code], column[code]] = 1
            else:
                matrix[self.index[code]] = sum(matrix[self.index[child]] for child in first[code])
        return matrix
