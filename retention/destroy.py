"""Destruction with proof: the key is overwritten, opening is tried and must fail, a signed certificate says so.

Order matters, and every line can be repeated after a crash: key first (from then on the data are noise), then the attempt to open,
then the file, then certificate, register and ledger in one transaction.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select, update

from retention import tables
from retention.bundle import BundleError, read_bundle
from retention.keys import KeyDestroyed, KeyRing, KeyRingError, overwrite_and_remove, public_key, verify, write_private
from retention.ledger import SIGNING_KEY, Entry
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealError, open_sealed
from retention.secure_store import Asset, SecureStore, Wave, today

BUNDLES = {"bodies": BODY_SIZE, "locators": LOCATOR_SIZE}
_SAMPLE = 20  # sealed records that every surviving key is tried on


class DestructionFailed(RuntimeError):
    """Something could still be opened, or a certificate is not true. Nothing may go on until a person has looked."""


@dataclass(frozen=True)
class Certificate:
    """A signed statement that one data set was destroyed. `document` is canonical JSON, `signature` Ed25519 in hexadecimal."""

    id: str
    wave: str
    kind: str
    document: str
    signature: str


def destroy(store: SecureStore, wave: Wave, kind: str, actor: str, authority: str) -> Certificate:
    """Destroy one data set of a wave and certify it. Repeating it returns the same certificate.

    `authority`: the rule or decision it is done by, as a code. Raises StepRefused if there is no such data set,
    DestructionFailed if anything still opens.
    """
    for certificate in certificates(store, wave.id):
        if certificate.kind == kind:
            return certificate
    asset = store.asset(wave.id, kind)
    if not store.ring.is_destroyed(asset.stored.key_id):
        store.ring.destroy(asset.stored.key_id)
    tried = _try_to_open(store, asset)
    overwrite_and_remove(store.vault.folder / asset.stored.name)
    document = {
        "certificate": secrets.token_hex(16),
        "what": kind,
        "wave": wave.id,
        "records": asset.stored.rows,
        "key": asset.stored.key_id,
        "sha256_of_ciphertext": asset.stored.sha256,
        "day": today().isoformat(),
        "authority": authority,
        "by": actor,
        "verified": tried,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    signature = store.ring.sign(SIGNING_KEY, text.encode()).hex()
    certificate = Certificate(str(document["certificate"]), wave.id, kind, text, signature)
    counts: dict[str, int | str] = {"records": asset.stored.rows, "key": asset.stored.key_id, "certificate": certificate.id}
    with store.record(Entry(actor, f"destroy-{kind.replace('_', '-')}", wave.id, counts)) as connection:
        connection.execute(update(tables.asset).where(tables.asset.c.id == asset.id).values(destroyed_on=today()))
        values = {"id": certificate.id, "wave": wave.id, "kind": kind, "document": text, "signature": signature}
        connection.execute(insert(tables.certificate).values(**values))
    path = store.zone.certificates / f"{wave.id}-{kind}.json"
    write_private(path, json.dumps({"document": text, "signature": signature}, indent=1).encode())
    return certificate


def _try_to_open(store: SecureStore, asset: Asset) -> dict[str, int | str]:
    """Try what an insider would try: the key itself, and for sealed bundles every private key that is left."""
    try:
        store.ring.private(asset.stored.key_id)
    except KeyDestroyed:
        pass
    else:
        raise DestructionFailed("The key of a data set still opens after its destruction: stop, and look at the key folder.")
    path = store.vault.folder / asset.stored.name
    if asset.kind not in BUNDLES or not path.exists():  # the file may be gone already when a killed destruction is repeated
        return {"key": "refused", "keys_tried": 0, "records_tried": 0}
    try:
        records = [record for record, _ in zip(read_bundle(path, asset.kind, BUNDLES[asset.kind]), range(_SAMPLE), strict=False)]
    except BundleError:
        records = []  # half overwritten by a killed destruction: there is nothing left to try
    keys = list(_surviving_keys(store.ring))
    for key in keys:
        for record in records:
            if _opens(record, key):
                raise DestructionFailed("A sealed record still opens after its key was destroyed: stop, and look at the key folder.")
    return {"key": "refused", "keys_tried": len(keys), "records_tried": len(records)}


def _surviving_keys(ring: KeyRing) -> list[bytes]:
    found = []
    for key_id in ring.ids():
        try:
            found.append(ring.private(key_id))
        except KeyRingError:
            continue
    return found


def _opens(record: bytes, key: bytes) -> bool:
    try:
        open_sealed(record, key)
    except SealError:
        return False
    return True


def certificates(store: SecureStore, wave_id: str) -> list[Certificate]:
    """Every certificate of a wave."""
    with store.engine.connect() as connection:
        rows = connection.execute(select(tables.certificate).where(tables.certificate.c.wave == wave_id)).all()
    return [Certificate(row.id, row.wave, row.kind, row.document, row.signature) for row in rows]


def verify_certificate(path: Path, keys: Path) -> dict[str, object]:
    """The content of a certificate file, checked with the public key alone. Raises DestructionFailed."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        document, signature = str(data["document"]), bytes.fromhex(data["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DestructionFailed("A certificate file cannot be read: restore it from the ledger's backup.") from None
    if not verify(public_key(keys, SIGNING_KEY), document.encode(), signature):
        raise DestructionFailed("A certificate is not signed by this office, or was altered.")
    return dict(json.loads(document))
