"""Each opening gate, opened wrongly: whatever is missing keeps the survey shut, and is said in a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from forms.survey import Form, Survey
from governance.approvals import Signed
from governance.gates import Gate, GateShut
from governance.opening import CHECKS, NOTICE, Situation, standing
from governance.record import Processor, Processors, load_record
from governance.risks import Likelihood, Rating, Register, Severity
from retention.schedule import Rule, Schedule
from retention.steps import Verb
from tests.governance.records import change, decision, open_situation, own_record, signatures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return own_record(tmp_path / "record")


@pytest.fixture
def at(folder: Path) -> Situation:
    return open_situation(folder)


def shut_by(at: Situation, gate: Gate) -> list[str]:
    """What this gate says is missing; no other gate says anything."""
    missing = standing(at).missing
    assert {one.gate for one in missing} <= {gate}, [str(one) for one in missing]
    return [one.sentence for one in missing]


def test_with_everything_in_place_it_is_open(at: Situation) -> None:
    found = standing(at)
    assert (found.missing, found.open, found.demonstration) == ((), True, False)
    found.require()


def test_the_opening_asks_every_gate_that_is_not_a_step_s() -> None:
    assert set(CHECKS) == set(Gate) - {Gate.G7, Gate.G8, Gate.G11}
    assert all(gate.requires for gate in Gate)


def test_what_is_missing_is_raised_gate_by_gate(at: Situation) -> None:
    shut = replace(at, signed=Signed(at.record, ()), helplines=())
    with pytest.raises(GateShut, match=r"G2: Nobody has signed 'measures'.* G10: No help line is listed") as raised:
        standing(shut).require()
    assert [one.gate for one in raised.value.missing] == [Gate.G2, Gate.G2, Gate.G2, Gate.G10]


# -- G1


def with_form(survey: Survey, form: Form) -> Survey:
    return replace(survey, forms={**survey.forms, form.id: form})


def test_g1_a_question_without_the_opt_out_shuts_it(at: Situation) -> None:
    form = at.survey.forms["6-8"]
    question = form.questions[0]
    object.__setattr__(changed := replace(question), "options", question.options[:-1])  # past its own check
    pages = tuple(replace(page, questions=(changed,)) if page.questions[0] == question else page for page in form.pages)
    broken = with_form(at.survey, replace(form, pages=pages))
    assert shut_by(replace(at, survey=broken), Gate.G1) == [
        "Question 'feelings' of form '6-8' cannot be refused: give it the option \"I don't want to say\"."
    ]


@pytest.mark.parametrize("key", NOTICE)
def test_g1_a_form_without_each_part_of_its_notice_shuts_it(at: Situation, key: str) -> None:
    form = at.survey.forms["13-17"]
    words = MappingProxyType({**form.words, key: " "})
    assert shut_by(replace(at, survey=with_form(at.survey, replace(form, words=words))), Gate.G1) == [
        f"Form '13-17' has no privacy notice '{key}': write it in the words of its readers."
    ]


# -- G2


@pytest.mark.parametrize("lacking", ["measures", "residual_risk", "dpo_advice"])
def test_g2_no_opening_without_each_signature(at: Situation, lacking: str) -> None:
    signed = Signed(at.record, tuple(one for one in at.signed.decisions if one.content["what"] != lacking))
    (sentence,) = shut_by(replace(at, signed=signed), Gate.G2)
    assert sentence.startswith(f"Nobody has signed '{lacking}'")


def test_g2_a_signature_is_of_one_text(folder: Path, at: Situation) -> None:
    """One letter changed after signing, and every signature must be given anew."""
    decisions = at.signed.decisions
    change(folder, "risks.yaml", "A number in a table stands for one child", "A number in a table stands for a child")
    now = load_record(folder)
    assert now.sha256 != at.record.sha256
    assert len(shut_by(replace(at, record=now, signed=Signed.about(now, decisions)), Gate.G2)) == 3


def test_g2_a_signature_by_the_wrong_role_or_an_example_is_none(folder: Path, at: Situation) -> None:
    others = tuple(one for one in signatures(at.record) if one.content["what"] != "measures")
    for account in ("adam.asset", "nobody.known"):
        wrong = Signed(at.record, (*others, decision(at.record, "dpia-approve", account, what="measures")))
        assert len(shut_by(replace(at, signed=wrong), Gate.G2)) == 1
    text = (folder / "people.yaml").read_text(encoding="utf-8").replace('example: "false"', 'example: "true"')
    (folder / "people.yaml").write_text(text, encoding="utf-8")
    examples = open_situation(folder)
    assert len(shut_by(examples, Gate.G2)) == 3


def test_g2_the_officer_does_not_sign_what_the_officer_advises_on(folder: Path) -> None:
    change(folder, "people.yaml", "roles: [data_protection_officer]", "roles: [data_protection_officer, senior_responsible_owner]")
    at = open_situation(folder)
    others = tuple(one for one in at.signed.decisions if one.content["what"] != "measures")
    both = Signed(at.record, (*others, decision(at.record, "dpia-approve", "dora.officer", what="measures")))
    (sentence,) = shut_by(replace(at, signed=both), Gate.G2)
    assert "somebody else signs" in sentence


def test_g2_the_example_opens_nothing(folder: Path) -> None:
    change(folder, "assessment.yaml", 'example: "false"', 'example: "true"')
    (sentence,) = shut_by(open_situation(folder), Gate.G2)
    assert "is the example that comes with the project" in sentence


def with_high_risk(at: Situation) -> Situation:
    first, *others = at.record.register.risks
    high = Rating(Likelihood.PROBABLE, Severity.SEVERE)
    register = Register((replace(first, before=high, after=high), *others), at.record.register.measures)
    record = replace(at.record, register=register)
    return replace(at, record=record, signed=Signed(record, at.signed.decisions))


def test_g2_a_high_risk_waits_for_the_ico(at: Situation) -> None:
    high = with_high_risk(at)
    (sentence,) = shut_by(high, Gate.G2)
    assert (
        sentence
        == "Risks that stay high without the ICO's opinion on record: small_counts. Ask the ICO before anything is collected (Art. 36)."
    )
    asked = decision(at.record, "dpia-consult-ico", "dora.officer", opinion="No objection.", reference="IC-1")
    assert shut_by(replace(high, signed=Signed(high.record, (*high.signed.decisions, asked))), Gate.G2) == []


@pytest.mark.parametrize(("days", "missing"), [(181, 0), (182, 0), (183, 1)])
def test_g2_a_review_is_overdue_on_the_day_after_its_period(folder: Path, days: int, missing: int) -> None:
    at = open_situation(folder)
    later = at.today + timedelta(days=days)
    lines = tuple(replace(line, checked_on=later) for line in at.helplines)
    found = shut_by(replace(at, today=later, helplines=lines), Gate.G2)
    assert len(found) == missing
    if missing:
        assert found[0].startswith(f"A review has been overdue since {(at.today + timedelta(days=182)).isoformat()}")
        held = decision(at.record, "dpia-review", "dora.officer", later, outcome="Looked at it all again.")
        renewed = Signed(at.record, (*at.signed.decisions, held))
        assert shut_by(replace(at, today=later, helplines=lines, signed=renewed), Gate.G2) == []


# -- G3 to G6


def test_g3_a_difference_shuts_it_and_a_signed_amendment_opens_it(at: Situation) -> None:
    live = {**at.live, "policy": {**at.live["policy"], "threshold": "5"}}  # type: ignore[index]
    (sentence,) = shut_by(replace(at, live=live), Gate.G3)
    assert sentence == "policy: 'threshold' is 5; assessed was 10. Put it back, or sign for it with `bigask dpia amend policy`."
    signed_for = decision(at.record, "dpia-amend", "dora.officer", live={"policy": live["policy"]}, reason="x")  # type: ignore[index]
    amended = Signed(at.record, (*at.signed.decisions, signed_for))
    assert shut_by(replace(at, live=live, signed=amended), Gate.G3) == []
    further = {**live, "policy": {**live["policy"], "threshold": "3"}}  # type: ignore[index]
    assert len(shut_by(replace(at, live=further, signed=amended), Gate.G3)) == 1


def test_g4_a_question_without_an_entry_shuts_it_and_so_does_an_entry_without_a_question(at: Situation) -> None:
    asked = at.record.variables.asked
    gone = replace(at.record.variables, asked=tuple(one for one in asked if "feelings" not in one.ids))
    record = replace(at.record, variables=gone)
    assert shut_by(replace(at, record=record), Gate.G4) == [
        "Question 'feelings' has no purpose, basis, retention and release rule: declare it in variables.yaml.",
        "Question 'happiness' has no purpose, basis, retention and release rule: declare it in variables.yaml.",
    ]
    more = replace(at.record.variables, asked=(*asked, replace(asked[0], ids=("religion",))))
    assert shut_by(replace(at, record=replace(at.record, variables=more)), Gate.G4) == [
        "Variable 'religion' is declared but never asked: remove it from variables.yaml."
    ]


def test_g5_a_derived_variable_without_an_entry_or_of_another_version_shuts_it(at: Situation) -> None:
    assert shut_by(replace(at, derived={"has_special_needs": "1", "home": "2"}), Gate.G5) == [
        "The derived variable 'has_special_needs' has no entry: declare it in variables.yaml before it is made.",
        "The derived variable 'home' is version 2, and version 1 was assessed: assess the new one.",
    ]


def test_g6_a_private_key_on_the_collection_server_shuts_the_door(at: Situation, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "body-w.pub").write_text("00")
    there = replace(at, collection_keys=keys)
    assert shut_by(there, Gate.G6) == []
    (keys / "body-w.key").write_text("00")
    assert shut_by(there, Gate.G6) == [
        "'body-w.key' lies beside the public keys of the collection server: only .pub files belong there; move it away at once."
    ]


# -- G9, G10


def with_rule(schedule: Schedule, kind: str, days: int | None) -> Schedule:
    rules = {name: rule for name, rule in schedule.rules.items() if name != kind}
    return replace(schedule, rules=rules if days is None else {**rules, kind: Rule(kind, "Something", "somebody", days)})


def test_g9_everything_has_a_rule_that_ends_in_destruction(at: Situation) -> None:
    assert shut_by(replace(at, schedule=with_rule(at.schedule, "texts_clean", None)), Gate.G9) == [
        "The data set 'texts_clean' has no retention rule: add one to retention/schedule.yaml."
    ]
    assert shut_by(replace(at, schedule=with_rule(at.schedule, "texts_clean", 730)), Gate.G9) == []
    (sentence,) = shut_by(replace(at, schedule=with_rule(at.schedule, "texts_clean", 731)), Gate.G9)
    assert "731 days: two years are the longest" in sentence


@pytest.mark.parametrize(("days", "missing"), [(364, 0), (365, 0), (366, 1), (-1, 1)])
def test_g10_help_lines_are_checked_within_the_year(at: Situation, days: int, missing: int) -> None:
    first, *others = at.helplines
    lines = (replace(first, checked_on=at.today - timedelta(days=days)), *others)
    found = shut_by(replace(at, helplines=lines), Gate.G10)
    assert len(found) == missing
    assert all(first.name in sentence for sentence in found)


@pytest.mark.parametrize("verb", list(Verb))
def test_g10_the_record_of_processing_knows_every_step(at: Situation, verb: Verb) -> None:
    processing = at.record.processing
    purposes = tuple(replace(one, steps=tuple(step for step in one.steps if step != verb)) for one in processing.purposes)
    record = replace(at.record, processing=replace(processing, purposes=purposes))
    assert shut_by(replace(at, record=record), Gate.G10) == [
        f"The step '{verb}' serves no purpose in the record of processing: add it to processing.yaml."
    ]


def test_g10_special_categories_need_their_condition_and_places_are_never_released(at: Situation) -> None:
    processing = at.record.processing
    bare = replace(processing, purposes=tuple(replace(one, basis="6(1)(e)") for one in processing.purposes))
    assert len(shut_by(replace(at, record=replace(at.record, processing=bare)), Gate.G10)) == 1
    asked = tuple(replace(one, release="table_counts") if "postcode" in one.ids else one for one in at.record.variables.asked)
    record = replace(at.record, variables=replace(at.record.variables, asked=asked))
    assert [sentence.split(" leads")[0] for sentence in shut_by(replace(at, record=record), Gate.G10)] == ["'postcode'", "'school'"]


# -- demonstrations


@pytest.mark.parametrize(("days", "missing"), [(0, 0), (-1, 1)])
def test_g10_a_contract_that_ended_shuts_it(at: Situation, days: int, missing: int) -> None:
    host = Processor("host", "Hosting Ltd", "runs it", ("x.example",), "C-1", at.today + timedelta(days=days), "all copies", ())
    found = shut_by(replace(at, record=replace(at.record, processors=Processors(("this machine",), (host,)))), Gate.G10)
    assert len(found) == missing
    assert all("The contract with Hosting Ltd ended on" in sentence for sentence in found)


def test_a_demonstration_waives_signatures_and_dates_and_nothing_else(at: Situation) -> None:
    only = Signed(at.record, (decision(at.record, "dpia-demonstrate", "anna", live={}),))
    later = at.today + timedelta(days=4000)
    found = standing(replace(at, signed=only, today=later))
    assert (found.missing, found.demonstration) == ((), True)
    assert not standing(replace(at, signed=only, derived={"unknown": "1"})).open
    assert not standing(replace(at, signed=only, live={**at.live, "forms": {}})).open  # type: ignore[dict-item]


def test_once_somebody_signs_in_earnest_the_demonstration_is_over(at: Situation) -> None:
    both = Signed(at.record, (decision(at.record, "dpia-demonstrate", "anna", live={}), at.signed.decisions[0]))
    found = standing(replace(at, signed=both))
    assert not found.demonstration
    assert not found.open
