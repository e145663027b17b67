"""Runs doors as processes of their own: a door shares nothing with the pipeline but the files of its zone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

DOORS = ("child", "staff", "researcher")
# A door is not told where the other zones are.
_NOT_FOR = {
    "child": ("BIGASK_SECURE_URL", "BIGASK_PASSPHRASE_FILE"),
    "staff": ("BIGASK_COLLECTION_URL",),
    "researcher": ("BIGASK_COLLECTION_URL", "BIGASK_SECURE_URL", "BIGASK_PASSPHRASE_FILE"),
    "builder": tuple(f"BIGASK_{name}" for name in ("HOME", "COLLECTION_URL", "SECURE_URL", "PASSPHRASE_FILE", "SHARES")),
}


class DoorFailed(RuntimeError):
    """A door did not open. What it said stands above."""


@contextmanager
def open_door(door: str, port: int = 0, handed: bytes = b"") -> Iterator[str]:
    """A running door; gives its address. Port 0 takes any free one; `handed`: what it reads first. Raises DoorFailed.

    The door closes with this process, however that ends: it watches a pipe that only this process holds. In a session of its
    own it is not interrupted by the Ctrl-C that is meant for us.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_FOR[door]}
    process = subprocess.Popen(  # noqa: S603 - our own module, no shell
        (sys.executable, "-m", "api", door, "--port", str(port), "--until-eof"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    try:
        if process.stdin and handed:
            with suppress(BrokenPipeError):  # it has ended already, and says so below
                process.stdin.write(handed)
                process.stdin.flush()
        address = process.stdout.readline().decode().strip() if process.stdout else ""
        if not address:
            raise DoorFailed(f"The {door} door did not open: its port may be taken, or its zone is not ready (`bigask status`).")
        yield address.rstrip("/")
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
