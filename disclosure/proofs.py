"""What a defence says of its own tables: which others fit as well. Part of the attack, which believes none of it unchecked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from disclosure.error import DisclosureError
from disclosure.inference import Equations
from disclosure.published_table import PublishedTable

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Proofs:
    """Tables that a defence says fit: a base (counts of each table, flat), and changes of it, sparse, as rows.

    `changes` has a column for each count of each table, in order. Nothing here is believed: every one is checked.
    """

    base: tuple[Whole, ...]
    changes: sparse.csr_matrix

    def seen(self, published: Sequence[PublishedTable], system: Equations) -> tuple[Whole, Whole, Whole]:
        """What holds of them: the base (unknowns,), and the least and the most that each unknown is in tables that fit.

        Raises DisclosureError if they are of other tables, or their base does not fit.
        """
        count = len(system.low)
        behind = np.concatenate(system.cells)
        base, changes = np.concatenate(self.base), self.changes.tocoo()
        if len(behind) != len(base) or changes.shape[1] != len(base):
            raise DisclosureError("the proofs given belong to other tables")
        cells, first = np.unique(behind, return_index=True)
        cells, first = cells[cells >= 0], first[cells >= 0]
        times = np.bincount(behind[behind >= 0], minlength=count)
        values = np.zeros(count, np.int64)
        values[cells] = base[first]
        if (base[behind < 0] != np.concatenate([table.values.reshape(-1) for table in published])[behind < 0]).any():
            raise DisclosureError("the table that the proofs start from is not the one that was published")
        row, entry, step = changes.row, changes.col, changes.data
        is_first = np.isin(entry, first)
        moved = sparse.csr_matrix((step[is_first], (row[is_first], behind[entry[is_first]])), shape=(changes.shape[0], count))
        bad = np.zeros(changes.shape[0], bool)
        bad[row[behind[entry] < 0]] = True
        if len(row):
            bad[row[np.asarray(moved[row, behind[entry].clip(0)]).reshape(-1) != step]] = True
        bad |= (moved != 0).astype(np.int64) @ times != np.bincount(row, minlength=changes.shape[0])
        values, moved = _with_implied(system, values, moved)
        if (system.matrix @ values != system.known).any() or (values < system.low).any() or (values > system.high).any():
            raise DisclosureError("the table that the proofs start from does not fit what is published")
        bad |= np.asarray(abs(moved @ system.matrix.T).sum(axis=1)).reshape(-1) != 0
        rows = np.repeat(np.arange(moved.shape[0]), np.diff(moved.indptr))
        after = values[moved.indices] + moved.data
        bad[rows[(after < system.low[moved.indices]) | (after > system.high[moved.indices])]] = True
        good = ~bad[rows]
        least, most = values.copy(), values.copy()
        np.minimum.at(least, moved.indices[good], after[good])
        np.maximum.at(most, moved.indices[good], after[good])
        return values, least, most


def _with_implied(system: Equations, values: Whole, moved: sparse.csr_matrix) -> tuple[Whole, sparse.csr_matrix]:
    """Adds the cells that are in no table: each is a total less its siblings."""
    implied = np.arange(system.implied, len(values))
    if not len(implied):
        return values, moved
    columns = system.matrix.tocsc()
    fill = sparse.lil_matrix((len(values), len(values)), dtype=np.int64)
    for cell in implied.tolist():
        rows = columns.indices[columns.indptr[cell] : columns.indptr[cell + 1]]
        for row in rows.tolist():
            part = system.matrix[row]
            others = part.indices[part.indices != cell]
            if (others < system.implied).all():
                sign = int(part.data[part.indices == cell][0])
                values[cell] = sign * (int(system.known[row]) - int(part.data[part.indices != cell] @ values[others]))
                for other, factor in zip(others, part.data[part.indices != cell], strict=True):
                    fill[other, cell] = -sign * factor
                break
    return values, (moved + moved @ fill.tocsr()).tocsr()
