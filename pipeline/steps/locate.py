"""Turn locators into statistics in memory, then destroy the key that could open them (A19)."""

from __future__ import annotations

import pandas as pd

from forms.answers import Locator
from pipeline.directory import Directory
from pipeline.locate import match
from pipeline.progress import Progress, silent
from pipeline.schools import SchoolDirectory
from pipeline.steps.sealed_records import opened
from retention.destroy import destroy
from retention.secure_store import SecureStore
from retention.steps import Verb, step

_CHUNK = 50_000  # locators in clear in memory at a time


def locate(
    store: SecureStore,
    wave_id: str,
    actor: str,
    progress: Progress = silent,
    directory: Directory | None = None,
    schools: SchoolDirectory | None = None,
) -> dict[str, int | str]:
    """Derive geography and school phase of every response, commit, destroy the locators and certify it.

    Returns the step's counts: `responses` and one count for each outcome. Raises StepRefused, BundleError, SealError.
    """
    wave = store.wave(wave_id)
    if Verb.LOCATE not in store.steps(wave_id):
        places = directory or Directory.embedded()
        with step(store, wave, Verb.LOCATE, actor) as running:
            total, frames, chunk = store.asset(wave_id, "locators").stored.rows, [], list[Locator]()
            for done, locator in enumerate(opened(store, wave_id, "locators", wave.locator_key, Locator.from_bytes), start=1):
                chunk.append(locator)
                if len(chunk) == _CHUNK:
                    frames.append(match(chunk, places, schools))
                    chunk.clear()
                progress(done, total)
            frames.append(match(chunk, places, schools))
            located = pd.concat(frames, ignore_index=True)
            located.insert(0, "row", range(len(located)))
            running.save("located", located)
            running.counts["responses"] = len(located)
            running.counts["directory"] = places.vintage.replace(" ", "_")
            for outcome, count in located["outcome"].value_counts().sort_index().items():
                running.counts[f"outcome_{outcome}"] = int(count)
            running.counts["with_council"] = int(located["lad25cd"].notna().sum())
    destroy(store, wave, "locators", actor, authority="schedule.locators.until_step")
    return dict(store.steps(wave_id)[Verb.LOCATE])
