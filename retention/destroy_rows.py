"""Destroying rows of the secure database: what people decided about texts (places and codes, never words), wave by wave.

Rows have no key, so their certificate says no more than that none is left: copies may stay in the database's log until it is overwritten.
Safeguarding records are sealed under a key of their wave, which is destroyed with them, and then nothing opens the copies.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlalchemy import Select, delete, func, select
from sqlalchemy.sql.elements import ColumnElement

from retention import tables
from retention.destroy import Certificate, DestructionFailed, certificates, insert_certificate, signed_certificate, write_certificate
from retention.ledger import Entry
from retention.safeguarding_flags import key_of
from retention.schedule import load_schedule
from retention.secure_store import SecureStore, Wave, today

# Kinds of rows by what they are called in the schedule's tables, children before parents, as foreign keys want it.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "review_marks": ("review_reading", "review_item"),
    "theme_codings": ("theme_training", "theme_coding"),
    "safeguarding": ("safeguarding_record", "safeguarding_flag"),
}


def period(kind: str) -> tuple[int, str]:
    """Days that a group's rows are kept, and who answers for them: the shortest of its tables' rules."""
    rules = [load_schedule().tables[f"secure.{name}"] for name in GROUPS[kind]]
    shortest = min(rules, key=lambda rule: int(rule["review_after_days"]))
    return int(shortest["review_after_days"]), str(shortest["owner"])


def rows(store: SecureStore, wave_id: str, kind: str) -> int:
    """How many rows of a group a wave has."""
    with store.reading() as connection:
        return sum(int(connection.execute(_count(name, wave_id)).scalar_one()) for name in GROUPS[kind])


def destroy_rows(store: SecureStore, wave: Wave, kind: str, actor: str, authority: str) -> Certificate:
    """Delete a group's rows of a wave, and its key if it has one, and certify it. Repeated after a crash it goes on where it was."""
    with store.alone():
        done = next((found for found in certificates(store, wave.id) if found.kind == kind), None)
        key_id = key_of(wave.id) if kind == "safeguarding" else ""
        keyed = bool(key_id) and (store.ring.exists(key_id) or store.ring.is_destroyed(key_id))
        if keyed:
            store.ring.destroy(key_id)
        if done is None:
            done = _delete(store, wave, kind, actor, authority, key_id if keyed else "")
        write_certificate(store, done)
        return done


def _delete(store: SecureStore, wave: Wave, kind: str, actor: str, authority: str, key_id: str) -> Certificate:
    count = rows(store, wave.id, kind)
    document = {
        "certificate": secrets.token_hex(16), "what": kind, "wave": wave.id, "records": count, "key": key_id, "sha256_of_ciphertext": "",
        "day": today().isoformat(), "authority": authority, "by": actor,
        "verified": {"rows_left": 0, "key": "refused" if key_id else "none"},
    }  # fmt: skip
    certificate = signed_certificate(store, document)
    counts: dict[str, int | str] = {"records": count, "certificate": certificate.id, "authority": authority}
    with store.record(Entry(actor, f"destroy-{kind.replace('_', '-')}", wave.id, counts)) as connection:
        for name in GROUPS[kind]:
            table = tables.secure.tables[name]
            connection.execute(delete(table).where(_of_wave(name, wave.id)))
            if int(connection.execute(_count(name, wave.id)).scalar_one()):
                raise DestructionFailed("Rows are left after their deletion: nothing was certified. Look at the database.")
        insert_certificate(connection, certificate)
    return certificate


def _count(name: str, wave_id: str) -> Select[int]:
    return select(func.count()).select_from(tables.secure.tables[name]).where(_of_wave(name, wave_id))


def _of_wave(name: str, wave_id: str) -> ColumnElement[bool]:
    table = tables.secure.tables[name]
    if "wave" in table.c:
        return table.c.wave == wave_id
    items = tables.secure.tables["review_item"]
    return table.c.item.in_(select(items.c.id).where(items.c.wave == wave_id))
