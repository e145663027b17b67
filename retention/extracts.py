"""What the contractor took of the collection server for maintenance: registered with a day by which it attests that it is gone.

An extract holds sealed records only, so it is noise once the wave's keys are destroyed. It is chased all the same: the contract says
that it is deleted, and noise that nobody registered is where a copied key would be tried.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, insert, select, update

from retention.extract_tables import extract as table
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, today

_WORDS = re.compile(r"[A-Za-z0-9._:+-]{1,64}")


@dataclass(frozen=True)
class Extract:
    """One extract. `attested_on` and `statement` (where the signed statement is filed) are there once its deletion is attested."""

    number: int
    wave: str
    what: str
    holder: str
    taken_on: date
    due_on: date
    attested_on: date | None
    statement: str | None

    def overdue(self, day: date) -> bool:
        """True if its deletion should have been attested before this day."""
        return self.attested_on is None and self.due_on < day

    def state(self, day: date) -> str:
        """In words, on this day."""
        if self.attested_on is not None:
            return f"deletion attested on {self.attested_on} ({self.statement})"
        return "OVERDUE: ask its holder for the statement" if self.overdue(day) else "waits for the statement of its holder"


def register(store: SecureStore, wave_id: str, holder: str, what: str, due_on: date, actor: str) -> int:
    """Write an extract down, in the ledger too. Returns its number. Raises StepRefused for words it cannot hold, or a day gone by."""
    wave = store.wave(wave_id)
    _check(holder=holder, what=what)
    if due_on < today():
        raise StepRefused("The day by which deletion is attested has gone by: give one to come.")
    with store.alone():
        numbers = [extract.number for extract in extracts(store)]
        number = max(numbers, default=0) + 1
        entry = Entry(actor, "extract-taken", wave.id, {"extract": number, "holder": holder, "what": what, "due_on": due_on.isoformat()})
        with store.record(entry) as connection:
            values = {"number": number, "wave": wave.id, "what": what, "holder": holder, "taken_on": today(), "due_on": due_on}
            connection.execute(insert(table).values(**values))
    return number


def attest(store: SecureStore, number: int, statement: str, actor: str) -> Extract:
    """Write down that its holder has attested the deletion, and where the statement is filed. Raises StepRefused if that is done."""
    _check(statement=statement)
    with store.alone():
        found = next((extract for extract in extracts(store) if extract.number == number), None)
        if found is None:
            raise StepRefused(f"There is no extract {number}: `bigask extracts list` shows those there are.")
        if found.attested_on is not None:
            raise StepRefused(f"The deletion of extract {number} was attested on {found.attested_on} already.")
        entry = Entry(actor, "extract-deleted", found.wave, {"extract": number, "statement": statement})
        with store.record(entry) as connection:
            values = {"attested_on": today(), "statement": statement}
            connection.execute(update(table).where(table.c.number == number).values(**values))
    return next(extract for extract in extracts(store) if extract.number == number)


def extracts(store: SecureStore) -> list[Extract]:
    """Every extract, in the order of the numbers."""
    with store.reading() as connection:
        return [Extract(*row) for row in connection.execute(select(table).order_by(table.c.number))]


def overdue(store: SecureStore) -> int:
    """How many extracts should have been attested by now."""
    query = select(func.count()).select_from(table).where(table.c.attested_on.is_(None), table.c.due_on < today())
    with store.reading() as connection:
        return int(connection.execute(query).scalar_one())


def _check(**words: str) -> None:
    for name, value in words.items():
        if not _WORDS.fullmatch(value):
            raise StepRefused(f"The {name} of an extract is at most 64 letters, digits, dots and hyphens, without spaces.")
