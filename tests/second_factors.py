"""Second factors for the tests of the staff door: everybody has the same secret, and each sign-in is thirty seconds after the last."""

from __future__ import annotations

import itertools

import pyotp

from api import staff_door
from retention import second_factor
from retention.second_factor import STEP, Enrolment
from retention.secure_store import SecureStore

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_steps = itertools.count(60_000_000)


def enrol(store: SecureStore, name: str) -> list[str]:
    """Enrol somebody as their app would. Returns their recovery codes."""
    step = next(_steps)
    codes = second_factor.confirm(store, Enrolment(name, SECRET), code_of(step), step * STEP)
    assert codes is not None
    return codes


def code_of(step: int) -> str:
    """What the app shows in a step of time."""
    return pyotp.TOTP(SECRET).generate_otp(step)


def next_code() -> str:
    """Let thirty seconds pass at the door, and say what the app shows then."""
    step = next(_steps)
    staff_door.now = lambda: float(step * STEP)
    return code_of(step)
