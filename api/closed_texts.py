"""Free text for the desks: held in memory closed by the key that destruction destroys, opened one at a time.

What lies in memory is worth exactly as much as the key on the disk: the moment that is destroyed, by whichever process, no text
here opens any more, looked at or not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from retention.keys import KeyRingError
from retention.secure_store import Asset, SecureStore, StepRefused


@dataclass(frozen=True)
class Reason:
    """Why the machine proposes to hide a stretch: the layer that found it, and how sure it is (0 to 1)."""

    start: int
    end: int
    layer: str
    score: float


class ClosedTexts:
    """Texts of waves by their row, and nothing around them. `kind`: "texts" as they were typed, or "texts_clean"."""

    def __init__(self, store: SecureStore, kind: str = "texts") -> None:
        self._store = store
        self._kind = kind
        self._lock = threading.Lock()
        self._closed: dict[str, dict[int, bytes]] = {}
        self._reasons: dict[str, dict[int, tuple[Reason, ...]]] = {}

    def text(self, wave_id: str, row: int) -> str:
        """One text. Raises StepRefused once the texts are destroyed or before they are there, VaultError, KeyRingError."""
        asset = self._store.asset(wave_id, self._kind)
        with self._lock:
            key = self._key(wave_id, asset)
            if wave_id not in self._closed:
                frame = self._store.vault.read(asset.stored)
                rows = frame.get("text_row", frame.index)
                self._closed[wave_id] = dict(_closed(key, zip(rows, frame["text"], strict=True)))
            found = self._closed[wave_id].get(row)
            if found is None:
                raise StepRefused("A text that waits is not among this wave's texts: stop, and tell whoever runs the pipeline.")
            try:
                return key.decrypt(found).decode()
            except CryptoError:
                raise StepRefused("A text does not open with its wave's key: stop, and tell whoever runs the pipeline.") from None

    def reasons(self, wave_id: str, row: int) -> tuple[Reason, ...]:
        """Why the machine proposes what it does in a text: places, layers and scores, no words. Raises as `text` does."""
        asset = self._store.asset(wave_id, "spans")
        with self._lock:
            if wave_id not in self._reasons:
                self._reasons[wave_id] = _by_row(self._store.vault.read(asset.stored))
            return self._reasons[wave_id].get(row, ())

    def _key(self, wave_id: str, asset: Asset) -> SecretBox:
        """The key of the texts, from the disk, whenever one is asked for: memory never has it for longer than a page takes."""
        destroyed = asset.destroyed_on is not None
        try:
            if not destroyed:
                return SecretBox(self._store.ring.private(asset.stored.key_id))
        except KeyRingError:
            if not self._store.ring.is_destroyed(asset.stored.key_id):
                raise
        self._closed.pop(wave_id, None)
        self._reasons.pop(wave_id, None)
        raise StepRefused("These texts have been destroyed: nothing of this wave is left to be read here.")


def _closed(key: SecretBox, texts: Iterable[tuple[int, str]]) -> Iterable[tuple[int, bytes]]:
    close: Callable[[bytes], bytes] = key.encrypt
    for row, text in texts:
        yield int(row), bytes(close(str(text).encode()))


def _by_row(spans: pd.DataFrame) -> dict[int, tuple[Reason, ...]]:
    found: dict[int, list[Reason]] = {}
    columns = (spans[name] for name in ("text_row", "start", "end", "layer", "score"))
    for row, start, end, layer, score in zip(*columns, strict=True):
        found.setdefault(int(row), []).append(Reason(int(start), int(end), str(layer), float(score)))
    return {row: tuple(reasons) for row, reasons in found.items()}
