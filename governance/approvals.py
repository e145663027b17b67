"""Signing: who may approve what, the reviews that are held, opinions of the ICO, amendments, and the demonstration that is none of these.

Every signature is about one exact text of the record (its SHA-256). Change a letter, and it must be given anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from governance.drift import Configuration, Difference, Part, differences
from governance.gates import Gate, GateShut, Missing
from governance.record import Person, Record
from retention.decisions import Decision, decide, decisions
from retention.secure_store import SecureStore, today

SHORTEST = 20  # letters of a reason, an outcome, an opinion: a word is none


class Kind(StrEnum):
    """What was decided."""

    APPROVAL = "dpia-approve"
    REVIEW = "dpia-review"
    CONSULTATION = "dpia-consult-ico"
    AMENDMENT = "dpia-amend"
    DEMONSTRATION = "dpia-demonstrate"


@dataclass(frozen=True)
class Signed:
    """Every decision about one text of the record."""

    record: Record
    decisions: tuple[Decision, ...]

    @classmethod
    def about(cls, record: Record, decisions: Iterable[Decision]) -> Signed:
        """Those of all decisions that are about this record as it stands."""
        return cls(record, tuple(one for one in decisions if one.subject == record.sha256))

    def of(self, kind: Kind) -> list[Decision]:
        """Decisions of this kind, oldest first."""
        return [one for one in self.decisions if one.kind == kind]

    @property
    def demonstration(self) -> bool:
        """True if this record was put up for a demonstration, and nobody has approved any of it in earnest."""
        return bool(self.of(Kind.DEMONSTRATION)) and not self.of(Kind.APPROVAL)

    def approved_by(self, code: str) -> str | None:
        """The latest who approved `code` and may still do so; None if nobody."""
        needed = next(one for one in self.record.assessment.approvals if one.code == code)
        for one in reversed(self.of(Kind.APPROVAL)):
            person = self.record.people.person(one.actor)
            if one.content["what"] == code and person is not None and set(person.roles) & set(needed.roles) and not person.example:
                return person.account
        return None

    def review_due(self, latest_in_record: date, after_days: int) -> date:
        """The day after which a review is overdue: so many days after the latest of record and signed reviews."""
        held = [one.decided_on for one in self.decisions if one.kind in (Kind.REVIEW, Kind.APPROVAL)]
        return max([latest_in_record, *held]) + timedelta(days=after_days)

    def amended(self, declared: Configuration) -> Configuration:
        """What is declared, with every signed amendment in it."""
        now: dict[Part, Mapping[str, str]] = dict(declared)
        for one in self.decisions:
            if one.kind == Kind.AMENDMENT or (one.kind == Kind.DEMONSTRATION and self.demonstration):
                now |= {Part(part): dict(values) for part, values in one.content["live"].items()}
        return now


def approve(store: SecureStore, record: Record, what: str, account: str, statement: str) -> Decision:
    """Sign for one of the approvals that the record asks for. Raises GateShut if this person may not."""
    needed = next((one for one in record.assessment.approvals if one.code == what), None)
    if needed is None:
        raise _refused(f"There is no approval '{what}': the record asks for {', '.join(one.code for one in record.assessment.approvals)}.")
    if record.assessment.example:
        raise _refused("This record is an example and cannot be approved: put the office's own in its place, with `example: false`.")
    person = _person(record, account)
    if not set(person.roles) & set(needed.roles):
        raise _refused(f"'{what}' is signed by somebody who is {' or '.join(needed.roles)}; {account} is not.")
    return decide(store, Kind.APPROVAL, record.sha256, account, {"what": what, "statement": said(statement)})


def review(store: SecureStore, record: Record, account: str, outcome: str) -> Decision:
    """Write down that the assessment was looked at again, and what came of it."""
    _person(record, account)
    return decide(store, Kind.REVIEW, record.sha256, account, {"outcome": said(outcome)})


def consult_ico(store: SecureStore, record: Record, account: str, reference: str, opinion: str) -> Decision:
    """Write down what the ICO answered about the risks that stay high (Art. 36)."""
    _person(record, account)
    risks = [risk.code for risk in record.register.high()]
    return decide(store, Kind.CONSULTATION, record.sha256, account, {"reference": reference, "opinion": said(opinion), "risks": risks})


def amend(
    store: SecureStore, record: Record, declared: Configuration, live: Configuration, part: Part, account: str, reason: str
) -> tuple[Difference, ...]:
    """Sign for a part that runs otherwise than it was assessed, as it runs now. Returns the differences signed for."""
    person = _person(record, account)
    allowed = {role for needed in record.assessment.approvals for role in needed.roles}
    if not set(person.roles) & allowed:
        raise _refused(f"An amendment is signed by somebody who may sign an approval; {account} may not.")
    found = differences({part: declared.get(part, {})}, {part: live[part]})
    if not found:
        raise _refused(f"'{part}' runs as it was assessed: there is nothing to amend.")
    content = {"reason": said(reason), "live": {part.value: dict(live[part])}, "differences": [str(one) for one in found]}
    decide(store, Kind.AMENDMENT, record.sha256, account, content)
    return found


def demonstrate(store: SecureStore, record: Record, declared: Configuration, live: Configuration, actor: str) -> None:
    """Put the record up for a demonstration with invented answers: as it runs now, approved by nobody, and said so on every page.

    Does nothing where it is put up already as it runs, or approved in earnest.
    """
    signed = Signed.about(record, decisions(store))
    if signed.of(Kind.APPROVAL):
        return
    found = differences(signed.amended(declared), live)
    if signed.demonstration and not found:
        return
    changed = {one.part for one in differences(declared, live)}
    decide(store, Kind.DEMONSTRATION, record.sha256, actor, {"live": {part.value: dict(live[part]) for part in sorted(changed)}})


def said(words: str) -> str:
    """A sentence somebody answers for. Raises GateShut for less."""
    if len(words.strip()) < SHORTEST:
        raise _refused(f"Say it in a sentence of at least {SHORTEST} letters: it is kept and shown.")
    return words.strip()


def _person(record: Record, account: str) -> Person:
    person = record.people.person(account)
    if person is None:
        raise _refused(f"{account} is not among the people of the record: add them to people.yaml, with roles, training and clearance.")
    if person.example:
        raise _refused(f"{account} is an example and signs nothing: put the office's own people into people.yaml.")
    for what, until in (("training", person.trained_until), ("clearance", person.cleared_until)):
        if until < today():
            raise _refused(f"The {what} of {account} ended on {until.isoformat()}: renew it before they sign.")
    return person


def _refused(sentence: str) -> GateShut:
    return GateShut([Missing(Gate.G2, sentence)])
