"""Sessions and attempts stay small whatever is thrown at them."""

from __future__ import annotations

from api.staff_session import FAILURES, IDLE, MOST_NAMES, MOST_SESSIONS, Attempts, Sessions
from retention.staff import Member, Role


def test_the_session_longest_unused_goes_first() -> None:
    sessions = Sessions(lambda: 0.0)
    first, second = sessions.open(None)[0], sessions.open(None)[0]
    sessions.find(first)
    for _ in range(MOST_SESSIONS - 1):
        sessions.open(None)
    assert sessions.find(first) is not None
    assert sessions.find(second) is None


def test_whoever_left_is_not_present() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    token, _ = sessions.open(Member("rita", Role.REVIEWER))
    sessions.open(Member("ron", Role.REVIEWER))
    sessions.open(None)
    assert sessions.present() == {"rita", "ron"}
    now[0] = IDLE
    sessions.find(token)
    now[0] = IDLE + 1
    assert sessions.present() == {"rita"}


def test_names_that_failed_are_forgotten_oldest_first_and_after_success() -> None:
    attempts = Attempts(lambda: 0.0)
    for _ in range(FAILURES):
        attempts.failed("rita")
    assert attempts.paused("rita")
    attempts.succeeded("rita")
    assert not attempts.paused("rita")
    for _ in range(FAILURES):
        attempts.failed("ron")
    for number in range(MOST_NAMES):
        attempts.failed(f"guess {number}")
    assert not attempts.paused("ron")
