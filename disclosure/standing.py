"""What a policy withholds of any table whatever else is in it: protected zeros, and areas in which most counts are small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import numpy.typing as npt

from disclosure.policy import Policy, Zeros
from disclosure.suppression import Wishes
from disclosure.table import Table

Mask = npt.NDArray[np.bool_]


def with_standing(wishes: Wishes | None, tables: Sequence[Table], policy: Policy) -> Wishes:
    """A user's wishes together with what the policy withholds; what is asked to be shown nevertheless is refused later on."""
    asked = wishes or Wishes()
    hide = {table.id: withheld_whole(table, policy) for table in tables}
    return replace(asked, hide=joined(asked.hide, {name: mask for name, mask in hide.items() if mask.any()}))


def joined(one: Mapping[str, Mask], other: Mapping[str, Mask]) -> dict[str, Mask]:
    """Marks of either."""
    found = dict(one)
    for name, mask in other.items():
        found[name] = found[name] | mask if name in found else mask
    return found


def withheld_whole(table: Table, policy: Policy) -> Mask:
    """Zeros, where a policy protects them and they could be otherwise; and all but the totals of areas that are sparse."""
    mask = np.zeros(table.counts.shape, bool)
    if policy.zeros is Zeros.PROTECTED:
        mask |= (table.counts == 0) & ~structural(table, policy)
    for axis, dimension in enumerate(table.dimensions):
        if dimension.name in policy.geography_variables and policy.sparse_share < 1:
            mask |= _sparse(table, axis, policy)
    return mask


def structural(table: Table, policy: Policy) -> Mask:
    """Zeros that a policy declares impossible to be otherwise."""
    mask = np.zeros(table.counts.shape, bool)
    if policy.structural_zeros:
        for at in product(*(range(size) for size in table.counts.shape)):
            codes = {d.name: d.codes[k] for d, k in zip(table.dimensions, at, strict=True)} | dict(table.where)
            mask[at] = table.counts[at] == 0 and policy.cannot_be(codes)
    return mask


def _sparse(table: Table, axis: int, policy: Policy) -> Mask:
    """Cells of sparse areas: of their counts other than 0, too large a share is small. An area's own total stays."""
    counts = np.moveaxis(table.counts, axis, 0).reshape(table.counts.shape[axis], -1)
    some = (counts > 0).sum(axis=1)
    small = ((counts > 0) & (counts < policy.threshold)).sum(axis=1)
    sparse = small > policy.sparse_share * some
    sparse[0] = False  # the total of all areas is none
    mask = np.zeros((counts.shape[0], *np.delete(table.counts.shape, axis)), bool)
    mask[sparse] = True
    mask.reshape(len(sparse), -1)[:, 0] = False
    return np.moveaxis(mask, 0, axis)
