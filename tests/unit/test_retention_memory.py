"""What is in clear in memory is not written to a disk by the kernel, and a helper does not outlive whoever it helps."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
from multiprocessing.connection import Connection

import pytest

from retention.memory import as_helper, undumpable

GET_DUMPABLE = 3


def dumpable() -> bool:
    return bool(ctypes.CDLL(None).prctl(GET_DUMPABLE, 0, 0, 0, 0))


@pytest.fixture
def cores_wanted() -> None:
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.mark.usefixtures("cores_wanted")
def test_no_image_while_it_lasts_and_as_before_afterwards() -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    assert dumpable()
    with pytest.raises(RuntimeError, match=r"\(False, 0\)"), undumpable():
        raise RuntimeError((dumpable(), resource.getrlimit(resource.RLIMIT_CORE)[0]))
    assert dumpable()
    assert resource.getrlimit(resource.RLIMIT_CORE) == before


def _helper(told: Connection) -> None:
    as_helper()
    told.send((os.getpid(), dumpable(), resource.getrlimit(resource.RLIMIT_CORE)[0], signal.getsignal(signal.SIGINT) is signal.SIG_IGN))
    signal.pause()


def _parent(told: Connection) -> None:
    multiprocessing.get_context("fork").Process(target=_helper, args=(told,)).start()
    signal.pause()


def test_a_helper_ends_with_its_parent_even_when_that_is_killed() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    parent = context.Process(target=_parent, args=(theirs,))
    parent.start()
    theirs.close()
    _pid, dumps, cores, leaves_interrupts = ours.recv()
    assert (dumps, cores, leaves_interrupts) == (False, 0, True)
    os.kill(parent.pid or 0, signal.SIGKILL)
    parent.join()
    with pytest.raises(EOFError):  # comes once every process that held the other end is gone
        ours.recv()
    ours.close()
