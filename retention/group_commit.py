"""Many children, one fsync: responses that arrive together are stored in one durable transaction, in random order."""

from __future__ import annotations

import queue
import random
import threading
from concurrent.futures import Future

from retention.collection_store import CollectionStore, Receipt
from retention.seal import SealedResponse

_Waiting = tuple[SealedResponse, "Future[Receipt]"]
_LARGEST_GROUP = 256


class GroupCommit:
    """A thread that stores what is submitted. A future is done only once its response is on the disk, or has failed."""

    def __init__(self, store: CollectionStore) -> None:
        self._store = store
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue()
        self._shuffle = random.SystemRandom().shuffle
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    def submit(self, record: SealedResponse) -> Future[Receipt]:
        """Store one response. The future raises what `CollectionStore.put` raises."""
        future: Future[Receipt] = Future()
        self._waiting.put((record, future))
        return future

    def stop(self) -> None:
        """Store what is waiting, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            group, last = [first], False
            while len(group) < _LARGEST_GROUP:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                    break
                group.append(more)
            self._shuffle(group)
            self._store_group(group)
            if last:
                return

    def _store_group(self, group: list[_Waiting]) -> None:
        try:
            receipts = self._store.put([record for record, _ in group])
        except Exception as error:  # whatever went wrong, every waiting child must hear of it
            for _, future in group:
                future.set_exception(error)
            return
        for (_, future), receipt in zip(group, receipts, strict=True):
            future.set_result(receipt)
