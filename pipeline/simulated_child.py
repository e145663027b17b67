"""Invented children: who they are, where they live, what they would answer. Seeded, skewed like the original survey.

Nothing here knows HTTP; `pipeline.simulate` lets them answer.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from forms.survey import Form, Kind, Page, Question, Role
from pipeline.directory import ENGLAND, Directory
from pipeline.postcode import unpack

# Shares by form: 4-5s 2 %, 6-8s 18 %, 9-12s 43 %, 13-17s 34 %, the rest easy-read.
FORM_SHARES = {"4-5": 0.02, "6-8": 0.175, "easy-6-8": 0.015, "9-12": 0.43, "13-17": 0.335, "easy-9-17": 0.025}
RARE_HOMES = {
    "secure_childrens_home": 0.001,
    "secure_training_centre": 0.001,
    "young_offender_institution": 0.0015,
    "inpatient_unit": 0.001,
}
HOME_SHARES = {
    "parents": 0.90, "foster_parents": 0.012, "relatives": 0.03, "childrens_home": 0.004, "semi_independent": 0.002,
    "independent_supported": 0.001, "on_own": 0.002, "friends_or_hostel": 0.002, "other": 0.004, "dont_know": 0.008, "opt_out": 0.03,
    **RARE_HOMES,
}  # fmt: skip
PERSONAL_SHARE = 0.25  # of free texts that hold personal data
SLOT_KINDS = {
    "name": "PERSON", "surname": "PERSON", "school": "SCHOOL", "street": "STREET", "place": "PLACE", "phone": "PHONE",
    "handle": "HANDLE", "email": "EMAIL", "postcode": "POSTCODE", "birthday": "DOB",
}  # fmt: skip
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Planted:
    """Where personal data stand in one invented text: its SHA-256 and (start, end, kind) of each."""

    text_sha256: str
    spans: tuple[tuple[int, int, str], ...]


@cache
def _writing() -> Mapping[str, Any]:
    with (files("pipeline") / "data" / "simulate" / "writing.yaml").open(encoding="utf-8") as file:
        return dict(yaml.safe_load(file))


class Country:
    """Where invented children live: real postcodes, councils of very different sizes."""

    def __init__(self, directory: Directory, rng: np.random.Generator) -> None:
        self._directory = directory
        england = ((directory.places["nation"] == ENGLAND) & directory.places["lad25cd"].notna()).to_numpy()
        live = np.flatnonzero(england[directory.place] & ~directory.terminated)
        council = directory.places["lad25cd"].to_numpy(dtype=object)[directory.place[live]]
        self._rows = live[np.argsort(council, kind="stable")]
        names, starts, counts = np.unique(np.sort(council.astype(str)), return_index=True, return_counts=True)
        weights = counts * rng.lognormal(0, 0.8, len(counts))
        self._weights = weights / weights.sum()
        self._starts, self._counts, self._names = starts, counts, names
        self._scotland = np.flatnonzero((directory.places["nation"] == "Scotland").to_numpy()[directory.place] & ~directory.terminated)

    def home(self, rng: np.random.Generator) -> tuple[str, str]:
        """(postcode, lad25cd) of a home in England."""
        council = int(rng.choice(len(self._names), p=self._weights))
        row = self._rows[self._starts[council] + int(rng.integers(self._counts[council]))]
        return unpack(self._directory.codes[[row]])[0].strip(), str(self._names[council])

    def scottish(self, rng: np.random.Generator) -> str:
        """A postcode over the border."""
        return unpack(self._directory.codes[[self._scotland[int(rng.integers(len(self._scotland)))]]])[0].strip()


@dataclass
class Child:
    """One invented child: `answer(page)` gives what it would put on a page."""

    form: Form
    country: Country
    seed: int

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._random = random.Random(self.seed)  # noqa: S311 - invented answers, no secret
        self._mood = float(self._rng.normal())
        self._home, self._council = self.country.home(self._rng)

    def answer(self, page: Page) -> list[tuple[str, str]]:
        """(field, value) pairs for the questions of this page."""
        pairs: list[tuple[str, str]] = []
        for question in page.questions:
            for name in question.choice_fields if page.row is None else page.fields:
                pairs += [(name, code) for code in self._choose(question)]
            text = self._text(question, dict(pairs).get(question.id, ""))
            if text and question.text_field:
                pairs.append((question.text_field, text))
        return pairs

    def _choose(self, question: Question) -> list[str]:
        plain = [option.code for option in question.options if option.role is Role.ANSWER]
        if question.kind in (Kind.TEXT, Kind.SCHOOL, Kind.POSTCODE):
            return [question.opt_out.code] if self._rng.random() < 0.15 else []
        if question.id == "where_live":
            return [self._weighted({code: HOME_SHARES.get(code, 0.0) for code in (o.code for o in question.options)})]
        if self._rng.random() < 0.03:
            return [question.opt_out.code]
        if question.kind is Kind.COUNCIL:
            return [self._council] if self._rng.random() < 0.4 else [o.code for o in question.options if o.role is Role.DONT_KNOW]
        if question.id == "gender":
            return [self._weighted({"girl": 0.5, "boy": 0.46, "another": 0.02, "dont_know": 0.02})]
        if question.id == "ethnic_group":
            return [self._weighted(self._ethnic_shares())]
        if question.kind is Kind.CHOICES:
            limit = min(question.limit or 1, len(plain))
            weights = np.linspace(2.0, 0.5, len(plain))
            size = int(self._rng.integers(1, limit + 1))
            return [str(code) for code in self._rng.choice(plain, size=size, replace=False, p=weights / weights.sum())]
        if question.id == "age":
            years = [code for code in plain if code.isdigit()]
            return [str(self._rng.choice(years))] if years and self._rng.random() < 0.99 else [plain[-1]]
        return [plain[self._on_scale(len(plain))]]

    def _on_scale(self, points: int) -> int:
        place = 0.28 * points + points * 0.18 * (float(self._rng.normal()) - 0.7 * self._mood)
        return int(min(points - 1, max(0, round(place))))

    def _ethnic_shares(self) -> dict[str, float]:
        if self._council.startswith("E09"):  # London boroughs
            return {"white": 0.42, "mixed": 0.10, "asian": 0.22, "black": 0.20, "other_group": 0.06}
        return {"white": 0.80, "mixed": 0.05, "asian": 0.09, "black": 0.04, "other_group": 0.02}

    def _weighted(self, shares: Mapping[str, float]) -> str:
        total = sum(shares.values())
        return str(self._rng.choice(list(shares), p=[share / total for share in shares.values()]))

    def _text(self, question: Question, chosen: str) -> str:
        if question.kind is Kind.POSTCODE:
            return "" if chosen else self._postcode_as_written()
        if question.kind is Kind.SCHOOL:
            return "" if chosen else self._random.choice(_writing()["schools"])
        if question.kind is Kind.TEXT and not chosen:
            return self._written(question)[0]
        if question.other is not None and chosen == question.other.code:
            return self._random.choice(["my nan helps me", "a lady at church", "on a boat", "a bit of both"])
        return ""

    def _postcode_as_written(self) -> str:
        draw = self._rng.random()
        if draw < 0.02:
            return self.country.scottish(self._rng)
        if draw < 0.06:
            return self._home[:-3].strip()
        if draw < 0.09:
            return self._random.choice(["dont know it", "near the shops", "ZZ99 9ZZ", "12345"])
        code = self._home if self._rng.random() < 0.6 else self._home.replace(" ", "")
        return code.lower() if self._rng.random() < 0.5 else code

    def planted(self) -> list[Planted]:
        """Where personal data stand in whatever free text this child may write."""
        written = [self._written(question) for question in self.form.questions if question.kind is Kind.TEXT]
        return [planted for _, planted in written if planted.spans]

    def _written(self, question: Question) -> tuple[str, Planted]:
        """What this child writes to a question: the same whenever it is asked."""
        draw = random.Random(f"{self.seed} {question.id}")  # noqa: S311 - invented answers, no secret
        if draw.random() >= PERSONAL_SHARE:
            return str(draw.choice(_writing()["clean"])), Planted("", ())
        template, low = str(draw.choice(_writing()["personal"])), draw.random() < 0.5
        text, spans, done = "", [], 0
        for slot in _SLOT.finditer(template):
            text += template[done : slot.start()]
            value = str(draw.choice(_writing()["slots"][slot.group(1)]))
            if slot.group(1) in SLOT_KINDS:
                spans.append((len(text), len(text) + len(value), SLOT_KINDS[slot.group(1)]))
            text += value
            done = slot.end()
        text += template[done:]
        text = text.lower() if low else text
        return text, Planted(hashlib.sha256(text.encode()).hexdigest(), tuple(spans))


@dataclass(frozen=True)
class Cohort:
    """So many invented children over the forms of a survey, the same for the same seed."""

    forms: Mapping[str, Form]
    seed: int
    directory: Directory

    @cached_property
    def _country(self) -> Country:
        return Country(self.directory, np.random.default_rng(self.seed))

    def children(self, count: int) -> list[Child]:
        """`count` children, each with a seed of its own; every form has at least one when there are six or more."""
        rng = np.random.default_rng(self.seed + 1)
        names = list(FORM_SHARES)
        drawn = [names[i] for i in rng.choice(len(names), size=count, p=list(FORM_SHARES.values()))]
        drawn[: len(names)] = names[: min(count, len(names))]
        return [Child(self.forms[name], self._country, int(rng.integers(2**62))) for name in drawn]
