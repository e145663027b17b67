"""Many children, one fsync: responses that arrive together are stored in one durable transaction, in random order."""

from __future__ import annotations

import random
import threading
from collections import deque
from concurrent.futures import Future

from retention.collection_store import CollectionStore, Receipt
from retention.database import DatabaseUnavailable
from retention.seal import SealedResponse

_Waiting = tuple[str, SealedResponse, "Future[Receipt]"]
_Outcome = list[Receipt] | BaseException
_LARGEST_GROUP = 256
GATHERS = 0.003  # seconds that a group waits for others while many come: a group costs the processor and the disk more than who is in it
MOST_WAITING = 8192  # responses in memory, 80 MB of them; far more than a school, and a bound when the database is silent


class GroupCommit:
    """A thread that stores what is submitted. A future is done only once its response is on the disk, or has failed."""

    def __init__(self, store: CollectionStore) -> None:
        self._store = store
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._many = False
        self._shuffle = random.SystemRandom().shuffle
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    def submit(self, wave_id: str, record: SealedResponse) -> Future[Receipt]:
        """Store one response that was sealed to this wave's keys.

        The future raises what `CollectionStore.put` raises, and DatabaseUnavailable if too many wait.
        """
        future: Future[Receipt] = Future()
        with self._changed:
            if self._stopped or not self._thread.is_alive() or len(self._waiting) >= MOST_WAITING:
                future.set_exception(DatabaseUnavailable("No more responses are taken at this moment: try again."))
                return future
            self._waiting.append((wave_id, record, future))
            if len(self._waiting) in (1, _LARGEST_GROUP):
                self._changed.notify()
        return future

    def stop(self) -> None:
        """Store what is waiting, then end the thread. What is submitted afterwards is refused. Can be repeated."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._somebody_waits():
            for group, outcome in self._stored():
                _tell(group, outcome)

    def _somebody_waits(self) -> bool:
        """Returns once somebody does; False if it is stopped and everybody is stored."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            if self._many:
                self._changed.wait_for(lambda: len(self._waiting) >= _LARGEST_GROUP or self._stopped, GATHERS)
            return bool(self._waiting)

    def _stored(self) -> list[tuple[list[_Waiting], _Outcome]]:
        """Store one group. One, that is, unless a wave was closed and another opened this very moment."""
        group: list[_Waiting] = []
        try:
            with self._store.turn():  # who comes while another process has its turn belongs to this group as well
                group = self._next()
                waves = {entry[0] for entry in group}
                parts = [(wave_id, [entry for entry in group if entry[0] == wave_id]) for wave_id in waves]
                return [(part, self._put(wave_id, part)) for wave_id, part in parts]
        except BaseException as error:
            return [(group or self._next(), error)]  # nobody who was taken from the queue is forgotten

    def _next(self) -> list[_Waiting]:
        """Everybody who waits, up to the largest group, in random order. Who gave up is left out; from here on nobody can."""
        with self._changed:
            entries = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_GROUP))]
        group = [entry for entry in entries if entry[2].set_running_or_notify_cancel()]
        self._shuffle(group)
        self._many = len(group) > 1
        return group

    def _put(self, wave_id: str, group: list[_Waiting]) -> _Outcome:
        try:
            receipts = self._store.put([record for _, record, _ in group], wave_id)
            if len(receipts) != len(group):
                raise RuntimeError("The collection store did not answer for every response.")
        except BaseException as error:  # whatever went wrong, every waiting child must hear of it, and the next group have its turn
            return error
        return receipts


def _tell(group: list[_Waiting], outcome: _Outcome) -> None:
    if isinstance(outcome, BaseException):
        for _, _, future in group:
            future.set_exception(outcome)
        return
    for (_, _, future), receipt in zip(group, outcome, strict=True):
        future.set_result(receipt)
