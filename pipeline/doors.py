"""Runs doors as processes of their own: a door shares nothing with the pipeline but the files of its zone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

DOORS = ("child", "staff", "researcher")


class DoorFailed(RuntimeError):
    """A door did not open. What it printed stands above."""


@contextmanager
def open_door(door: str, port: int = 0) -> Iterator[str]:
    """A running door; gives its address. Port 0 takes any free one. Raises DoorFailed."""
    command: Sequence[str] = (sys.executable, "-m", "api", door, "--port", str(port))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module, no shell
    try:
        address = process.stdout.readline().strip() if process.stdout else ""
        if not address:
            raise DoorFailed(f"The {door} door did not open: its port may be taken, or its zone is not ready (`bigask status`).")
        yield address.rstrip("/")
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
