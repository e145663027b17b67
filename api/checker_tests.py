"""What was tried on a draft, by which program, on what day, and what it found: so that its checker need not take that on trust."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from governance.assurance import SHOWN, last_shown
from governance.record import load_record, record_folder
from pipeline.release_zone import VerifiedRelease
from retention.releases import Release
from retention.secure_store import SecureStore, today

ABOUT_RELEASES = ("disclosure.", "pipeline.release", "pipeline.approval", "pipeline.builder", "retention.releases")


@dataclass(frozen=True)
class Tried:
    """One thing that was tried, what it found, and the day (None: never, or not as far as this zone knows)."""

    what: str
    found: str
    on: date | None


def tried(store: SecureStore, known: Release, draft: VerifiedRelease) -> tuple[Tried, ...]:
    """What was tried on this draft. Raises StepRefused, VaultError, KeyRingError."""
    return tuple(_tried(store, known, draft))


def _tried(store: SecureStore, known: Release, draft: VerifiedRelease) -> Iterator[Tried]:
    asset = store.asset(known.wave, "attack")
    made = next(day for found, day, _ in store.dated_assets(known.wave) if found.id == asset.id)
    document = json.loads(store.vault.read(asset.stored)["document"].iloc[0])
    attacked = {entry["id"] for entry in document["relations"]}
    own = {str(table["id"]) for table in draft.metadata["tables"]} <= attacked
    report = document["report"]["attack"] if own else None
    day = made if own else known.drafted_on  # answers of the table builder are attacked when they are drafted
    yield from _attack(draft.metadata["attack"], report, day)
    if own:
        yield Tried("Together with every release of other waves that left", _named(document["earlier_releases"]), day)
    else:
        yield Tried("Together with the wave's protected tables", "nothing narrowed down", day)
    answers = draft.metadata["attack"].get("builder_answers")
    said = (
        "not done: draft it anew" if answers is None else f"{answers} tables, nothing narrowed down" if answers else "there are no others"
    )
    yield Tried("Together with all that the table builder had answered of this wave", said, known.drafted_on)
    yield from _inspected(draft.metadata["attack"], known.drafted_on)
    yield Tried("The files against what was drafted", f"{len(draft.files)} files, every byte the same", today())


def _inspected(about: Mapping[str, Any], day: date) -> Iterator[Tried]:
    """A finding stops a draft: that there is one says that nothing was found, if it was looked for at all."""
    sets = about.get("record_sets")
    said = "not done: draft it anew"
    records = "none of few children given back" if sets else "no set of tables is small enough"
    yield Tried("Records put together from tables", said if sets is None else f"{sets} sets of tables, {records}", day)
    hidden = "Numbers hidden in files: sheets, properties, comments, statistics of columns, lengths and texts of drawings"
    yield Tried(hidden, said if sets is None else "none found", day)


def _attack(about: Mapping[str, Any], report: Mapping[str, Any] | None, day: date) -> Iterator[Tried]:
    exposed = about["exposed"] or "none"
    yield Tried("Small counts, and groups of whom all or nearly all gave one answer, among what is shown", f"{exposed} found", day)
    narrowest = about.get("fewest_possible_values")
    bounds = "exact" if report and report["bounds_exact"] else "as far as proven"
    how = f", {report['linear_programs']:,} linear programs, bounds {bounds}" if report else ""
    left = f"; at least {narrowest:,} numbers stay possible for each" if narrowest else ""
    yield Tried(
        "Withheld counts, worked out from all tables together by sums, linear programming and a search for whole numbers",
        f"{exposed} of {about['withheld']:,} worked out{left}{how}",
        day,
    )


def _named(releases: list[str]) -> str:
    return f"{', '.join(releases)}: nothing narrowed down" if releases else "there is none"


def proven(store: SecureStore, survey: str) -> tuple[Tried, ...]:
    """The measures about releases, with the last day on which all their tests had passed (`bigask assure`). Raises RecordError."""
    shown = last_shown(store.zone.folder / SHOWN)
    register = load_record(record_folder(survey, store.zone.folder / "assessment")).register
    found = []
    for measure in register.measures:
        if any(module.startswith(ABOUT_RELEASES) for module in measure.modules):
            days = [shown.get(test) for test in measure.tests]
            passed = None if None in days else min(day for day in days if day is not None)
            found.append(Tried(measure.does, f"{len(measure.tests)} test{'' if len(measure.tests) == 1 else 's'}", passed))
    return tuple(found)
