"""A permit for a child door of a test: signed with a real key, of exactly the survey that the door is to ask."""

from __future__ import annotations

import hashlib
from datetime import date

from nacl.signing import SigningKey

from forms.survey import Survey
from governance.drift import AT_THE_DOOR, of_survey
from governance.issue import lay
from governance.permit import RISKS, Permit
from governance.record import RECORDS
from retention.secure_store import today
from retention.settings import CollectionZone

REGISTER = (RECORDS / "big_ask" / RISKS).read_bytes()


def permit_of(survey: Survey, demonstration: bool = False, review_by: date = date.max, issued_on: date | None = None) -> Permit:
    """A permit under which this survey may be asked as it is, issued today unless said otherwise."""
    declared = {part: values for part, values in of_survey(survey).items() if part in AT_THE_DOOR}
    register = hashlib.sha256(REGISTER).hexdigest()
    return Permit(survey.id, "0" * 64, declared, review_by, issued_on or today(), demonstration, register)


class Office:
    """An office's signing key without its ring, which is slow to open on purpose."""

    def __init__(self) -> None:
        self._key = SigningKey.generate()

    def sign(self, _key_id: str, message: bytes) -> bytes:
        return self._key.sign(message).signature

    def public(self, _key_id: str) -> bytes:
        return bytes(self._key.verify_key)


def permitted(zone: CollectionZone, survey: Survey, permit: Permit | None = None) -> None:
    """Lay a signed permit for this survey, or this one, into the zone."""
    lay(zone, permit or permit_of(survey), REGISTER, Office())
