"""Tables against counting children one by one, with definitions of our own; and nobody can tell who answered an easy-read form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.error import DisclosureError
from disclosure.table import Table
from forms.load import load_survey
from forms.survey import Survey
from pipeline.councils import Councils
from pipeline.counted import Counted, from_cells, to_cells
from pipeline.steps.tabulate import make_tables
from pipeline.table_specs import TableSpecError, TableSpecs, load_table_specs

COUNCILS = ["E06000001", "E07000008", "E08000003", "E09000001", "E09000007"]
OUTSIDE = ["Wales", "Scotland", "Northern Ireland"]
SINGLE = {"gender": "gender", "ethnic_group": "ethnic_group", "life_overall": "happiness.life_overall", "better_life": "better_life"}
HOMES = {
    "parents": {"parents"},
    "relatives": {"relatives"},
    "care_or_setting": {
        "foster_parents", "childrens_home", "secure_childrens_home", "secure_training_centre", "young_offender_institution",
        "inpatient_unit",
    },
    "own_or_supported": {"semi_independent", "independent_supported", "on_own", "friends_or_hostel"},
    "other_or_not_said": {"other", "dont_know", "opt_out"},
}  # fmt: skip
BANDS = {"6-17": ("6-8", "9-12", "13-17", "9-17_not_stated"), "9-17": ("9-12", "13-17", "9-17_not_stated")}
FIELDS = ("age", "gender", "ethnic_group", "where_live", "happiness.life_overall", "better_life", "important", "worries")


@cache
def survey() -> Survey:
    return load_survey()


@cache
def specs() -> TableSpecs:
    return load_table_specs(survey())


@dataclass(frozen=True)
class Person:
    """One child as the tables see it: a form, codes by field, a council, and a nation where it is known."""

    form: str
    codes: Mapping[str, tuple[str, ...]]
    council: str | None
    nation: str | None

    @property
    def band(self) -> str:
        """By the forms' own names and the stated age."""
        if self.form in ("4-5", "6-8", "easy-6-8"):
            return self.form.removeprefix("easy-")
        age = self.codes.get("age", ("",))[0]
        if not age.isdigit():
            return "9-17_not_stated"
        return "9-12" if int(age) <= 12 else "13-17"


@st.composite
def people(draw: st.DrawFn) -> Person:
    """A child with every question of its form answered that a table is made of, wherever it lives."""
    form = survey().forms[draw(st.sampled_from(list(survey().forms)))]
    codes: dict[str, tuple[str, ...]] = {}
    for question in form.questions:
        for name in question.choice_fields:
            if name not in FIELDS:
                continue
            free = [option.code for option in question.options if not option.exclusive]
            alone = st.sampled_from([(option.code,) for option in question.options if option.exclusive])
            some = st.lists(st.sampled_from(free), min_size=1, max_size=question.limit or 1, unique=True).map(tuple)
            codes[name] = draw(st.one_of(some, alone) if any(o.exclusive for o in question.options) else some)
    council, nation = draw(
        st.one_of(
            st.sampled_from(COUNCILS).map(lambda code: (code, "England")),
            st.sampled_from([(None, None), (None, "England")]),
            st.sampled_from(OUTSIDE).map(lambda nation: (None, nation)),
        )
    )
    return Person(form.id, codes, council, nation)


