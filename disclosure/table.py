"""Tables of counts: dimensions with their hierarchies, tables with every total, and tables as they may be published.

A cell of a table is a combination of one code of each dimension. A dimension's first code is its total; each of its
`partitions` says that the count of one code is the sum of the counts of others, so a flat list, a tree, two hierarchies
over the same leaves, and "choose up to five" (each option and its complement) are all the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from disclosure.columns import numbers, positions

Counts = npt.NDArray[np.int64]
Partition = tuple[str, tuple[str, ...]]

TOTAL = "Total"
NOT = "not "  # prefix of an option's complement in a dimension of multiple response
WITHHELD = -1  # what `PublishedTable.values` holds where there is no number


class DisclosureError(Exception):
    """Something that must not be published, or cannot be judged. The message says what to do, and holds no small count."""


class Status(StrEnum):
    """What became of a cell. PRIMARY says exactly: its count is from 1 to below the threshold."""

    PUBLISHED = "published"
    PRIMARY = "primary"
    SECONDARY = "secondary"


class Method(StrEnum):
    """How a table was made safe. Only suppression leaves published counts exact, so that they add up."""

    SUPPRESSION = "suppression"
    CONVENTIONAL_ROUNDING = "conventional_rounding"
    CONTROLLED_ROUNDING = "controlled_rounding"
    SMALL_COUNT_ROUNDING = "small_count_rounding"
    CELL_KEY = "cell_key"


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
            if code != root and full.get(code):
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


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = np.array(array)
    array.setflags(write=False)
    return array


def _check_names(table_id: str, dimensions: tuple[Dimension, ...], where: tuple[tuple[str, str], ...]) -> None:
    names = [dimension.name for dimension in dimensions] + [name for name, _ in where]
    if not dimensions or len(set(names)) != len(names):
        raise DisclosureError(f"table '{table_id}' needs at least one dimension, and each variable only once")


@dataclass(frozen=True, eq=False)
class Table:
    """True counts over every combination of codes, totals included: `counts` has one axis for each dimension.

    `population` names whose answers these are (a wave, say): cells of different populations are never the same cell.
    `where` holds variables fixed to one code for the whole table, so that a filtered table is linked with the full one.
    """

    id: str
    dimensions: tuple[Dimension, ...]
    counts: Counts
    title: str = ""
    population: str = ""
    where: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _check_names(self.id, self.dimensions, self.where)
        if self.counts.shape != tuple(len(dimension.codes) for dimension in self.dimensions):
            raise DisclosureError(f"table '{self.id}' must hold one count for every combination of its codes")
        if not np.issubdtype(self.counts.dtype, np.integer) or (self.counts < 0).any():
            raise DisclosureError(f"table '{self.id}' holds a count that is no whole number from 0 up")
        object.__setattr__(self, "counts", _frozen(self.counts.astype(np.int64)))
        for axis, dimension in enumerate(self.dimensions):
            counts = np.moveaxis(self.counts, axis, 0)
            for parent, children in dimension.partitions:
                parts = counts[[dimension.index[child] for child in children]].sum(axis=0)
                if (parts != counts[dimension.index[parent]]).any():
                    raise DisclosureError(f"table '{self.id}': the categories below '{parent}' of '{dimension.name}' do not add up to it")

    @classmethod
    def from_inner(
        cls,
        table_id: str,
        dimensions: Sequence[Dimension],
        frame: pd.DataFrame,
        *,
        title: str = "",
        population: str = "",
        where: Sequence[tuple[str, str]] = (),
    ) -> Table:
        """A table from its inner cells: one column of leaf codes for each dimension, and `n`; what is missing is 0.

        Raises DisclosureError for an unknown code, a total among the inner cells, a repeated cell, or an `n` that is no count.
        """
        dims = tuple(dimensions)
        _check_names(table_id, dims, tuple(where))
        if missing := [name for name in (*(d.name for d in dims), "n") if name not in frame.columns]:
            raise DisclosureError(f"table '{table_id}' has no column '{missing[0]}'")
        position = np.zeros(len(frame), np.int64)
        for dimension in dims:
            leaves = {leaf: k for k, leaf in enumerate(dimension.leaves)}
            found = positions(frame[dimension.name], leaves)
            if (found < 0).any():
                code = str(frame[dimension.name].iloc[int(found.argmin())])
                problem = "is a total, but only inner cells belong here" if code in dimension.index else "is an unknown code"
                raise DisclosureError(f"table '{table_id}': '{code}' in column '{dimension.name}' {problem}")
            position = position * len(leaves) + found
        if len(np.unique(position)) != len(position):
            raise DisclosureError(f"table '{table_id}' has the same cell in two rows: add them up or remove one")
        n = numbers(frame["n"])
        if not np.isfinite(n).all() or (n < 0).any() or (n != np.floor(n)).any() or (n > 2**53).any():
            raise DisclosureError(f"table '{table_id}': column 'n' must hold whole numbers from 0 up in every row")
        inner = np.zeros(tuple(len(d.leaves) for d in dims), np.int64)
        inner.reshape(-1)[position] = n.astype(np.int64)
        counts = inner
        for axis, dimension in enumerate(dims):
            counts = np.moveaxis(np.tensordot(dimension.aggregation, counts, axes=(1, axis)), 0, axis)
        return cls(table_id, dims, counts, title, population, tuple(where))


@dataclass(frozen=True, eq=False)
class PublishedTable:
    """A table as it may leave: `values` is WITHHELD where `status` is not "published", and holds no number there.

    `floor`: the least that a reader may take for granted of a withheld cell; 1 where zeros are published, but 0 where a
    zero itself had to be withheld (group disclosure). By any method but suppression, a published value is near the true count.
    """

    id: str
    dimensions: tuple[Dimension, ...]
    values: Counts
    status: npt.NDArray[np.str_]
    floor: Counts
    title: str = ""
    population: str = ""
    where: tuple[tuple[str, str], ...] = ()
    method: Method = Method.SUPPRESSION
    base: int = 0  # what counts are rounded to; for the cell key, the largest change

    def __post_init__(self) -> None:
        _check_names(self.id, self.dimensions, self.where)
        shape = tuple(len(dimension.codes) for dimension in self.dimensions)
        if self.values.shape != shape or self.status.shape != shape or self.floor.shape != shape:
            raise DisclosureError(f"published table '{self.id}' must have a value and a status for every combination of codes")
        if unknown := set(np.unique(self.status).tolist()) - set(Status):
            raise DisclosureError(f"published table '{self.id}' has the unknown status '{min(unknown)}'")
        published = self.status == Status.PUBLISHED
        if (self.values[published] < 0).any() or (self.values[~published] != WITHHELD).any():
            raise DisclosureError(f"published table '{self.id}': a published cell needs a count and a withheld one must have none")
        if (self.method is Method.SUPPRESSION) != (self.base == 0) or self.base < 0:
            raise DisclosureError(f"published table '{self.id}' needs to say how far its counts may be from the true ones")
        for axis, dimension in enumerate(self.dimensions if self.exact else ()):
            values = np.moveaxis(self.values, axis, 0)
            for parent, children in dimension.partitions:
                parts, total = values[[dimension.index[child] for child in children]], values[dimension.index[parent]]
                if ((parts != WITHHELD).all(axis=0) & (total != WITHHELD) & (parts.sum(axis=0) != total)).any():
                    raise DisclosureError(
                        f"published table '{self.id}': the categories below '{parent}' of '{dimension.name}' do not add up to it"
                    )
        for name in ("values", "status", "floor"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))

    @property
    def exact(self) -> bool:
        """True if published counts are the true ones, so that they add up."""
        return self.method is Method.SUPPRESSION

    @property
    def withheld(self) -> npt.NDArray[np.bool_]:
        """True where a cell is withheld."""
        return np.asarray(self.status != Status.PUBLISHED)

    def to_frame(self, *, show_status: bool = True) -> pd.DataFrame:
        """Tidy: one row for each cell, a column for each dimension, `n` (blank where withheld) and `status`.

        `show_status=False` gives the form for readers: "withheld" without saying which cells are small.
        """
        return pd.concat(self.frames(show_status=show_status), ignore_index=True)

    def frames(self, *, show_status: bool = True) -> Iterator[pd.DataFrame]:
        """`to_frame` in pieces, one for each code of the first dimension."""
        first, *others = self.dimensions
        grid = np.indices(self.values.shape[1:]).reshape(len(others), self.values[0].size)
        for k, code in enumerate(first.codes):
            columns: dict[str, Any] = {first.name: np.full(self.values[k].size, code, dtype=object)}
            for dimension, at in zip(others, grid, strict=True):
                columns[dimension.name] = np.array(dimension.codes, dtype=object)[at]
            status = self.status[k].reshape(-1)
            columns["n"] = pd.arrays.IntegerArray(self.values[k].reshape(-1).copy(), (status != Status.PUBLISHED).copy())
            columns["status"] = status.astype(object) if show_status else np.where(status == Status.PUBLISHED, "published", "withheld")
            yield pd.DataFrame(columns)

    def percentages(self, dimension: str, decimals: int = 0) -> npt.NDArray[np.float64]:
        """Each cell as a percentage of its total over one dimension; NaN unless both are published and the total is not 0.

        Made from published counts alone, so a percentage never says more than the table (contract A20).
        """
        names = [d.name for d in self.dimensions]
        if dimension not in names:
            raise DisclosureError(f"published table '{self.id}' has no dimension '{dimension}'")
        counts = np.where(self.withheld, np.nan, self.values.astype(float))
        base = np.take(counts, [0], axis=names.index(dimension))
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.where(base > 0, counts * 100 / base, np.nan)
        return np.asarray(np.round(shares, decimals), dtype=np.float64)
