"""Tables as they may be published: each cell's count or none, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from disclosure.dimension import Counts, Dimension
from disclosure.error import DisclosureError
from disclosure.table import check_names, frozen

WITHHELD = -1  # what `PublishedTable.values` holds where there is no number


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
        check_names(self.id, self.dimensions, self.where)
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
            object.__setattr__(self, name, frozen(getattr(self, name)))

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
        return np.asarray(np.round(shares, decimals))
