"""The disclosure policy in force: the one that the assessment declares. Steps take it from there, so that nobody chooses it on the day."""

from __future__ import annotations

from disclosure.policy import Policy, available, load_policy
from governance.drift import Part, load_declared
from governance.reading import RecordError
from governance.record import record_folder
from retention.settings import SecureZone

DEFAULT_POLICY = "ons-threshold-10"  # where an assessment is being written anew


def policy_in_force(survey_id: str, zone: SecureZone) -> Policy:
    """The declared policy of a survey. Raises RecordError, DisclosureError."""
    return policy_named(declared_name(survey_id, zone), zone)


def policy_named(name: str, zone: SecureZone) -> Policy:
    """A policy that comes with the project, or the office's own in `<secure zone>/policies/NAME.yaml`. Raises DisclosureError."""
    own = zone.folder / "policies" / f"{name}.yaml"
    return load_policy(name if name in available() or not own.is_file() else own)


def policy_to_declare(survey_id: str, zone: SecureZone, name: str | None) -> Policy:
    """The policy of this name, else the declared one, else the default. Raises DisclosureError."""
    try:
        return policy_named(name or declared_name(survey_id, zone), zone)
    except RecordError:  # nothing is declared that could be read: the declaration is being written anew
        return load_policy(DEFAULT_POLICY)


def declared_name(survey_id: str, zone: SecureZone) -> str:
    """Its name. Raises RecordError."""
    name = load_declared(record_folder(survey_id, zone.folder / "assessment"))[Part.POLICY].get("policy")
    if not name:
        raise RecordError("The assessment names no disclosure policy: run `bigask dpia declare --policy NAME` and look at what it wrote.")
    return name
