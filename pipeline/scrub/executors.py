"""Where the parts of a scan are read: in this process, in several of this machine, or on the machines of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context

from pipeline.scrub.scan import Found, Part, Run
from pipeline.scrub.scrubber import Scrubber, Setting
from retention.memory import as_helper

_AHEAD = 3  # parts handed out for each worker: enough to keep it busy, few enough to keep memory flat


class ScanStopped(RuntimeError):
    """A worker ended before its work did."""


@contextmanager
def executor(setting: Setting, workers: int | None = None, scheduler: str | None = None) -> Iterator[Run]:
    """The executor for a choice of `workers` (by default as many as there are processors) or of a Dask `scheduler`'s address.

    Raises ValueError for less than one worker, and what `cluster.cluster` raises.
    """
    if scheduler is not None:
        from pipeline.scrub.cluster import cluster  # Dask is slow to load, and most scans do without

        with cluster(setting, scheduler) as run:
            yield run
    elif (count := processors() if workers is None else workers) == 1:
        yield Scrubber.of(setting).run
    else:
        with process_pool(setting, count) as run:
            yield run


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def process_pool(setting: Setting, workers: int) -> Iterator[Run]:
    """Several processes of this machine. Raises ValueError for less than one."""
    if workers < 1:
        raise ValueError("scrubbing needs at least one worker")
    # 'spawn', because a forked process would inherit the threads of the model's run time in an undefined state
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (setting,))
    try:
        yield partial(_run, pool, _AHEAD * workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _run(pool: ProcessPoolExecutor, most: int, parts: Iterable[Part]) -> Iterator[tuple[int, Found]]:
    waiting: dict[Future[Found], int] = {}
    try:
        for part in parts:
            waiting[pool.submit(_find, part)] = part.number
            if len(waiting) >= most:
                yield from _ended(waiting)
        while waiting:
            yield from _ended(waiting)
    except BrokenProcessPool:
        raise ScanStopped("A scrubbing process was ended from outside: run the same command again, it goes on where it stopped.") from None


def _ended(waiting: dict[Future[Found], int]) -> Iterator[tuple[int, Found]]:
    for future in wait(waiting, return_when=FIRST_COMPLETED).done:
        yield waiting.pop(future), future.result()


_scrubber: Scrubber | None = None  # of a worker process: it has nowhere else to keep it


def _start(setting: Setting) -> None:
    global _scrubber
    as_helper()
    _scrubber = Scrubber.of(setting)


def _find(part: Part) -> Found:
    if _scrubber is None:
        raise RuntimeError("a scrubbing process was used before it was started")
    return _scrubber.find_part(part.texts)
