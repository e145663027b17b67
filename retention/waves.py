"""Opening a wave: two keys are made in the secure zone, their public parts go to the collection server, and it starts to collect."""

from __future__ import annotations

import re
import secrets

from nacl.secret import SecretBox

from retention.collection_store import CollectionStore, CollectionWave, WaveState
from retention.keys import KeyKind, write_private
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave, today
from retention.settings import CollectionZone
from retention.shares import Holders, share_key

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def open_wave(
    store: SecureStore,
    collection: CollectionStore,
    zone: CollectionZone,
    wave_id: str,
    survey: str,
    actor: str,
    holders: Holders | None = None,
    expected: int = 0,
) -> Wave:
    """Make keys, register the wave, and open it on the collection server. With holders, the passphrase alone never opens its answers.
    `expected`: responses for which room is made beforehand.

    Interrupted and repeated, it goes on where it stopped. Raises StepRefused for a name that cannot be used or was used, and
    WaveClosed if the server has another wave, KeyLocked where a wave under a lock is gone on with and its shares are not named.
    """
    if not _NAME.fullmatch(wave_id):
        raise StepRefused("A wave is named with small letters, digits and hyphens, for example 2026-autumn.")
    wave = Wave(wave_id, survey, f"body-{wave_id}", f"locator-{wave_id}")
    same = [known for known in store.waves() if known.id == wave_id]
    if same and (same != [wave] or store.steps(wave_id)):
        raise StepRefused(f"The name '{wave_id}' has been used for a wave: choose another.")
    lock = _lock(store, wave, holders) if holders is not None else ""
    for key_id in (wave.body_key, wave.locator_key):
        if not store.ring.exists(key_id):
            store.ring.create(key_id, KeyKind.SEALED_BOX, lock)
        write_private(zone.keys / f"{key_id}.pub", store.ring.public(key_id).hex().encode())
    if not same:
        counts: dict[str, int | str] = {"body_key": wave.body_key, "locator_key": wave.locator_key}
        if holders is not None:
            counts |= {"holders": len(holders.people), "needed": holders.needed}
        store.add_wave(wave, Entry(actor, "wave-open", wave_id, counts))
    collection.open_wave(CollectionWave(wave.id, survey, WaveState.OPEN, wave.body_key, wave.locator_key), today(), expected)
    return wave


def _lock(store: SecureStore, wave: Wave, holders: Holders) -> str:
    """Open the wave's lock, and give shares of it away. One that an interrupted opening left behind is opened by its shares instead."""
    lock = f"wave-{wave.id}"
    if not any(store.ring.exists(key_id) for key_id in (wave.body_key, wave.locator_key)):
        key = secrets.token_bytes(SecretBox.KEY_SIZE)
        share_key(key, lock, holders.folder, holders.people, holders.needed)
        store.ring.unlock(lock, key)
    return lock
