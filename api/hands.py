"""Who has which text in hand: one at a time each, in an order that means nothing, and no more readers at once than a text needs."""

from __future__ import annotations

import secrets
import threading

from api.staff_session import Sessions
from retention import review
from retention.review import ReviewItem
from retention.review_states import READINGS, SETTLED, ReviewState
from retention.secure_store import SecureStore

_NEEDED = {ReviewState.DISPUTED: 3}  # readings that settle a text; two, unless they differ


class Hands:
    """Hands out waiting texts. A reader who signs out and in again gets the same text: nobody can leaf through them.

    The list of a reader's texts is read when it runs out, not for every page: it can be long.
    """

    def __init__(self, store: SecureStore, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions
        self._lock = threading.Lock()
        self._held: dict[str, tuple[str, str]] = {}  # reader -> wave, item
        self._lists: dict[tuple[str, str], list[str]] = {}  # wave, reader -> items, shuffled

    def holds(self, reader: str) -> tuple[str, str] | None:
        """(wave, item) that this reader has in hand."""
        with self._lock:
            return self._held.get(reader)

    def take(self, reader: str, wave_id: str) -> ReviewItem | None:
        """The text that this reader is reading, of whichever wave, or the next of this one; None when there is none."""
        with self._lock:
            held = self._held.pop(reader, None)
            if held is not None and (found := self._free(held[1], reader)) is not None:
                self._held[reader] = held
                return found
            chosen = self._next(wave_id, reader) or self._reload(wave_id, reader)
            if chosen is not None:
                self._held[reader] = (wave_id, chosen.id)
            return chosen

    def give(self, reader: str, wave_id: str, item_id: str) -> None:
        """Put back into a reader's hand what they took back."""
        with self._lock:
            self._held[reader] = (wave_id, item_id)

    def done(self, reader: str) -> None:
        """The text in this reader's hand has been read."""
        with self._lock:
            self._held.pop(reader, None)

    def _next(self, wave_id: str, reader: str) -> ReviewItem | None:
        waiting = self._lists.get((wave_id, reader), [])
        while waiting:
            if (candidate := self._free(waiting.pop(), reader)) is not None:
                return candidate
        return None

    def _reload(self, wave_id: str, reader: str) -> ReviewItem | None:
        ids = review.open_to(self._store, wave_id, reader)
        secrets.SystemRandom().shuffle(ids)  # for each reader another order: what tires one at the end is fresh to the other
        self._lists[wave_id, reader] = ids
        return self._next(wave_id, reader)

    def _free(self, item_id: str, reader: str) -> ReviewItem | None:
        """The text, if this reader may read it and it is not in as many hands as it needs."""
        found = review.item(self._store, item_id)
        read = {reading.reader for reading in review.readings(self._store, found.wave, item_id)}
        missing = 0 if found.state in SETTLED else _NEEDED.get(found.state, 2) - READINGS[found.state]
        return found if reader not in read and self._others(item_id, reader) < missing else None

    def _others(self, item_id: str, reader: str) -> int:
        """How many other readers who are at the door now have this text in hand."""
        present = self._sessions.present()
        return sum(item == item_id and name != reader and name in present for name, (_, item) in self._held.items())
