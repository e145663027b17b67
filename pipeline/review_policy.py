"""The office's risk appetite for free text as data: what people must read, how much may slip through, what a theme must be worth."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

POLICY = Path(__file__).parent / "data" / "review" / "policy.yaml"


class ReviewPolicyError(ValueError):
    """A policy of the review that cannot be used. The message names the rule."""


@dataclass(frozen=True)
class ReviewPolicy:
    """Rules by name, as `pipeline/data/review/policy.yaml` explains them. `error` and `sure_from` are probabilities."""

    sure_from: float
    sure_layers: tuple[str, ...]
    first_draw: int
    error: float
    most_per_1000: float
    quote_threshold: int
    theme_precision: float
    theme_recall: float
    theme_kappa: float
    theme_examples: int

    def __post_init__(self) -> None:
        shares = (self.sure_from, self.theme_precision, self.theme_recall, self.theme_kappa)
        if not 0 < self.error < 0.5 or any(not 0 <= share <= 1 for share in shares):
            raise ReviewPolicyError("In the review policy, `error` lies between 0 and 0.5, and each share between 0 and 1.")
        if not 0 < self.most_per_1000 < 1000 or min(self.first_draw, self.quote_threshold, self.theme_examples) < 1:
            raise ReviewPolicyError("In the review policy, counts start at 1, and `most_per_1000` lies between 0 and 1,000.")

    def confidence(self, looks: int) -> float:
        """One-sided confidence of the bound after so many draws: all looks together are wrong at most as often as `error`."""
        return 1.0 - self.error * 0.5**looks


@cache
def load_review_policy(path: Path = POLICY) -> ReviewPolicy:
    """Raises ReviewPolicyError for a rule that is missing, unknown, or lacks its value, source or reason."""
    try:
        rules = dict(yaml.safe_load(path.read_text(encoding="utf-8"))["rules"])
    except (OSError, yaml.YAMLError, TypeError, KeyError, ValueError):
        raise ReviewPolicyError(f"The review policy '{path.name}' cannot be read: it needs `rules`, a mapping.") from None
    wanted = {field.name: str(field.type) for field in fields(ReviewPolicy)}
    if odd := set(rules) ^ set(wanted):
        raise ReviewPolicyError(f"The review policy has a rule too many or too few: '{min(map(str, odd))}'.")
    return ReviewPolicy(**{name: _value(name, kind, rules[name]) for name, kind in wanted.items()})


def _value(name: str, kind: str, rule: Any) -> Any:
    if not isinstance(rule, dict) or set(rule) != {"value", "source", "reason"} or not all(rule[part] for part in ("source", "reason")):
        raise ReviewPolicyError(f"Rule '{name}' of the review policy needs a value, a source and a reason, and nothing else.")
    value = rule["value"]
    if kind.startswith("tuple"):
        good = isinstance(value, list) and all(isinstance(one, str) for one in value)
        value = tuple(value) if good else value
    else:
        good = type(value) is int or (kind == "float" and type(value) is float)
    if not good:
        raise ReviewPolicyError(f"The value of rule '{name}' of the review policy is of the wrong kind.")
    return value
