"""The gates that steps of the pipeline ask: purpose, derived variables, proofs of destruction, quotes and releases.

Each raises GateShut with what is missing, in sentences.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from governance.gates import Gate, GateShut, Missing
from governance.record import Record
from retention.secure_store import SecureStore, Wave
from retention.steps import NEEDS, Verb, require

SHOWN_WITH_A_QUOTE = frozenset({"age_band"})
APPROVERS = 2
CLEANED = "texts_clean"
TEXTS_MAY_LEAVE = "cleaned_text"
RELEASE_LISTS = ("tables", "policy", "attack")


def require_purpose(record: Record, verb: Verb, data: Collection[str] = ()) -> None:
    """G11: the step serves a purpose on record, and that purpose covers the data sets it uses."""
    purposes = [purpose for purpose in record.processing.purposes if verb in purpose.steps]
    if not purposes:
        _shut(Gate.G11, f"The step '{verb}' serves no purpose on record: a new use is a new entry in processing.yaml, and new signatures.")
    covered = {kind for purpose in purposes for kind in purpose.data}
    for kind in sorted(set(data) - covered):
        _shut(Gate.G11, f"The step '{verb}' has no purpose that covers '{kind}': a new use is a new entry in processing.yaml.")


def require_derived(record: Record, derived: Mapping[str, str]) -> None:
    """G5: every derived variable (name to version) has its entry in this version."""
    for name, version in derived.items():
        entry = record.variables.derived_as(name)
        if entry is None:
            _shut(Gate.G5, f"The derived variable '{name}' has no entry in variables.yaml: declare it before it is made.")
        elif entry.version != version:
            _shut(Gate.G5, f"The derived variable '{name}' is version {version}; the record has {entry.version}: assess the new one.")


def require_proofs(store: SecureStore, wave: Wave, verb: Verb) -> None:
    """G7: certificates that hold for everything that must be destroyed before this step, and steps that still ask for them.

    Raises StepRefused where a proof is missing, as the step itself does.
    """
    require(store, wave, verb)
    for later in list(Verb)[list(Verb).index(Verb.SCRUB) :]:
        if "locators" not in NEEDS[later].destroyed:
            _shut(Gate.G7, f"The step '{later}' does not ask for the certificate of postcodes and school names: put it back into NEEDS.")


def require_release(metadata: Mapping[str, Any]) -> None:
    """G8: the release says which tables, rules and results of the attack it holds. That two others approve it, retention.releases holds."""
    for part in RELEASE_LISTS:
        if not metadata.get(part):
            _shut(Gate.G8, f"The release does not list its {part}: draft it anew.")
    if metadata["attack"].get("exposed") != 0:
        _shut(Gate.G8, "The attack on the release is not on record as having found nothing: protect the tables again.")


def require_quote(
    record: Record, proposer: str, approvers: Collection[str], shown_with: Collection[str], missed_per_thousand: float | None
) -> None:
    """Before a quote leaves: a bound on what was missed, two other people, and nothing beside it but an age band (A21).

    `missed_per_thousand`: upper confidence bound of texts in which the blind reading found what scrubbing and review had missed.
    """
    _require_cleaned(record, "A quote", shown_with, missed_per_thousand)
    if len({person for person in approvers if person} - {proposer}) < APPROVERS:
        _shut(Gate.G8, f"A quote needs {APPROVERS} approvals by people who did not propose it.")


def require_texts(record: Record, questions: Collection[str], shown_with: Collection[str], missed_per_thousand: float | None) -> None:
    """Before cleaned texts leave as a file: a purpose that covers them, a release rule of each question that allows it, and what a
    quote needs beside people: the release that they leave in needs its own three.
    """
    require_purpose(record, Verb.RELEASE, [CLEANED])
    rules = {question: variable.release for variable in record.variables.asked for question in variable.ids}
    for question in sorted(questions):
        if rules.get(question) != TEXTS_MAY_LEAVE:
            _shut(
                Gate.G4,
                f"Texts of '{question}' may not leave as a file: their release rule in variables.yaml is '{rules.get(question, 'none')}', "
                f"and only '{TEXTS_MAY_LEAVE}' lets them. A new use is a new entry, and new signatures.",
            )
    _require_cleaned(record, "A text", shown_with, missed_per_thousand)


def _require_cleaned(record: Record, what: str, shown_with: Collection[str], missed_per_thousand: float | None) -> None:
    limit = record.assessment.quotes_missed_per_thousand
    if missed_per_thousand is None or missed_per_thousand != missed_per_thousand:
        _shut(Gate.G8, "No bound on what was missed in cleaned texts is on record: draw the blind sample and read it first.")
    elif not 0 <= missed_per_thousand <= limit:
        _shut(
            Gate.G8,
            f"Up to {missed_per_thousand:.1f} texts in 1,000 may hold a name, and {limit} are the most for what leaves: read more.",
        )
    for name in sorted(set(shown_with) - SHOWN_WITH_A_QUOTE):
        _shut(Gate.G8, f"{what} is shown with an age band and nothing else: leave out '{name}'.")


def _shut(gate: Gate, sentence: str) -> NoReturn:
    raise GateShut([Missing(gate, sentence)])
