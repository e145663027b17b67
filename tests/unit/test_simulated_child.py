"""Invented children: skewed like the survey they imitate, on real postcodes, with personal data exactly where they are said to be."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest
import yaml

from forms.answers import Answers, Response, clean_text, complete, path, read
from forms.load import load_survey
from forms.survey import Kind, Page, Role, Survey
from pipeline.directory import Directory
from pipeline.locate import match
from pipeline.scrub.spans import LABELS
from pipeline.simulate import Diary
from pipeline.simulated_child import FORM_SHARES, HOME_SHARES, PERSONAL_SHARE, RARE_HOMES, SLOT_KINDS, Child, Cohort, files

COUNT = 600


@cache
def survey() -> Survey:
    return load_survey()


@cache
def cohort(count: int = COUNT, seed: int = 11) -> tuple[Child, ...]:
    return tuple(Cohort(survey().forms, seed, Directory.embedded()).children(count))


def _respond(child: Child) -> Response:
    pairs: list[tuple[str, str]] = []
    seen: set[str] = set()
    answers = Answers()
    while page := next((page for page in path(child.form, answers) if page.id not in seen), None):
        seen.add(page.id)
        pairs += child.answer(page)
        answers = read(child.form, pairs)
    return complete(child.form, answers)


@cache
def answered() -> tuple[Response, ...]:
    return tuple(_respond(child) for child in Cohort(survey().forms, 11, Directory.embedded()).children(COUNT))


@cache
def writing() -> dict[str, Any]:
    return dict(yaml.safe_load((files("pipeline") / "data" / "simulate" / "writing.yaml").read_text(encoding="utf-8")))


def test_every_form_has_somebody_and_most_are_9_to_12() -> None:
    forms = Counter(child.form.id for child in cohort())
    assert set(forms) == set(survey().forms) == set(FORM_SHARES)
    assert [form for form, _ in forms.most_common(3)] == ["9-12", "13-17", "6-8"]
    assert {child.form.id for child in cohort(6)} == set(survey().forms)
    assert [child.form.id for child in cohort(3)] == list(FORM_SHARES)[:3]


def test_shares_are_shares() -> None:
    assert sum(FORM_SHARES.values()) == pytest.approx(1)
    homes = {option.code for form in survey() for q in form.questions if q.id == "where_live" for option in q.options}
    assert set(HOME_SHARES) == homes, "every home can be drawn, the rare ones too"
    secure = {option.code for form in survey() for q in form.questions for option in q.options if option.secure}
    assert set(RARE_HOMES) == secure
    assert all(0 < share <= 0.005 for share in RARE_HOMES.values())


def test_the_same_seed_gives_the_same_children_and_another_gives_others() -> None:
    assert [_respond(child).body() for child in Cohort(survey().forms, 11, Directory.embedded()).children(40)] == [
        _respond(child).body() for child in Cohort(survey().forms, 11, Directory.embedded()).children(40)
    ]
    other = [_respond(child).body() for child in Cohort(survey().forms, 12, Directory.embedded()).children(40)]
    assert other != [_respond(child).body() for child in Cohort(survey().forms, 11, Directory.embedded()).children(40)]


def test_every_form_takes_what_they_answer_and_no_answer_is_always_the_same() -> None:
    given: dict[str, Counter[str]] = {}
    for response in answered():
        assert response.version == survey().forms[response.form].version
        for name, codes in response.choices.items():
            given.setdefault(name, Counter()).update(codes)
    typed = {q.id for form in survey() for q in form.questions if q.kind is Kind.TEXT}
    assert [name for name, codes in given.items() if name not in typed and codes.total() >= 40 and len(codes) == 1] == []
    assert set(given["gender"]) == {"girl", "boy", "another", "dont_know", "opt_out"}


def test_postcodes_are_real_and_councils_are_of_very_different_sizes() -> None:
    located = match([response.locator for response in answered()], Directory.embedded())
    asked = [response.locator.postcode for response in answered() if response.locator.postcode]
    assert len(set(asked)) > 0.7 * len(asked)
    outcomes = located["outcome"].value_counts()
    assert outcomes["matched"] > 0.6 * len(asked)
    assert {"matched", "partial", "not_in_england", "not_asked", "not_given"} <= set(outcomes.index)
    councils = located["lad25cd"].value_counts()
    assert councils.iloc[0] >= 5 * councils.median()
    assert located["rgn"].nunique() == 9


@pytest.mark.parametrize("home", sorted(RARE_HOMES))
def test_a_child_in_a_secure_setting_is_never_asked_where(home: str) -> None:
    for child in cohort(60):
        question = next((q for q in child.form.questions if q.id == "where_live"), None)
        if question is None or question.option(home) is None:
            continue
        pairs: list[tuple[str, str]] = []
        answers, seen = Answers(), set[str]()
        while page := next((page for page in path(child.form, answers) if page.id not in seen), None):
            seen.add(page.id)
            pairs += [(name, home if name == "where_live" else value) for name, value in child.answer(page) if name != "where_live.text"]
            answers = read(child.form, pairs)
        locator = complete(child.form, answers).locator
        assert (locator.asked, locator.postcode, locator.school, locator.council) == (False, "", "", "")
        return
    pytest.fail("nobody could be asked")


def _values() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for slot, values in writing()["slots"].items():
        if slot in SLOT_KINDS:
            found.setdefault(SLOT_KINDS[slot], set()).update(value.lower() for value in map(str, values))
    return found


def test_what_is_planted_stands_exactly_where_it_is_said_to_and_nowhere_else() -> None:
    values = _values()
    everything = {value for kind in values.values() for value in kind}
    seen = Counter[str]()
    for child in cohort():
        said = {planted.text_sha256: planted.spans for planted in child.planted()}
        for question in child.form.questions:
            if question.kind is not Kind.TEXT:
                continue
            ways = {dict(child.answer(Page("x", (question,)))).get(question.text_field or "", "") for _ in range(3)}
            for text in ways - {""}:
                spans = said.get(hashlib.sha256(text.encode()).hexdigest(), ())
                left, at = "", 0
                for start, end, kind in spans:
                    assert at <= start < end <= len(text)
                    assert text[start:end].lower() in values[kind]
                    left, at = left + text[at:start] + "|", end
                    seen[kind] += 1
                left += text[at:]
                inside = [value for value in everything if f" {value} " in f" {left.lower()} "]
                assert inside == [], "a planted value that nobody wrote down"
    assert set(seen) == set(SLOT_KINDS.values())


def test_what_is_kept_is_what_was_planted_in() -> None:
    """The door cleans what is typed; a text that it changed would not be found again by its hash."""
    texts = [*writing()["clean"], *writing()["personal"]]
    assert all(clean_text(str(text)) == str(text) for text in texts)
    shas = {planted.text_sha256 for child in cohort() for planted in child.planted()}
    kept = {hashlib.sha256(text.encode()).hexdigest() for response in answered() for text in response.texts.values()}
    free = [response.texts[name] for response in answered() for name in response.texts if name in ("make_better.text", "barriers.text")]
    assert len(shas & kept) > 0
    share = sum(hashlib.sha256(text.encode()).hexdigest() in shas for text in free) / len(free)
    assert abs(share - PERSONAL_SHARE) < 0.08


def test_every_slot_of_the_templates_has_values_and_every_kind_is_one_that_is_looked_for() -> None:
    slots = {slot for template in writing()["personal"] for slot in re.findall(r"\{(\w+)\}", template)}
    assert slots <= set(writing()["slots"])
    assert set(SLOT_KINDS) < set(writing()["slots"])
    assert set(SLOT_KINDS.values()) <= set(LABELS)


def test_ways_not_to_answer_are_used_everywhere() -> None:
    used = Counter(code for response in answered() for codes in response.choices.values() for code in codes)
    assert used["opt_out"] > 0
    roles = {option.role for form in survey() for q in form.questions for option in q.options if used[option.code]}
    assert {Role.ANSWER, Role.OPT_OUT, Role.DONT_KNOW, Role.OTHER} <= roles


def test_a_diary_goes_on_under_the_nonce_that_it_noted(tmp_path: Any) -> None:
    diary = Diary(tmp_path / "diary")
    assert diary.begin(3, "a" * 32) == "a" * 32
    assert diary.begin(3, "b" * 32) == "a" * 32
    diary.begin(4, "c" * 32)
    diary.finish(3)
    with (tmp_path / "diary").open("a") as file:
        file.write("4")  # the line of a killed process
    again = Diary(tmp_path / "diary")
    assert (again.finished, again.begun) == ({3}, {3: "a" * 32, 4: "c" * 32})
    again.finish(4)
    assert Diary(tmp_path / "diary").finished == {3, 4}
