"""What the safeguarding lead decides about a flagged text: a record that follows the ICO's ten steps, against a clock.

Nothing is shared without saying what, with whom and when; nothing is closed without a reason. Records are sealed
(retention.safeguarding_records); the ledger tells that one was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

from retention.safeguarding_flags import Flag, open_flags
from retention.safeguarding_records import Kept, add_record, flagged_on, records
from retention.secure_store import SecureStore, today
from retention.staff import Role, member

POLICY = Path(__file__).with_name("safeguarding.yaml")
LONGEST, SHORTEST_REASON = 600, 20  # letters of an answer; of a reason


class SafeguardingError(ValueError):
    """A decision that cannot be taken like this. The message never quotes a text."""


class Outcome(StrEnum):
    """What a record decides."""

    ASSESSED = "assessed"  # looked at; the clock of its urgency runs
    SHARED = "shared"
    NOT_SHARED = "not_shared"


@dataclass(frozen=True)
class Question:
    """One question of the record."""

    code: str
    part: str
    step: str
    ask: str


@dataclass(frozen=True)
class Policy:
    """The questions in order, the clocks in days, and whether areas may be joined."""

    questions: tuple[Question, ...]
    first_look_days: int
    urgency: Mapping[str, int]
    escalate_after_days: int
    join_located_in_emergency: bool


@cache
def load_policy(path: Path = POLICY) -> Policy:
    """The policy from YAML. Raises SafeguardingError if a part is missing or no clock can be read from it."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        questions = tuple(Question(code, **entry) for code, entry in data["questions"].items())
        found = Policy(
            questions, data["first_look_days"], dict(data["urgency"]), data["escalate_after_days"], data["join_located_in_emergency"]
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise SafeguardingError("governance/safeguarding.yaml cannot be read: it needs questions, clocks and the switch.") from None
    days = (found.first_look_days, found.escalate_after_days, *found.urgency.values())
    if not questions or "emergency" not in found.urgency or any(type(one) is not int or one < 0 for one in days):
        raise SafeguardingError("governance/safeguarding.yaml needs questions, an emergency, and whole days of at least 0.")
    if type(found.join_located_in_emergency) is not bool:
        raise SafeguardingError("governance/safeguarding.yaml: join_located_in_emergency is true or false, and nothing else.")
    return found


@dataclass(frozen=True)
class Record:
    """One decision. `answers`: to every question, by code; `whom`, `shared`, `told_on` are there exactly where something was shared."""

    outcome: Outcome
    urgency: str
    reason: str
    answers: Mapping[str, str]
    whom: str = ""
    shared: str = ""
    told_on: str = field(default="")

    def __post_init__(self) -> None:
        policy = load_policy()
        if self.urgency not in policy.urgency:
            raise SafeguardingError(f"Say how urgent it is: {', '.join(policy.urgency)}.")
        if len(self.reason.strip()) < SHORTEST_REASON:
            raise SafeguardingError(f"Give the reason in a sentence of at least {SHORTEST_REASON} letters: nothing is decided without one.")
        missing = [one.step for one in policy.questions if not self.answers.get(one.code, "").strip()]
        if missing or set(self.answers) != {one.code for one in policy.questions}:
            raise SafeguardingError(
                f"Answer every question; missing: {', '.join(missing) or 'none, but there are others that nobody asked'}."
            )
        if any(len(text) > LONGEST for text in (*self.answers.values(), self.reason, self.whom, self.shared)):
            raise SafeguardingError(f"An answer has at most {LONGEST} letters: the record says what matters, it does not copy the text.")
        parts = (self.whom.strip(), self.shared.strip(), self.told_on)
        if self.outcome is Outcome.SHARED:
            if not all(parts):
                raise SafeguardingError("Nothing is shared silently: say with whom, exactly what, and on which day they were told.")
            if not _day(self.told_on) <= today():
                raise SafeguardingError("The day on which they were told lies in the future: share first, then record it.")
        elif any(parts):
            raise SafeguardingError(
                "Only what was shared has a recipient, a content and a day: decide that it was shared, or leave them empty."
            )


@dataclass(frozen=True)
class Waiting:
    """A flagged text that waits, without its words. `due_on`: the day by which it is decided; `kept`: what was recorded so far."""

    flag: Flag
    flagged_on: date
    due_on: date
    urgency: str
    kept: tuple[Kept, ...]

    def overdue(self, day: date) -> bool:
        """True if nobody acted in time."""
        return day > self.due_on

    def escalated(self, day: date) -> bool:
        """True if the data protection officer is told as well."""
        return (day - self.due_on).days > load_policy().escalate_after_days


def queue(store: SecureStore) -> list[Waiting]:
    """What waits in every wave, the most pressing first. For the leads alone: whoever shows it checks the role first."""
    policy, found = load_policy(), []
    for wave in store.waves():
        days = flagged_on(store, wave.id)
        for flag in open_flags(store, wave.id):
            kept = tuple(records(store, wave.id, flag.id))
            urgency = str(kept[-1].content["urgency"]) if kept else ""
            due = (
                kept[-1].recorded_on + timedelta(days=policy.urgency[urgency])
                if kept
                else days[flag.id] + timedelta(days=policy.first_look_days)
            )
            found.append(Waiting(flag, days[flag.id], due, urgency, kept))
    return sorted(found, key=lambda one: (one.due_on, one.flag.id))


def waiting(store: SecureStore, flag_id: str) -> Waiting:
    """One of the queue. Raises SafeguardingError if it is not open."""
    for one in queue(store):
        if one.flag.id == flag_id:
            return one
    raise SafeguardingError("There is no such open text: it was decided in the meantime, or never flagged.")


def decide(store: SecureStore, flag_id: str, record: Record, lead: str) -> None:
    """Seal the record and, unless it is only an assessment, close the flag, with the ledger's entry, all in one transaction.

    Raises SafeguardingError if this person is no lead, or the flag is not open.
    """
    require_lead(store, lead)
    flag = waiting(store, flag_id).flag
    add_record(
        store, flag, lead, f"safeguarding-{record.outcome.replace('_', '-')}", asdict(record), closes=record.outcome is not Outcome.ASSESSED
    )


def require_lead(store: SecureStore, name: str) -> None:
    """Raise SafeguardingError unless this is one of the two named leads."""
    found = member(store, name)
    if found is None or found.role is not Role.SAFEGUARDING_LEAD:
        raise SafeguardingError("Only the two named safeguarding leads see and decide these texts.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SafeguardingError("A day is written like 2026-11-22.") from None
