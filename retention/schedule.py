"""The retention schedule as data: a data set without a rule cannot be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_SCHEDULE = Path(__file__).with_name("schedule.yaml")


class RuleMissing(LookupError):
    """Something is to be kept that the schedule does not know."""


@dataclass(frozen=True)
class Rule:
    """How long one kind of data set is kept. The default when the day comes is destruction."""

    kind: str
    what: str
    owner: str
    review_after_days: int
    until_step: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # name -> category, where the data set may hold no other

    def review_on(self, made_on: date) -> date:
        """The day on which it is destroyed unless somebody decides otherwise, with a reason."""
        return made_on + timedelta(days=self.review_after_days)


@dataclass(frozen=True)
class Schedule:
    """Rules by kind of data set; categories by table and column; rules of what lies outside vault and databases, by name."""

    rules: Mapping[str, Rule]
    columns: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, Mapping[str, str | int]]
    elsewhere: Mapping[str, Rule] = field(default_factory=dict)

    def rule(self, kind: str) -> Rule:
        """The rule of this kind. Raises RuleMissing."""
        if kind not in self.rules:
            raise RuleMissing(f"No retention rule for '{kind}': add one to retention/schedule.yaml before it is stored.")
        return self.rules[kind]


@cache
def load_schedule(path: Path = _SCHEDULE) -> Schedule:
    """The schedule from YAML. Raises RuleMissing if it cannot be read, or a rule lacks its period, owner or description."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        assets, columns, tables = dict(data["assets"]), dict(data["columns"]), dict(data["tables"])
    except (yaml.YAMLError, KeyError, TypeError, ValueError):
        raise RuleMissing("The retention schedule cannot be read: it needs assets, columns and tables.") from None
    return Schedule(_rules(assets), columns, tables, _rules(dict(data.get("elsewhere") or {})))


def _rules(entries: Mapping[str, Any]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for kind, entry in entries.items():
        try:
            rule = Rule(
                kind, entry["what"], entry["owner"], entry["review_after_days"], entry.get("until_step"), dict(entry.get("columns", {}))
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            rule = None
        if rule is None or not rule.what or not rule.owner or type(rule.review_after_days) is not int or rule.review_after_days < 1:
            raise RuleMissing(f"The retention rule of '{kind}' needs what, owner and review_after_days.")
        rules[kind] = rule
    return rules
