"""Declared tables are checked on loading: what cannot be made as declared is refused in one sentence that names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from forms.load import load_survey
from forms.survey import Question, Survey
from pipeline.table_specs import TABLES, UNKNOWN_AREA, TableSpecError, load_table_specs

Change = Callable[[dict[str, Any]], object]


def _declared() -> dict[str, Any]:
    return dict(yaml.safe_load((TABLES / "big_ask.yaml").read_text(encoding="utf-8")))


def _load(tmp_path: Path, data: object, survey: Survey | None = None) -> None:
    path = tmp_path / "tables.yaml"
    path.write_text(yaml.safe_dump(data) if not isinstance(data, str) else data, encoding="utf-8")
    load_table_specs(survey or load_survey(), path)


def test_the_tables_of_the_big_ask() -> None:
    specs = load_table_specs(load_survey())
    assert len(specs.tables) == 12
    area = specs.variables["area"].dimension
    region = specs.dimension("area", "region")
    assert len(area.codes) == 1 + 9 + 296 + 1
    assert len(region.codes) == 1 + 9 + 1
    assert UNKNOWN_AREA in region.leaves
    assert UNKNOWN_AREA in area.leaves
    ages = specs.variables["age_band"].dimension
    assert ages.leaves == ("4-5", "6-8", "9-12", "13-17", "9-17_not_stated")
    for variable in specs.variables.values():
        codes = {code.removeprefix("not ") for code in variable.dimension.codes} - {variable.dimension.total}
        assert codes == set(variable.labels), variable.name


def test_declared_as_they_are_they_load(tmp_path: Path) -> None:
    _load(tmp_path, _declared())


def test_answers_put_together_are_one_at_the_level_group_and_apart_below_it() -> None:
    specs = load_table_specs(load_survey())
    whole, group = specs.variables["gender"].dimension, specs.dimension("gender", "group")
    assert group.codes == ("Total", "girl", "boy", "another_or_not_said")
    assert set(whole.leaves) == {"girl", "boy", "another", "dont_know", "opt_out"}
    below = dict(whole.partitions)["another_or_not_said"]
    assert set(below) == {"another", "dont_know", "opt_out"}


def _together(**change: object) -> Change:
    return lambda v: v["gender"]["together"]["another_or_not_said"].update(change)


VARIABLE: list[tuple[Change, str]] = [
    (_together(codes=["another", "unheard_of"]), "'another_or_not_said' must put together some of its answers"),
    (_together(codes=[]), "'another_or_not_said' must put together some of its answers"),
    (_together(label=""), "'another_or_not_said' must put together some of its answers"),
    (lambda v: v["gender"]["together"].update(girl={"label": "x", "codes": ["boy"]}), "'girl' must put together"),
    (lambda v: v["gender"]["together"].update(more={"label": "x", "codes": ["opt_out"]}), "'more' must put together"),
    (lambda v: v["gender"]["together"].clear(), "puts nothing together"),
    (lambda v: v["gender"].pop("reason"), "'gender' is derived: it needs a version and a reason"),
    (lambda v: v["gender"].pop("title"), "'gender' needs a title"),
    (lambda v: v["gender"].update(derive="area"), "'gender' needs a title and either `derive` or `field`"),
    (lambda v: v["gender"].pop("field"), "'gender' needs a title and either `derive` or `field`"),
    (lambda v: v["gender"].update(colour="blue"), "nothing unknown"),
    (lambda v: v["gender"].update(field="shoe_size"), "'gender' asks for field 'shoe_size', which no form has"),
    (lambda v: v["home"].pop("reason"), "'home' is derived: it needs a version and a reason"),
    (lambda v: v["age_band"].pop("version"), "'age_band' is derived: it needs a version and a reason"),
    (lambda v: v["age_band"].pop("tree"), "'age_band' is derived: it needs a `tree`"),
    (lambda v: v["age_band"]["labels"].pop("6-8"), "'age_band' needs a label for each code"),
    (lambda v: v["home"]["groups"]["relatives"].clear(), "'home' must put each answer"),
    (lambda v: v["home"]["groups"]["relatives"].append("parents"), "'home' must put each answer"),
    (lambda v: v["home"]["groups"]["relatives"].append("tent"), "'home' must put each answer"),
    (lambda v: v["home"]["labels"].pop("relatives"), "'home' must put each answer"),
    (lambda v: v["important"].pop("multiple"), "'important' must be `multiple`"),
    (lambda v: v["gender"].update(multiple=True), "'gender' must be `multiple`"),
]
TABLE: list[tuple[Change, str]] = [
    (lambda t: t["gender-by-region"].pop("title"), "'gender-by-region' needs `title` and `by`"),
    (lambda t: t["gender-by-region"].pop("by"), "'gender-by-region' needs `title` and `by`"),
    (lambda t: t["gender-by-region"].update(colour="blue"), "nothing unknown"),
    (lambda t: t["gender-by-region"].update(by=[]), "needs at least one variable"),
    (lambda t: t["gender-by-region"].update(by=["gender", "gender"]), "each only once"),
    (lambda t: t["gender-by-region"].update(by=["area", "area.region"]), "each only once"),
    (lambda t: t["gender-by-region"].update(by=["age_band", "gender"]), "each only once"),
    (lambda t: t["gender-by-region"].update(by=["shoe_size"]), "the unknown variable 'shoe_size'"),
    (lambda t: t["gender-by-region"].update(by=["area.ward", "gender"]), "the unknown level 'ward' of 'area'"),
    (lambda t: t["gender-by-region"].update(by=["gender.region"]), "the unknown level 'region' of 'gender'"),
    (lambda t: t["gender-by-region"].update(where={"age_band": "18-99"}), "an unknown population 'age_band: 18-99'"),
    (lambda t: t["gender-by-region"].update(where={"shoe_size": "9"}), "an unknown population 'shoe_size: 9'"),
    (lambda t: t["gender-by-region"].update(where={"important": "friends"}), "an unknown population 'important: friends'"),
    (lambda t: t["gender-by-region"].update(percent_of="age_band"), "percentages of 'age_band'"),
    (lambda t: t.clear(), "declares no table"),
]


@pytest.mark.parametrize(("change", "said"), VARIABLE, ids=[said for _, said in VARIABLE])
def test_a_variable_that_cannot_be_made_is_refused(tmp_path: Path, change: Change, said: str) -> None:
    data = _declared()
    change(data["variables"])
    with pytest.raises(TableSpecError) as raised:
        _load(tmp_path, data)
    assert said in str(raised.value)


@pytest.mark.parametrize(("change", "said"), TABLE, ids=[said for _, said in TABLE])
def test_a_table_that_cannot_be_made_is_refused(tmp_path: Path, change: Change, said: str) -> None:
    data = _declared()
    change(data["tables"])
    with pytest.raises(TableSpecError) as raised:
        _load(tmp_path, data)
    assert said in str(raised.value)


@pytest.mark.parametrize("content", ["{", "[]", "", "variables: {}", "variables: {a: 1}\ntables: {}", "variables: []\ntables: []"])
def test_a_file_that_is_no_declaration_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(TableSpecError):
        _load(tmp_path, content)


def _with_question(survey: Survey, form_id: str, question_id: str, change: Callable[[Question], Question | None]) -> Survey:
    """The survey with one question of one form changed, or left out."""
    form = survey.forms[form_id]
    pages = []
    for page in form.pages:
        questions = tuple(new for q in page.questions if (new := change(q) if q.id == question_id else q) is not None)
        if questions:
            pages.append(replace(page, questions=questions))
    return replace(survey, forms={**survey.forms, form_id: replace(form, pages=tuple(pages))})


@pytest.mark.parametrize(
    ("form", "question", "change"),
    [
        ("easy-9-17", "worries", lambda _: None),
        ("easy-9-17", "gender", lambda q: replace(q, options=q.options[1:])),
        ("easy-9-17", "important", lambda q: replace(q, limit=3)),
        ("easy-6-8", "gender", lambda q: replace(q, options=q.options[1:])),
    ],
)
def test_a_question_that_an_easy_read_form_asks_otherwise_is_not_tabulated(
    form: str, question: str, change: Callable[[Question], Question | None]
) -> None:
    """Those without an option, or missing from a total, would be the children of that form (A17)."""
    altered = _with_question(load_survey(), form, question, change)
    with pytest.raises(TableSpecError, match="would tell forms of ages"):
        load_table_specs(altered)
