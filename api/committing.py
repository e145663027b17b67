"""Handing a sealed response to whoever has it stored: in this process, or in one of its own (api.committing_process)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Protocol

from retention.collection_store import Receipt
from retention.group_commit import GroupCommit
from retention.seal import SealedResponse
from retention.settings import CollectionZone


class Committing(Protocol):
    """Where a worker of the child door hands in sealed responses. Used in one event loop."""

    async def start(self) -> None:
        """Returns once something can be handed in. Raises DatabaseUnavailable."""

    async def commit(self, wave_id: str, record: SealedResponse) -> Receipt:
        """Returns once the response is on the disk. Raises what `CollectionStore.put` raises. Who gives up waiting stops nothing."""

    async def stop(self) -> None:
        """Returns once what was handed in is stored, or cannot be. Nothing is taken afterwards."""


Commits = Callable[[CollectionZone], Committing]


class Told:
    """Tells an event loop which responses are stored: a whole group at once, so that the loop wakes up once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ended: deque[tuple[Callable[[Future[Receipt]], None], Future[Receipt]]] = deque()
        self._called = False

    def when_done(self, stored: Future[Receipt], then: Callable[[Future[Receipt]], None]) -> None:
        """Have `then` called in the loop with a future that is done by then."""
        stored.add_done_callback(lambda done: self._note(then, done))

    def _note(self, then: Callable[[Future[Receipt]], None], done: Future[Receipt]) -> None:
        """Called by the thread that stores."""
        self._ended.append((then, done))
        if not self._called:
            self._called = True
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._called = False  # first: what is noted from here on may come too late for this time
        while self._ended:
            then, done = self._ended.popleft()
            then(done)


class CommittingHere:
    """By a thread of this process."""

    def __init__(self, group: GroupCommit) -> None:
        self._group = group
        self._telling: Told | None = None

    async def start(self) -> None:
        pass

    async def commit(self, wave_id: str, record: SealedResponse) -> Receipt:
        waiting: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()

        def then(done: Future[Receipt]) -> None:
            if waiting.done():  # gave up
                return
            if (error := done.exception()) is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(done.result())

        self._told().when_done(self._group.submit(wave_id, record), then)
        return await waiting

    def _told(self) -> Told:
        loop = asyncio.get_running_loop()
        if self._telling is None or self._telling.loop is not loop:
            self._telling = Told(loop)
        return self._telling

    async def stop(self) -> None:
        self._group.stop()
