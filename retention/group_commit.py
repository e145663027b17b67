"""Many children, one fsync: responses that arrive together are stored in one durable transaction, in random order."""

from __future__ import annotations

import queue
import random
import threading
from concurrent.futures import Future
from contextlib import suppress

from retention.collection_store import CollectionStore, Receipt
from retention.database import DatabaseUnavailable
from retention.seal import SealedResponse

_Waiting = tuple[str, SealedResponse, "Future[Receipt]"]
_LARGEST_GROUP = 256
MOST_WAITING = 8192  # responses in memory, 80 MB of them; far more than a school, and a bound when the database is silent


class GroupCommit:
    """A thread that stores what is submitted. A future is done only once its response is on the disk, or has failed."""

    def __init__(self, store: CollectionStore) -> None:
        self._store = store
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue()
        self._submitting = threading.Lock()
        self._stopped = False
        self._shuffle = random.SystemRandom().shuffle
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    def submit(self, wave_id: str, record: SealedResponse) -> Future[Receipt]:
        """Store one response that was sealed to this wave's keys.

        The future raises what `CollectionStore.put` raises, and DatabaseUnavailable if too many wait.
        """
        future: Future[Receipt] = Future()
        with self._submitting:
            if self._stopped or not self._thread.is_alive() or self._waiting.qsize() >= MOST_WAITING:
                future.set_exception(DatabaseUnavailable("No more responses are taken at this moment: try again."))
            else:
                self._waiting.put((wave_id, record, future))
        return future

    def stop(self) -> None:
        """Store what is waiting, then end the thread. What is submitted afterwards is refused. Can be repeated."""
        with self._submitting:
            self._stopped = True
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            entries = [self._waiting.get()]
            with suppress(queue.Empty):
                while len(entries) < _LARGEST_GROUP:
                    entries.append(self._waiting.get_nowait())
            last = None in entries
            # Who gave up before their turn is left out; from here on nobody can.
            group = [entry for entry in entries if entry is not None and entry[2].set_running_or_notify_cancel()]
            self._shuffle(group)
            for wave_id in {entry[0] for entry in group}:  # one, unless a wave was closed and another opened this very moment
                self._store_group(wave_id, [entry for entry in group if entry[0] == wave_id])

    def _store_group(self, wave_id: str, group: list[_Waiting]) -> None:
        try:
            receipts = self._store.put([record for _, record, _ in group], wave_id)
            if len(receipts) != len(group):
                raise RuntimeError("The collection store did not answer for every response.")
        except BaseException as error:  # whatever went wrong, every waiting child must hear of it, and the next group have its turn
            for _, _, future in group:
                future.set_exception(error)
            return
        for (_, _, future), receipt in zip(group, receipts, strict=True):
            future.set_result(receipt)
