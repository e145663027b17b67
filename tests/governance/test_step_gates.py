"""The gates that steps ask, each opened wrongly (G5, G7, G8, G11, and quotes)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance import step_gates
from governance.gates import Gate, GateShut
from governance.record import Record, load_record
from governance.step_gates import require_derived, require_proofs, require_purpose, require_quote, require_release
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave
from retention.steps import NEEDS, Needs, Verb
from tests.governance.records import SHIPPED

RECORD = load_record(SHIPPED)
LIMIT = RECORD.assessment.quotes_missed_per_thousand
METADATA = {"tables": [{"id": "gender"}], "policy": {"name": "strict"}, "attack": {"exposed": 0}}


def without_step(verb: Verb) -> Record:
    purposes = tuple(replace(one, steps=tuple(step for step in one.steps if step != verb)) for one in RECORD.processing.purposes)
    return replace(RECORD, processing=replace(RECORD.processing, purposes=purposes))


@pytest.mark.parametrize("verb", list(Verb))
def test_g11_a_step_without_a_purpose_on_record_does_not_start(verb: Verb) -> None:
    require_purpose(RECORD, verb)
    with pytest.raises(GateShut, match=f"G11: The step '{verb}' serves no purpose on record: a new use is a new entry"):
        require_purpose(without_step(verb), verb)


def test_g11_a_purpose_covers_the_data_it_names_and_no_other() -> None:
    require_purpose(RECORD, Verb.LOCATE, ["locators", "located"])
    with pytest.raises(GateShut, match="has no purpose that covers 'texts_clean'"):
        require_purpose(RECORD, Verb.LOCATE, ["located", "texts_clean"])


def test_g5_a_derived_variable_without_an_entry_is_not_made() -> None:
    require_derived(RECORD, {"home": "1", "age_band": "1"})
    with pytest.raises(GateShut, match="G5: The derived variable 'has_special_needs' has no entry"):
        require_derived(RECORD, {"home": "1", "has_special_needs": "1"})
    with pytest.raises(GateShut, match="G5: The derived variable 'home' is version 2; the record has 1"):
        require_derived(RECORD, {"home": "2"})


def test_g7_no_analysis_without_receipts_for_postcode_and_school(sqlite_store: SecureStore) -> None:
    wave = Wave("w", "big_ask", "body-w", "locator-w")
    sqlite_store.add_wave(wave, Entry("anna", "wave-open", "w"))
    for verb in (Verb.SCRUB, Verb.TABULATE, Verb.RELEASE):
        with pytest.raises(StepRefused, match="cannot start on wave 'w'"):
            require_proofs(sqlite_store, wave, verb)
    require_proofs(sqlite_store, wave, Verb.TRANSFER)


def test_g7_a_step_that_no_longer_asks_for_the_receipts_is_found(sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = Wave("w", "big_ask", "body-w", "locator-w")
    sqlite_store.add_wave(wave, Entry("anna", "wave-open", "w"))
    monkeypatch.setattr(step_gates, "NEEDS", {**NEEDS, Verb.PROTECT: Needs(Verb.TABULATE)})
    with pytest.raises(GateShut, match="'protect' does not ask for the certificate of postcodes"):
        require_proofs(sqlite_store, wave, Verb.TRANSFER)


@pytest.mark.parametrize("part", ["tables", "policy", "attack"])
def test_g8_a_release_lists_tables_rules_and_attack(part: str) -> None:
    require_release(METADATA)
    for metadata in ({key: value for key, value in METADATA.items() if key != part}, {**METADATA, part: {}}):
        with pytest.raises(GateShut, match=f"G8: The release does not list its {part}"):
            require_release(metadata)


@pytest.mark.parametrize("attack", [{"exposed": 1}, {"exposed": None}, {"cells": 3}])
def test_g8_an_attack_that_found_something_or_says_nothing_stops_it(attack: dict[str, object]) -> None:
    with pytest.raises(GateShut, match="not on record as having found nothing"):
        require_release({**METADATA, "attack": attack})


@pytest.mark.parametrize("bound", [None, float("nan"), LIMIT + 0.01, float("inf"), -1.0])
def test_no_quote_leaves_without_a_bound_on_what_was_missed(bound: float | None) -> None:
    require_quote(RECORD, "ann", ["ben", "chloe"], ["age_band"], float(LIMIT))
    with pytest.raises(GateShut) as raised:
        require_quote(RECORD, "ann", ["ben", "chloe"], ["age_band"], bound)
    assert raised.value.missing[0].gate is Gate.G8


@pytest.mark.parametrize("approvers", [[], ["ben"], ["ben", "ben"], ["ben", "ann"], ["ben", ""]])
def test_no_quote_leaves_with_fewer_than_two_other_people(approvers: list[str]) -> None:
    with pytest.raises(GateShut, match="A quote needs 2 approvals by people who did not propose it"):
        require_quote(RECORD, "ann", approvers, [], 0.0)


def test_a_quote_is_shown_with_an_age_band_and_nothing_else() -> None:
    with pytest.raises(GateShut, match="leave out 'gender'"):
        require_quote(RECORD, "ann", ["ben", "chloe"], ["age_band", "gender"], 0.0)
