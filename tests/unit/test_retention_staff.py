"""Accounts: named in one way, hashed, and silent about who has one."""

from __future__ import annotations

import pytest
from nacl import pwhash
from sqlalchemy import select

from retention import staff as module
from retention import tables
from retention.secure_store import SecureStore
from retention.staff import Member, Role, StaffError, add_member, authenticate

PASSWORD = "twelve chars"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pwhash.argon2id.MEMLIMIT_INTERACTIVE == 64 * 2**20
    monkeypatch.setattr(pwhash.argon2id, "OPSLIMIT_INTERACTIVE", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(pwhash.argon2id, "MEMLIMIT_INTERACTIVE", pwhash.argon2id.MEMLIMIT_MIN)


def test_a_member_logs_in_with_the_right_password_only(secure_store: SecureStore) -> None:
    member = add_member(secure_store, "j.smith", Role.REVIEWER, PASSWORD, by="dpo")
    assert member == Member("j.smith", Role.REVIEWER)
    assert authenticate(secure_store, "j.smith", PASSWORD) == member
    for name, password in (("j.smith", "twelve charz"), ("j.smith", ""), ("J.Smith", PASSWORD), ("nobody", PASSWORD), ("", "")):
        assert authenticate(secure_store, name, password) is None
    entry = list(secure_store.ledger())[-1].entry
    assert (entry.actor, entry.verb, entry.counts) == ("dpo", "staff-add", {"name": "j.smith", "role": "reviewer"})


def test_nobody_has_the_account_that_unknown_names_are_compared_with(sqlite_store: SecureStore) -> None:
    assert authenticate(sqlite_store, "nobody", "nobody has this account") is None


def test_an_unknown_name_costs_a_hash_as_a_known_one_does(sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    add_member(sqlite_store, "j.smith", Role.ANALYST, PASSWORD, by="dpo")
    seen: list[bytes] = []
    real = pwhash.verify

    def verify(digest: bytes, password: bytes) -> bool:
        seen.append(digest)
        return bool(real(digest, password))

    monkeypatch.setattr(module.pwhash, "verify", verify)
    for name in ("j.smith", "nobody"):
        assert authenticate(sqlite_store, name, "a wrong password") is None
    assert len(seen) == 2
    # The same kind of hash at the same cost: "$argon2id$v=19$m=...,t=...,p=1$".
    assert module._NOBODY.split(b"$")[1:3] == seen[0].split(b"$")[1:3]
    assert module._NOBODY.split(b"$")[3] == b"m=65536,t=2,p=1"


def test_the_password_lies_nowhere_in_clear(sqlite_store: SecureStore) -> None:
    add_member(sqlite_store, "j.smith", Role.ANALYST, PASSWORD, by="dpo")
    with sqlite_store.reading() as connection:
        digest = connection.execute(select(tables.staff.c.password_hash)).scalar_one()
    assert digest.startswith("$argon2id$")
    files = [path for path in sqlite_store.zone.folder.rglob("*") if path.is_file()]
    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize(("password", "taken"), [("eleven char", False), ("twelve chars", True)])
def test_a_password_has_twelve_characters(sqlite_store: SecureStore, password: str, taken: bool) -> None:
    if taken:
        add_member(sqlite_store, "j.smith", Role.ANALYST, password, by="dpo")
    else:
        with pytest.raises(StaffError, match="at least 12") as caught:
            add_member(sqlite_store, "j.smith", Role.ANALYST, password, by="dpo")
        assert password not in str(caught.value)


@pytest.mark.parametrize("name", ["", "J.Smith", "j smith", "j.smith\n", "-j", "é", "a" * 65])
def test_a_name_is_plain_so_that_nobody_has_two(sqlite_store: SecureStore, name: str) -> None:
    with pytest.raises(StaffError, match="small letters"):
        add_member(sqlite_store, name, Role.ANALYST, PASSWORD, by="dpo")


def test_a_name_is_taken_once(secure_store: SecureStore) -> None:
    add_member(secure_store, "j.smith", Role.ANALYST, PASSWORD, by="dpo")
    with pytest.raises(StaffError, match="an account of this name"):
        add_member(secure_store, "j.smith", Role.OUTPUT_CHECKER, PASSWORD + "!", by="dpo")
    assert authenticate(secure_store, "j.smith", PASSWORD) == Member("j.smith", Role.ANALYST)
