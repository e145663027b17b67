"""Code frames, hand codings and what was learnt from them, on record: which version, who coded, how good each theme is."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update

from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, today
from retention.theme_tables import theme_coding, theme_frame, theme_training


@dataclass(frozen=True)
class Coding:
    """One text to code or coded. `codes` is None while nobody has."""

    id: str
    wave: str
    frame: str
    version: int
    text: int
    codes: tuple[str, ...] | None


@dataclass(frozen=True)
class Training:
    """What a training found: `document` is JSON, `codings` the hash of the codings that it learnt from."""

    wave: str
    frame: str
    version: int
    seed: int
    codings: str
    document: str


def register_frame(store: SecureStore, frame_id: str, version: int, document: str, person: str) -> None:
    """Keep a version of a frame for good. Raises StepRefused if this version, or a later one, is there with other words."""
    sha256 = hashlib.sha256(document.encode()).hexdigest()
    known = {found: digest for found, _, digest in frames(store, frame_id)}
    if known.get(version) == sha256:
        return
    if any(version <= other for other in known):
        raise StepRefused(f"Version {version} of frame '{frame_id}' is taken or older than the latest: raise `version` with every change.")
    with store.record(Entry(person, "theme-frame", "office", {"frame": frame_id, "version": version, "sha256": sha256})) as connection:
        values = {"id": frame_id, "version": version, "document": document, "sha256": sha256, "registered_on": today()}
        connection.execute(insert(theme_frame).values(**values))


def frames(store: SecureStore, frame_id: str) -> list[tuple[int, str, str]]:
    """(version, document, hash) of every version of a frame, oldest first."""
    query = select(theme_frame).where(theme_frame.c.id == frame_id).order_by(theme_frame.c.version)
    with store.reading() as connection:
        return [(row.version, row.document, row.sha256) for row in connection.execute(query)]


def frame_ids(store: SecureStore) -> list[str]:
    """Every registered frame."""
    with store.reading() as connection:
        return [row.id for row in connection.execute(select(theme_frame.c.id).distinct().order_by(theme_frame.c.id))]


def add_codings(store: SecureStore, wave: str, frame: str, version: int, texts: Sequence[int], seed: str, person: str) -> None:
    """Put texts up for coding, in an order that means nothing."""
    rows = [{"id": secrets.token_hex(16), "wave": wave, "frame": frame, "version": version, "text": int(text)} for text in texts]
    secrets.SystemRandom().shuffle(rows)
    told: dict[str, int | str] = {"frame": frame, "version": version, "texts": len(rows), "sample_seed": seed}
    with store.record(Entry(person, "theme-draw", wave, told)) as connection:
        if rows:
            connection.execute(insert(theme_coding), rows)


def codings(store: SecureStore, wave: str, frame: str, version: int) -> list[Coding]:
    """Codings of a version, by their random id."""
    table = theme_coding
    query = select(table).where(table.c.wave == wave, table.c.frame == frame, table.c.version == version).order_by(table.c.id)
    with store.reading() as connection:
        return [
            Coding(row.id, row.wave, row.frame, row.version, row.text, None if row.codes is None else tuple(json.loads(row.codes)))
            for row in connection.execute(query)
        ]


def waiting(store: SecureStore, wave: str) -> list[tuple[str, int, int]]:
    """(frame, version, texts to code) of a wave, where any wait."""
    table = theme_coding
    query = select(table.c.frame, table.c.version, func.count()).where(table.c.wave == wave, table.c.codes.is_(None))
    with store.reading() as connection:
        return [(row[0], row[1], int(row[2])) for row in connection.execute(query.group_by(table.c.frame, table.c.version))]


def code(store: SecureStore, coding_id: str, codes: Sequence[str], person: str) -> None:
    """Write down which themes a person found in a text. Raises StepRefused if it has been coded."""
    table = theme_coding
    with store.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == coding_id)).one_or_none()
    if row is None:
        raise StepRefused("There is no such text to code.")
    with store.record(Entry(person, "theme-code", row.wave, {"coding": coding_id})) as connection:
        values = {"codes": json.dumps(sorted(set(codes))), "coder": person, "coded_on": today()}
        still_open = (table.c.id == coding_id) & table.c.codes.is_(None)
        if connection.execute(update(table).where(still_open).values(**values)).rowcount != 1:
            raise StepRefused("This text has been coded in the meantime: take the next one.")


def codings_hash(found: Sequence[Coding]) -> str:
    """SHA-256 of what was coded, in any order."""
    lines = sorted(f"{one.text} {json.dumps(one.codes)}" for one in found if one.codes is not None)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def add_training(store: SecureStore, found: Training, themes: int, good: int, person: str) -> None:
    """Keep what a training found; an earlier one of the same frame gives way."""
    told: dict[str, int | str] = {"frame": found.frame, "version": found.version, "themes": themes, "good": good}
    told["codings"] = found.codings
    mine = (theme_training.c.wave == found.wave) & (theme_training.c.frame == found.frame)
    with store.record(Entry(person, "theme-train", found.wave, told)) as connection:
        connection.execute(delete(theme_training).where(mine))
        values = {"wave": found.wave, "frame": found.frame, "version": found.version, "seed": found.seed, "codings": found.codings}
        connection.execute(insert(theme_training).values(**values, document=found.document, trained_on=today()))


def trainings(store: SecureStore, wave: str) -> list[Training]:
    """The trainings of a wave, by frame."""
    query = select(theme_training).where(theme_training.c.wave == wave).order_by(theme_training.c.frame)
    with store.reading() as connection:
        return [Training(row.wave, row.frame, row.version, row.seed, row.codings, row.document) for row in connection.execute(query)]
