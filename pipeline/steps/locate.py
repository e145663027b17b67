"""Turn locators into statistics in memory, then destroy the key that could open them (A19)."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from pipeline.directory import Directory
from pipeline.progress import Progress, silent
from pipeline.schools import SchoolDirectory
from pipeline.steps.locate_part import Matcher
from pipeline.steps.sealed_records import Bundle, Why
from retention.destroy import destroy
from retention.memory import undumpable
from retention.secure_store import SecureStore
from retention.steps import Step, Verb, step

_LONGEST_NAME: Final = 80  # as the ledger takes codes


def locate(
    store: SecureStore,
    wave_id: str,
    actor: str,
    progress: Progress = silent,
    directory: Directory | None = None,
    schools: SchoolDirectory | None = None,
    set_aside: int | None = None,
) -> dict[str, int | str]:
    """Derive geography and school phase of every response, commit, destroy the locators and certify it.

    Returns the step's counts: `responses`, one count for each outcome, what the places were looked up in (`directory`, its
    `vintage`, the SHA-256 of each `source`, `schools`), and how many records were `set_aside`, unread and still sealed.
    `set_aside`: how many of those to put up with (see `sealed_records.Bundle.set_aside`). Raises StepRefused, BundleError, SealError.
    """
    wave = store.wave(wave_id)
    if Verb.LOCATE not in store.steps(wave_id):
        places = directory or Directory.embedded()
        with step(store, wave, Verb.LOCATE, actor) as running, undumpable():
            bundle = Bundle.of(store, wave_id, "locators")
            matcher = Matcher(bundle, store.ring.private(wave.locator_key), places, schools)
            frames: list[pd.DataFrame] = []
            unreadable: dict[int, Why] = {}
            done = 0
            for frame, failed in matcher.parts():
                frames.append(frame)
                unreadable |= failed
                done += len(frame)
                progress(done, bundle.count)
            located = pd.concat(frames, ignore_index=True)
            frames.clear()
            located.insert(0, "row", range(len(located)))
            if unreadable:
                running.save("locators_set_aside", bundle.set_aside(unreadable, set_aside))
            running.save("located", located)
            _count(running, located, len(unreadable))
            running.counts.update(provenance(places, schools))
    destroy(store, wave, "locators", actor, authority="schedule.locators.until_step")
    return dict(store.steps(wave_id)[Verb.LOCATE])


def _count(running: Step, located: pd.DataFrame, set_aside: int) -> None:
    running.counts.update(responses=len(located), set_aside=set_aside)
    for column, prefix in (("outcome", "outcome"), ("source", "from"), ("school_outcome", "school")):
        for value, count in located[column].value_counts().sort_index().items():
            running.counts[f"{prefix}_{str(value).replace(' ', '_')}"] = int(count)
    running.counts["with_council"] = int(located["lad25cd"].notna().sum())


def provenance(directory: Directory, schools: SchoolDirectory | None) -> dict[str, int | str]:
    """What a data set was located with, as the ledger takes it: names in codes, and the SHA-256 of every file it came from."""
    told: dict[str, int | str] = {
        "directory": _code(directory.name),
        "vintage": _code(directory.vintage),
        "deprivation": _code(directory.imd or "none"),
        "schools": _code(schools.name if schools is not None else "none"),
    }
    hashes = sorted({*directory.origin.sources.values(), *([schools.sha256] if schools is not None and schools.sha256 else [])})
    return told | {f"source_{number}_sha256": digest for number, digest in enumerate(hashes, start=1)}


def _code(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+-]+", "_", name)[:_LONGEST_NAME]
