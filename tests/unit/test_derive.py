"""Variables of one answer each: bands that never say which form it was, areas, groups, and doubt that stops everything."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

from forms.load import load_survey
from forms.survey import Survey
from pipeline.derive import NOT_ASKED, NOT_STATED, age_bands, chosen, derive
from pipeline.table_specs import UNKNOWN_AREA, TableSpecError, TableSpecs, load_table_specs


@cache
def survey() -> Survey:
    return load_survey()


@cache
def specs() -> TableSpecs:
    return load_table_specs(survey())


def _band(form: str, age: str | None) -> str:
    ages = pd.Series({} if age is None else {7: age}, dtype="str")
    return str(age_bands(survey(), pd.Series({7: form}), ages)[7])


@pytest.mark.parametrize(
    ("form", "age", "band"),
    [
        ("4-5", None, "4-5"),
        *[(form, age, "6-8") for form in ("6-8", "easy-6-8") for age in ("under_6", "6", "8", "over_8", "opt_out", None)],
        *[(form, age, "9-12") for form in ("9-12", "easy-9-17") for age in ("9", "12")],
        *[(form, age, "13-17") for form in ("13-17", "easy-9-17") for age in ("13", "17")],
        *[(form, "opt_out", NOT_STATED) for form in ("9-12", "13-17", "easy-9-17")],
        ("9-12", "under_9", NOT_STATED),
        ("9-12", "over_12", NOT_STATED),
        ("13-17", "under_13", NOT_STATED),
        ("13-17", "over_17", NOT_STATED),
        ("easy-9-17", "under_9", NOT_STATED),
        ("easy-9-17", None, NOT_STATED),
        ("9-12", "8", NOT_STATED),  # no option of these forms; whatever comes, it is never a younger band
        ("13-17", "18", NOT_STATED),
    ],
)
def test_the_band_is_that_of_the_age_or_of_every_form_of_these_ages(form: str, age: str | None, band: str) -> None:
    assert _band(form, age) == band


def _frames(**changes: Any) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Three children: one in Hartlepool, one whose area nobody knows, one in Wales."""
    responses = pd.DataFrame({"row": [0, 1, 2], "form": ["9-12", "easy-9-17", "13-17"], "version": "1"})
    for form in set(responses["form"]):
        responses.loc[responses["form"] == form, "version"] = survey().forms[form].version
    single = {"age": "9", "gender": "girl", "ethnic_group": "white", "where_live": "foster_parents", "better_life": "likely"}
    rows = [(row, name, code) for row in range(3) for name, code in (single | {"happiness.life_overall": "ok"}).items()]
    rows += [(0, "important", "friends"), (0, "important", "home"), (1, "important", "opt_out")]
    located = pd.DataFrame({"row": [0, 1, 2], "lad25cd": ["E06000001", None, None], "nation": ["England", None, "Wales"]})
    frames = {"responses": responses, "answers": pd.DataFrame(rows, columns=["row", "field", "code"]), "located": located} | changes
    return frames["responses"], frames["answers"], frames["located"]


def test_each_child_has_one_code_of_each_variable_and_wales_is_not_counted() -> None:
    found = derive(survey(), specs(), *_frames())
    assert list(found.index) == [0, 1]
    assert found["area"].tolist() == ["E06000001", UNKNOWN_AREA]
    assert found["home"].tolist() == ["care_or_setting"] * 2
    assert found["age_band"].tolist() == ["9-12"] * 2
    assert "important" not in found


def test_what_was_not_asked_is_named_so() -> None:
    _, answers, _ = _frames()
    found = derive(survey(), specs(), *_frames(answers=answers[~((answers["row"] == 1) & (answers["field"] == "where_live"))]))
    assert found["home"].tolist() == ["care_or_setting", NOT_ASKED]


def test_several_options_of_one_child_are_pairs() -> None:
    pairs = chosen(specs().variables["important"], _frames()[1])
    assert sorted(pairs.itertuples(index=False, name=None)) == [(0, "friends"), (0, "home"), (1, "opt_out")]


@pytest.mark.parametrize(
    "change",
    [
        lambda r, a, located: (r, a, located[:2]),
        lambda r, a, located: (r, a, located.assign(row=[0, 1, 3])),
        lambda r, a, located: (r, a, pd.concat([located, located[:1]])),
        lambda r, a, located: (r[:2], a, located),
        lambda r, a, located: (r.assign(row=[0, 1, 1]), a, located),
        lambda r, a, located: (r, a.assign(row=a["row"] + 1), located),
    ],
)
def test_data_sets_of_other_children_are_refused(change: Any) -> None:
    with pytest.raises(TableSpecError, match="do not speak of the same children"):
        derive(survey(), specs(), *change(*_frames()))


@pytest.mark.parametrize("column", [{"form": "9-13"}, {"version": "0"}])
def test_a_form_or_version_that_is_no_longer_there_is_refused(column: dict[str, str]) -> None:
    responses, answers, located = _frames()
    with pytest.raises(TableSpecError, match="a form or version that forms/ does not hold"):
        derive(survey(), specs(), responses.assign(**column), answers, located)


@pytest.mark.parametrize("field", ["gender", "where_live", "happiness.life_overall"])
def test_an_unknown_code_is_refused_and_not_quoted(field: str) -> None:
    responses, answers, located = _frames()
    answers.loc[(answers["row"] == 1) & (answers["field"] == field), "code"] = "zofia"
    with pytest.raises(TableSpecError, match="met 1 answers that its question does not have") as raised:
        derive(survey(), specs(), responses, answers, located)
    assert "zofia" not in str(raised.value)


def test_an_unknown_code_among_several_is_refused() -> None:
    _, answers, _ = _frames()
    with pytest.raises(TableSpecError, match="'important' met 1 answers"):
        chosen(specs().variables["important"], pd.concat([answers, pd.DataFrame([(0, "important", "x")], columns=answers.columns)]))


@pytest.mark.parametrize("field", ["age", "gender"])
def test_two_answers_to_a_question_that_takes_one_are_refused(field: str) -> None:
    responses, answers, located = _frames()
    twice = pd.concat([answers, pd.DataFrame([(1, field, "12" if field == "age" else "boy")], columns=answers.columns)])
    with pytest.raises(TableSpecError, match=f"two answers to '{field}'"):
        derive(survey(), specs(), responses, twice, located)
