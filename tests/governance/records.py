"""Records of offices that do not exist: the bundled one with people of its own, whole and ready to be signed."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from forms.helplines import helplines
from forms.load import load_survey
from governance.approvals import Signed, approve
from governance.drift import load_declared
from governance.opening import Situation
from governance.record import RECORDS, Record, load_record
from retention.decisions import Decision, decisions
from retention.schedule import load_schedule
from retention.secure_store import SecureStore, today

SHIPPED = RECORDS / "big_ask"
SIGNERS = {"measures": "olivia.owner", "residual_risk": "adam.asset", "dpo_advice": "dora.officer"}
STATEMENT = "I have read the whole of it and stand by it."


def own_record(folder: Path) -> Path:
    """The bundled record as an office would make it its own: its people instead of the examples, reviewed today."""
    shutil.copytree(SHIPPED, folder)
    change(folder, "assessment.yaml", 'example: "true"', 'example: "false"')
    people = (folder / "people.yaml").read_text(encoding="utf-8").replace('example: "true"', 'example: "false"')
    for example, own in (("example-owner", "olivia.owner"), ("example-asset-owner", "adam.asset"), ("example-officer", "dora.officer")):
        people = people.replace(f"account: {example},", f"account: {own},")
    until = (today() + timedelta(days=300)).isoformat()
    people = re.sub(r"(trained|cleared)_until: [0-9-]+", rf"\1_until: {until}", people)
    (folder / "people.yaml").write_text(people, encoding="utf-8")
    for name in ("assessment.yaml", "best_interests.yaml"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(re.sub(r"(assessed|reviewed)_on: [0-9-]+", rf"\1_on: {today().isoformat()}", text), encoding="utf-8")
    return folder


def change(folder: Path, name: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in one file of a record."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def sign_all(store: SecureStore, record: Record) -> None:
    """Every signature that opening waits for, each by its person."""
    for what, account in SIGNERS.items():
        approve(store, record, what, account, STATEMENT)


def decision(record: Record, kind: str, actor: str, decided_on: date | None = None, **content: object) -> Decision:
    """A decision as the store would give it back."""
    return Decision(1, kind, record.sha256, actor, decided_on or today(), content)


def signatures(record: Record, decided_on: date | None = None) -> tuple[Decision, ...]:
    """Every signature that opening waits for, without a store."""
    return tuple(decision(record, "dpia-approve", account, decided_on, what=what, statement=STATEMENT) for what, account in SIGNERS.items())


def open_situation(folder: Path, day: date | None = None) -> Situation:
    """A situation in which nothing is missing: an office's own record, signed, running as it was assessed, help lines checked today."""
    day = day or today()
    survey = load_survey()
    record = load_record(folder)
    declared = load_declared(folder)
    return Situation(
        record=record,
        signed=Signed(record, signatures(record, day)),
        survey=survey,
        declared=declared,
        live=declared,
        schedule=load_schedule(),
        helplines=tuple(replace(line, checked_on=day) for line in helplines()),
        today=day,
        derived={"age_band": "1", "home": "1"},
    )


def stored_signatures(store: SecureStore, record: Record) -> Signed:
    """What the store holds about this record."""
    return Signed.about(record, decisions(store))
