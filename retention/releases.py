"""The road to release: a state machine in one table, three people, and the hash of exactly what they looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import insert, select, update

from retention import tables
from retention.ledger import Entry
from retention.secure_store import SecureStore, today


class ReleaseState(StrEnum):
    """Where a release stands."""

    DRAFTED = "drafted"
    CHECKED = "checked"
    RELEASED = "released"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[ReleaseState, frozenset[ReleaseState]] = {
    ReleaseState.DRAFTED: frozenset({ReleaseState.CHECKED, ReleaseState.REFUSED}),
    ReleaseState.CHECKED: frozenset({ReleaseState.RELEASED, ReleaseState.REFUSED}),
    ReleaseState.RELEASED: frozenset({ReleaseState.WITHDRAWN}),
    ReleaseState.REFUSED: frozenset(),
    ReleaseState.WITHDRAWN: frozenset(),
}


class ReleaseRefused(RuntimeError):
    """A release may not take this step. The message says which rule it would break."""


@dataclass(frozen=True)
class Release:
    """One release. `sha256` is of the whole folder as drafted (see pipeline.release)."""

    id: str
    wave: str
    state: ReleaseState
    author: str
    checker: str | None
    approver: str | None
    sha256: str
    drafted_on: date
    released_on: date | None
    reason: str | None


def releases(store: SecureStore, wave_id: str | None = None) -> list[Release]:
    """Releases, of one wave or of all, oldest first."""
    query = select(tables.release).order_by(tables.release.c.drafted_on, tables.release.c.id)
    if wave_id is not None:
        query = query.where(tables.release.c.wave == wave_id)
    with store.reading() as connection:
        return [
            Release(
                row.id, row.wave, ReleaseState(row.state), row.author, row.checker, row.approver, row.sha256,
                row.drafted_on, row.released_on, row.reason,
            )
            for row in connection.execute(query)
        ]  # fmt: skip


def release(store: SecureStore, release_id: str) -> Release:
    """One release. Raises ReleaseRefused if there is none of this id."""
    for found in releases(store):
        if found.id == release_id:
            return found
    raise ReleaseRefused(f"There is no release '{release_id}': `bigask status` lists those there are.")


def draft(store: SecureStore, release_id: str, wave_id: str, author: str, sha256: str) -> Release:
    """Register a drafted release with the hash of its folder."""
    if any(found.id == release_id for found in releases(store)):
        raise ReleaseRefused(f"A release '{release_id}' exists: a release is never replaced, draft one with a new name.")
    with store.record(Entry(author, "release-draft", wave_id, {"release": release_id, "sha256": sha256})) as connection:
        values = {"id": release_id, "wave": wave_id, "state": ReleaseState.DRAFTED, "author": author, "sha256": sha256}
        connection.execute(insert(tables.release).values(**values, drafted_on=today()))
    return release(store, release_id)


def check(store: SecureStore, release_id: str, person: str, sha256: str) -> Release:
    """An output checker, not the author, has looked at exactly these bytes."""
    current = release(store, release_id)
    _require_other(person, current.author)
    return _move(store, current, ReleaseState.CHECKED, person, sha256, checker=person)


def approve(store: SecureStore, release_id: str, person: str, sha256: str) -> Release:
    """A second person, neither author nor checker, releases exactly these bytes."""
    current = release(store, release_id)
    _require_other(person, current.author, current.checker)
    return _move(store, current, ReleaseState.RELEASED, person, sha256, approver=person, released_on=today())


def refuse(store: SecureStore, release_id: str, person: str, reason: str) -> Release:
    """Stop a release before it leaves, with a reason."""
    current = release(store, release_id)
    return _move(store, current, ReleaseState.REFUSED, person, current.sha256, reason=_said(reason))


def withdraw(store: SecureStore, release_id: str, person: str, reason: str) -> Release:
    """Take a release back; its page will say why."""
    current = release(store, release_id)
    return _move(store, current, ReleaseState.WITHDRAWN, person, current.sha256, reason=_said(reason))


def _said(reason: str) -> str:
    if len(reason.strip()) < 10:
        raise ReleaseRefused("Say why in a sentence: the reason is kept, and shown.")
    return reason.strip()


def _require_other(person: str, *others: str | None) -> None:
    if person in others:
        raise ReleaseRefused("Three different people release a table: its author, its checker and its approver.")


def _move(store: SecureStore, current: Release, state: ReleaseState, person: str, sha256: str, **values: object) -> Release:
    if state not in TRANSITIONS[current.state]:
        raise ReleaseRefused(f"Release '{current.id}' is {current.state}: it cannot become {state}.")
    if sha256 != current.sha256:
        raise ReleaseRefused(f"The files of release '{current.id}' are not those that were drafted: draft them anew.")
    table = tables.release
    with store.record(Entry(person, f"release-{state}", current.wave, {"release": current.id, "sha256": sha256})) as connection:
        where = (table.c.id == current.id) & (table.c.state == current.state)
        changed = connection.execute(update(table).where(where).values(state=state, **values))
        if changed.rowcount != 1:
            raise ReleaseRefused("Somebody else moved this release in the meantime: look at it again.")
    return release(store, current.id)
