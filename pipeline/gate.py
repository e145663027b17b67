"""The pipeline's way to the gates: gathers what runs here, holds it against the assessment, and opens or refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import yaml

from disclosure.policy import Policy
from forms.helplines import helplines
from forms.load import load_survey
from forms.survey import Survey
from governance import approvals, step_gates
from governance.approvals import Signed
from governance.drift import Configuration, Part, host_of, load_declared, of_hosts, of_safeguarding, of_schedule, of_survey
from governance.gates import Standing
from governance.issue import issue, withdraw
from governance.opening import Situation, standing
from governance.permit import Permit
from governance.record import Processors, Record, load_record, record_folder
from governance.safeguarding import load_policy as load_safeguarding
from pipeline.builder_policy import BuilderPolicy, load_builder_policy
from pipeline.policy_in_force import policy_in_force
from pipeline.table_specs import TABLES, TableSpec, TableSpecs, load_table_specs
from pipeline.theme_frame import Frame, bundled_frames, read_frame
from pipeline.theme_tables import with_tables
from retention.collection_store import CollectionStore
from retention.decisions import decisions
from retention.ledger import Entry
from retention.schedule import load_schedule
from retention.secure_store import SecureStore, Wave, today
from retention.settings import CollectionZone, SecureZone
from retention.shares import Holders
from retention.steps import Verb
from retention.themes import frame_ids, frames
from retention.waves import open_wave


def record_of(survey_id: str, zone: SecureZone) -> Record:
    """The record in force: the office's own in `<secure zone>/assessment`, else the one that comes with the project. Raises RecordError."""
    return load_record(record_folder(survey_id, zone.folder / "assessment"))


def live_configuration(
    survey: Survey,
    policy: Policy,
    processors: Processors,
    secure: SecureZone,
    collection: CollectionZone | None,
    registered: Iterable[Frame] = (),
) -> Configuration:
    """Every part of the running system that the assessment speaks of. `registered`: code frames of the office's own."""
    hosts = {"secure database": host_of(secure.database_url), "staff sign-in": host_of(f"//{secure.staff_proxy}")}
    if collection is not None:
        hosts |= {"collection database": host_of(collection.database_url), "child door": host_of(collection.address)}
    specs = load_table_specs(survey)
    return {
        **of_survey(survey),
        **outputs(specs),
        **theme_outputs(survey, specs, registered),
        **of_hosts(hosts, processors),
        **of_schedule(load_schedule()),
        **of_safeguarding(load_safeguarding()),
        **of_policy(policy, load_builder_policy()),
    }


def outputs(specs: TableSpecs) -> Configuration:
    """The declared tables, and the areas that they are published for."""
    tables: dict[str, str] = {}
    areas: dict[str, list[str]] = {}
    for spec in specs.tables:
        tables[spec.id] = description(spec)
        for name, level in spec.by:
            if specs.variables[name].derive == "area":
                areas.setdefault("region" if level else "council within region", []).append(spec.id)
    return {Part.OUTPUTS: tables, Part.GEOGRAPHIES: {area: ", ".join(ids) for area, ids in areas.items()}}


def description(spec: TableSpec) -> str:
    """What a table counts, in words that change when it does."""
    by = " and ".join(f"{name}, {level} level" if level else name for name, level in spec.by)
    return by + "".join(f"; only {name} {code}" for name, code in spec.where)


def theme_outputs(survey: Survey, specs: TableSpecs, registered: Iterable[Frame]) -> Configuration:
    """The tables that themes of free text may lead to, by the latest version of each code frame: bundled, or registered here."""
    frames = {frame.id: frame for frame in bundled_frames() if frame.survey == survey.id}
    frames |= {frame.id: frame for frame in registered if frame.survey == survey.id}
    found: dict[str, str] = {}
    for frame in frames.values():
        mine = with_tables(specs, frame, frame.codes).tables[len(specs.tables) :]
        said = f"version {frame.version} of {frame.sha256[:12]}, {len(frame.codes)} themes"
        found |= {spec.id: f"{description(spec)}; {said}" for spec in mine}
    return {Part.THEMES: found}


def registered_frames(store: SecureStore) -> list[Frame]:
    """The latest version of each code frame of the office's own."""
    return [read_frame(frames(store, frame_id)[-1][1]) for frame_id in frame_ids(store)]


