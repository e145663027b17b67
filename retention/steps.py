"""The order of the steps, and the proof each needs before it may start. One table, tested for completeness."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd
from sqlalchemy import Connection, insert

from retention import tables
from retention.database import DatabaseUnavailable
from retention.destroy import certified
from retention.ledger import Entry
from retention.schedule import RuleMissing, load_schedule
from retention.secure_store import SecureStore, StepRefused, Wave, today
from retention.vault import StoredFile


class Verb(StrEnum):
    """The steps of the secure zone, in the order of the data."""

    TRANSFER = "transfer"
    LOCATE = "locate"
    SCRUB = "scrub"
    REVIEW = "review"
    TABULATE = "tabulate"
    PROTECT = "protect"
    RELEASE = "release"


@dataclass(frozen=True)
class Needs:
    """What must be there before a step: an earlier step, and data sets whose destruction is certified (G7)."""

    step: Verb | None = None
    destroyed: tuple[str, ...] = ()


NEEDS: dict[Verb, Needs] = {
    Verb.TRANSFER: Needs(),
    Verb.LOCATE: Needs(Verb.TRANSFER),
    Verb.SCRUB: Needs(Verb.LOCATE, ("locators",)),
    Verb.REVIEW: Needs(Verb.SCRUB, ("locators", "bodies")),
    Verb.TABULATE: Needs(Verb.REVIEW, ("locators", "bodies", "texts", "spans")),
    Verb.PROTECT: Needs(Verb.TABULATE, ("locators", "bodies", "texts", "spans")),
    Verb.RELEASE: Needs(Verb.PROTECT, ("locators", "bodies", "texts", "spans")),
}

Write = Callable[[Connection], None]


@dataclass
class Step:
    """A running step: what it has written so far becomes real in one transaction at the end, or not at all."""

    store: SecureStore
    wave: Wave
    verb: Verb
    counts: dict[str, int | str] = field(default_factory=dict)
    _stored: list[tuple[str, StoredFile]] = field(default_factory=list)
    _writes: list[Write] = field(default_factory=list)

    def load(self, kind: str) -> pd.DataFrame:
        """A data set that an earlier step of this wave wrote."""
        return self.store.vault.read(self.store.asset(self.wave.id, kind).stored)

    def save(self, kind: str, frame: pd.DataFrame) -> None:
        """Encrypt a data set; it is registered when the step ends. Raises RuleMissing at once if no rule covers it."""
        self._require_new(kind)
        rule = load_schedule().rule(kind)
        strange = [str(column) for column in frame if rule.columns and column not in rule.columns]
        if strange:
            raise RuleMissing(f"No retention rule for the column '{strange[0]}' of '{kind}': add it to retention/schedule.yaml first.")
        self._stored.append((kind, self.store.vault.write(frame)))

    def add_file(self, kind: str, stored: StoredFile) -> None:
        """Register a file that lies in the vault folder already (a sealed bundle)."""
        self._require_new(kind)
        self._stored.append((kind, stored))

    def _require_new(self, kind: str) -> None:
        load_schedule().rule(kind)
        if any(kind == other for other, _ in self._stored) or any(kind == asset.kind for asset in self.store.assets(self.wave.id)):
            raise StepRefused(f"Wave '{self.wave.id}' has its '{kind}' already: one certificate could not speak for two data sets.")

    def also(self, write: Write) -> None:
        """Run this inside the step's transaction."""
        self._writes.append(write)


def require(store: SecureStore, wave: Wave, verb: Verb) -> None:
    """Raise StepRefused unless the proofs that `verb` needs are there: the earlier step, and certificates that hold."""
    needs = NEEDS[verb]
    if needs.step is not None and needs.step not in store.steps(wave.id):
        raise StepRefused(f"`{verb}` cannot start on wave '{wave.id}': run `bigask {needs.step}` first.")
    proven = certified(store, wave.id) if needs.destroyed else frozenset()
    missing = [kind for kind in needs.destroyed if kind not in proven]
    if missing:
        raise StepRefused(
            f"`{verb}` cannot start on wave '{wave.id}': there is no certificate that its {' and '.join(missing)} "
            f"{'was' if len(missing) == 1 else 'were'} destroyed. Run `bigask {needs.step}` again to finish it."
        )


@contextmanager
def step(store: SecureStore, wave: Wave, verb: Verb, actor: str) -> Iterator[Step]:
    """Run a step. On leaving, its data sets, its counts and its ledger entry are committed together.

    Raises StepRefused if a proof is missing, the step is done, or another one is running. If the body raises, nothing is
    registered, and what was written is removed with its keys.
    """
    with store.alone():
        if verb in store.steps(wave.id):
            raise StepRefused(f"`{verb}` has been done for wave '{wave.id}': nothing to do.")
        require(store, wave, verb)

        def done(connection: Connection, running: Step) -> None:
            values = {"wave": wave.id, "verb": verb.value, "counts": json.dumps(running.counts, sort_keys=True)}
            connection.execute(insert(tables.step).values(**values, done_on=today()))

        with _committing(Step(store, wave, verb), verb.value, actor, done) as running:
            yield running


@contextmanager
def beside(store: SecureStore, wave: Wave, needs: Verb, name: str, actor: str) -> Iterator[Step]:
    """Make a data set that is no step of its own, from proofs as `needs` asks for them; `name` is what the ledger calls it.

    Raises StepRefused if a proof is missing, or another step is running.
    """
    with store.alone():
        require(store, wave, needs)
        with _committing(Step(store, wave, needs), name, actor, lambda _connection, _running: None) as running:
            yield running


@contextmanager
def _committing(running: Step, name: str, actor: str, done: Callable[[Connection, Step], None]) -> Iterator[Step]:
    """What a running step has saved becomes real together with its ledger entry and with `done`, or is removed."""
    store, wave = running.store, running.wave
    try:
        yield running
        with store.record(Entry(actor, name, wave.id, running.counts)) as connection:
            for kind, stored in running._stored:
                store.add_asset(connection, wave.id, kind, stored)
            for write in running._writes:
                write(connection)
            done(connection, running)
    except BaseException:
        _discard(running)
        raise


def _discard(running: Step) -> None:
    """Remove what a failed step wrote, but nothing that is registered: a step can fail after its commit, at the ledger's head."""
    try:
        registered = {asset.stored.name for asset in running.store.assets(running.wave.id)}
    except DatabaseUnavailable:
        return  # nobody knows now whether the commit arrived; what did not is removed by `sweep`
    for _, stored in running._stored:
        if stored.name not in registered:
            running.store.vault.discard(stored)


def sweep(store: SecureStore) -> int:
    """Remove the files and keys that killed steps left in the vault. Returns how many files.

    Raises StepRefused while a step is running, and LedgerError if the database is not the one that this zone's ledger is in:
    to another database every data set would be a stray.
    """
    with store.alone():
        store.verify_ledger()
        return store.vault.sweep({asset.stored.name for wave in store.waves() for asset in store.assets(wave.id)})
