"""Rules about a whole table, judged on its perturbed counts alone.

What is withheld and what is refused is so computed from counts that might all have been shown: it tells nothing of the true ones
beyond what they tell. A 0 stays 0 under perturbation, so that a group that gave one answer is always seen as one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disclosure.dimension import Dimension
from disclosure.policy import Group, Policy

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
SMALL_GROUP, GROUP_DISCLOSURE, SPARSE_AREA = "small_group", "group_disclosure", "sparse_area"


@dataclass(frozen=True, eq=False)
class Judged:
    """Which cells are withheld, and by which rule."""

    by_rule: dict[str, Mask]
    withheld: Mask


def judge(
    shown: Whole, dimensions: tuple[Dimension, ...], policy: Policy, populations: int = 0, not_answers: Collection[str] = ()
) -> Judged:
    """Judge perturbed counts (an axis for each dimension). The first `populations` axes (0 or 1) are a population and its rest.

    Small group: what a group known by place, age, gender or ethnicity answered is shown only if the group is not small.
    Group disclosure: of no group is it shown that all, or as good as all, of those who were asked gave one answer; `not_answers` are
    codes of those who were not asked. Sparse area: an area of whose counts most are small is withheld but for its total.
    """
    asked = [k for k, dimension in enumerate(dimensions) if dimension.name not in policy.identifying_variables]
    small, one_mind, sparse = (np.zeros(shown.shape, bool) for _ in range(3))
    if asked and policy.group_disclosure is not Group.NONE:
        groups = tuple(slice(0, 1) if k in asked else slice(None) for k in range(shown.ndim))
        small |= shown[groups] < policy.threshold
        small[groups] = False
        for k in asked:
            few, one = _answered(shown, k, dimensions[k], policy, not_answers)
            small |= few
            one_mind |= one
    for k, dimension in enumerate(dimensions):
        if dimension.name in policy.geography_variables and k >= populations:
            sparse |= _sparse(shown, k, policy, populations)
    return Judged({SMALL_GROUP: small, GROUP_DISCLOSURE: one_mind, SPARSE_AREA: sparse}, small | one_mind | sparse)


def _answered(shown: Whole, axis: int, dimension: Dimension, policy: Policy, not_answers: Collection[str]) -> tuple[Mask, Mask]:
    """Groups of which few were asked this, and groups of one mind: all codes of those answers.

    Of one mind: outside the largest category there are at most as many as a single child may be perturbed to.
    """
    counts = np.moveaxis(shown, axis, 0)
    few, one = np.zeros(counts.shape, bool), np.zeros(counts.shape, bool)
    for answers, codes in _answer_sets(dimension, not_answers):
        given = counts[[dimension.index[code] for code in answers]]
        everyone, largest = given.sum(axis=0), given.max(axis=0)
        inside = [dimension.index[code] for code in codes]
        few[inside] |= (everyone > 0) & (everyone < policy.threshold)
        one[inside] |= (largest > 0) & (everyone - largest <= policy.perturbation_smallest)
    return np.moveaxis(few, 0, axis), np.moveaxis(one, 0, axis)


def _answer_sets(dimension: Dimension, not_answers: Collection[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Answers of which each child gave one, and the codes that tell of them: all but the total, or each option and its complement."""
    several = [children for parent, children in dimension.partitions if parent == dimension.total]
    if len(several) > 1:
        return [(children, children) for children in several]
    return [(tuple(code for code in dimension.leaves if code not in not_answers), dimension.codes[1:])]


def _sparse(shown: Whole, axis: int, policy: Policy, populations: int) -> Mask:
    """All but the totals of areas of whose counts other than 0 too large a share is small; the total of all areas is none."""
    counts = np.moveaxis(shown, axis, 0)
    inside = tuple(range(1 + populations, counts.ndim))
    mask = np.zeros(counts.shape, bool)
    if inside:
        some, small = (counts > 0).sum(axis=inside), ((counts > 0) & (counts < policy.threshold)).sum(axis=inside)
        sparse = small > policy.sparse_share * some
        sparse[0] = False
        mask |= sparse.reshape(sparse.shape + (1,) * len(inside))
        mask[(slice(None),) * (mask.ndim - len(inside)) + (0,) * len(inside)] = False
    return np.moveaxis(mask, 0, axis)
