"""The record is whole, real and bound to what is there; a record that is not says in one sentence what to mend."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from governance.assurance import unfound
from governance.reading import RecordError
from governance.record import FILES, digest, load_record, record_folder
from governance.risks import Level, Likelihood, Rating, Severity
from tests.governance.records import SHIPPED, change, own_record

RECORD = load_record(SHIPPED)
IDLE = "  - {code: idle, does: Nothing., modules: [api.child], tests: ['tests/unit/test_a.py::test_b']}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "record")
    return tmp_path / "record"


def refused(folder: Path) -> str:
    with pytest.raises(RecordError) as raised:
        load_record(folder)
    sentence = str(raised.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


# -- what the bundled record holds


def test_every_module_and_test_that_measures_are_bound_to_is_there() -> None:
    assert unfound(RECORD.register) == []


def test_a_module_or_test_that_is_gone_is_found_to_be(folder: Path) -> None:
    change(folder, "risks.yaml", "disclosure.primary, disclosure.secondary", "disclosure.primary, disclosure.gone")
    change(folder, "risks.yaml", "::test_no_withheld_cell_is_pinned_down", "::test_that_was_renamed")
    change(folder, "risks.yaml", "tests/attack/test_child_residue.py::", "tests/attack/test_that_was_deleted.py::")
    lost = unfound(load_record(folder).register)
    assert [name.rpartition("::")[2] for name in lost] == [
        "disclosure.gone",
        "test_that_was_renamed",
        "test_a10_a11_whoever_comes_next_finds_nothing_on_the_screen_and_no_byte_on_the_disk",
    ]


def test_the_register_is_of_some_size_and_no_risk_stays_high() -> None:
    assert len(RECORD.register.risks) >= 15
    assert RECORD.register.high() == ()
    assert {risk.before.level for risk in RECORD.register.risks} == set(Level)


def test_the_bundled_record_is_an_example_and_so_are_its_people() -> None:
    assert RECORD.assessment.example
    assert all(person.example and person.name.startswith("EXAMPLE") for person in RECORD.people.staff)
    assert all(one.example and one.whom.startswith("EXAMPLE") for one in RECORD.consultations.held)
    assert any(one.children for one in RECORD.consultations.held)


def test_every_data_set_that_is_kept_has_a_purpose() -> None:
    from retention.schedule import load_schedule

    named = {kind for purpose in RECORD.processing.purposes for kind in purpose.data}
    assert set(load_schedule().rules) - named == set(), "add the data set to a purpose in processing.yaml"


def test_every_role_is_held_by_somebody() -> None:
    assert {role for person in RECORD.people.staff for role in person.roles} == set(RECORD.people.roles)


# -- what is signed


@pytest.mark.parametrize("name", [*(file for file, _ in FILES.values()), "declared.yaml"])
def test_a_byte_more_in_any_file_is_another_record(folder: Path, name: str) -> None:
    before = digest(folder)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("#")
    assert digest(folder) != before


@pytest.mark.parametrize("name", [*(file for file, _ in FILES.values()), "declared.yaml"])
def test_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refused(folder).startswith(f"{name} is missing in the record 'record'")


def test_a_survey_without_a_record_is_said_so() -> None:
    with pytest.raises(RecordError, match="no impact assessment of survey 'other'"):
        record_folder("other")


def test_an_office_s_own_record_comes_first(tmp_path: Path) -> None:
    own = own_record(tmp_path / "assessment")
    assert record_folder("big_ask", own) == own
    assert record_folder("big_ask", tmp_path / "none") == SHIPPED


# -- what is refused


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("assessment.yaml", "review_after_days:", "reviewed_maybe:", "unknown key 'reviewed_maybe'"),
        ("assessment.yaml", 'review_after_days: "182"\n', "", "'review_after_days' is missing"),
        ("assessment.yaml", '"182"', '"366"', "review_after_days is 1 to 365"),
        ("assessment.yaml", '"182"', "often", "review_after_days must be a whole number"),
        ("assessment.yaml", "assessed_on: 2026-11-22", "assessed_on: last autumn", "must be a day such as 2026-01-31"),
        ("assessment.yaml", "{code: residual_risk,", "{code: something,", "the approval 'residual_risk' must be asked for"),
        ("assessment.yaml", "roles: [senior_responsible_owner]", "roles: [nobody]", "names the unknown role 'nobody'"),
        ("assessment.yaml", "nature:\n", "nature: []\nx:\n", "unknown key 'x'"),
        ("risks.yaml", "measures: [attack_first, earlier_releases, one_hierarchy]", "measures: []", "has no measure"),
        ("risks.yaml", "measures: [threshold,", "measures: [wishing,", "names the measure 'wishing', which is not described"),
        ("risks.yaml", "measures: [threshold,", "measures: [three_people,", "names a measure twice"),
        ("risks.yaml", "code: differencing", "code: small_counts", "risk 'small_counts' is there twice"),
        ("risks.yaml", "owner: output_checker", "owner: somebody", "owned by the unknown role 'somebody'"),
        ("risks.yaml", "after: {likelihood: remote, severity: sig", "after: {likelihood: remote, severity: severe}  # ", "rated worse"),
        ("risks.yaml", "likelihood: probable", "likelihood: certain", "is one of remote, possible, probable"),
        ("risks.yaml", "gdpr: [", "gdpr: []\n    x: [", "unknown key 'x'"),
        ("risks.yaml", "uncrc: [3, 12, 16]", "uncrc: [3, 55]", "articles run from 1 to 54"),
        ("risks.yaml", "standards: [best interests,", "standards: [kindness,", "is one of best interests"),
        ("risks.yaml", "    modules: [disclosure.primary, disclosure.secondary]", "    modules: []", "names no module"),
        ("risks.yaml", "modules: [disclosure.primary,", "modules: [numpy.linalg,", "'numpy.linalg' is no module"),
        ("risks.yaml", "tests/property/test_protect.py::test_no_withheld", "test_no_withheld", "is no test, such as"),
        ("risks.yaml", "\nmeasures:\n", f"\nmeasures:\n{IDLE}", "measure 'idle' protects against no risk"),
        ("best_interests.yaml", "  incident:", "  accident:", "the triggers of a new assessment are"),
        ("variables.yaml", "release: never}", "release: always}", "unknown release rule 'always'"),
        ("variables.yaml", "{ids: [important],", "{ids: [feelings],", "variable 'feelings' is declared twice"),
        ("variables.yaml", "purpose: locating", "purpose: curiosity", "unknown purpose 'curiosity'"),
        ("variables.yaml", "special_category: true, purpose: published_tables, basis: 6(1)(e), article_9: 9(2)(g)",
         "special_category: true, purpose: published_tables, basis: 6(1)(e), article_9: none", "name its Article 9 condition"),
        ("people.yaml", "roles: [senior_responsible_owner]", "roles: [king]", "holds the unknown role 'king'"),
        ("processors.yaml", "\nprocessors: []", "\nprocessors: [{code: x}]", "'name' is missing"),
        ("processing.yaml", "transfers: None outside the United Kingdom", "transfers: ''", "must be a text"),
    ],
)  # fmt: skip
def test_what_a_record_may_not_say(folder: Path, name: str, old: str, new: str, sentence: str) -> None:
    change(folder, name, old, new)
    assert sentence in refused(folder)


def test_a_measure_without_a_test_is_refused(folder: Path) -> None:
    change(
        folder,
        "risks.yaml",
        "    tests:\n      - tests/attack/test_disclosure_audit.py::test_a_published_group_in_one_category_is_found\n",
        "    tests: []\n",
    )
    assert "measure 'group_rule' names no test that shows that it works" in refused(folder)


def test_a_record_without_children_s_voices_is_refused(folder: Path) -> None:
    text = (folder / "consultations.yaml").read_text(encoding="utf-8").replace('children: "true"', 'children: "false"')
    (folder / "consultations.yaml").write_text(text, encoding="utf-8")
    assert "no consultation with children is on record" in refused(folder)


def test_a_key_given_twice_is_refused(folder: Path) -> None:
    change(folder, "assessment.yaml", 'version: "1"', 'version: "1"\nversion: "2"')
    assert "'version' is there twice" in refused(folder)


# -- the matrix


@pytest.mark.parametrize(
    ("severity", "levels"),
    [
        (Severity.MINIMAL, (Level.LOW, Level.LOW, Level.LOW)),
        (Severity.SIGNIFICANT, (Level.LOW, Level.MEDIUM, Level.HIGH)),
        (Severity.SEVERE, (Level.MEDIUM, Level.HIGH, Level.HIGH)),
    ],
)
def test_the_matrix(severity: Severity, levels: tuple[Level, ...]) -> None:
    assert tuple(Rating(likelihood, severity).level for likelihood in Likelihood) == levels
