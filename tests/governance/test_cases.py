"""Requests, complaints and breaches: their clocks to the day, and no case that holds anybody's data."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from governance import cases as module
from governance.cases import CaseError, acknowledge, article_11, case, cases, close, extend, kinds, months_after, open_case
from retention.secure_store import SecureStore, today

ABOUT = "A parent asks for what their child wrote."
DECIDED = "Answered as Article 11 says, with the way to complain."


@pytest.mark.parametrize(
    ("day", "months", "due"),
    [(date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2028, 1, 31), 1, date(2028, 2, 29)), (date(2026, 11, 22), 1, date(2026, 12, 22)),
     (date(2026, 11, 30), 3, date(2027, 2, 28)), (date(2026, 12, 1), 1, date(2027, 1, 1))],
)  # fmt: skip
def test_a_month_ends_on_the_corresponding_day(day: date, months: int, due: date) -> None:
    assert months_after(day, months) == due


@pytest.mark.parametrize("code", ["access", "rectification", "objection"])
def test_a_request_has_a_month_and_two_more_with_a_reason_once(sqlite_store: SecureStore, code: str) -> None:
    number = open_case(sqlite_store, code, today(), ABOUT, "rita")
    assert case(sqlite_store, number).due_on == months_after(today(), 1)
    extend(sqlite_store, number, "Several requests came in at once.", "dora")
    assert case(sqlite_store, number).due_on == months_after(today(), 3)
    with pytest.raises(CaseError, match="once"):
        extend(sqlite_store, number, "Several requests came in at once.", "dora")


@pytest.mark.parametrize("code", ["complaint", "breach"])
def test_nothing_else_is_given_more_time(sqlite_store: SecureStore, code: str) -> None:
    number = open_case(sqlite_store, code, today(), ABOUT, "rita")
    with pytest.raises(CaseError, match="cannot"):
        extend(sqlite_store, number, "Several requests came in at once.", "dora")


@pytest.mark.parametrize(("hour", "left"), [(0, 72), (1, 71), (71, 1), (72, 0), (73, -1)])
def test_a_breach_has_72_hours_from_the_first_moment_of_its_day(sqlite_store: SecureStore, hour: int, left: int) -> None:
    """However late on the day it was noticed, the clock here is never slower than the law's."""
    found = case(sqlite_store, open_case(sqlite_store, "breach", today(), ABOUT, "rita"))
    start = datetime(today().year, today().month, today().day, tzinfo=UTC)
    assert found.hours_left(start + timedelta(hours=hour)) == left
    assert not found.overdue(today() + timedelta(days=2))
    assert found.overdue(today() + timedelta(days=3))


def test_a_complaint_is_acknowledged_within_thirty_days(sqlite_store: SecureStore) -> None:
    number = open_case(sqlite_store, "complaint", today(), ABOUT, "rita")
    found = case(sqlite_store, number)
    assert found.acknowledge_by == today() + timedelta(days=30)
    assert (found.overdue(today() + timedelta(days=30)), found.overdue(today() + timedelta(days=31))) == (False, True)
    acknowledge(sqlite_store, number, "dora")
    assert not case(sqlite_store, number).overdue(today() + timedelta(days=31))
    with pytest.raises(CaseError, match="waits for no acknowledgement"):
        acknowledge(sqlite_store, number, "dora")


def test_a_decision_is_signed_once_and_a_late_one_says_why(sqlite_store: SecureStore) -> None:
    number = open_case(sqlite_store, "breach", today() - timedelta(days=3), ABOUT, "rita")
    with pytest.raises(CaseError, match="say why as well"):
        close(sqlite_store, number, DECIDED, "dora")
    close(sqlite_store, number, DECIDED, "dora", "It was noticed on a Friday evening and written down late.")
    assert case(sqlite_store, number).closed
    assert not case(sqlite_store, number).overdue(today() + timedelta(days=99))
    for again in (lambda: close(sqlite_store, number, DECIDED, "dora"), lambda: acknowledge(sqlite_store, number, "dora")):
        with pytest.raises(CaseError, match="decided already"):
            again()
    assert [entry.entry.verb for entry in sqlite_store.ledger()] == ["case-open", "case-close"]


