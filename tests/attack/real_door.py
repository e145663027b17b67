"""The child door as it is deployed, `python -m api child`, for rough treatment: whatever it writes is kept, and must be nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from forms.load import load_survey
from tests.functional.door import Wave, open_wave
from tests.permits import permitted

ROOT = Path(__file__).parents[2]
PAGE = os.sysconf("SC_PAGESIZE")


def children_of(process: int) -> list[int]:
    """Process ids, whichever thread started them."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ends meanwhile
            found += map(int, (task / "children").read_text().split())
    return found


class RealDoor:
    """A running door with a wave of its own to store in; `errors` is what it wrote."""

    def __init__(self, wave: Wave, folder: Path) -> None:
        self.errors = folder / "stderr"
        environment = {"PATH": os.environ["PATH"], "BIGASK_HOME": str(wave.settings.home)}
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api", "child"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        self.address = httpx.URL(self.process.stdout.readline().strip())

    def workers(self) -> list[int]:
        """Their process ids."""
        return children_of(self.process.pid)

    def processes(self) -> list[int]:
        """The workers, and those who store for them."""
        return [one for worker in self.workers() for one in (worker, *children_of(worker))]

    def memory(self) -> int:
        """Resident bytes of all of them."""
        return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE for one in self.processes())

    def end(self) -> None:
        """Stop, and wait for it."""
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def connect(self) -> socket.socket:
        return socket.create_connection((self.address.host, self.address.port or 80), timeout=60)

    def alive(self) -> bool:
        """True if it would take answers."""
        return httpx.get(self.address.join("/health/ready"), timeout=60).status_code == 200


@contextmanager
def real_door(folder: Path) -> Iterator[tuple[RealDoor, Wave]]:
    """A door and its wave in this folder. Raises AssertionError if it has written a word by the end."""
    wave = open_wave(folder / "home")
    permitted(wave.zone, load_survey())
    running = RealDoor(wave, folder)
    try:
        yield running, wave
    finally:
        running.end()
    said = running.errors.read_text()
    assert said == "", said
