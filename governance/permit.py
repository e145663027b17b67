"""The permit: what the secure zone signed for, as it lies on the public server, and what the child door makes of it.

The child door cannot see the secure zone. It gets a signed statement of what was assessed and until when, and holds itself against it when
it starts, every minute, and so on every day: no permit, a forged one, one of another text or one that has run out keeps the door shut.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from forms.helplines import helplines
from forms.survey import Survey, SurveyError
from governance.drift import AT_THE_DOOR, Configuration, Part, differences, of_survey
from governance.gates import Gate, Missing, Standing
from governance.opening import HELP_LINES_HOLD, Situation
from governance.reading import RecordError, read_file
from governance.record import RECORDS
from governance.risks import Register
from retention.keys import KeyRingError, public_key, verify, write_private
from retention.ledger import SIGNING_KEY
from retention.secure_store import SecureStore, today
from retention.settings import CollectionZone

OFFICE, PERMIT, RISKS = "office", "permit.json", "risks.yaml"


class PermitInvalid(RuntimeError):
    """There is no permit that this office signed. The message says what to do."""


class Signer(Protocol):
    """What signs: the secure zone's key ring."""

    def sign(self, key_id: str, message: bytes) -> bytes: ...

    def public(self, key_id: str) -> bytes: ...


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


def issue(store: SecureStore, zone: CollectionZone, at: Situation, folder: Path) -> Permit:
    """Sign a permit for the situation and lay it on the public server, with the office's public key and the register of risks.

    The caller has asked the gate (`governance.opening.standing`).
    """
    amended = at.signed.amended(at.declared)
    register = (folder / RISKS).read_bytes()
    permit = Permit(
        at.survey.id,
        at.record.sha256,
        {part: amended[part] for part in AT_THE_DOOR},
        at.review_by,
        at.today,
        at.demonstration,
        hashlib.sha256(register).hexdigest(),
    )
    lay(zone, permit, register, store.ring)
    return permit


def lay(zone: CollectionZone, permit: Permit, register: bytes, ring: Signer) -> None:
    """Write a permit, signed with the ring's office key, the public part of that key, and the register of risks."""
    signature = ring.sign(SIGNING_KEY, permit.document().encode()).hex()
    write_private(zone.keys / f"{OFFICE}.pub", ring.public(SIGNING_KEY).hex().encode())
    write_private(permit_folder(zone) / RISKS, register)
    write_private(permit_folder(zone) / PERMIT, json.dumps({"document": permit.document(), "signature": signature}).encode())


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
    day = day or today()
    try:
        permit = read_permit(zone)
    except PermitInvalid as invalid:
        return Standing((Missing(Gate.G2, str(invalid)),))
    missing = []
    if permit.survey != survey.id:
        missing.append(Missing(Gate.G3, f"The permit is for survey '{permit.survey}', and this door asks '{survey.id}'."))
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
