"""The permit as it lies on the public server, and what the child door makes of it. The secure zone signs it (governance.issue).

The child door cannot see the secure zone. It gets a signed statement of what was assessed and until when, and holds itself against it when
it starts, every minute, and so on every day: no permit, a forged one, one of another text or one that has run out keeps the door shut.
One runs out after two days, so that nobody can forget to hold the rest of the system against its assessment: the daily check signs anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from forms.helplines import helplines
from forms.survey import Survey, SurveyError
from governance.drift import AT_THE_DOOR, Configuration, Part, differences, of_survey
from governance.gates import HELP_LINES_HOLD, Gate, Missing, Standing
from governance.reading import RecordError, read_file
from governance.record import RECORDS
from governance.risks import Register
from retention.keys import KeyRingError, public_key, verify
from retention.settings import CollectionZone

OFFICE, PERMIT, RISKS = "office", "permit.json", "risks.yaml"
CHECK_HOLDS = timedelta(days=2)  # the secure zone looks every day and signs anew: one day may fail, two shut the door


class PermitInvalid(RuntimeError):
    """There is no permit that this office signed. The message says what to do."""


@dataclass(frozen=True)
class Permit:
    """What the child door may do, and until when."""

    survey: str
    record: str
    declared: Configuration
    review_by: date
    issued_on: date
    demonstration: bool
    register: str  # SHA-256 of the register of risks that the door tells of

    def document(self) -> str:
        """Canonical JSON: what is signed."""
        whole = {
            "survey": self.survey,
            "record": self.record,
            "declared": {part.value: dict(values) for part, values in self.declared.items()},
            "review_by": self.review_by.isoformat(),
            "issued_on": self.issued_on.isoformat(),
            "demonstration": self.demonstration,
            "register": self.register,
        }
        return json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def read(cls, document: str) -> Permit:
        """From canonical JSON. Raises KeyError, TypeError or ValueError for anything else."""
        whole: Mapping[str, Any] = json.loads(document)
        return cls(
            str(whole["survey"]),
            str(whole["record"]),
            {Part(part): {str(name): str(value) for name, value in values.items()} for part, values in whole["declared"].items()},
            date.fromisoformat(whole["review_by"]),
            date.fromisoformat(whole["issued_on"]),
            whole["demonstration"] is True,
            str(whole["register"]),
        )


def permit_folder(zone: CollectionZone) -> Path:
    """Where the permit lies."""
    return zone.folder / "governance"


def read_permit(zone: CollectionZone) -> Permit:
    """The permit that this office signed. Raises PermitInvalid."""
    try:
        raw = json.loads((permit_folder(zone) / PERMIT).read_text(encoding="utf-8"))
        document, signature = str(raw["document"]), bytes.fromhex(raw["signature"])
    except FileNotFoundError:
        raise PermitInvalid("There is no permit: open the wave with `bigask wave open`, which asks the gate and brings it.") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise PermitInvalid("The permit cannot be read: issue it anew with `bigask gate permit`.") from None
    try:
        genuine = verify(public_key(zone.keys, OFFICE), document.encode(), signature)
        permit = Permit.read(document) if genuine else None
    except (KeyRingError, ValueError, KeyError, TypeError):
        permit = None
    if permit is None:
        raise PermitInvalid("The permit is not signed by this office: issue it anew with `bigask gate permit`.")
    return permit


def standing_at_the_door(zone: CollectionZone, survey: Survey, day: date | None = None) -> Standing:
    """Whether the child door may ask this survey's questions now."""
    day = day or datetime.now(UTC).date()
    try:
        permit = read_permit(zone)
    except PermitInvalid as invalid:
        return Standing((Missing(Gate.G2, str(invalid)),))
    missing = []
    if permit.survey != survey.id:
        missing.append(Missing(Gate.G3, f"The permit is for survey '{permit.survey}', and this door asks '{survey.id}'."))
    if day - permit.issued_on > CHECK_HOLDS:
        last = permit.issued_on.isoformat()
        missing.append(Missing(Gate.G3, f"What runs was last held against the assessment on {last}: `bigask gate check` does it, daily."))
    live = {part: values for part, values in of_survey(survey).items() if part in AT_THE_DOOR}
    missing += [Missing(Gate.G3, str(one)) for one in differences(permit.declared, live)]
    if not permit.demonstration:
        if day > permit.review_by:
            missing.append(Missing(Gate.G2, f"A review is overdue since {permit.review_by.isoformat()}: hold it, then issue a permit."))
        for line in helplines():
            if day - line.checked_on > HELP_LINES_HOLD:
                missing.append(Missing(Gate.G10, f"{line.name} was last checked on {line.checked_on.isoformat()}: call it again."))
    for path in sorted(zone.keys.iterdir()):
        if path.suffix != ".pub":
            missing.append(Missing(Gate.G6, f"'{path.name}' lies beside the public keys: only .pub files belong there."))
    return Standing(tuple(missing), permit.demonstration)


def register_at_the_door(zone: CollectionZone, survey: Survey) -> Register:
    """The register of risks that the door tells of: the one that the permit names, else the one that comes with the project.

    Raises RecordError if neither can be read.
    """
    try:
        permit, path = read_permit(zone), permit_folder(zone) / RISKS
        if hashlib.sha256(path.read_bytes()).hexdigest() == permit.register:
            return read_file(Register, path)
    except (PermitInvalid, RecordError, SurveyError, OSError):
        pass  # what is told of risks does not depend on whether the survey may open
    return read_file(Register, RECORDS / survey.id / RISKS)
