"""A PostgreSQL server of our own for one test session: its own folder, port and user, gone when the session ends."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from tests.needs import postgres_folder

MEMORY = Path("/dev/shm")  # noqa: S108
_SETTINGS = "-c listen_addresses=127.0.0.1 -c max_connections=50 -c shared_buffers=32MB -c log_min_messages=fatal"


class PostgresMissing(RuntimeError):
    """The tests need a PostgreSQL server and found none."""


class Postgres:
    """A server on 127.0.0.1, with a new database for whoever asks."""

    def __init__(self, folder: Path, programs: Path, durable: bool = False) -> None:
        self.data, self._programs, self._folder = folder / "data", programs, folder
        self._settings = f"{_SETTINGS} -c fsync={'on' if durable else 'off'}"
        self._numbers = itertools.count()
        # PostgreSQL refuses to run as root.
        self._as: dict[str, object] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(folder, "postgres", "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._run("initdb", "-A", "trust", "-U", "bigask", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self.data), *arguments]
        subprocess.run(command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL, **self._as)  # type: ignore[call-overload]

    def start(self) -> None:
        """Start, and return once it answers."""
        options = f"{self._settings} -p {self.port} -k {self._folder}"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop at once, ending every connection. Nothing committed is lost."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def kill_and_start(self) -> None:
        """End the server by SIGKILL; start it again, as often as its orphaned processes are still in the way."""
        os.kill(int((self.data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        for _ in range(50):
            try:
                return self.start()
            except subprocess.CalledProcessError:
                continue
        raise RuntimeError("the killed server does not start again")

    def url(self, database: str) -> str:
        """URL of a database of this server."""
        return f"postgresql+psycopg://bigask@127.0.0.1:{self.port}/{database}"

    def folders_of(self, urls: Iterable[str]) -> list[Path]:
        """Where the files of these databases lie, besides the logs that all databases of the server share."""
        names = [url.rpartition("/")[2] for url in urls]
        with psycopg.connect(f"postgresql://bigask@127.0.0.1:{self.port}/postgres") as connection:
            found = connection.execute("SELECT oid FROM pg_database WHERE datname = ANY(%s)", (names,)).fetchall()
        return [self.data / "base" / str(oid) for (oid,) in found]

    def new_database(self, template: str = "template0") -> str:
        """URL of a new database, empty or a copy of another."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(f"postgresql://bigask@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
        return self.url(name)


@contextmanager
def running_postgres(durable_in: Path | None = None) -> Iterator[Postgres]:
    """A running server, which waits for the disk only if a folder on one is given.

    Raises PostgresMissing, which says how to install one: a test never passes by not running.
    """
    programs = postgres_folder()
    if programs is None:
        raise PostgresMissing("The tests need a PostgreSQL server: sudo apt-get install postgresql")
    # In memory where there is room: a server's folder is hundreds of small files for each database.
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 * 2**30
    folder = Path(tempfile.mkdtemp(prefix="bigask-postgres-", dir=durable_in or (MEMORY if roomy else None)))
    folder.chmod(0o700)
    try:
        server = Postgres(folder, programs, durable_in is not None)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")  # nothing of it is needed any more
    finally:
        shutil.rmtree(folder, ignore_errors=True)
