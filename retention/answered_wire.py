"""Between the table builder and the process that keeps its log: the builder itself holds no key of the ledger and no database.

Over a Unix socket that nobody else can reach. A connection names its wave in its first line; then each line is a JSON list of
definitions, and is answered by KEPT once all of them are on record, or by FAILED.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from retention.answered import MOST, AnsweredLog
from retention.database import DatabaseUnavailable

KEPT, FAILED = b"kept\n", b"failed\n"
LONGEST = 2048  # characters of a definition
LONGEST_LINE = MOST * 2 * LONGEST
SILENT = "The log of answers cannot be reached: open the table builder's door again."


@contextmanager
def keeping(logs: Mapping[str, AnsweredLog], path: Path) -> Iterator[None]:
    """Keep what comes in over a new socket at this path. Connections end with the process."""
    with socket.socket(socket.AF_UNIX) as listening:
        before = os.umask(0o177)
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        listening.listen()
        threading.Thread(target=_accept, args=(listening, logs), name="answered-keeper", daemon=True).start()
        try:
            yield
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            path.unlink(missing_ok=True)


def _accept(listening: socket.socket, logs: Mapping[str, AnsweredLog]) -> None:
    with suppress(OSError):  # it was closed
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_serve, args=(connection, logs), name="answered-keeper", daemon=True).start()


def _serve(connection: socket.socket, logs: Mapping[str, AnsweredLog]) -> None:
    with connection, suppress(OSError), connection.makefile("rb") as lines:
        log = logs.get(lines.readline(LONGEST).decode("utf-8", "replace").strip())
        while log is not None and (line := lines.readline(LONGEST_LINE)):
            connection.sendall(KEPT if _keep(log, line) else FAILED)


def _keep(log: AnsweredLog, line: bytes) -> bool:
    try:
        asked = json.loads(line)
        if not isinstance(asked, list) or len(asked) > MOST or not all(isinstance(one, str) and len(one) <= LONGEST for one in asked):
            return False
        for future in [log.add(one) for one in asked]:
            future.result()
    except Exception:  # whatever it is, the answer must not leave
        return False
    return True


class AnsweredWire:
    """The builder's end: has definitions of one wave put on record."""

    def __init__(self, path: Path, wave_id: str) -> None:
        """Raises DatabaseUnavailable."""
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.connect(str(path))
            self._connection.sendall(wave_id.encode() + b"\n")
        except OSError:
            self._connection.close()
            raise DatabaseUnavailable(SILENT) from None
        self._lines = self._connection.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._connection.close()

    def write(self, asked: Sequence[str]) -> None:
        """Return once all are on record. Raises DatabaseUnavailable if they are not."""
        try:
            self._connection.sendall(json.dumps(list(asked)).encode() + b"\n")
            told = self._lines.readline(LONGEST)
        except OSError:
            told = b""
        if told != KEPT:
            raise DatabaseUnavailable(SILENT)
