"""The record of one survey: its impact assessment in all its parts, as data in a folder, read whole and checked against itself.

`governance/record/<survey>/` holds the record that comes with the project: complete, and approved by nobody. An office's own, in the
folder `assessment` of its secure zone, takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from governance.reading import RecordError, read_file, require
from governance.risks import Register

RECORDS = Path(__file__).parent / "record"
TRIGGERS = ("new_question", "new_use", "new_output", "incident")


@dataclass(frozen=True)
class ApprovalNeeded:
    """A signature that opening waits for: what is signed, and which roles may sign it."""

    code: str
    what: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Assessment:
    """The parts of a data protection impact assessment (Art. 35(7)), each as headed paragraphs."""

    survey: str
    version: str
    title: str
    example: bool
    assessed_on: date
    review_after_days: int
    nature: Mapping[str, str]
    scope: Mapping[str, str]
    context: Mapping[str, str]
    purposes: Mapping[str, str]
    necessity: Mapping[str, str]
    proportionality: Mapping[str, str]
    consultation: Mapping[str, str]
    childrens_code: Mapping[str, str]
    quotes_missed_per_thousand: int
    approvals: tuple[ApprovalNeeded, ...]

    def __post_init__(self) -> None:
        require(1 <= self.review_after_days <= 365, "the assessment is reviewed at least once a year: review_after_days is 1 to 365.")
        codes = {approval.code for approval in self.approvals}
        for code in ("measures", "residual_risk", "dpo_advice"):
            require(code in codes, f"the approval '{code}' must be asked for.")


PARTS = ("nature", "scope", "context", "purposes", "necessity", "proportionality", "consultation", "childrens_code")


@dataclass(frozen=True)
class InterestsStep:
    """One of the four steps: what was done, and what was found."""

    done: str
    found: tuple[str, ...]


@dataclass(frozen=True)
class BestInterests:
    """The best-interests assessment. `triggers`: what forces a new one, and how it is noticed."""

    reviewed_on: date
    review_after_days: int
    understand_rights: InterestsStep
    identify_impacts: InterestsStep
    assess: InterestsStep
    prioritise: InterestsStep
    triggers: Mapping[str, str]

    def __post_init__(self) -> None:
        require(1 <= self.review_after_days <= 365, "the best interests are reviewed at least once a year: review_after_days is 1 to 365.")
        require(set(self.triggers) == set(TRIGGERS), f"the triggers of a new assessment are {', '.join(TRIGGERS)}.")


@dataclass(frozen=True)
class Purpose:
    """One purpose of processing, the steps that serve it, and the data sets they use."""

    code: str
    what: str
    basis: str
    steps: tuple[str, ...]
    data: tuple[str, ...]


@dataclass(frozen=True)
class Processing:
    """The record of processing activities (Art. 30)."""

    controller: str
    controller_contact: str
    officer: str
    officer_contact: str
    purposes: tuple[Purpose, ...]
    subjects: tuple[str, ...]
    data: tuple[str, ...]
    recipients: tuple[str, ...]
    transfers: str
    retention: str
    security: tuple[str, ...]


@dataclass(frozen=True)
class Variable:
    """What is asked, or derived from it: why, on which basis, how long, and in which form it may leave."""

    ids: tuple[str, ...]
    purpose: str
    basis: str
    article_9: str
    kept_as: tuple[str, ...]
    release: str


@dataclass(frozen=True)
class DerivedVariable(Variable):
    """A variable made of others. A special category needs its own Article 9 condition, or it is not made (G5)."""

    made_of: tuple[str, ...]
    version: str
    special_category: bool

    def __post_init__(self) -> None:
        require(
            not self.special_category or self.article_9 != "none",
            f"derived variable '{self.ids[0]}' is of a special category: name its Article 9 condition.",
        )


@dataclass(frozen=True)
class Variables:
    """Every variable. `release_rules` explains the rules that variables name."""

    release_rules: Mapping[str, str]
    asked: tuple[Variable, ...]
    derived: tuple[DerivedVariable, ...]

    def __post_init__(self) -> None:
        for group in (self.asked, self.derived):
            ids = [name for variable in group for name in variable.ids]
            for name in ids:
                require(ids.count(name) == 1, f"variable '{name}' is declared twice: keep one.")
        for variable in (*self.asked, *self.derived):
            require(
                variable.release in self.release_rules, f"variable '{variable.ids[0]}' names the unknown release rule '{variable.release}'."
            )

    def of(self, name: str) -> Variable | None:
        """The declaration of what is asked as `name`."""
        return next((variable for variable in self.asked if name in variable.ids), None)

    def derived_as(self, name: str) -> DerivedVariable | None:
        """The declaration of the derived variable `name`."""
        return next((variable for variable in self.derived if name in variable.ids), None)


@dataclass(frozen=True)
class Processor:
    """Who runs a machine for the office. `hosts`: names of machines that it answers for."""

    code: str
    name: str
    does: str
    hosts: tuple[str, ...]
    contract: str
    contract_until: date
    deletes: str
    sub_processors: tuple[str, ...]


@dataclass(frozen=True)
class Processors:
    """The office's own machines, and those of others."""

    own_hosts: tuple[str, ...]
    processors: tuple[Processor, ...]

    def answering_for(self, host: str) -> str | None:
        """Who answers for a machine: "office", a processor's code, or None if nobody on record does."""
        if host in self.own_hosts:
            return "office"
        return next((processor.code for processor in self.processors if host in processor.hosts), None)


