"""The rules of the cell key about a whole table (disclosure.perturbed_rules), for variables in which a child may not have been asked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from disclosure import perturbed_rules
from disclosure.dimension import Dimension
from disclosure.perturbed_rules import GROUP_DISCLOSURE, SMALL_GROUP, SPARSE_AREA, Judged
from disclosure.policy import Policy
from pipeline.derive import NOT_ASKED

__all__ = ["GROUP_DISCLOSURE", "SMALL_GROUP", "SPARSE_AREA", "judge"]


def judge(shown: npt.NDArray[np.int64], dimensions: tuple[Dimension, ...], policy: Policy, populations: int = 0) -> Judged:
    """See `disclosure.perturbed_rules.judge`."""
    return perturbed_rules.judge(shown, dimensions, policy, populations, (NOT_ASKED,))