def frames(everyone: Sequence[Person]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The data sets that the steps before would have written."""
    versions = {form.id: form.version for form in survey()}
    responses = pd.DataFrame([(row, p.form, versions[p.form]) for row, p in enumerate(everyone)], columns=["row", "form", "version"])
    rows = [(row, name, code) for row, p in enumerate(everyone) for name, codes in p.codes.items() for code in codes]
    located = pd.DataFrame({"row": range(len(everyone))})
    located["lad25cd"] = pd.Series([p.council for p in everyone], dtype="str")
    located["rgn"] = located["lad25cd"].map(dict(Councils.of_2025().regions)).astype("str")
    located["nation"] = pd.Series([p.nation for p in everyone], dtype="str")
    return responses, pd.DataFrame(rows, columns=["row", "field", "code"]), located


def tabulated(everyone: Sequence[Person]) -> list[Table]:
    return make_tables(survey(), specs(), *frames(everyone), "test")


def belongs(person: Person, variable: str, code: str) -> bool:
    """Whether a child is counted under this code, by definitions written here and nowhere else."""
    if variable in ("important", "worries"):
        answered = person.codes.get(variable, ())
        if code == "Total":
            return bool(answered)
        return bool(answered) and ((code.removeprefix("not ") in answered) != code.startswith("not "))
    if code == "Total":
        return True
    if variable == "age_band":
        return person.band in BANDS.get(code, (code,))
    if variable == "area":
        if code == "not_known":
            return person.council is None
        return person.council is not None and code in (person.council, Councils.of_2025().regions[person.council])
    if variable == "home":
        return person.codes["where_live"][0] in HOMES[code]
    together = {"another_or_not_said": ("another", "dont_know", "opt_out"), "not_said": ("dont_know", "opt_out")}
    together |= {"no_answer": ("dont_know", "not_applicable", "opt_out")}
    return person.codes[SINGLE[variable]][0] in together.get(code, (code,))


def counted_by_hand(everyone: Sequence[Person], table: Table) -> np.ndarray[Any, Any]:
    inside = [p for p in everyone if p.nation in (None, "England") and all(belongs(p, name, code) for name, code in table.where)]
    codes = [dimension.codes for dimension in table.dimensions]
    names = [dimension.name for dimension in table.dimensions]
    counts = np.zeros(tuple(len(part) for part in codes), np.int64)
    for person in inside:
        mine = [[k for k, code in enumerate(part) if belongs(person, name, code)] for name, part in zip(names, codes, strict=True)]
        for cell in product(*mine):
            counts[cell] += 1
    return counts


@settings(max_examples=25, deadline=None)
@given(st.lists(people(), max_size=14))
def test_every_cell_of_every_table_counts_whom_it_says(everyone: list[Person]) -> None:
    for table in tabulated(everyone):
        np.testing.assert_array_equal(table.counts, counted_by_hand(everyone, table), err_msg=table.id)


@settings(max_examples=10, deadline=None)
@given(st.lists(people(), max_size=14))
def test_cells_are_kept_and_read_back_as_the_same_tables(everyone: list[Person]) -> None:
    tables = tabulated(everyone)
    again = [each.table for each in from_cells(to_cells([Counted(table) for table in tables]), specs(), "test")]
    assert [(t.id, t.dimensions, t.title, t.population, t.where) for t in again] == [
        (t.id, t.dimensions, t.title, t.population, t.where) for t in tables
    ]
    for before, after in zip(tables, again, strict=True):
        np.testing.assert_array_equal(before.counts, after.counts)


@settings(max_examples=12, deadline=None)
@given(st.lists(people(), min_size=1, max_size=14), st.booleans())
def test_no_table_tells_who_answered_an_easy_read_form(everyone: list[Person], older: bool) -> None:
    """Had the same children given the same answers in the usual forms, every table would be the same (A17)."""

    def usual(person: Person) -> Person:
        form = person.form.removeprefix("easy-")
        if form == "9-17":
            form = person.band if person.band != "9-17_not_stated" else ("13-17" if older else "9-12")
        return replace(person, form=form)

    for easy, plain in zip(tabulated(everyone), tabulated([usual(person) for person in everyone]), strict=True):
        np.testing.assert_array_equal(easy.counts, plain.counts, err_msg=easy.id)


@settings(max_examples=10, deadline=None)
@given(st.lists(people(), min_size=1, max_size=8), st.data())
def test_an_answer_outside_its_question_stops_everything_and_is_not_told(everyone: list[Person], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(everyone) - 1))
    field = data.draw(st.sampled_from(FIELDS[1:]))
    strange = replace(everyone[at], codes={**everyone[at].codes, field: ("zofia-canary",)}, nation=None)
    with pytest.raises(TableSpecError) as raised:
        tabulated([*everyone[:at], strange, *everyone[at + 1 :]])
    assert "zofia" not in str(raised.value)


@settings(max_examples=10, deadline=None)
@given(
    people().filter(lambda person: person.band not in ("4-5", "6-8")),
    st.sampled_from(["gender", "ethnic_group", "where_live", "better_life", "important", "worries"]),
)
def test_a_child_who_was_not_asked_stops_everything(person: Person, field: str) -> None:
    """Counted, it would be in a category that it did not choose; left out, a total would tell that it was not asked."""
    left = {name: codes for name, codes in person.codes.items() if name != field}
    with pytest.raises((DisclosureError, TableSpecError), match=r"not_asked|not asked"):
        tabulated([replace(person, codes=left, nation=None)])
