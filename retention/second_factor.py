"""The second factor of staff: codes of an authenticator app (TOTP, RFC 6238: 6 digits, 30 seconds, SHA-1 as all apps have it).

The secret lies sealed under a key of the ring; recovery codes lie as SHA-256, which suffices for 80 random bits, and work once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

import pyotp
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from sqlalchemy import select, update

from retention.keys import KeyKind, KeyMissing
from retention.ledger import Entry
from retention.secure_store import SecureStore
from retention.staff import StaffError, not_oneself
from retention.tables import staff

KEY = "staff-second-factor"
STEP = 30  # seconds that a code holds; one step more on either side is taken, since clocks differ
RECOVERY_CODES = 8
_ISSUER = "bigask"


@dataclass(frozen=True)
class Enrolment:
    """What somebody puts into their app. It becomes theirs when they type a code that it made."""

    name: str
    secret: str

    @property
    def address(self) -> str:
        """otpauth:// address, as a square code holds it."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=self.name, issuer_name=_ISSUER)


def begin(name: str) -> Enrolment:
    """A new random secret of 160 bits, written nowhere yet."""
    return Enrolment(name, pyotp.random_base32())


def step_of(secret: str, code: str, now: float) -> int | None:
    """The step of time whose code this is, of the one at `now` (seconds) and its two neighbours; None if it is no code."""
    found = None
    for step in (int(now) // STEP + shift for shift in (-1, 0, 1)):
        if hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), code.encode()):
            found = step
    return found


def confirm(store: SecureStore, enrolment: Enrolment, code: str, now: float) -> list[str] | None:
    """Write an enrolment down if the code is its own. Returns recovery codes, to be shown once; None for a wrong code.

    Raises StaffError if there is no such account, or it has a second factor already.
    """
    if step_of(enrolment.secret, code, now) is None:
        return None
    if not store.ring.exists(KEY):
        store.ring.create(KEY, KeyKind.SYMMETRIC)
    sealed = bytes(SecretBox(store.ring.private(KEY)).encrypt(enrolment.secret.encode()))
    codes = [_grouped(secrets.token_hex(10)) for _ in range(RECOVERY_CODES)]
    values = {"totp": sealed, "recovery": json.dumps([_digest(one) for one in codes])}
    with store.record(Entry(enrolment.name, "staff-second-factor", "office")) as connection:
        if connection.execute(update(staff).where(staff.c.name == enrolment.name, staff.c.totp.is_(None)).values(**values)).rowcount != 1:
            raise StaffError("This account has a second factor already: an administrator can reset it.")
    return codes


def enrolled(store: SecureStore, name: str) -> bool:
    """True if this account has a second factor."""
    return _row(store, name) is not None


def accepted(store: SecureStore, name: str, code: str, now: float) -> int | str | None:
    """What a code proves: the step of time it is of, or the hash of the recovery code that it was; None if it proves nothing.

    A recovery code is used up by this. Whoever asks refuses a step of time that was used before.
    """
    row = _row(store, name)
    if row is None:
        return None
    sealed, recovery = row
    try:
        secret = SecretBox(store.ring.private(KEY)).decrypt(sealed).decode()
    except CryptoError:
        raise KeyMissing(
            "A second factor does not open with its key: restore the key from its backup, or reset the second factor."
        ) from None
    step = step_of(secret, code.replace(" ", ""), now)
    digest = _digest(code.strip().lower())
    if step is not None or digest not in json.loads(recovery):
        return step
    with store.record(Entry(name, "staff-recovery-code", "office")) as connection:
        left = json.loads(connection.execute(select(staff.c.recovery).where(staff.c.name == name)).scalar_one())
        if digest not in left:  # used by another request in the meantime
            return None
        left.remove(digest)
        connection.execute(update(staff).where(staff.c.name == name).values(recovery=json.dumps(left)))
    return digest


def reset(store: SecureStore, name: str, by: str) -> None:
    """Take somebody else's second factor away: they enrol a new one when they sign in next. Raises StaffError."""
    not_oneself(name, by)
    with store.record(Entry(by, "staff-second-factor-reset", "office", {"name": name})) as connection:
        if connection.execute(update(staff).where(staff.c.name == name).values(totp=None, recovery=None)).rowcount != 1:
            raise StaffError("There is no account of this name.")


def _row(store: SecureStore, name: str) -> tuple[bytes, str] | None:
    with store.reading() as connection:
        row = connection.execute(
            select(staff.c.totp, staff.c.recovery).where(staff.c.name == name, staff.c.totp.is_not(None))
        ).one_or_none()
    return (row.totp, row.recovery) if row is not None else None


def _grouped(code: str) -> str:
    return "-".join(code[k : k + 5] for k in range(0, len(code), 5))


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
