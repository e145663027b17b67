"""Sealed responses for tests of the stores: random bytes, as ciphertext looks, and an opened wave."""

from __future__ import annotations

import secrets
from datetime import date

from retention.collection_store import CollectionStore, CollectionWave, RowStore, SlotStore, WaveState
from retention.database import connect, migrate
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse
from retention.slot_file import connect_slots

DAY = date(2026, 5, 4)
WAVE = CollectionWave("2026-spring", "tiny", WaveState.OPEN, "body-2026-spring", "locator-2026-spring")


def sealed(count: int) -> list[SealedResponse]:
    """Records of random bytes."""
    return [
        SealedResponse(secrets.token_bytes(16), secrets.token_bytes(BODY_SIZE), secrets.token_bytes(LOCATOR_SIZE)) for _ in range(count)
    ]


def open_store(url: str, capacity: int = 64) -> SlotStore | RowStore:
    """A migrated collection store; on SQLite with few slots, so that it grows soon."""
    engine = connect_slots(url) if url.startswith("sqlite") else connect(url)
    migrate(engine, "collection")
    return SlotStore(engine, capacity) if engine.dialect.name == "sqlite" else RowStore(engine)


def collecting(url: str, capacity: int = 64) -> SlotStore | RowStore:
    """A store with an open wave."""
    store = open_store(url, capacity)
    store.open_wave(WAVE, DAY)
    return store


def stored(store: CollectionStore) -> dict[bytes, SealedResponse]:
    """What the store holds, by id; a doubled id is an error."""
    found: dict[bytes, SealedResponse] = {}
    for record in store.records():
        assert record.id not in found, "a response is there twice"
        found[record.id] = record
    return found
