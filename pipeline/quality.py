"""Which answers are doubtful, and by which rule. Answers are flagged, never dropped.

Pure: frames in, one frame out. Nothing a child wrote is in the result, nor in anything that is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import pandas as pd

from forms.survey import Kind, Role, Survey
from pipeline.directory import ENGLAND
from pipeline.quality_rules import Check, Rule, Rules

COLUMNS: Final = ("row", "rule")


def flag(
    rules: Rules, survey: Survey, responses: pd.DataFrame, answers: pd.DataFrame, texts: pd.DataFrame, located: pd.DataFrame
) -> pd.DataFrame:
    """One line (row, rule) for each response and rule that met, in the order of rules and rows.

    Takes `responses` (row, form, ...), `answers` (row, field, code) and `texts` (row, field, text) as `scrub` opens them, and
    `located` (row, nation, school_phase, ...) as `locate` left it.
    """
    there = set(responses["row"])
    frames = Frames(survey, responses, answers, texts, located)
    found = [(row, rule.name) for rule in rules.rules.values() for row in sorted(there.intersection(_CHECKS[rule.check](rule, frames)))]
    return pd.DataFrame(found, columns=list(COLUMNS)).astype({"row": "int64", "rule": "str"})


def counts(rules: Rules, flags: pd.DataFrame) -> dict[str, int | str]:
    """For the ledger: the version of the rules, flags by rule (0 too), responses with a flag, and those that are doubtful."""
    by_rule = flags["rule"].value_counts()
    told: dict[str, int | str] = {"quality_version": rules.version}
    told |= {f"quality_{name}": int(by_rule.get(name, 0)) for name in rules.rules}
    return told | {"quality_flagged": int(flags["row"].nunique()), "quality_doubtful": len(doubtful(rules, flags))}


def doubtful(rules: Rules, flags: pd.DataFrame) -> frozenset[int]:
    """Rows with a flag that weighs as a doubt."""
    return frozenset(flags.loc[flags["rule"].isin(rules.doubts), "row"].tolist())


class Frames:
    """The data sets of one wave, as the checks look at them."""

    def __init__(self, survey: Survey, responses: pd.DataFrame, answers: pd.DataFrame, texts: pd.DataFrame, located: pd.DataFrame) -> None:
        self.survey, self.answers, self.texts, self.located = survey, answers, texts, located
        self.forms: Mapping[int, str] = dict(zip(responses["row"], responses["form"], strict=True))


def _answers(rule: Rule, frames: Frames) -> set[int]:
    rows: set[int] = set()
    for case in rule.any:
        meets = [
            set(frames.answers.loc[(frames.answers["field"] == name) & frames.answers["code"].isin(codes), "row"])
            for name, codes in case.items()
        ]
        rows |= set.intersection(*meets)
    return rows


def _words(rule: Rule, frames: Frames) -> set[int]:
    return {
        row
        for row, text in zip(frames.texts["row"], frames.texts["text"], strict=True)
        if frames.forms.get(row) in rule.forms and any(pattern.search(text) for pattern in rule.patterns)
    }


def _same_text(rule: Rule, frames: Frames) -> set[int]:
    """Compared by keyed hash: texts themselves are not gathered in one place, and the key is gone when this returns."""
    key = secrets.token_bytes(32)
    writers: dict[bytes, list[int]] = {}
    for row, text in zip(frames.texts["row"], frames.texts["text"], strict=True):
        words = " ".join(text.casefold().split())
        if len(words) >= rule.fewest_chars:
            writers.setdefault(hashlib.blake2b(words.encode(), key=key, digest_size=16).digest(), []).append(row)
    return {row for rows in writers.values() if len(set(rows)) >= rule.fewest for row in rows}


def _one_line(rule: Rule, frames: Frames) -> set[int]:
    plain = {
        option.code
        for form in frames.survey
        for question in form.questions
        if question.id == rule.grid and question.kind is Kind.GRID
        for option in question.options
        if option.role is Role.ANSWER
    }
    lines = frames.answers[frames.answers["field"].str.startswith(f"{rule.grid}.")]
    by_row = lines.groupby("row")["code"].agg(["size", "nunique", "first"])
    same = by_row[(by_row["size"] >= rule.fewest_rows) & (by_row["nunique"] == 1) & by_row["first"].isin(plain)]
    return set(same.index)


def _phase(rule: Rule, frames: Frames) -> Iterable[int]:
    bands = {form.id: (min(form.bands[0].ages), max(form.bands[-1].ages)) for form in frames.survey}
    for row, phase in zip(frames.located["row"], frames.located["school_phase"], strict=True):
        if phase in rule.ages and row in frames.forms:
            (low, high), (youngest, oldest) = rule.ages[phase], bands[frames.forms[row]]
            if oldest < low or youngest > high:
                yield row


def _nation(_rule: Rule, frames: Frames) -> set[int]:
    nation = frames.located["nation"]
    return set(frames.located.loc[nation.notna() & (nation != ENGLAND), "row"])


_CHECKS: Final[Mapping[Check, Callable[[Rule, Frames], Iterable[int]]]] = {
    Check.ANSWERS: _answers,
    Check.WORDS: _words,
    Check.SAME_TEXT: _same_text,
    Check.ONE_LINE: _one_line,
    Check.PHASE: _phase,
    Check.NATION: _nation,
}
