"""Destruction with proof: the key is overwritten, opening is tried and must fail, a signed certificate says so.

Order matters, and every line can be repeated after a crash: key first (from then on the data are noise), then the attempt to open,
then the file, then certificate, register and ledger in one transaction.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from retention import tables
from retention.bundle import sample_unchecked
from retention.keys import KeyDestroyed, KeyLocked, KeyMissing, KeyRing, overwrite_and_remove, public_key, verify, write_private
from retention.ledger import SIGNING_KEY, Entry
from retention.seal import BODY_SIZE, LOCATOR_SIZE, opens
from retention.secure_store import Asset, SecureStore, Wave, today

BUNDLES = {"bodies": BODY_SIZE, "locators": LOCATOR_SIZE}
_SAMPLE = 20  # sealed records of all over the bundle that every surviving key is tried on


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
    """Destroy one data set of a wave and certify it. Repeating it finishes what was interrupted, and returns the same certificate.

    `authority`: the rule or decision it is done by, as a code. Raises StepRefused if there is no such data set,
    or a step is running, DestructionFailed if anything still opens.
    """
    with store.alone():
        return _destroy(store, wave, kind, actor, authority)


def _destroy(store: SecureStore, wave: Wave, kind: str, actor: str, authority: str) -> Certificate:
    asset = store.asset(wave.id, kind)
    if not store.ring.is_destroyed(asset.stored.key_id):
        store.ring.destroy(asset.stored.key_id)
    verified = _try_to_open(store, asset)
    overwrite_and_remove(store.vault.folder / asset.stored.name)
    certificate = next((found for found in certificates(store, wave.id) if found.kind == kind), None)
    if certificate is None:
        certificate = _certify(store, asset, actor, authority, verified)
    write_certificate(store, certificate)
    return certificate


def _certify(store: SecureStore, asset: Asset, actor: str, authority: str, verified: dict[str, int | str]) -> Certificate:
    document = {
        "certificate": secrets.token_hex(16),
        "what": asset.kind,
        "wave": asset.wave,
        "records": asset.stored.rows,
        "key": asset.stored.key_id,
        "sha256_of_ciphertext": asset.stored.sha256,
        "day": today().isoformat(),
        "authority": authority,
        "by": actor,
        "verified": verified,
    }
    certificate = signed_certificate(store, document)
    counts: dict[str, int | str] = {
        "records": asset.stored.rows,
        "key": asset.stored.key_id,
        "certificate": certificate.id,
        "authority": authority,
    }
    with store.record(Entry(actor, f"destroy-{asset.kind.replace('_', '-')}", asset.wave, counts)) as connection:
        connection.execute(update(tables.asset).where(tables.asset.c.id == asset.id).values(destroyed_on=today()))
        insert_certificate(connection, certificate)
    return certificate


def signed_certificate(store: SecureStore, document: Mapping[str, object]) -> Certificate:
    """A certificate of this document, which names itself (`certificate`), `wave` and `what`."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    signature = store.ring.sign(SIGNING_KEY, text.encode()).hex()
    return Certificate(str(document["certificate"]), str(document["wave"]), str(document["what"]), text, signature)


def insert_certificate(connection: Connection, certificate: Certificate) -> None:
    """Register a certificate inside the transaction that records its destruction."""
    values = {"id": certificate.id, "wave": certificate.wave, "kind": certificate.kind, "document": certificate.document}
    connection.execute(insert(tables.certificate).values(**values, signature=certificate.signature))


def write_certificate(store: SecureStore, certificate: Certificate) -> None:
    """Put a certificate where it can be copied and verified with the public key alone."""
    path = store.zone.certificates / f"{certificate.wave}-{certificate.kind}.json"
    write_private(path, json.dumps({"document": certificate.document, "signature": certificate.signature}, indent=1).encode())


def _try_to_open(store: SecureStore, asset: Asset) -> dict[str, int | str]:
    """Try what an insider would try: the key itself, and every key that is left, on the data as they lie there."""
    try:
        store.ring.private(asset.stored.key_id)
    except KeyDestroyed:
        pass
    else:
        raise DestructionFailed("The key of a data set still opens after its destruction: stop, and look at the key folder.")
    if not store.ring.is_destroyed(asset.stored.key_id):
        raise DestructionFailed("The key file of a data set is still there after its destruction: stop, and look at the key folder.")
    path = store.vault.folder / asset.stored.name
    if not path.exists():  # gone already: a killed destruction is repeated
        return {"key": "refused", "keys_tried": 0, "records_tried": 0}
    keys = _surviving_keys(store.ring)
    if asset.kind not in BUNDLES:
        if store.vault.opens_with(asset.stored.name, keys):
            raise DestructionFailed("A data set still opens after its key was destroyed: stop, and look at the key folder.")
        return {"key": "refused", "keys_tried": len(keys), "records_tried": asset.stored.rows}
    records = sample_unchecked(path, BUNDLES[asset.kind], _SAMPLE)  # unchecked: one altered byte must not end the attempt
    if any(opens(record, key) for key in keys for record in records):
        raise DestructionFailed("A sealed record still opens after its key was destroyed: stop, and look at the key folder.")
    return {"key": "refused", "keys_tried": len(keys), "records_tried": len(records)}


def _surviving_keys(ring: KeyRing) -> list[bytes]:
    found = []
    for key_id in ring.ids():
        try:
            found.append(ring.private(key_id))
        except KeyLocked:
            continue  # of another wave, whose holders are not here: what it opens was closed to it alone
        except KeyDestroyed:
            ring.destroy(key_id)  # the word stands but the file was left by a killed destruction
        except KeyMissing:
            raise DestructionFailed(f"The key '{key_id}' is damaged and cannot be tried: restore it, or remove its file.") from None
    return found


def certified(store: SecureStore, wave_id: str) -> frozenset[str]:
    """Kinds of data sets of a wave with proof of destruction: a certificate signed by this office, and a key that is gone."""
    public = store.ring.public(SIGNING_KEY)
    keys = {asset.kind: asset.stored.key_id for asset in store.assets(wave_id) if asset.destroyed_on is not None}
    proven = set()
    for found in certificates(store, wave_id):
        says = _says(found.document, found.signature, public)
        about = (wave_id, found.kind, keys.get(found.kind))
        if says is not None and (says.get("wave"), says.get("what"), says.get("key")) == about and store.ring.is_destroyed(str(about[2])):
            proven.add(found.kind)
    return frozenset(proven)


def _says(document: str, signature: str, public: bytes) -> dict[str, object] | None:
    """The content of a signed document; None if it is not signed by this office."""
    try:
        if not verify(public, document.encode(), bytes.fromhex(signature)):
            return None
        return dict(json.loads(document))
    except (ValueError, TypeError):
        return None


def certificates(store: SecureStore, wave_id: str) -> list[Certificate]:
    """Every certificate of a wave."""
    with store.reading() as connection:
        rows = connection.execute(select(tables.certificate).where(tables.certificate.c.wave == wave_id)).all()
    return [Certificate(row.id, row.wave, row.kind, row.document, row.signature) for row in rows]


def verify_certificate(path: Path, keys: Path, key_id: str = SIGNING_KEY) -> dict[str, object]:
    """The content of a certificate file, checked with the public key alone, `<keys>/<key_id>.pub`. Raises DestructionFailed, KeyMissing."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        document, signature = str(data["document"]), str(data["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DestructionFailed("A certificate file cannot be read: restore it from the ledger's backup.") from None
    says = _says(document, signature, public_key(keys, key_id))
    if says is None:
        raise DestructionFailed("A certificate is not signed by this office, or was altered.")
    return says
