"""The process that stores responses for one worker of the child door: `python -m api.committing_keeper SOCKET`.

A worker answers children, and SQLite takes many small steps to store what they sent. In one Python process each waits for the other's
lock at every step. Here a worker's sealed responses come in over a socket that nobody else holds, and a receipt goes back for each; the
process ends when the worker closes its end, or dies, and stores what it was given before.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from api.committing import Told
from api.committing_wire import READY, Frames, to_reply
from api.quiet_logs import quieten
from retention.collection_store import Receipt, connect_door
from retention.database import DatabaseUnavailable
from retention.group_commit import GroupCommit
from retention.settings import CollectionZone

LONGEST_GREETING = 64 * 1024


class _Keeper(asyncio.Protocol):
    def __init__(self, group: GroupCommit) -> None:
        self._group = group
        self._frames = Frames()
        self._told = Told(asyncio.get_running_loop())
        self._replies: list[bytes] = []
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._reply(READY)

    def data_received(self, data: bytes) -> None:
        for number, wave_id, record in self._frames.records(data):

            def then(done: Future[Receipt], number: int = number) -> None:
                self._reply(to_reply(number, done.exception() or done.result()))

            self._told.when_done(self._group.submit(wave_id, record), then)

    def _reply(self, reply: bytes) -> None:
        """Replies of one group leave together."""
        if not self._replies:
            asyncio.get_running_loop().call_soon(self._send)
        self._replies.append(reply)

    def _send(self) -> None:
        if isinstance(self._transport, asyncio.WriteTransport) and not self._transport.is_closing():
            self._transport.write(b"".join(self._replies))
        self._replies.clear()

    def eof_received(self) -> bool:
        self.gone.set()
        return True  # receipts can still be told

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - its name is given
        self.gone.set()


def greeting(zone: CollectionZone) -> bytes:
    """What a worker says first: where to store."""
    return json.dumps([str(zone.folder), zone.database_url]).encode() + b"\n"


def _zone(connection: socket.socket) -> CollectionZone:
    told = b""
    while not told.endswith(b"\n"):
        one = connection.recv(1)  # byte by byte: what comes after it belongs to the frames
        if not one or len(told) > LONGEST_GREETING:
            raise SystemExit(0)
        told += one
    folder, url = json.loads(told)
    return CollectionZone(Path(folder), url)


async def _keep(connection: socket.socket, group: GroupCommit) -> None:
    loop = asyncio.get_running_loop()
    transport, keeper = await loop.create_connection(lambda: _Keeper(group), sock=connection)
    await keeper.gone.wait()
    await asyncio.to_thread(group.stop)
    await asyncio.sleep(0)  # what the last group called for
    transport.close()


def main() -> None:
    """Store until the worker is gone. It says when it is time to end: a signal to the whole door must not come before it."""
    quieten()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=int(sys.argv[1]))
    zone = _zone(connection)
    try:
        store = connect_door(zone)
    except DatabaseUnavailable:
        raise SystemExit(1) from None  # the worker starts another, after a while
    with suppress(ConnectionError):
        asyncio.run(_keep(connection, GroupCommit(store)))


if __name__ == "__main__":
    main()
