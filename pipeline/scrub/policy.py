"""How careful the scrubber is, as data: the operating point, and what it is held to. See `pipeline/data/scrub/policy.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import yaml

POLICY = Path(__file__).parent.parent / "data" / "scrub" / "policy.yaml"


class ScrubPolicyError(ValueError):
    """A policy of the scrubber that cannot be used. The message names the rule."""


@dataclass(frozen=True)
class ScrubPolicy:
    """Shares and probabilities, 0 to 1. `threshold`: the least probability that masks a word. `doubt`: from which probability the
    language model is asked. The others are targets, as `benchmarks/scrub.py` measures them.
    """

    threshold: float
    doubt: float
    recall: float
    leak: float
    precision: float
    touched: float

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1 or any(not 0 <= getattr(self, field.name) <= 1 for field in fields(self)):
            raise ScrubPolicyError("In the scrubber's policy every value lies between 0 and 1, and the threshold is neither.")
        if self.doubt >= self.threshold:
            raise ScrubPolicyError("In the scrubber's policy `doubt` must lie below `threshold`: what is masked was in doubt first.")


@cache
def load_policy(path: Path = POLICY) -> ScrubPolicy:
    """Raises ScrubPolicyError for a rule that is missing, unknown, or lacks its value, source or reason."""
    try:
        rules = dict(yaml.safe_load(path.read_text(encoding="utf-8"))["rules"])
    except (OSError, yaml.YAMLError, TypeError, KeyError, ValueError):
        raise ScrubPolicyError(f"The scrubber's policy '{path.name}' cannot be read: it needs `rules`, a mapping.") from None
    if odd := set(rules) ^ {field.name for field in fields(ScrubPolicy)}:
        raise ScrubPolicyError(f"The scrubber's policy has a rule too many or too few: '{min(map(str, odd))}'.")
    for name, rule in rules.items():
        if not isinstance(rule, dict) or set(rule) != {"value", "source", "reason"} or not (rule["source"] and rule["reason"]):
            raise ScrubPolicyError(f"Rule '{name}' of the scrubber's policy needs a value, a source and a reason, and nothing else.")
        if type(rule["value"]) not in (int, float):
            raise ScrubPolicyError(f"The value of rule '{name}' of the scrubber's policy is no number.")
    return ScrubPolicy(**{name: float(rule["value"]) for name, rule in rules.items()})
