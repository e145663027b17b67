"""How long a whole wave's free text takes: invented answers, scanned as the scrub step does it, with processes, sealed parts and all.

    python -m benchmarks.scrub_scale [--texts 60000] [--workers 2] [--stop-at 0.5]

Prints time, texts a second (each different text is read once, as in the step), the processors' seconds, and the memory of this process
and its workers on the way. `--stop-at` kills the scan there and takes it up again, to show that nothing is read twice. The last line
extends the time linearly to 557,077 responses of three texts; it is an extrapolation, and says so.
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


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=60_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stop-at", type=float)
    chosen = parser.parse_args()
    inventor = Inventor(lists.load(), 23)
    texts = [inventor.draw().text for _ in range(chosen.texts)]
    different = len(set(texts))
    print(f"{len(texts)} texts, {different} different, {chosen.workers} workers", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if chosen.stop_at is not None:
            try:
                run_once(texts, chosen.workers, Path(folder) / "parts", chosen.stop_at)
            except Stopped:
                print("stopped; taken up again", flush=True)
        begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        run_once(texts, chosen.workers, Path(folder) / "parts", None)
        taken, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{taken:.0f} s, {different / taken:.0f} different texts a second; {seconds:.0f} processor seconds in workers")
    if chosen.stop_at is None:
        print(f"extended linearly to {WHOLE:,} texts, none alike: {WHOLE / different * taken / 60:.0f} minutes as measured,")
        print(f"{WHOLE / different * seconds / chosen.workers / 60:.0f} minutes if the workers had their processors to themselves")


if __name__ == "__main__":
    main()
