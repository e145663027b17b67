"""The rules of quality as data, checked against the survey on loading: a rule that can match nothing any more is an error, not silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

from forms.survey import Kind, Survey
from pipeline.geography.gias import PHASES

RULES: Final = Path(__file__).parent / "data" / "quality.yaml"
_NAME: Final = re.compile(r"[a-z][a-z_]{0,29}")


class QualityError(ValueError):
    """A rule that cannot be used as declared. The message names it."""


class Check(StrEnum):
    """What a rule looks at; `pipeline/data/quality.yaml` explains each."""

    ANSWERS = "answers"
    WORDS = "words"
    SAME_TEXT = "same_text"
    ONE_LINE = "one_line"
    PHASE = "phase"
    NATION = "nation"


class Weight(StrEnum):
    """What a flag means to a table that asks for sound answers."""

    NOTE = "note"
    DOUBT = "doubt"


_PARTS: Final[Mapping[Check, frozenset[str]]] = {
    Check.ANSWERS: frozenset({"any"}),
    Check.WORDS: frozenset({"forms", "patterns"}),
    Check.SAME_TEXT: frozenset({"fewest_chars", "fewest"}),
    Check.ONE_LINE: frozenset({"grid", "fewest_rows"}),
    Check.PHASE: frozenset({"ages"}),
    Check.NATION: frozenset(),
}


@dataclass(frozen=True)
class Rule:
    """One rule. Of the last seven, those that its check needs are filled."""

    name: str
    check: Check
    weight: Weight
    reason: str
    any: tuple[Mapping[str, frozenset[str]], ...] = ()
    forms: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()
    fewest_chars: int = 0
    fewest: int = 0
    grid: str = ""
    fewest_rows: int = 0
    ages: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """All rules of one version, by name."""

    version: int
    rules: Mapping[str, Rule]

    @property
    def doubts(self) -> frozenset[str]:
        """Names of the rules that make an answer doubtful."""
        return frozenset(name for name, rule in self.rules.items() if rule.weight is Weight.DOUBT)


def load_rules(survey: Survey, path: Path = RULES) -> Rules:
    """The rules, checked against the fields and codes of a survey. Raises QualityError with one sentence."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        version, entries = data["version"], dict(data["rules"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError):
        raise QualityError(f"'{path.name}' cannot be read: it must hold a `version` and `rules`.") from None
    if type(version) is not int or not entries:
        raise QualityError(f"'{path.name}' needs a whole number as its version, and at least one rule.")
    return Rules(version, {str(name): _rule(str(name), entry, survey) for name, entry in entries.items()})


def _rule(name: str, entry: Any, survey: Survey) -> Rule:
    try:
        check, weight, reason = Check(entry["check"]), Weight(entry["weight"]), str(entry["reason"]).strip()
        if not _NAME.fullmatch(name) or not reason or set(entry) - {"check", "weight", "reason"} != _PARTS[check]:
            raise KeyError
        rule = Rule(
            name,
            check,
            weight,
            reason,
            any=tuple({str(f): frozenset(map(_code, codes)) for f, codes in case.items()} for case in entry.get("any", ())),
            forms=frozenset(map(_code, entry.get("forms", ()))),
            patterns=tuple(re.compile(pattern, re.IGNORECASE) for pattern in entry.get("patterns", ())),
            fewest_chars=_at_least(1, entry.get("fewest_chars", 1)),
            fewest=_at_least(2, entry.get("fewest", 2)),
            grid=str(entry.get("grid", "")),
            fewest_rows=_at_least(2, entry.get("fewest_rows", 2)),
            ages={str(phase): (int(low), int(high)) for phase, (low, high) in entry.get("ages", {}).items()},
        )
    except (KeyError, ValueError, TypeError, AttributeError, re.error):
        raise QualityError(
            f"The rule '{name}' of quality needs a check, a weight and a reason, and exactly what its check asks for: "
            "see the top of its file."
        ) from None
    wrong = _unknown(rule, survey)
    if wrong:
        raise QualityError(f"The rule '{name}' of quality asks for {wrong}: it would never match.")
    return rule


def _code(value: object) -> str:
    if not isinstance(value, str):  # YAML reads 9 as a number and `no` as false; a code is text
        raise TypeError
    return value


def _at_least(least: int, value: object) -> int:
    if type(value) is not int or value < least:
        raise ValueError
    return value


def _unknown(rule: Rule, survey: Survey) -> str:
    """What a rule asks for that this survey does not have; "" if all is there."""
    codes: dict[str, set[str]] = {}
    for form in survey:
        for question in form.questions:
            for name in question.choice_fields if not question.is_locator else ():
                codes.setdefault(name, set()).update(option.code for option in question.options)
    for case in rule.any:
        for name, wanted in case.items():
            if not case or not wanted or wanted - codes.get(name, set()):
                return f"an answer to '{name}' that no form has"
    if rule.check is Check.ANSWERS and not (rule.any and all(rule.any)):
        return "no answer at all"
    if rule.check is Check.WORDS and not (rule.patterns and rule.forms and rule.forms <= set(survey.forms)):
        return "no words, or words of no form"
    rows = [len(q.rows) for form in survey for q in form.questions if q.id == rule.grid and q.kind is Kind.GRID]
    if rule.check is Check.ONE_LINE and rule.fewest_rows > max(rows, default=0):
        return f"more rows of '{rule.grid}' than any form has"
    if rule.check is Check.PHASE and not (rule.ages and set(rule.ages) <= set(PHASES.values())):
        return "a phase that no school has"
    return ""
