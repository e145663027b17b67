"""Issuing a permit: the secure zone signs what was assessed, and lays it on the public server for the child door (governance.permit)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Protocol

from governance.drift import AT_THE_DOOR
from governance.opening import Situation
from governance.permit import OFFICE, PERMIT, RISKS, Permit, permit_folder
from retention.keys import write_private
from retention.ledger import SIGNING_KEY
from retention.secure_store import SecureStore
from retention.settings import CollectionZone


class Signer(Protocol):
    """What signs: the secure zone's key ring."""

    def sign(self, key_id: str, message: bytes) -> bytes: ...

    def public(self, key_id: str) -> bytes: ...


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


def withdraw(zone: CollectionZone) -> bool:
    """Take the permit away: within a minute the child door asks nothing more. Returns False if there was none."""
    path = permit_folder(zone) / PERMIT
    there = path.exists()
    path.unlink(missing_ok=True)
    return there
