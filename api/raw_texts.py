"""Free text for the review desk: read from the vault once, held in memory only, gone with its key."""

from __future__ import annotations

import threading

from retention.secure_store import SecureStore, StepRefused


class RawTexts:
    """The texts of waves under review, by their row. Text alone: neither who wrote it nor what it answers."""

    def __init__(self, store: SecureStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._texts: dict[str, dict[int, str]] = {}

    def text(self, wave_id: str, row: int) -> str:
        """One text. Raises StepRefused once the texts are destroyed or before they are there, VaultError, KeyRingError."""
        asset = self._store.asset(wave_id, "texts")
        with self._lock:
            if asset.destroyed_on is not None or self._store.ring.is_destroyed(asset.stored.key_id):
                self._texts.pop(wave_id, None)
                raise StepRefused("The review of this wave is finished: its texts have been destroyed.")
            if wave_id not in self._texts:
                frame = self._store.vault.read(asset.stored)
                self._texts[wave_id] = dict(zip(frame["text_row"].astype(int), frame["text"].astype(str), strict=True))
            found = self._texts[wave_id].get(row)
        if found is None:
            raise StepRefused("A text of the queue is not among this wave's texts: stop, and tell whoever runs the pipeline.")
        return found
