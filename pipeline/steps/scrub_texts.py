"""The long part of the scrub step: finding personal data in every text, in as many processes or on as many machines as there are.

What is finished is kept, sealed, under a key derived from that of the sealed answers, whose destruction ends the step: a step that was
killed goes on where it was, and what it may leave behind is noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.progress import Progress
from pipeline.scrub.executors import executor
from pipeline.scrub.lists_in_use import lists_in_use
from pipeline.scrub.scan import PART, Found, scan
from pipeline.scrub.scrubber import Scrubber, Setting
from retention.keys import overwrite_and_remove
from retention.sealed_parts import SealedParts
from retention.secure_store import SecureStore, Wave

FEW: Final = 4 * PART  # up to so many texts, starting processes costs more than it saves


def find_all(
    store: SecureStore,
    wave: Wave,
    texts: Sequence[str],
    progress: Progress,
    scrubber: Scrubber | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Found:
    """Spans of each text, in order. `scrubber`: one that is loaded, used in this process; else one is made with the lists in use, here
    or by `workers` processes, or on the Dask cluster whose `scheduler` is named. Raises what `executors.executor` raises.
    """
    setting = scrubber.setting if scrubber is not None else Setting(lists_in_use(lists_folder(store)))
    kept = SealedParts(parts_folder(store, wave), store.ring.private(wave.body_key))
    if scheduler is None and (scrubber is not None or len(texts) <= FEW):
        here = scrubber or Scrubber.of(setting)
        return scan(texts, here.run, progress, kept, setting.fingerprint())
    with executor(setting, workers, scheduler) as run:
        return scan(texts, run, progress, kept, setting.fingerprint())


def remove_parts(store: SecureStore, wave: Wave) -> None:
    """Remove what a finished step has no more use for."""
    folder = parts_folder(store, wave)
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            overwrite_and_remove(path)
        folder.rmdir()


def parts_folder(store: SecureStore, wave: Wave) -> Path:
    """Where the finished parts of a wave's texts lie, sealed."""
    return store.zone.folder / "scrub-parts" / wave.id


def lists_folder(store: SecureStore) -> Path:
    """Where the lists lie that an analyst added."""
    return store.zone.folder / "lists"
