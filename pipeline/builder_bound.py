"""What the strongest reader can learn of one child in one council: the bound that the builder's policy promises.

The reader knows every answer of every other child of the council, and all of the child's answers but one, which is x or is not
(a coin would be right half the time). Each different set of children that it can ask for, with x and with this child in it or
not, is one perturbed count: the true counts of the two cases differ by 1, their cell keys by the child's unknown record key, so
that the readings are independent, each with the policy's variance v. The best guess from m of them is right with probability
Phi(sqrt(m / v) / 2) (difference of means 1, standard deviation sqrt(v / m); normal approximation). Asking the same set again, under
another name, order, margin or filter, adds nothing: it has the same key.

A reader who does not know the others exactly needs differences of two readings, and has at most
Phi(sqrt(m / (2 v)) / 2). Beyond councils the reader would need the answers of all other children of a region, about 60,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import prod, sqrt
from statistics import NormalDist

import numpy as np

from disclosure.error import DisclosureError
from pipeline.builder_matrix import AREA, Variable
from pipeline.builder_policy import BuilderPolicy


def certainty(readings: int, variance: float) -> float:
    """How often the best guess between two counts that differ by 1 is right, from so many independent readings of this variance."""
    return NormalDist().cdf(sqrt(readings / variance) / 2)


def readings(variables: Mapping[str, Variable], policy: BuilderPolicy) -> int:
    """The most different sets of one council that hold one child and turn on one of its answers, over all tables allowed.

    A set is named by a code of the answer's variable and codes, in which the child lies, of as many further variables as a table of
    councils may have; a population is one of them. Codes of a hierarchy (18 is in 9-17) are different sets.
    """
    allowed = {v.name: _ways(v) for v in variables.values() if v.name != AREA and (policy.options_by_council or not v.of)}
    most = 0
    for answer, ways in allowed.items():
        others = [count for name, count in allowed.items() if name != answer]
        sets = sum(prod(chosen) for more in range(policy.most_variables_council) for chosen in combinations(others, more))
        most = max(most, ways * sets)
    return most


def _ways(variable: Variable) -> int:
    """The most codes, totals left out, that one child is counted under."""
    return int(np.asarray(variable.dimension.aggregation)[1:].sum(axis=0).max())


def require_bound(variables: Mapping[str, Variable], policy: BuilderPolicy) -> float:
    """The certainty of the strongest reader in a council. Raises DisclosureError if it is above what the policy promises."""
    found = certainty(readings(variables, policy), policy.disclosure.perturbation_variance)
    if found > policy.most_certainty:
        raise DisclosureError(
            f"by council a reader could be right with probability {found:.2f}, and the builder's policy allows {policy.most_certainty}: "
            "allow fewer variables by council, or perturb more"
        )
    return found