@dataclass(frozen=True)
class Person:
    """A member of staff: account name, roles, and until when training and clearance hold."""

    account: str
    name: str
    roles: tuple[str, ...]
    trained_until: date
    cleared_until: date
    example: bool


@dataclass(frozen=True)
class People:
    """Roles with what they answer for, who holds them, and how anybody can raise a concern."""

    roles: Mapping[str, str]
    escalation: str
    staff: tuple[Person, ...]

    def __post_init__(self) -> None:
        for person in self.staff:
            for role in person.roles:
                require(role in self.roles, f"{person.account} holds the unknown role '{role}'.")

    def person(self, account: str) -> Person | None:
        """Who has this account."""
        return next((person for person in self.staff if person.account == account), None)


@dataclass(frozen=True)
class Consultation:
    """Whom the office asked, what they said, and what came of it."""

    whom: str
    held_on: date
    children: bool
    example: bool
    how: str
    said: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Consultations:
    """Every consultation held. Children are among those asked."""

    held: tuple[Consultation, ...]

    def __post_init__(self) -> None:
        require(
            any(one.children for one in self.held), "no consultation with children is on record: ask them, and write down what they said."
        )


@dataclass(frozen=True)
class Record:
    """Everything, and the SHA-256 of the files it was read from: what is signed is this text and no other."""

    assessment: Assessment
    register: Register
    interests: BestInterests
    processing: Processing
    variables: Variables
    processors: Processors
    people: People
    consultations: Consultations
    sha256: str = ""

    def __post_init__(self) -> None:
        for risk in self.register.risks:
            require(risk.owner in self.people.roles, f"risk '{risk.code}' is owned by the unknown role '{risk.owner}'.")
        for approval in self.assessment.approvals:
            for role in approval.roles:
                require(role in self.people.roles, f"approval '{approval.code}' names the unknown role '{role}'.")
        purposes = {purpose.code for purpose in self.processing.purposes}
        for variable in (*self.variables.asked, *self.variables.derived):
            require(variable.purpose in purposes, f"variable '{variable.ids[0]}' names the unknown purpose '{variable.purpose}'.")


FILES = MappingProxyType(
    {
        "assessment": ("assessment.yaml", Assessment),
        "register": ("risks.yaml", Register),
        "interests": ("best_interests.yaml", BestInterests),
        "processing": ("processing.yaml", Processing),
        "variables": ("variables.yaml", Variables),
        "processors": ("processors.yaml", Processors),
        "people": ("people.yaml", People),
        "consultations": ("consultations.yaml", Consultations),
    }
)
DECLARED = "declared.yaml"


def record_folder(survey: str, own: Path | None = None) -> Path:
    """The office's own record if there is one in `own`, else the one that comes with the project. Raises RecordError."""
    if own is not None and own.is_dir():
        return own
    folder = RECORDS / survey
    if not folder.is_dir():
        raise RecordError(f"There is no impact assessment of survey '{survey}': write one in governance/record/{survey}.")
    return folder


def load_record(folder: Path) -> Record:
    """The record in this folder, checked whole. Raises RecordError with one sentence that names the file."""
    return _load(folder, digest(folder))


@lru_cache(maxsize=8)
def _load(folder: Path, sha256: str) -> Record:
    parts: dict[str, Any] = {name: read_file(kind, folder / file) for name, (file, kind) in FILES.items()}
    record = Record(**parts, sha256=sha256)
    require({field.name for field in fields(record)} == {*FILES, "sha256"}, "the record's parts and files differ.")
    return record


def digest(folder: Path) -> str:
    """SHA-256 over names and contents of the record's files, what it declares of the running system included. Raises RecordError."""
    whole = hashlib.sha256()
    for name in sorted([*(file for file, _ in FILES.values()), DECLARED]):
        try:
            content = (folder / name).read_bytes()
        except OSError:
            raise RecordError(f"{name} is missing in the record '{folder.name}': add it.") from None
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()
