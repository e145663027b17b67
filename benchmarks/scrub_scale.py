"""How long a whole wave's free text takes: invented answers, scanned as the scrub step does it, with processes, sealed parts and all.

    python -m benchmarks.scrub_scale [--texts 60000 | --whole [--slice 3/12]] [--workers 2] [--stop-at 0.5]

`--whole` scans as many texts as 557,077 responses of three hold; `--slice K/N` only the K-th of N such parts, each invented with a seed of
its own, so that the whole can be measured in pieces. Prints how many of the texts differ (each different one is read once, as in the
step); at every tenth the time and the memory of this process and of each worker; at the end time, texts a second, and the processor
seconds of the workers and of this process, inventing not counted. `--stop-at` kills the scan there and takes it up again, to show that
nothing is read twice. For less than the whole the last line extends the time linearly to it; it is an extrapolation, and says so.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from pipeline.scrub import lists
from pipeline.scrub.executors import executor
from pipeline.scrub.invent import Inventor
from pipeline.scrub.scan import Found, scan
from pipeline.scrub.scrubber import Setting
from retention.sealed_parts import SealedParts

WHOLE = 557_077 * 3


class Stopped(Exception):
    """The scan was stopped on purpose."""


def _memory() -> str:
    pages = os.sysconf("SC_PAGE_SIZE")
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
    sizes = [
        int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * pages / 1e6 for pid in (own, *children) if Path(f"/proc/{pid}").exists()
    ]
    return " + ".join(f"{size:.0f}" for size in sizes) + " MB"


def run_once(texts: list[str], workers: int, folder: Path, stop_at: float | None) -> Found:
    """Scan, telling time and memory at every tenth; stop at a share if asked."""
    start, told = time.monotonic(), 0
    print(f"{0:9} of {len(set(texts))}  {0:7.1f} s  {_memory()}", flush=True)

    def progress(done: int, total: int) -> None:
        nonlocal told
        if done * 10 // total > told:
            told = done * 10 // total
            print(f"{done:9} of {total}  {time.monotonic() - start:7.1f} s  {_memory()}", flush=True)
        if stop_at is not None and done >= stop_at * total:
            raise Stopped

    setting = Setting()
    with executor(setting, workers) as run:
        return scan(texts, run, progress, SealedParts(folder, bytes(32)), setting.fingerprint())


def _processor_seconds() -> tuple[float, float]:
    """Of the workers that have ended, and of this process."""
    workers, own = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    return workers.ru_utime + workers.ru_stime, own.ru_utime + own.ru_stime


def _part(text: str) -> tuple[int, int]:
    number, parts = map(int, text.split("/"))
    if not 1 <= number <= parts:
        raise ValueError
    return number, parts


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--texts", type=int, default=60_000)
    amount.add_argument("--whole", action="store_true")
    parser.add_argument("--slice", type=_part, default=(1, 1), metavar="K/N")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stop-at", type=float)
    chosen = parser.parse_args()
    number, parts = chosen.slice
    inventor = Inventor(lists.load(), 22 + number)
    texts = [inventor.draw().text for _ in range((WHOLE if chosen.whole else chosen.texts) // parts)]
    different = len(set(texts))
    print(f"{len(texts)} texts, {different} different ({different / len(texts):.0%}), {chosen.workers} workers", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if chosen.stop_at is not None:
            try:
                run_once(texts, chosen.workers, Path(folder) / "parts", chosen.stop_at)
            except Stopped:
                print("stopped; taken up again", flush=True)
        begun, before = time.monotonic(), _processor_seconds()
        run_once(texts, chosen.workers, Path(folder) / "parts", None)
        taken, after = time.monotonic() - begun, _processor_seconds()
    workers, own = (b - a for a, b in zip(before, after, strict=True))
    print(f"{taken:.0f} s, {different / taken:.0f} different texts a second; processor seconds: {workers:.0f} in workers, {own:.0f} here")
    if chosen.stop_at is None and len(texts) < WHOLE:
        print(f"extended linearly to {WHOLE:,} texts, none alike: {WHOLE / different * taken / 60:.0f} minutes as measured,")
        print(f"{WHOLE / different * workers / chosen.workers / 60:.0f} minutes if the workers had their processors to themselves")


if __name__ == "__main__":
    main()