def of_policy(policy: Policy, builder: BuilderPolicy) -> Configuration:
    """Every rule of the disclosure policy in force, and of the table builder's."""
    values = {"policy": policy.name, **{name: _readable(rule.value) for name, rule in policy.rules.items()}}
    own = {field.name: getattr(builder, field.name) for field in fields(builder) if field.name not in ("disclosure", "reasons")}
    own |= {"policy": builder.disclosure.name, **{name: rule.value for name, rule in builder.disclosure.rules.items()}}
    return {Part.POLICY: values | {f"table builder, {name}": _readable(value) for name, value in own.items()}}


def _readable(value: object) -> str:
    if isinstance(value, frozenset):
        value = sorted(value)
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value)) or "none"


def derived_variables(survey: Survey) -> Mapping[str, str]:
    """Name and version of every variable that is made of answers (those that pipeline/tables/ gives a version)."""
    data = yaml.safe_load((TABLES / f"{survey.id}.yaml").read_text(encoding="utf-8"))
    return {str(name): str(entry["version"]) for name, entry in data["variables"].items() if "version" in entry}


def live_now(store: SecureStore, collection: CollectionZone | None, survey: Survey, policy: Policy | None = None) -> Configuration:
    """What runs at this moment; `policy` is by default the one that the assessment declares, from which steps take it."""
    processors = record_of(survey.id, store.zone).processors
    return live_configuration(
        survey, policy or policy_in_force(survey.id, store.zone), processors, store.zone, collection, registered_frames(store)
    )


def situation(store: SecureStore, collection: CollectionZone | None, survey: Survey, policy: Policy | None = None) -> Situation:
    """How things stand today. Raises RecordError, LedgerError, TableSpecError, DisclosureError."""
    folder = record_folder(survey.id, store.zone.folder / "assessment")
    record = load_record(folder)
    return Situation(
        record=record,
        signed=Signed.about(record, decisions(store)),
        survey=survey,
        declared=load_declared(folder),
        live=live_now(store, collection, survey, policy),
        schedule=load_schedule(),
        helplines=helplines(),
        today=today(),
        derived=derived_variables(survey),
        collection_keys=collection.keys if collection is not None else None,
    )


def open_survey(
    store: SecureStore,
    collection: CollectionStore,
    zone: CollectionZone,
    wave_id: str,
    survey: Survey,
    actor: str,
    holders: Holders | None = None,
    expected: int = 0,
) -> Wave:
    """Ask the opening gate, then open the wave and bring its permit. Raises GateShut with everything that is missing."""
    at = situation(store, zone, survey)
    standing(at).require()
    wave = open_wave(store, collection, zone, wave_id, survey.id, actor, holders, expected)
    issue(store, zone, at, record_folder(survey.id, store.zone.folder / "assessment"))
    return wave


def issue_permit(store: SecureStore, zone: CollectionZone, survey: Survey) -> Permit:
    """A permit anew, after a review or an amendment. Raises GateShut."""
    at = situation(store, zone, survey)
    standing(at).require()
    return issue(store, zone, at, record_folder(survey.id, store.zone.folder / "assessment"))


def recheck(store: SecureStore, zone: CollectionZone, survey: Survey) -> Standing:
    """The daily look: everything that runs against everything that was assessed. Signs the permit anew, or takes it away.

    What cannot be looked at is not as assessed either: the permit goes, and the error is raised.
    """
    try:
        at = situation(store, zone, survey)
    except Exception:
        withdraw(zone)
        raise
    found = standing(at)
    if found.open:
        issue(store, zone, at, record_folder(survey.id, store.zone.folder / "assessment"))
    elif withdraw(zone):
        with store.record(Entry("gate", "gate-shut", "office", {"missing": len(found.missing)})):
            pass
    return found


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


def contact(store: SecureStore, survey: Survey) -> str:
    """Whom a reader of a release can ask: the controller, as the record of processing names it. Raises RecordError."""
    processing = record_of(survey.id, store.zone).processing
    return f"{processing.controller}: {processing.controller_contact}"


def require_approval(metadata: Mapping[str, Any]) -> None:
    """Before somebody signs for a release: what it must list (G8). Raises GateShut."""
    step_gates.require_release(metadata)
