"""A worker's end of the process that stores for it: started when it is needed, and again if it has died."""

from __future__ import annotations

import asyncio
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from api.committing_keeper import greeting
from api.committing_wire import UNREACHABLE, Frames, to_frame
from retention.collection_store import Receipt
from retention.database import DatabaseUnavailable
from retention.group_commit import MOST_WAITING
from retention.seal import SealedResponse
from retention.settings import CollectionZone

AGAIN_AFTER = 1.0  # seconds between two starts


class CommittingProcess:
    """Stores by a process of its own."""

    def __init__(self, zone: CollectionZone, clock: Callable[[], float] = time.monotonic) -> None:
        self._zone = zone
        self._clock = clock
        self._starting = asyncio.Lock()
        self._started_at = float("-inf")
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: _Wire | None = None
        self._stopped = False

    async def start(self) -> None:
        await self._start()

    async def commit(self, wave_id: str, record: SealedResponse) -> Receipt:
        wire = self._wire
        if wire is None or wire.lost:
            wire = await self._start()
        return await wire.commit(wave_id, record)

    async def _start(self) -> _Wire:
        async with self._starting:
            if self._wire is not None and not self._wire.lost:
                return self._wire
            if self._stopped or self._clock() - self._started_at < AGAIN_AFTER:
                raise DatabaseUnavailable(UNREACHABLE)
            self._started_at = self._clock()
            await self._reap()
            here, there = socket.socketpair()
            with there:
                fd = str(there.fileno())
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", "api.committing_keeper", fd], pass_fds=[there.fileno()], stdin=subprocess.DEVNULL
                )
            here.setblocking(False)
            transport, wire = await asyncio.get_running_loop().create_connection(_Wire, sock=here)
            transport.write(greeting(self._zone))
            try:
                await wire.ready
            except BaseException:  # whoever asked may give up waiting: a process that nobody knows of must not stay
                transport.abort()
                raise
            self._wire = wire
            return wire

    async def _reap(self) -> None:
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)

    async def stop(self) -> None:
        self._stopped = True
        if self._wire is not None:
            await self._wire.end()
        await self._reap()


class _Wire(asyncio.Protocol):
    """What is under way to one process."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._numbers = itertools.cycle(range(1, 2**32))
        self.ready: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting = {0: self.ready}
        self._unsent: list[bytes] = []
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    async def commit(self, wave_id: str, record: SealedResponse) -> Receipt:
        if self.lost or len(self._waiting) >= MOST_WAITING:
            raise DatabaseUnavailable(UNREACHABLE)
        loop = asyncio.get_running_loop()
        number = next(self._numbers)
        waiting: asyncio.Future[Receipt] = loop.create_future()
        self._waiting[number] = waiting
        if not self._unsent:
            loop.call_soon(self._send)  # whoever comes in the same moment goes with it
        self._unsent.append(to_frame(number, wave_id, record))
        return await waiting

    def _send(self) -> None:
        if not self.lost:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        for number, outcome in self._frames.replies(data):
            waiting = self._waiting.pop(number)
            if waiting.done():  # gave up
                continue
            if isinstance(outcome, Receipt):
                waiting.set_result(outcome)
            else:
                waiting.set_exception(outcome)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its name is given
        self.lost = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(DatabaseUnavailable(UNREACHABLE))
        self._waiting.clear()

    async def end(self) -> None:
        """Returns once every receipt is there, or none will come."""
        while self._waiting and not self.lost:
            await asyncio.wait(list(self._waiting.values()))
        self._transport.close()
