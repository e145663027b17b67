"""The cell-key method: a count is moved by a change that its very children determine, so the same cell always reads the same.

Each record has a random key; the cell key of a cell is the sum of its records' keys. Count and cell key together choose the
change in the perturbation table. Every cell, totals included, is looked up by itself: tables do not add up exactly, but no
combination of tables, margins or filters gives more than sums of independent changes. After Fraser and Wooton (2005) and
Marley and Leaver (2011). Sums and means have keys of their own, so that their changes tell nothing of the counts' changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.perturbation import PerturbationTable
from disclosure.table import Table

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
LEAST_SECRET = 16  # bytes
FOR_COUNTS = "counts"


def record_keys(ids: Iterable[bytes], secret: bytes, keys: int, purpose: str = FOR_COUNTS) -> npt.NDArray[np.uint16]:
    """A key from 0 to keys - 1 for each record, from its id and a secret that stays the same for ever.

    Drawn anew, the keys would give the same cells other changes, and the mean of several drawings would be the true count:
    that is why they are derived (keyed BLAKE2b) and not drawn. `purpose` names the statistic; each has its own keys.
    Raises DisclosureError for a short secret.
    """
    if len(secret) < LEAST_SECRET:
        raise DisclosureError(f"record keys need a secret of at least {LEAST_SECRET} bytes")
    if not 256 <= keys <= 2**16:
        raise DisclosureError("record keys run from 0 to a number between 255 and 65535")
    person = hashlib.blake2b(purpose.encode(), digest_size=16).digest()
    digests = b"".join(hashlib.blake2b(each, digest_size=8, key=secret[:64], person=person).digest() for each in ids)
    return (np.frombuffer(digests, "<u8") % np.uint64(keys)).astype(np.uint16)


def cell_keys(cells: npt.NDArray[np.integer], records: npt.NDArray[np.integer], size: int, keys: int) -> Whole:
    """The cell key of each of `size` cells: the sum of the keys of its records, `records`, which lie in `cells`, modulo keys."""
    if len(cells) != len(records):
        raise DisclosureError("each record needs a cell and a key")
    sums = np.bincount(cells, weights=records, minlength=size)  # exact: far below 2**53
    if len(sums) != size:
        raise DisclosureError("a record lies in a cell that the table does not have")
    return sums.astype(np.int64) % keys


def margins(inner: Whole, dimensions: tuple[Dimension, ...]) -> Whole:
    """All cells of a table, totals included, from its inner cells (one axis of leaves for each dimension): counts, or sums of keys.

    Sums of keys are to be taken modulo the number of keys afterwards. In a dimension of multiple response, sum the records
    of "option" and "not option" beforehand as for counts: both are leaves.
    """
    for axis, dimension in enumerate(dimensions):
        inner = np.moveaxis(np.tensordot(dimension.aggregation, inner, axes=(1, axis)), 0, axis)
    return inner


def perturb(table: Table, inner_keys: Whole, changes: PerturbationTable) -> Whole:
    """The perturbed counts of a table, shaped like its counts; `inner_keys`: cell keys of its inner cells.

    Raises DisclosureError if the keys do not fit the table.
    """
    if inner_keys.shape != tuple(len(dimension.leaves) for dimension in table.dimensions):
        raise DisclosureError(f"table '{table.id}' needs one cell key for each inner cell")
    return changes.perturb(table.counts, margins(inner_keys, table.dimensions) % changes.rules.keys)


def perturb_sums(sums: Floats, counts: Whole, unit: Floats | float, sum_keys: Whole, changes: PerturbationTable) -> Floats:
    """Perturbed sums of a variable, for arrays of one shape: each is moved by the change of a large count, times `unit`.

    `unit` is the most that one child can add: the width of the variable's declared range, or the cell's largest value.
    `sum_keys`: cell keys made of record keys whose purpose is this variable. The sum of an empty cell stays 0.
    Unbiased, with variance (unit squared) * (variance of the table).
    """
    change = changes.change(np.full(counts.shape, changes.rules.last), sum_keys)
    return np.asarray(np.where(counts > 0, sums + unit * change.astype(float), 0.0))


def perturb_means(
    sums: Floats, counts: Whole, bounds: tuple[float, float], sum_keys: Whole, shown: Whole, least: int, changes: PerturbationTable
) -> Floats:
    """Means of a variable with values within `bounds`; NaN where the count `shown` is below `least`, the smallest base allowed.

    The sum is taken about the middle of the range, perturbed by half the range, and divided by the perturbed count: a reader
    who multiplies back gets the perturbed sum and nothing else. `counts`: true counts; `shown`: perturbed ones.
    """
    low, high = bounds
    if not low < high or least < 1:
        raise DisclosureError("a mean needs a lower bound below its upper one, and a smallest base of at least 1")
    if ((sums < low * counts - 1e-9) | (sums > high * counts + 1e-9)).any():
        raise DisclosureError("a sum lies outside what the variable's range allows: check the declared range")
    middle = (low + high) / 2
    about = perturb_sums(sums - middle * counts, counts, (high - low) / 2, sum_keys, changes)
    enough = (shown >= least) & (counts > 0)
    means = middle + about / np.where(enough, shown, 1)
    return np.asarray(np.where(enough, np.clip(means, low, high), np.nan))
