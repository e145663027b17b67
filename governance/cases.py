"""Requests, complaints and breaches: what was asked or happened, against the clock that the law sets, with a signed decision at the end.

Days, not hours, are kept anywhere (A4). So the 72 hours of a breach are counted from the first moment of the day on which the office
became aware: the clock can be early by up to a day, and never late.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import yaml

from retention.decisions import Decision, decide, decisions
from retention.secure_store import SecureStore, today

FILE = Path(__file__).with_name("cases.yaml")
OPENED, ACKNOWLEDGED, EXTENDED, CLOSED = "case-open", "case-acknowledge", "case-extend", "case-close"
EXTENSION_MONTHS = 2  # Art. 12(3): by two further months where necessary
CHECK_HOLDS = timedelta(days=365)  # the law changes
_SHORTEST, _LONGEST = 20, 1000
# What would make a case hold a person's data: addresses of email, long numbers, postcodes.
_PERSONAL = re.compile(r"\S@\S|\d[\d ]{6,}\d|\b[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}\b")


class CaseError(ValueError):
    """A case that cannot be opened or moved on like this."""


@dataclass(frozen=True)
class Kind:
    """One kind of case: its clock, and what is honestly answered. The clock is in months, days or, for breaches, hours.

    `law`: where the clock comes from; `checked_on`: when somebody last looked it up; `confirm`: what a lawyer of the office must say.
    """

    code: str
    title: str
    answer: str
    law: str
    checked_on: date
    confirm: str
    months: int = 0
    days: int = 0
    hours: int = 0
    acknowledge_days: int = 0

    def __post_init__(self) -> None:
        clocks = [clock for clock in (self.months, self.days, self.hours) if clock > 0]
        if len(clocks) != 1 or not (self.title and self.answer and self.law and self.confirm) or type(self.checked_on) is not date:
            raise CaseError(f"governance/cases.yaml: '{self.code}' needs title, answer, one clock, its law, and the day of its check.")

    def unchecked(self, day: date) -> bool:
        """True if nobody has looked the law up for a year."""
        return day - self.checked_on > CHECK_HOLDS


@dataclass(frozen=True)
class Case:
    """A case as it stands. `due_on`: the last day on which it can be answered in time; `acknowledge_by`: None where nothing asks for it."""

    number: int
    kind: Kind
    received_on: date
    about: str
    due_on: date
    acknowledge_by: date | None
    steps: tuple[Decision, ...]

    @property
    def closed(self) -> bool:
        """True once it is decided."""
        return self.steps[-1].kind == CLOSED

    def overdue(self, day: date) -> bool:
        """True if something should have been done before this day."""
        return not self.closed and (day > self.due_on or (self.acknowledge_by is not None and day > self.acknowledge_by))

    def hours_left(self, now: datetime) -> int:
        """Whole hours of its clock that are left at a moment (UTC); negative once it is over."""
        end = datetime.combine(self.due_on, time(), UTC) + timedelta(days=1)
        return int((end - now).total_seconds() // 3600)


@cache
def kinds(path: Path = FILE) -> Mapping[str, Kind]:
    """The kinds of cases by code. Raises CaseError."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))["kinds"]
        return {code: Kind(code, **entry) for code, entry in data.items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise CaseError("governance/cases.yaml cannot be read: it needs kinds with title, answer and clock.") from None


def article_11() -> str:
    """Why nobody's answers can be found, in the words that are shown to whoever answers a request."""
    return str(yaml.safe_load(FILE.read_text(encoding="utf-8"))["article_11"]).strip()


def cases(store: SecureStore) -> list[Case]:
    """Every case, open ones first, what is due first at the front."""
    steps: dict[str, list[Decision]] = {}
    for one in decisions(store):
        if one.kind in (OPENED, ACKNOWLEDGED, EXTENDED, CLOSED):
            steps.setdefault(one.subject, []).append(one)
    return sorted((_case(tuple(found)) for found in steps.values()), key=lambda one: (one.closed, one.due_on, one.number))


def case(store: SecureStore, number: int) -> Case:
    """One case. Raises CaseError."""
    for one in cases(store):
        if one.number == number:
            return one
    raise CaseError("There is no case of this number.")


def open_case(store: SecureStore, code: str, received_on: date, about: str, actor: str) -> int:
    """Write a case down on the day it came in or was noticed. Returns its number. Raises CaseError."""
    if code not in kinds():
        raise CaseError(f"A case is one of: {', '.join(kinds())}.")
    if received_on > today():
        raise CaseError("A case cannot have come in after today.")
    said = _impersonal(about)
    with store.alone():
        number = max((one.number for one in cases(store)), default=0) + 1
        decide(store, OPENED, _subject(number), actor, {"kind": code, "received_on": received_on.isoformat(), "about": said})
    return number


def acknowledge(store: SecureStore, number: int, actor: str) -> None:
    """Write down that whoever complained was told that it arrived. Raises CaseError."""
    found = _open(store, number)
    if found.acknowledge_by is None:
        raise CaseError("This case waits for no acknowledgement.")
    decide(store, ACKNOWLEDGED, _subject(number), actor, {})


def extend(store: SecureStore, number: int, reason: str, actor: str) -> None:
    """Take two months more for a request, once, within its first month, with a reason that the person is told (Art. 12(3))."""
    found = _open(store, number)
    if found.kind.months != 1:
        raise CaseError("Only a request can be given more time; a breach and a complaint cannot.")
    if any(one.kind == EXTENDED for one in found.steps) or today() > found.due_on:
        raise CaseError("More time is taken once, and before the first month is over.")
    decide(store, EXTENDED, _subject(number), actor, {"reason": _impersonal(reason)})


def close(store: SecureStore, number: int, decision: str, actor: str, why_late: str = "") -> None:
    """Decide a case. A late one says why. Raises CaseError."""
    found = _open(store, number)
    content = {"decision": _impersonal(decision)}
    if found.overdue(today()):
        if not why_late.strip():
            raise CaseError("This is late: say why as well, since the Information Commissioner will ask.")
        content["why_late"] = _impersonal(why_late)
    decide(store, CLOSED, _subject(number), actor, content)


def months_after(day: date, months: int) -> date:
    """The corresponding day so many months later, or that month's last day if it has none."""
    year, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))


def _open(store: SecureStore, number: int) -> Case:
    found = case(store, number)
    if found.closed:
        raise CaseError("This case is decided already.")
    return found


def _case(steps: tuple[Decision, ...]) -> Case:
    first = steps[0]
    kind, received = kinds()[str(first.content["kind"])], date.fromisoformat(str(first.content["received_on"]))
    extended = EXTENSION_MONTHS if any(one.kind == EXTENDED for one in steps) else 0
    due = (
        received + timedelta(days=kind.days or kind.hours // 24 - 1) if not kind.months else months_after(received, kind.months + extended)
    )
    acknowledged = any(one.kind == ACKNOWLEDGED for one in steps)
    by = received + timedelta(days=kind.acknowledge_days) if kind.acknowledge_days and not acknowledged else None
    return Case(int(first.subject.removeprefix("case-")), kind, received, str(first.content["about"]), due, by, steps)


def _subject(number: int) -> str:
    return f"case-{number}"


def _impersonal(text: str) -> str:
    said = text.strip()
    if not _SHORTEST <= len(said) <= _LONGEST:
        raise CaseError(f"Say it in {_SHORTEST} to {_LONGEST} letters.")
    if _PERSONAL.search(said):
        raise CaseError(
            "This holds what looks like an email address, a telephone number or a postcode: leave it out, a case holds no one's data."
        )
    return said
