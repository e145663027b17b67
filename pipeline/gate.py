"""The pipeline's way to the gates: gathers what runs here, holds it against the assessment, and opens or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from disclosure.policy import Policy, load_policy
from forms.helplines import helplines
from forms.load import load_survey
from forms.survey import Survey
from governance import approvals, permit, step_gates
from governance.approvals import Signed
from governance.drift import Configuration, Part, host_of, load_declared, of_hosts, of_schedule, of_survey
from governance.opening import Situation, standing
from governance.record import Processors, Record, load_record, record_folder
from pipeline.table_specs import TABLES, TableSpecs, load_table_specs
from retention.collection_store import CollectionStore
from retention.decisions import decisions
from retention.schedule import load_schedule
from retention.secure_store import SecureStore, Wave, today
from retention.settings import CollectionZone, SecureZone
from retention.steps import Verb
from retention.waves import open_wave


def record_of(survey_id: str, zone: SecureZone) -> Record:
    """The record in force: the office's own in `<secure zone>/assessment`, else the one that comes with the project. Raises RecordError."""
    return load_record(record_folder(survey_id, zone.folder / "assessment"))


def live_configuration(
    survey: Survey, policy: Policy, processors: Processors, secure: SecureZone, collection: CollectionZone | None
) -> Configuration:
    """Every part of the running system that the assessment speaks of."""
    hosts = {"secure database": host_of(secure.database_url)}
    if collection is not None:
        hosts |= {"collection database": host_of(collection.database_url), "child door": host_of(collection.address)}
    published = outputs(load_table_specs(survey))
    return {**of_survey(survey), **published, **of_hosts(hosts, processors), **of_schedule(load_schedule()), **of_policy(policy)}


def outputs(specs: TableSpecs) -> Configuration:
    """The declared tables, and the areas that they are published for."""
    tables: dict[str, str] = {}
    areas: dict[str, list[str]] = {}
    for spec in specs.tables:
        by = " and ".join(f"{name}, {level} level" if level else name for name, level in spec.by)
        tables[spec.id] = by + "".join(f"; only {name} {code}" for name, code in spec.where)
        for name, level in spec.by:
            if specs.variables[name].derive == "area":
                areas.setdefault("region" if level else "council within region", []).append(spec.id)
    return {Part.OUTPUTS: tables, Part.GEOGRAPHIES: {area: ", ".join(ids) for area, ids in areas.items()}}


def of_policy(policy: Policy) -> Configuration:
    """Every rule of the disclosure policy in force."""
    values = {name: _readable(rule.value) for name, rule in policy.rules.items()}
    return {Part.POLICY: {"policy": policy.name, **values}}


def _readable(value: object) -> str:
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value)) or "none"


def derived_variables(survey: Survey) -> Mapping[str, str]:
    """Name and version of every variable that is made of answers (those that pipeline/tables/ gives a version)."""
    data = yaml.safe_load((TABLES / f"{survey.id}.yaml").read_text(encoding="utf-8"))
    return {str(name): str(entry["version"]) for name, entry in data["variables"].items() if "version" in entry}


def situation(store: SecureStore, collection: CollectionZone | None, survey: Survey, policy: Policy | None = None) -> Situation:
    """How things stand today. Raises RecordError, LedgerError, TableSpecError, DisclosureError."""
    from pipeline.steps.protect import DEFAULT_POLICY  # the steps ask this module, so it cannot ask for them on loading

    folder = record_folder(survey.id, store.zone.folder / "assessment")
    record = load_record(folder)
    return Situation(
        record=record,
        signed=Signed.about(record, decisions(store)),
        survey=survey,
        declared=load_declared(folder),
        live=live_configuration(survey, policy or load_policy(DEFAULT_POLICY), record.processors, store.zone, collection),
        schedule=load_schedule(),
        helplines=helplines(),
        today=today(),
        derived=derived_variables(survey),
        collection_keys=collection.keys if collection is not None else None,
    )


def open_survey(store: SecureStore, collection: CollectionStore, zone: CollectionZone, wave_id: str, survey: Survey, actor: str) -> Wave:
    """Ask the opening gate, then open the wave and bring its permit. Raises GateShut with everything that is missing."""
    at = situation(store, zone, survey)
    standing(at).require()
    wave = open_wave(store, collection, zone, wave_id, survey.id, actor)
    permit.issue(store, zone, at, record_folder(survey.id, store.zone.folder / "assessment"))
    return wave


def issue_permit(store: SecureStore, zone: CollectionZone, survey: Survey) -> permit.Permit:
    """A permit anew, after a review or an amendment. Raises GateShut."""
    at = situation(store, zone, survey)
    standing(at).require()
    return permit.issue(store, zone, at, record_folder(survey.id, store.zone.folder / "assessment"))


def demonstrate(store: SecureStore, collection: CollectionZone, survey_id: str, actor: str) -> None:
    """Put the survey up for a demonstration with invented answers: approved by nobody, and said so on every page."""
    at = situation(store, collection, load_survey(survey_id))
    approvals.demonstrate(store, at.record, at.declared, at.live, actor)


def require_tabulation(store: SecureStore, wave: Wave, survey: Survey) -> None:
    """Before answers are counted: purpose, derived variables, proofs of destruction (G5, G7, G11). Raises GateShut."""
    record = record_of(survey.id, store.zone)
    step_gates.require_purpose(record, Verb.TABULATE)
    step_gates.require_derived(record, derived_variables(survey))
    step_gates.require_proofs(store, wave, Verb.TABULATE)


def require_draft(store: SecureStore, survey: Survey, policy: Policy) -> bool:
    """Before a release is drafted: every opening gate again, with the policy that was used, and the purpose. Raises GateShut.

    Returns True if this is a demonstration with invented answers: what is released must say so.
    """
    at = situation(store, None, survey, policy)
    step_gates.require_purpose(at.record, Verb.RELEASE)
    found = standing(at)
    found.require()
    return found.demonstration


def require_approval(metadata: Mapping[str, Any]) -> None:
    """Before somebody signs for a release: what it must list (G8). Raises GateShut."""
    step_gates.require_release(metadata)
