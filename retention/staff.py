"""Who works in the secure zone: names, one role each, and passwords (Argon2id). Nobody gives themselves anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from nacl import pwhash
from nacl.exceptions import CryptoError
from sqlalchemy import Connection, delete, func, insert, select, update

from retention import tables
from retention.ledger import Entry
from retention.secure_store import SecureStore, today

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")  # small letters only, so that nobody approves their own work as J.Smith
_SHORTEST = 12
# Hashing this for an unknown name takes as long as for a known one, so that a login tells nobody who has an account.
_NOBODY = pwhash.argon2id.str(b"nobody has this account", pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE)


class Role(StrEnum):
    """What a member of staff may do. Each has one: who needs two is two duties in one hand, which is what roles are there to prevent."""

    ANALYST = "analyst"
    REVIEWER = "reviewer"
    OUTPUT_CHECKER = "output_checker"
    SAFEGUARDING_LEAD = "safeguarding_lead"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    ADMINISTRATOR = "administrator"


MOST = {Role.SAFEGUARDING_LEAD: 2}  # the lead and a deputy: nobody else ever sees what a flagged text says


class StaffError(ValueError):
    """An account that cannot be made or used."""


@dataclass(frozen=True)
class Member:
    """One member of staff."""

    name: str
    role: Role


@dataclass(frozen=True)
class Account:
    """A member with what an administrator must see. `second_factor`: they have enrolled one."""

    member: Member
    added_on: date
    second_factor: bool


def add_member(store: SecureStore, name: str, role: Role, password: str, by: str) -> Member:
    """Make an account. Raises StaffError for a weak password, a name that is taken, one's own name, or a third safeguarding lead."""
    if not _NAME.fullmatch(name):
        raise StaffError("An account's name has small letters, digits, dots and hyphens, for example j.smith.")
    not_oneself(name, by)
    if len(password) < _SHORTEST:
        raise StaffError(f"A password needs at least {_SHORTEST} characters.")
    digest = pwhash.argon2id.str(password.encode(), pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE)
    with store.record(Entry(by, "staff-add", "office", {"name": name, "role": role.value})) as connection:
        if connection.execute(select(tables.staff.c.name).where(tables.staff.c.name == name)).one_or_none():
            raise StaffError("There is an account of this name.")
        _room_for(connection, role)
        connection.execute(insert(tables.staff).values(name=name, role=role, password_hash=digest.decode("ascii"), added_on=today()))
    return Member(name, role)


def change_role(store: SecureStore, name: str, role: Role, by: str) -> Member:
    """Give somebody else another role; it replaces the one they have. Raises StaffError for oneself, or where there is no such account."""
    not_oneself(name, by)
    with store.record(Entry(by, "staff-role", "office", {"name": name, "role": role.value})) as connection:
        old = connection.execute(select(tables.staff.c.role).where(tables.staff.c.name == name)).scalar_one_or_none()
        if old != role:
            _room_for(connection, role)
        if connection.execute(update(tables.staff).where(tables.staff.c.name == name).values(role=role)).rowcount != 1:
            raise StaffError("There is no account of this name.")
    return Member(name, role)


def remove_member(store: SecureStore, name: str, by: str) -> None:
    """Close somebody else's account: password, second factor and role are gone. Raises StaffError for oneself or no such account."""
    not_oneself(name, by)
    with store.record(Entry(by, "staff-remove", "office", {"name": name})) as connection:
        if connection.execute(delete(tables.staff).where(tables.staff.c.name == name)).rowcount != 1:
            raise StaffError("There is no account of this name.")


def accounts(store: SecureStore) -> list[Account]:
    """Every account, by name."""
    with store.reading() as connection:
        rows = connection.execute(select(tables.staff).order_by(tables.staff.c.name)).all()
    return [Account(Member(row.name, Role(row.role)), row.added_on, row.totp is not None) for row in rows]


def member(store: SecureStore, name: str) -> Member | None:
    """The member of this name as they are now, or None."""
    with store.reading() as connection:
        role = connection.execute(select(tables.staff.c.role).where(tables.staff.c.name == name)).scalar_one_or_none()
    return Member(name, Role(role)) if role is not None else None


def authenticate(store: SecureStore, name: str, password: str) -> Member | None:
    """The member of this name and password, or None; a wrong name and a wrong password look and last the same."""
    with store.reading() as connection:
        row = connection.execute(select(tables.staff).where(tables.staff.c.name == name)).one_or_none()
    try:
        pwhash.verify(row.password_hash.encode() if row else _NOBODY, password.encode())
    except CryptoError:
        return None
    return Member(row.name, Role(row.role)) if row else None


def not_oneself(name: str, by: str) -> None:
    """Raise StaffError if somebody is about to decide on their own account."""
    if name.casefold() == by.casefold():
        raise StaffError("Nobody makes, changes or closes their own account: somebody else does it.")


def _room_for(connection: Connection, role: Role) -> None:
    have = int(connection.execute(select(func.count()).select_from(tables.staff).where(tables.staff.c.role == role)).scalar_one())
    if have >= MOST.get(role, have + 1):
        raise StaffError(f"There are {have} accounts with the role {role.value.replace('_', ' ')} already, and may be no more.")
