"""Opening and matching by parts of a bundle: in this process, or in several when there are many records.

A part is opened and matched by the same process, so that nothing a child wrote crosses from one to another: what comes back is
the derived geography.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

import pandas as pd

from forms.answers import Locator
from pipeline.directory import Directory
from pipeline.locate import match
from pipeline.received import read_locator
from pipeline.schools import SchoolDirectory
from pipeline.steps.sealed_records import Bundle, Why
from retention.memory import as_helper

PART: Final = 20_000  # locators in clear in the memory of one process at a time
FEW: Final = 2 * PART  # up to so many, starting processes costs more than it saves


@dataclass(frozen=True, eq=False)
class Matcher:
    """Everything a process needs to turn sealed locators into places. Holds the private key, and never shows it."""

    bundle: Bundle
    key: bytes
    directory: Directory
    schools: SchoolDirectory | None

    def __repr__(self) -> str:
        return f"Matcher({self.bundle.count} records)"

    def part(self, numbers: range) -> tuple[pd.DataFrame, dict[int, Why]]:
        """The places of these records (columns as `pipeline.locate.match` gives them), and which could not be read and why."""
        locators: list[Locator] = []
        unreadable: dict[int, Why] = {}
        for number, content in zip(numbers, self.bundle.opened(self.key, read_locator, numbers), strict=True):
            if isinstance(content, Why):
                unreadable[number] = content
                locators.append(Locator())
            else:
                locators.append(content)
        places = match(locators, self.directory, self.schools, [number - numbers.start for number in unreadable])
        return places, unreadable

    def parts(self) -> Iterator[tuple[pd.DataFrame, dict[int, Why]]]:
        """Every part in order; with more than FEW records on as many processes as this one may use processors."""
        ranges = [range(start, min(start + PART, self.bundle.count)) for start in range(0, self.bundle.count, PART)] or [range(0)]
        workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        if self.bundle.count <= FEW or workers == 1:
            yield from map(self.part, ranges)
            return
        pool = ProcessPoolExecutor(min(workers, len(ranges)), multiprocessing.get_context("spawn"), initializer=_start, initargs=(self,))
        try:
            yield from pool.map(_part, ranges)
        finally:
            pool.shutdown(cancel_futures=True)


_matcher: Matcher | None = None  # of a process that a pool has started: it has nowhere else to keep it


def _start(matcher: Matcher) -> None:
    global _matcher
    as_helper()
    _matcher = matcher


def _part(numbers: range) -> tuple[pd.DataFrame, dict[int, Why]]:
    if _matcher is None:
        raise RuntimeError("a process that matches was not started by its pool")
    return _matcher.part(numbers)
