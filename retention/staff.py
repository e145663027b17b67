"""Who works in the secure zone: names, roles and passwords (Argon2id)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from nacl import pwhash
from nacl.exceptions import CryptoError
from sqlalchemy import insert, select

from retention import tables
from retention.ledger import Entry
from retention.secure_store import SecureStore, today

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")  # small letters only, so that nobody approves their own work as J.Smith
_SHORTEST = 12
# Hashing this for an unknown name takes as long as for a known one, so that a login tells nobody who has an account.
_NOBODY = pwhash.argon2id.str(b"nobody has this account", pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE)


class Role(StrEnum):
    """What a member of staff may do."""

    ANALYST = "analyst"
    REVIEWER = "reviewer"
    OUTPUT_CHECKER = "output_checker"


class StaffError(ValueError):
    """An account that cannot be made or used."""


@dataclass(frozen=True)
class Member:
    """One member of staff."""

    name: str
    role: Role


def add_member(store: SecureStore, name: str, role: Role, password: str, by: str) -> Member:
    """Make an account. Raises StaffError for a weak password or a name that is taken."""
    if not _NAME.fullmatch(name):
        raise StaffError("An account's name has small letters, digits, dots and hyphens, for example j.smith.")
    if len(password) < _SHORTEST:
        raise StaffError(f"A password needs at least {_SHORTEST} characters.")
    with store.reading() as connection:
        if connection.execute(select(tables.staff.c.name).where(tables.staff.c.name == name)).one_or_none():
            raise StaffError("There is an account of this name.")
    digest = pwhash.argon2id.str(password.encode(), pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE)
    with store.record(Entry(by, "staff-add", "office", {"name": name, "role": role.value})) as connection:
        connection.execute(insert(tables.staff).values(name=name, role=role, password_hash=digest.decode("ascii"), added_on=today()))
    return Member(name, role)


def authenticate(store: SecureStore, name: str, password: str) -> Member | None:
    """The member of this name and password, or None; a wrong name and a wrong password look and last the same."""
    with store.reading() as connection:
        row = connection.execute(select(tables.staff).where(tables.staff.c.name == name)).one_or_none()
    try:
        pwhash.verify(row.password_hash.encode() if row else _NOBODY, password.encode())
    except CryptoError:
        return None
    return Member(row.name, Role(row.role)) if row else None
