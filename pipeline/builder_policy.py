"""What the table builder answers, as data: each number of `data/builder/policy.yaml` with its source and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from disclosure.error import DisclosureError
from disclosure.policy import Policy, load_policy
from disclosure.published_table import Method

POLICY = Path(__file__).parent / "data" / "builder" / "policy.yaml"


@dataclass(frozen=True)
class BuilderPolicy:
    """`disclosure`: how counts are perturbed, and what a small count, a sparse area and an identifying variable are."""

    disclosure: Policy
    most_variables: int
    most_variables_council: int  # the population counted as one of them
    options_by_council: bool  # options of questions with several answers, where areas are councils
    most_certainty: float
    populations: frozenset[str]  # variables of which a table may be of one category
    most_cells: int
    most_small: float  # share of small counts among those that are not 0
    reasons: Mapping[str, Mapping[str, str]]  # rule -> its source and reason

    def __post_init__(self) -> None:
        if self.disclosure.method is not Method.CELL_KEY:
            raise DisclosureError("the table builder needs a disclosure policy of the cell-key method")
        if not (1 <= self.most_variables_council <= self.most_variables <= 5 and self.most_cells >= 1):
            raise DisclosureError("the table builder answers 1 to 5 variables, by council not more than otherwise, and at least one cell")
        if not (0.5 < self.most_certainty < 1 and 0 < self.most_small <= 1):
            raise DisclosureError("the builder's certainty lies between one half and 1, and its share of small counts between 0 and 1")


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "disclosure_policy": str,
    "most_variables": int,
    "most_variables_council": int,
    "options_by_council": bool,
    "most_certainty": float,
    "populations": list,
    "most_cells": int,
    "most_small": (int, float),
}


def load_builder_policy(path: Path = POLICY) -> BuilderPolicy:
    """The policy in this file. Raises DisclosureError for a rule that is missing, unknown, or without source and reason."""
    try:
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise DisclosureError(f"'{path.name}' cannot be read as YAML") from None
    if not isinstance(rules, dict) or set(rules) != set(_KINDS):
        raise DisclosureError(f"'{path.name}' must state exactly these rules: {', '.join(_KINDS)}")
    values: dict[str, Any] = {}
    for name, kind in _KINDS.items():
        rule = rules[name]
        fine = isinstance(rule, dict) and set(rule) == {"value", "source", "reason"} and str(rule["source"]) and str(rule["reason"])
        if not fine or not isinstance(rule["value"], kind) or (kind is int and isinstance(rule["value"], bool)):
            raise DisclosureError(f"the rule '{name}' in '{path.name}' needs a value of its kind, a source and a reason")
        values[name] = rule["value"]
    reasons = {name: {"source": str(rule["source"]), "reason": str(rule["reason"])} for name, rule in rules.items()}
    values["populations"] = frozenset(map(str, values["populations"]))
    return BuilderPolicy(disclosure=load_policy(values.pop("disclosure_policy")), **values, reasons=reasons)