@pytest.mark.parametrize(
    "words",
    ["Write to zofia@example.org about this please.", "Her number is 07700 900123, call her back.", "They live near SW1A 1AA, they say."],
)  # fmt: skip
def test_no_case_holds_what_looks_like_somebodys_data(sqlite_store: SecureStore, words: str) -> None:
    number = open_case(sqlite_store, "access", today(), ABOUT, "rita")
    for attempt in (lambda: open_case(sqlite_store, "access", today(), words, "rita"), lambda: close(sqlite_store, number, words, "dora")):
        with pytest.raises(CaseError, match="leave it out") as caught:
            attempt()
        assert words not in str(caught.value)
    assert len(cases(sqlite_store)) == 1


@pytest.mark.parametrize(
    ("code", "day", "about"), [("secret", 0, ABOUT), ("access", 1, ABOUT), ("access", 0, "short"), ("access", 0, "x" * 1001)]
)
def test_a_case_that_says_too_little_or_lies_ahead_is_refused(sqlite_store: SecureStore, code: str, day: int, about: str) -> None:
    with pytest.raises(CaseError):
        open_case(sqlite_store, code, today() + timedelta(days=day), about, "rita")


def test_open_cases_come_first_and_what_is_due_first_at_the_front(sqlite_store: SecureStore) -> None:
    for code in ("access", "complaint", "breach"):
        open_case(sqlite_store, code, today(), ABOUT, "rita")
    assert [one.kind.code for one in cases(sqlite_store)] == ["breach", "access", "complaint"]
    close(sqlite_store, 3, DECIDED, "dora")
    assert [one.number for one in cases(sqlite_store)] == [1, 2, 3]


def test_article_11_is_explained_and_no_answer_asks_for_proof_or_promises_what_cannot_be_done() -> None:
    assert "Never ask for proof of who they are" in article_11()
    for code in ("access", "rectification", "objection"):
        answer = kinds()[code].answer
        assert "cannot tell which" in answer
        assert "Information Commissioner" in answer
    assert "does not take away the right to object" in kinds()["objection"].answer


@pytest.mark.parametrize(
    "content", ["", "kinds: []", "kinds: {a: {title: T, answer: A}}", "kinds: {a: {title: T, answer: A, months: 1, hours: 2}}"]
)
def test_kinds_that_cannot_be_read_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CaseError):
        module.kinds(path)


def test_the_commissioner_has_eight_weeks(sqlite_store: SecureStore) -> None:
    number = open_case(sqlite_store, "consultation", today(), "Risks that stay high were put before the Commissioner.", "dora")
    found = case(sqlite_store, number)
    assert found.due_on == today() + timedelta(weeks=8)
    assert (found.overdue(found.due_on), found.overdue(found.due_on + timedelta(days=1))) == (False, True)


def test_every_clock_says_whence_it_comes_when_it_was_looked_up_and_what_a_lawyer_must_confirm() -> None:
    for kind in kinds().values():
        assert "UK GDPR" in kind.law or "Data Protection Act" in kind.law
        assert kind.confirm
        assert (kind.unchecked(kind.checked_on + timedelta(days=365)), kind.unchecked(kind.checked_on + timedelta(days=366))) == (
            False,
            True,
        )
    assert {code for code, kind in kinds().items() if kind.hours} == {"breach"}


@pytest.mark.parametrize("lacking", ["law", "checked_on", "confirm"])
def test_a_clock_without_its_source_is_none(tmp_path: Path, lacking: str) -> None:
    lines = [line for line in module.FILE.read_text(encoding="utf-8").splitlines() if not line.startswith(f"    {lacking}: ")]
    path = tmp_path / "cases.yaml"
    path.write_text("\n".join(line for line in lines if not line.startswith("      ") or lacking != "confirm"), encoding="utf-8")
    with pytest.raises(CaseError):
        kinds(path)
