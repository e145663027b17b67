"""The safeguarding lead's decisions: nothing silent, nothing without a reason, a clock that runs, and a switch that is off."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml
from sqlalchemy import update

from governance import safeguarding
from governance.safeguarding import POLICY, Outcome, Record, SafeguardingError, decide, load_policy, queue, waiting
from governance.safeguarding_join import MEANS, joined, sign_join
from retention import safeguarding_flags
from retention.destroy_rows import destroy_rows
from retention.keys import KeyDestroyed
from retention.ledger import Entry
from retention.review_tables import safeguarding_flag
from retention.safeguarding_records import records
from retention.safeguarding_tables import safeguarding_record
from retention.secure_store import SecureStore, today
from retention.staff import Role, add_member
from tests.secure_waves import new_wave

ROOT = Path(__file__).parents[2]
ANSWERS: Mapping[str, str] = {question.code: f"What was found about {question.code}." for question in load_policy().questions}
WHY = "It names a danger that is near."
ASSESSED = Record(Outcome.ASSESSED, "emergency", WHY, ANSWERS)
CLOSED = Record(Outcome.NOT_SHARED, "standard", WHY, ANSWERS)
SHARED = Record(Outcome.SHARED, "urgent", WHY, ANSWERS, "The council's front door", "The words, without the school", today().isoformat())


@pytest.fixture
def flagged(sqlite_store: SecureStore) -> tuple[SecureStore, str]:
    """A wave with one flagged text, and both leads."""
    wave = new_wave(sqlite_store)
    for name in ("lea", "leo"):
        add_member(sqlite_store, name, Role.SAFEGUARDING_LEAD, "twelve chars", by="adam")
    add_member(sqlite_store, "rita", Role.REVIEWER, "twelve chars", by="adam")
    texts = sqlite_store.vault.write(pd.DataFrame({"text_row": [0, 1], "row": [5, 6], "text": ["a", "b"]}))
    located = sqlite_store.vault.write(
        pd.DataFrame({"row": [5, 6], "rgn": ["E1", "E2"], "lad25cd": ["L1", "L2"], "lsoa21cd": ["S1", "S2"]})
    )
    with sqlite_store.record(Entry("tester", "scrub", wave.id)) as connection:
        sqlite_store.add_asset(connection, wave.id, "texts", texts)
        sqlite_store.add_asset(connection, wave.id, "located", located)
        safeguarding_flags.add_flags(connection, sqlite_store.ring, wave.id, [(1, "suicide")])
    return sqlite_store, queue(sqlite_store)[0].flag.id


def test_the_record_follows_think_check_share_and_all_ten_steps() -> None:
    policy = load_policy()
    assert list(dict.fromkeys(question.part for question in policy.questions)) == ["Think", "Check"]  # Share is the decision itself
    steps = {int(re.match(r"\d+", question.step)[0]) for question in policy.questions}  # type: ignore[index]
    assert steps == set(range(1, 11)) - {9}, "the ninth, emergencies, is the urgency"
    assert policy.urgency["emergency"] == 0
    page = (ROOT / "api/templates/staff/safeguarding_text.html").read_text(encoding="utf-8")
    assert "9 Emergencies" in page
    assert ">Share</h2>" in page


@pytest.mark.parametrize("code", ANSWERS)
def test_no_question_is_left_out(code: str) -> None:
    for empty in ("", "   "):
        with pytest.raises(SafeguardingError, match="Answer every question"):
            replace(CLOSED, answers={**ANSWERS, code: empty})
    with pytest.raises(SafeguardingError):
        replace(CLOSED, answers={name: value for name, value in ANSWERS.items() if name != code})


@pytest.mark.parametrize("record", [ASSESSED, CLOSED, SHARED])
def test_nothing_is_decided_without_a_reason_or_an_urgency(record: Record) -> None:
    with pytest.raises(SafeguardingError, match="at least 20 letters"):
        replace(record, reason="Because.")
    with pytest.raises(SafeguardingError, match="how urgent"):
        replace(record, urgency="soon")


@pytest.mark.parametrize("part", ["whom", "shared", "told_on"])
def test_nothing_is_shared_silently(part: str) -> None:
    with pytest.raises(SafeguardingError, match="Nothing is shared silently"):
        replace(SHARED, **{part: ""})
    with pytest.raises(SafeguardingError, match="Only what was shared"):
        replace(CLOSED, **{part: getattr(SHARED, part)})


def test_the_day_of_telling_is_past_or_today() -> None:
    with pytest.raises(SafeguardingError, match="in the future"):
        replace(SHARED, told_on=(today() + timedelta(days=1)).isoformat())
    with pytest.raises(SafeguardingError, match="written like"):
        replace(SHARED, told_on="yesterday")


@pytest.mark.parametrize("record", [CLOSED, SHARED])
def test_a_decision_closes_with_its_record_and_its_ledger_entry(flagged: tuple[SecureStore, str], record: Record) -> None:
    store, flag = flagged
    wave = queue(store)[0].flag.wave
    decide(store, flag, ASSESSED, "lea")
    decide(store, flag, record, "leo")
    assert queue(store) == []
    kept = list(records(store, wave, flag))
    assert [(one.lead, one.content["outcome"]) for one in kept] == [("lea", "assessed"), ("leo", record.outcome)]
    assert kept[1].content["answers"] == dict(ANSWERS)
    verbs = [entry.entry.verb for entry in store.ledger()][-2:]
    assert verbs == ["safeguarding-assessed", f"safeguarding-{record.outcome.replace('_', '-')}"]
    with pytest.raises(SafeguardingError, match="no such open text"):
        decide(store, flag, record, "lea")


def test_a_record_that_fails_closes_nothing(flagged: tuple[SecureStore, str], monkeypatch: pytest.MonkeyPatch) -> None:
    store, flag = flagged

    def broken(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(store, "_append", broken)
    with pytest.raises(OSError):  # noqa: PT011
        decide(store, flag, CLOSED, "lea")
    monkeypatch.undo()
    assert [one.flag.id for one in queue(store)] == [flag]
    assert queue(store)[0].kept == ()


def test_nothing_closes_a_flag_but_a_record() -> None:
    """A look at the code: only `add_record` closes, in the transaction that keeps the record."""
    calls = []
    for package in ("api", "pipeline", "governance", "retention"):
        for path in (ROOT / package).rglob("*.py"):
            names = [
                getattr(node.func, "id", getattr(node.func, "attr", ""))
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
            ]
            calls += [path.name] * names.count("close_flag")
    assert calls == ["safeguarding_records.py"]


@pytest.mark.parametrize("name", ["rita", "nobody", "adam"])
def test_nobody_but_the_two_leads_decides(flagged: tuple[SecureStore, str], name: str) -> None:
    store, flag = flagged
    with pytest.raises(SafeguardingError, match="Only the two named"):
        decide(store, flag, CLOSED, name)
    assert len(queue(store)) == 1


def test_what_is_recorded_lies_sealed_and_all_of_one_size(flagged: tuple[SecureStore, str]) -> None:
    store, flag = flagged
    decide(store, flag, ASSESSED, "lea")
    decide(store, flag, replace(SHARED, answers=dict.fromkeys(ANSWERS, "é" * 600)), "lea")
    with store.reading() as connection:
        sizes = {len(row.sealed) for row in connection.execute(safeguarding_record.select())}
    assert len(sizes) == 1
    store.engine.dispose()
    files = b"".join(path.read_bytes() for path in store.zone.folder.rglob("*") if path.is_file())
    assert WHY.encode() not in files
    assert b"front door" not in files


@pytest.mark.parametrize(("urgency", "days"), [("emergency", 0), ("urgent", 1), ("standard", 5)])
def test_the_clock_of_each_urgency(flagged: tuple[SecureStore, str], urgency: str, days: int) -> None:
    store, flag = flagged
    first = waiting(store, flag)
    assert first.due_on == today() + timedelta(days=load_policy().first_look_days)
    decide(store, flag, replace(ASSESSED, urgency=urgency), "lea")
    one = waiting(store, flag)
    assert one.due_on == today() + timedelta(days=days)
    for late, overdue, escalated in ((0, False, False), (1, True, False), (2, True, True)):
        day = one.due_on + timedelta(days=late)
        assert (one.overdue(day), one.escalated(day)) == (overdue, escalated)


def test_the_most_pressing_comes_first(flagged: tuple[SecureStore, str]) -> None:
    store, flag = flagged
    wave = queue(store)[0].flag.wave
    safeguarding_flags.raise_flag(store, wave, 0, "rita")
    with store.record(Entry("tester", "earlier", wave)) as connection:
        others = safeguarding_flag.c.id != flag
        connection.execute(update(safeguarding_flag).where(others).values(flagged_on=today() - timedelta(days=3)))
    assert [one.flag.id == flag for one in queue(store)] == [False, True]
    decide(store, flag, ASSESSED, "lea")  # an emergency is due today; the other was due two days ago
    assert [one.flag.id == flag for one in queue(store)] == [False, True]


def test_records_go_with_their_key_when_their_time_is_over(flagged: tuple[SecureStore, str]) -> None:
    store, flag = flagged
    wave = store.waves()[0]
    decide(store, flag, SHARED, "lea")
    kept = list(records(store, wave.id, flag))
    assert len(kept) == 1
    with store.reading() as connection:
        sealed = connection.execute(safeguarding_record.select()).one()
    destroy_rows(store, wave, "safeguarding", "tester", "schedule.safeguarding.review")
    assert list(records(store, wave.id, flag)) == []
    with store.record(Entry("tester", "restore", wave.id)) as connection:  # as from a backup of the database
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        values = {"id": flag, "wave": wave.id, "sealed": b"", "flagged_on": today()}
        connection.execute(safeguarding_flag.insert().values(**values))
        connection.execute(safeguarding_record.insert().values(**sealed._mapping))
    with pytest.raises(KeyDestroyed):
        list(records(store, wave.id, flag))


# -- joining areas -------------------------------------------------------------------------------------------------------


@pytest.fixture
def switched_on(tmp_path: Path) -> Path:
    path = tmp_path / "safeguarding.yaml"
    data = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**data, "join_located_in_emergency": True}), encoding="utf-8")
    return path


def test_joining_is_off_and_says_what_it_would_mean_for_the_promise(flagged: tuple[SecureStore, str]) -> None:
    store, flag = flagged
    decide(store, flag, ASSESSED, "lea")
    assert not load_policy().join_located_in_emergency
    assert "promised that nobody can find out" in MEANS
    for attempt in (lambda: sign_join(store, flag, "lea", WHY), lambda: joined(store, flag, "lea")):
        with pytest.raises(SafeguardingError, match="Children were promised"):
            attempt()


def test_switched_on_it_takes_an_emergency_and_both_leads_and_shows_no_more_than_council_and_region(
    flagged: tuple[SecureStore, str], switched_on: Path
) -> None:
    store, flag = flagged
    with pytest.raises(SafeguardingError, match="Only an emergency"):
        sign_join(store, flag, "lea", WHY, switched_on)
    decide(store, flag, ASSESSED, "lea")
    for name in ("rita", "adam"):
        with pytest.raises(SafeguardingError, match="Only the two named"):
            sign_join(store, flag, name, WHY, switched_on)
    assert sign_join(store, flag, "lea", WHY, switched_on) == 1
    assert sign_join(store, flag, "lea", WHY, switched_on) == 1
    with pytest.raises(SafeguardingError, match="Both leads sign"):
        joined(store, flag, "lea", switched_on)
    assert sign_join(store, flag, "leo", WHY, switched_on) == 2
    assert joined(store, flag, "lea", switched_on) == {"rgn": "E2", "lad25cd": "L2"}
    assert [entry.entry.verb for entry in store.ledger()][-1] == "safeguarding-joined"


@pytest.mark.parametrize(
    "change",
    [{"questions": {}}, {"first_look_days": "soon"}, {"urgency": {"standard": 5}}, {"urgency": {"emergency": -1}},
     {"join_located_in_emergency": "no"},
     {"escalate_after_days": None}],
)  # fmt: skip
def test_a_policy_that_cannot_be_read_decides_nothing(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(POLICY.read_text(encoding="utf-8")), **change}), encoding="utf-8")
    with pytest.raises(SafeguardingError):
        load_policy(path)
    assert safeguarding.POLICY.name == "safeguarding.yaml"
