"""Tables of true counts: a count for every combination of one code of each dimension, totals included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from disclosure.columns import numbers, positions
from disclosure.dimension import Counts, Dimension
from disclosure.error import DisclosureError


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy that cannot be written to."""
    array = np.array(array)
    array.setflags(write=False)
    return array


def check_names(table_id: str, dimensions: tuple[Dimension, ...], where: tuple[tuple[str, str], ...]) -> None:
    """Raises DisclosureError unless there is a dimension and every variable comes once."""
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
        check_names(self.id, self.dimensions, self.where)
        if self.counts.shape != tuple(len(dimension.codes) for dimension in self.dimensions):
            raise DisclosureError(f"table '{self.id}' must hold one count for every combination of its codes")
        if not np.issubdtype(self.counts.dtype, np.integer) or (self.counts < 0).any():
            raise DisclosureError(f"table '{self.id}' holds a count that is no whole number from 0 up")
        object.__setattr__(self, "counts", frozen(self.counts.astype(np.int64)))
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
        check_names(table_id, dims, tuple(where))
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
