"""Keeping what is in clear in memory out of files: no core dump, no debugger of the same user, no child that outlives its parent."""

from __future__ import annotations

import ctypes
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_SET_PARENT_DEATH_SIGNAL, _SET_DUMPABLE = 1, 4  # of Linux's prctl(2)


@contextmanager
def undumpable() -> Iterator[None]:
    """While this lasts the kernel writes no image of this process to a disk, whatever kills it, and lets nobody of the same user read it.

    Memory that is swapped out is not covered: encrypt the swap, or have none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    _prctl(_SET_DUMPABLE, 0)
    try:
        yield
    finally:
        _prctl(_SET_DUMPABLE, 1)
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def as_helper() -> None:
    """For a process that holds something in clear on behalf of another: undumpable for good, ends with its parent, leaves Ctrl-C to it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    _prctl(_SET_DUMPABLE, 0)
    _prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the limit on core files has to do."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
