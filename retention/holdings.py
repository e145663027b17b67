"""Everything that is held, with the day on which it is destroyed unless somebody decides otherwise; and those decisions.

A decision to keep something longer names a person, a reason and a new day, and is signed (retention.decisions). What must go with
a step (postcodes, raw texts) is never kept longer by anybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum

from retention import destroy_rows
from retention.decisions import Decision, decide, decisions
from retention.extracts import extracts
from retention.schedule import load_schedule
from retention.secure_store import SecureStore, StepRefused, today
from retention.staff import accounts

KEPT, REVIEWED = "retention-keep", "retention-review"
OFFICE = "office"  # the "wave" of what belongs to none
LONGEST = 730  # days that one decision may add: after that somebody thinks again
SHORTEST_REASON = 20
_EARLY, _SOON, _LATE = 30, 7, 7  # days before and after the day at which reminders grow louder


class By(StrEnum):
    """How a holding is destroyed."""

    KEY = "key"
    ROWS = "rows"
    HAND = "hand"  # outside this system: somebody does it, and signs for it


class Loudness(IntEnum):
    """How loudly a holding reminds: the louder, the later it is."""

    SILENT = 0
    AHEAD = 1
    SOON = 2
    DUE = 3
    LATE = 4

    @property
    def words(self) -> str:
        """For people."""
        return (
            "in time",
            "due within a month",
            "due within a week",
            "DUE: destroy it, or decide",
            "OVERDUE: tell the data protection officer",
        )[self]


@dataclass(frozen=True)
class Holding:
    """One thing that is held. `records`: how many, 0 where nobody can count."""

    wave: str
    kind: str
    what: str
    owner: str
    made_on: date
    due_on: date
    by: By
    records: int = 0
    destroyed_on: date | None = None
    kept_by: str = ""  # who decided that it is kept longer
    until_step: str | None = None

    def loudness(self, day: date) -> Loudness:
        """How loudly it reminds on this day."""
        left = (self.due_on - day).days
        if self.destroyed_on is not None or left > _EARLY:
            return Loudness.SILENT
        if left > 0:
            return Loudness.SOON if left <= _SOON else Loudness.AHEAD
        return Loudness.LATE if left < -_LATE else Loudness.DUE


def holdings(store: SecureStore) -> list[Holding]:
    """Everything, the destroyed too, what is due first at the front."""
    decided = {one.subject: one for one in decisions(store) if one.kind in (KEPT, REVIEWED)}  # the latest of each counts
    return sorted(
        (_as_decided(one, decided) for one in _by_rule(store)),
        key=lambda one: (one.destroyed_on is not None, one.due_on, one.wave, one.kind),
    )


def due(store: SecureStore, day: date | None = None) -> list[Holding]:
    """What is to be destroyed by this day (today, unless said otherwise)."""
    on = day or today()
    return [one for one in holdings(store) if one.loudness(on) >= Loudness.DUE]


def holding(store: SecureStore, wave_id: str, kind: str) -> Holding:
    """One holding that is not destroyed. Raises StepRefused."""
    for one in holdings(store):
        if (one.wave, one.kind) == (wave_id, kind) and one.destroyed_on is None:
            return one
    raise StepRefused(f"Nothing called '{kind}' of '{wave_id}' is held: `bigask retention status` lists what is.")


def keep(store: SecureStore, wave_id: str, kind: str, until: date, reason: str, actor: str) -> Decision:
    """Decide that something is kept longer, until a new day. Raises StepRefused where nobody may, or a part is missing."""
    found = holding(store, wave_id, kind)
    if found.until_step is not None:
        raise StepRefused(f"'{kind}' goes with the step `{found.until_step}`: nobody keeps it longer.")
    if found.by is By.HAND:
        raise StepRefused(f"'{kind}' is looked at, not kept longer: `bigask retention review` says what was found.")
    if not found.due_on < until <= today() + timedelta(days=LONGEST) or until <= today():
        raise StepRefused(f"The new day lies after {max(found.due_on, today())} and at most {LONGEST} days from today.")
    return decide(
        store, KEPT, _subject(wave_id, kind), actor, {"wave": wave_id, "kind": kind, "until": until.isoformat(), "reason": _said(reason)}
    )


def reviewed(store: SecureStore, wave_id: str, kind: str, outcome: str, actor: str) -> Decision:
    """Sign for having looked at something, and what came of it. What lies elsewhere is due again after its period; else no day moves."""
    found = holding(store, wave_id, kind)
    content = {"wave": wave_id, "kind": kind, "outcome": _said(outcome)}
    if found.by is By.HAND and wave_id == OFFICE:
        content["until"] = (today() + timedelta(days=_period(kind))).isoformat()
    else:
        content["until"] = found.due_on.isoformat()
    return decide(store, REVIEWED, _subject(wave_id, kind), actor, content)


def _by_rule(store: SecureStore) -> Iterable[Holding]:
    schedule, waves = load_schedule(), store.waves()
    for wave in waves:
        begun = store.begun_on(wave.id)
        for asset, made_on, review_on in store.dated_assets(wave.id):
            rule = schedule.rule(asset.kind)
            yield Holding(
                wave.id, asset.kind, rule.what, rule.owner, made_on, review_on, By.KEY, asset.stored.rows, asset.destroyed_on,
                until_step=rule.until_step,
            )  # fmt: skip
        for kind in destroy_rows.GROUPS:
            if count := destroy_rows.rows(store, wave.id, kind):
                days, owner = destroy_rows.period(kind)
                what = f"Rows of {' and '.join(destroy_rows.GROUPS[kind])}"
                yield Holding(wave.id, kind, what, owner, begun, begun + timedelta(days=days), By.ROWS, count)
    for extract in extracts(store):
        what = f"Extract {extract.number} ({extract.what}) held by {extract.holder}"
        yield Holding(
            extract.wave,
            f"extract-{extract.number}",
            what,
            "service owner",
            extract.taken_on,
            extract.due_on,
            By.HAND,
            0,
            extract.attested_on,
        )
    if waves:
        first = min(store.begun_on(wave.id) for wave in waves)
        for name, rule in schedule.elsewhere.items():
            yield Holding(OFFICE, name, rule.what, rule.owner, first, rule.review_on(first), By.HAND)
    days, owner = int(schedule.tables["secure.staff"]["review_after_days"]), str(schedule.tables["secure.staff"]["owner"])
    for account in accounts(store):
        name = account.member.name
        yield Holding(
            OFFICE,
            f"account-{name}",
            f"The account of {name}",
            owner,
            account.added_on,
            account.added_on + timedelta(days=days),
            By.HAND,
            1,
        )


def _period(kind: str) -> int:
    schedule = load_schedule()
    if kind in schedule.elsewhere:
        return schedule.elsewhere[kind].review_after_days
    return int(schedule.tables["secure.staff"]["review_after_days"])


def _as_decided(one: Holding, decided: dict[str, Decision]) -> Holding:
    found = decided.get(_subject(one.wave, one.kind))
    if found is None or one.destroyed_on is not None:
        return one
    until = date.fromisoformat(str(found.content["until"]))
    values = {**one.__dict__, "due_on": max(one.due_on, until), "kept_by": found.actor if found.kind == KEPT else ""}
    return Holding(**values)


def _subject(wave_id: str, kind: str) -> str:
    return hashlib.sha256(f"{wave_id} {kind}".encode()).hexdigest()


def _said(words: str) -> str:
    if len(words.strip()) < SHORTEST_REASON:
        raise StepRefused(f"Say why in a sentence of at least {SHORTEST_REASON} letters: it is kept and shown.")
    return words.strip()
