"""Attack on the promise of "thank you": whatever moment the server is killed at, every acknowledged response is there, and once."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from sqlalchemy import text

from retention.database import connect
from tests.sealed import collecting, open_store, stored

# Stores under load from several threads and prints an id once its future is done, as the child door says thank you. Between two
# rounds it submits earlier responses again, as a child does who got no answer.
STORE_UNDER_LOAD = """
import os, secrets, sys, threading
from retention.group_commit import GroupCommit
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse
from tests.sealed import open_store
group = GroupCommit(open_store(sys.argv[1]))
def child():
    while True:
        response = SealedResponse(secrets.token_bytes(16), secrets.token_bytes(BODY_SIZE), secrets.token_bytes(LOCATOR_SIZE))
        for _ in range(2):
            group.submit("2026-spring", response).result()
            os.write(1, response.id.hex().encode() + b"\\n")
threads = [threading.Thread(target=child) for _ in range(8)]
[thread.start() for thread in threads]
"""


def acknowledged_before_the_kill(url: str, after: int) -> set[bytes]:
    """Ids that a server acknowledged, killed with SIGKILL as soon as `after` lines have been read."""
    server = subprocess.Popen([sys.executable, "-c", STORE_UNDER_LOAD, url], stdout=subprocess.PIPE)
    assert server.stdout is not None
    lines = [server.stdout.readline() for _ in range(after)]
    server.kill()
    rest, _ = server.communicate()
    whole = [line for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith(b"\n")]
    assert len(whole) >= after
    return {bytes.fromhex(line.decode()) for line in whole}


def test_no_acknowledged_response_is_lost_or_doubled_by_sigkill(database_url: str) -> None:
    store, acknowledged = collecting(database_url), set()
    for _ in range(2):
        acknowledged |= acknowledged_before_the_kill(database_url, after=random.SystemRandom().randint(1, 150))
        found = stored(open_store(database_url))  # fails if one is there twice
        assert acknowledged <= set(found)
        assert len(found) <= len(acknowledged) + 2 * 8  # a child at most per thread was stored and not told yet
    assert store.count() == len(found)


def test_sqlite_waits_for_the_disk(database_url: str) -> None:
    """A power cut is not a SIGKILL: what the disk was not asked to keep is lost then. So the settings themselves are checked."""
    store = collecting(database_url)
    with store._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL: journal, then file, flushed at every commit
            assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "persist"
            return
    # PostgreSQL, set to confirm before it has written: a put asks it to wait all the same.
    name = database_url.rpartition("/")[2]
    with connect(database_url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    seen: list[str] = []
    again = open_store(database_url)
    real = again._require_open

    def look(connection: object, _wave: object) -> object:
        seen.append(connection.execute(text("SHOW synchronous_commit")).scalar_one())  # type: ignore[attr-defined]
        return real(connection, None)  # type: ignore[arg-type]

    again._require_open = look  # type: ignore[assignment,method-assign]
    again.put([])
    assert seen == ["on"]
    assert store.count() == 0


@pytest.mark.long
def test_many_kills(database_url: str) -> None:
    store, acknowledged = collecting(database_url), set()
    for _ in range(40):
        acknowledged |= acknowledged_before_the_kill(database_url, after=random.SystemRandom().randint(1, 400))
        assert acknowledged <= set(stored(open_store(database_url)))
    assert store.count() >= len(acknowledged)
