"""Opening a wave: two keys are made in the secure zone, their public parts go to the collection server, and it starts to collect."""

from __future__ import annotations

import re

from retention.collection_store import CollectionStore, CollectionWave, WaveState
from retention.keys import KeyKind, write_private
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave, today
from retention.settings import CollectionZone

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def open_wave(store: SecureStore, collection: CollectionStore, zone: CollectionZone, wave_id: str, survey: str, actor: str) -> Wave:
    """Make keys, register the wave, and open it on the collection server.

    Interrupted and repeated, it goes on where it stopped. Raises StepRefused for a name that cannot be used or was used, and
    WaveClosed if the server has another wave.
    """
    if not _NAME.fullmatch(wave_id):
        raise StepRefused("A wave is named with small letters, digits and hyphens, for example 2026-autumn.")
    wave = Wave(wave_id, survey, f"body-{wave_id}", f"locator-{wave_id}")
    same = [known for known in store.waves() if known.id == wave_id]
    if same and (same != [wave] or store.steps(wave_id)):
        raise StepRefused(f"The name '{wave_id}' has been used for a wave: choose another.")
    for key_id in (wave.body_key, wave.locator_key):
        if not store.ring.exists(key_id):
            store.ring.create(key_id, KeyKind.SEALED_BOX)
        write_private(zone.keys / f"{key_id}.pub", store.ring.public(key_id).hex().encode())
    if not same:
        store.add_wave(wave, Entry(actor, "wave-open", wave_id, {"body_key": wave.body_key, "locator_key": wave.locator_key}))
    collection.open_wave(CollectionWave(wave.id, survey, WaveState.OPEN, wave.body_key, wave.locator_key), today())
    return wave
