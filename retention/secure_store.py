"""The secure zone's database, behind one narrow door: nothing is written without its ledger entry, in the same transaction."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, insert, select, text

from retention import tables
from retention.database import answering, connect, for_reading, migrate
from retention.file_lock import Locked, file_lock
from retention.keys import KeyKind, KeyMissing, KeyRing
from retention.ledger import (
    FIRST,
    SIGNING_KEY,
    Entry,
    LedgerError,
    SignedEntry,
    canonical_counts,
    sign_entry,
    verify_ledger,
    write_head,
)
from retention.restored import returned
from retention.schedule import load_schedule
from retention.settings import SecureZone
from retention.vault import StoredFile, Vault


class StepRefused(RuntimeError):
    """A step was asked for that may not run now. The message says what must come first."""


@dataclass(frozen=True)
class Wave:
    """One collection wave in the secure zone."""

    id: str
    survey: str
    body_key: str
    locator_key: str


@dataclass(frozen=True)
class Asset:
    """One data set at rest."""

    id: str
    wave: str
    kind: str
    stored: StoredFile
    destroyed_on: date | None


def today() -> date:
    """The day, in UTC. Nothing finer is ever written."""
    return datetime.now(UTC).date()


class SecureStore:
    """Waves, steps, assets and the ledger. `ring` and `vault` are opened with the passphrase."""

    def __init__(self, zone: SecureZone) -> None:
        """Open the secure zone. Raises SettingsError, WrongPassphrase, KeyMissing, DatabaseUnavailable."""
        self.zone = zone
        self.ring = KeyRing(zone.keys, zone.passphrase())
        for lock, key in zone.shared_keys().items():
            self.ring.unlock(lock, key)
        self._head_file = zone.folder / "ledger.head"
        if not self.ring.exists(SIGNING_KEY):
            if self._head_file.exists():
                raise KeyMissing("The key that signs the ledger is gone: restore it from its backup, a new one would not fit.")
            self.ring.create(SIGNING_KEY, KeyKind.SIGNING)
        self.vault = Vault(zone.vault, self.ring)
        self.engine = connect(zone.database_url)
        migrate(self.engine, "secure")
        for wave_id, key_id in returned(zone.certificates, self.ring):
            self.ring.destroy(key_id)
            with self.record(Entry("restored-backup", "destroy-again", wave_id, {"key": key_id})):
                pass

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One step or destruction at a time in a secure zone; the lock ends with its process, however that ends.

        Raises StepRefused if another has it.
        """
        try:
            with file_lock(self.zone.folder / "step.lock", wait=False):
                yield
        except Locked:
            raise StepRefused("Another step is running in this secure zone: wait until it has ended.") from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and holds nobody up. Raises DatabaseUnavailable."""
        with answering("secure"), for_reading(self.engine).connect() as connection:
            yield connection

    # -- the ledger ------------------------------------------------------------------------------------------------------

    @contextmanager
    def record(self, entry: Entry) -> Iterator[Connection]:
        """A transaction that commits only together with this ledger entry. Raises DatabaseUnavailable."""
        with answering("secure"), self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE ledger IN EXCLUSIVE MODE"))
            yield connection
            signed = self._append(connection, entry)
        try:
            write_head(self._head_file, self.ring, signed)
        except OSError:
            raise LedgerError("It is done and in the ledger, but the head file cannot be written: make room on the disk.") from None

    def _append(self, connection: Connection, entry: Entry) -> SignedEntry:
        ledger = tables.ledger
        latest = connection.execute(select(ledger.c.seq, ledger.c.hash).order_by(ledger.c.seq.desc()).limit(1)).one_or_none()
        seq, previous = (latest.seq + 1, latest.hash) if latest else (1, FIRST)
        signed = sign_entry(self.ring, seq, today(), entry, previous)
        values = {
            "actor": entry.actor,
            "verb": entry.verb,
            "wave": entry.wave,
            "counts": canonical_counts(entry.counts),
        }
        connection.execute(
            insert(ledger).values(seq=seq, day=signed.day, previous=previous, hash=signed.hash, signature=signed.signature, **values)
        )
        return signed

    def ledger(self) -> Iterator[SignedEntry]:
        """Every entry, oldest first. Raises LedgerError for one that was never written like this."""
        with self.reading() as connection:
            found = connection.execute(select(tables.ledger).order_by(tables.ledger.c.seq))
            for number in itertools.count(1):
                try:
                    row = found.fetchone()  # a day that is none fails here
                    if row is None:
                        return
                    counts = json.loads(row.counts)
                    if canonical_counts(counts) != row.counts:
                        raise ValueError
                    entry = Entry(row.actor, row.verb, row.wave, counts)
                except (ValueError, TypeError, LedgerError):
                    raise LedgerError(f"Ledger entry {number} was edited: restore the ledger from its backup.") from None
                yield SignedEntry(row.seq, row.day, entry, row.previous, row.hash, row.signature)

    def verify_ledger(self) -> int:
        """Number of entries, all verified with the key in the ring: its public file could be replaced. Raises LedgerError."""
        return verify_ledger(self.ledger(), self.ring.public(SIGNING_KEY), self._head_file)

    # -- waves and steps -------------------------------------------------------------------------------------------------

    def waves(self) -> list[Wave]:
        """Every wave, oldest first."""
        with self.reading() as connection:
            rows = connection.execute(select(tables.wave).order_by(tables.wave.c.created_on, tables.wave.c.id)).all()
        return [Wave(row.id, row.survey, row.body_key, row.locator_key) for row in rows]

    def wave(self, wave_id: str) -> Wave:
        """One wave. Raises StepRefused if there is none of this id."""
        for wave in self.waves():
            if wave.id == wave_id:
                return wave
        raise StepRefused(f"There is no wave '{wave_id}': `bigask status` lists those there are.")

    def add_wave(self, wave: Wave, entry: Entry) -> None:
        """Register a wave whose keys have been made."""
        values = {"id": wave.id, "survey": wave.survey, "body_key": wave.body_key, "locator_key": wave.locator_key}
        with self.record(entry) as connection:
            connection.execute(insert(tables.wave).values(**values, created_on=today()))

    def steps(self, wave_id: str) -> dict[str, Mapping[str, int | str]]:
        """Steps that are done, with their counts."""
        with self.reading() as connection:
            rows = connection.execute(select(tables.step).where(tables.step.c.wave == wave_id)).all()
        return {row.verb: json.loads(row.counts) for row in rows}

    def begun_on(self, wave_id: str) -> date:
        """The day of a wave's opening."""
        with self.reading() as connection:
            begun: date = connection.execute(select(tables.wave.c.created_on).where(tables.wave.c.id == wave_id)).scalar_one()
        return begun

    def days(self, wave_id: str) -> tuple[date, date]:
        """First and last day of a wave's collection: the days of its opening and of its transfer. Raises StepRefused."""
        query = (
            select(tables.wave.c.created_on, tables.step.c.done_on)
            .join(tables.step, tables.step.c.wave == tables.wave.c.id)
            .where(tables.wave.c.id == wave_id, tables.step.c.verb == "transfer")
        )
        with self.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise StepRefused(f"Wave '{wave_id}' is still being collected: transfer it first.")
        return row.created_on, row.done_on

    # -- data sets -------------------------------------------------------------------------------------------------------

    def assets(self, wave_id: str) -> list[Asset]:
        """Every data set of a wave, the destroyed ones too."""
        with self.reading() as connection:
            rows = connection.execute(select(tables.asset).where(tables.asset.c.wave == wave_id)).all()
        return [Asset(row.id, row.wave, row.kind, StoredFile(row.file, row.key_id, row.rows, row.sha256), row.destroyed_on) for row in rows]

    def dated_assets(self, wave_id: str) -> list[tuple[Asset, date, date]]:
        """Every data set of a wave with the day it was made and the day on which it is destroyed unless somebody decides otherwise."""
        with self.reading() as connection:
            rows = connection.execute(select(tables.asset).where(tables.asset.c.wave == wave_id)).all()
        days = {row.id: (row.created_on, row.review_on) for row in rows}
        return [(asset, *days[asset.id]) for asset in self.assets(wave_id)]

    def asset(self, wave_id: str, kind: str) -> Asset:
        """The data set of this kind. Raises StepRefused if the step that makes it has not run."""
        for asset in self.assets(wave_id):
            if asset.kind == kind:
                return asset
        raise StepRefused(f"Wave '{wave_id}' has no '{kind}' yet: run the step that makes it first (`bigask status`).")

    def add_asset(self, connection: Connection, wave_id: str, kind: str, stored: StoredFile) -> None:
        """Register a data set inside a recorded transaction. Raises RuleMissing if no retention rule covers it."""
        rule = load_schedule().rule(kind)
        values = {"file": stored.name, "key_id": stored.key_id, "rows": stored.rows, "sha256": stored.sha256}
        connection.execute(
            insert(tables.asset).values(
                id=stored.name.split(".")[0],
                wave=wave_id,
                kind=kind,
                created_on=today(),
                review_on=rule.review_on(today()),
                **values,
            )
        )
