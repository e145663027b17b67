"""Every variable is declared once, with what the pipeline and the forms know of it; none goes further than its rule says."""

from __future__ import annotations

import pytest

from forms.load import load_survey
from forms.survey import Form, Kind
from governance.record import load_record
from pipeline.gate import derived_variables
from pipeline.locate import COLUMNS, OPTIONAL
from pipeline.table_specs import TableSpecs, load_table_specs
from tests.governance.records import SHIPPED

SURVEY = load_survey()
SPECS: TableSpecs = load_table_specs(SURVEY)
VARIABLES = load_record(SHIPPED).variables
SETTINGS = {
    "foster_parents",
    "childrens_home",
    "secure_childrens_home",
    "secure_training_centre",
    "young_offender_institution",
    "inpatient_unit",
}
OUTCOMES = {"outcome", "source", "nation", "school_outcome"}  # whether something was found, not what


@pytest.mark.parametrize("form", list(SURVEY), ids=lambda form: form.id)
def test_every_question_of_every_form_is_declared(form: Form) -> None:
    for question in form.questions:
        declared = VARIABLES.of(question.id)
        assert declared is not None, question.id
        if question.is_locator:
            assert (declared.release, declared.kept_as) == ("never", ("locators",)), question.id
        if question.kind is Kind.TEXT:
            assert declared.release == "quote_only", question.id
        if question.text_field and not question.is_locator:
            assert "texts" in declared.kept_as, question.id


def test_every_variable_of_a_table_is_declared_as_it_is_made() -> None:
    made = derived_variables(SURVEY)
    declared = {name: one.version for one in VARIABLES.derived for name in one.ids if name in SPECS.variables}
    assert declared == made
    for name, spec in SPECS.variables.items():
        if name not in made:
            source = str(spec.answer).partition(".")[0]
            asked = VARIABLES.of(source)
            assert asked is not None, name
            assert asked.release == "table_counts", name


def test_what_a_derived_variable_is_made_of_is_declared() -> None:
    for one in VARIABLES.derived:
        for source in one.made_of:
            assert VARIABLES.of(source) is not None, source


def test_every_column_of_a_place_is_declared_and_stays_inside() -> None:
    for column in {*COLUMNS, *OPTIONAL} - OUTCOMES - {"lad25cd", "rgn"}:
        declared = VARIABLES.derived_as(column)
        assert declared is not None, column
        assert (declared.release, declared.kept_as) == ("inside_only", ("located",))


def test_no_table_is_made_of_what_stays_inside_or_of_single_years() -> None:
    inside = {name for one in VARIABLES.derived if one.release == "inside_only" for name in one.ids}
    fields = {str(spec.answer).partition(".")[0] for spec in SPECS.variables.values() if spec.answer}
    assert not fields & {"age", "school", "postcode", "council"}
    assert not set(SPECS.variables) & inside


def test_no_table_shows_a_setting_by_itself() -> None:
    """Care, custody and hospital are one group, in every table that tells where children live."""
    for name, spec in SPECS.variables.items():
        if spec.answer == "where_live":
            groups = {spec.groups.get(code, code) for code in SETTINGS}
            assert len(groups) == 1, name
            assert sum(group in groups for group in spec.groups.values()) >= len(SETTINGS)
            assert not SETTINGS & set(spec.dimension.codes), name
    assert any(spec.answer == "where_live" for spec in SPECS.variables.values())
