"""Counters against a flood: what they count, what they forget, and whom they believe (A14)."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from api import pace as module
from api.pace import LIMITS, WINDOW, Pace, What


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def request(peer: str | None, forwarded: str | None = None) -> Request:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers, "client": (peer, 1) if peer else None})


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(module, "LIMITS", {What.POST: 3, What.RESPONSE: 1})
    return 3


def admitted(pace: Pace, peer: str | None, times: int, what: What = What.POST, forwarded: str | None = None) -> list[bool]:
    return [pace.admits(request(peer, forwarded), what) for _ in range(times)]


def test_the_limit_itself_passes_and_one_more_does_not(few: int) -> None:
    assert admitted(Pace(), "192.0.2.1", few + 1) == [True] * few + [False]


def test_posts_responses_and_senders_are_counted_apart(few: int) -> None:
    pace = Pace()
    admitted(pace, "192.0.2.1", few + 1)
    assert admitted(pace, "192.0.2.1", 2, What.RESPONSE) == [True, False]
    assert admitted(pace, "192.0.2.2", 1) == [True]
    assert admitted(pace, None, 1) == [True]


def test_a_window_is_forgotten_with_its_salt(few: int) -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    admitted(pace, "192.0.2.1", few + 1)
    salt, seen = pace._salt, set(pace._seen)
    assert "192.0.2.1" not in repr(pace.__dict__)
    clock.now = WINDOW - 0.01
    assert admitted(pace, "192.0.2.1", 1) == [False]
    clock.now = WINDOW
    assert admitted(pace, "192.0.2.1", 1) == [True]
    assert pace._salt != salt
    assert not seen & set(pace._seen)


def test_nobody_is_believed_about_the_sender_but_the_proxy_that_was_named(few: int) -> None:
    pace = Pace()
    assert [admitted(pace, "192.0.2.1", 1, forwarded=f"203.0.113.{n}")[0] for n in range(few + 1)] == [True] * few + [False]
    pace = Pace(proxy="192.0.2.1")
    assert all(admitted(pace, "192.0.2.1", 1, forwarded=f"203.0.113.{n}")[0] for n in range(few + 5))
    assert [admitted(pace, "192.0.2.9", 1, forwarded=f"203.0.113.{n}")[0] for n in range(few + 1)] == [True] * few + [False]


def test_what_a_sender_writes_before_the_proxy_does_is_not_believed(few: int) -> None:
    pace = Pace(proxy="192.0.2.1")
    forged = [admitted(pace, "192.0.2.1", 1, forwarded=f"198.51.100.{n}, 203.0.113.5")[0] for n in range(few + 1)]
    assert forged == [True] * few + [False]


def test_a_network_of_ipv6_is_one_sender(few: int) -> None:
    pace = Pace()
    assert [admitted(pace, f"2001:db8:1:2::{n}", 1)[0] for n in range(few + 1)] == [True] * few + [False]
    assert admitted(pace, "2001:db8:1:3::1", 1) == [True]
    assert admitted(pace, "192.0.2.7", few) == [True] * few
    assert admitted(pace, "::ffff:192.0.2.7", 1) == [False]


def test_a_school_behind_one_address_is_far_below_the_limits() -> None:
    """1,500 children in ten minutes, all with the longest form (31 posts), all with one worker, half of them in the first minute."""
    clock = Clock()
    pace = Pace(clock=clock)
    posts = 1500 * 31
    for minute in range(10):
        clock.now = minute * 60.0
        share = posts // 2 // 3 if minute < 3 else posts // 2 // 7
        assert all(admitted(pace, "192.0.2.1", share))
        assert all(admitted(pace, "192.0.2.1", 750 if minute < 2 else 0, What.RESPONSE))
    assert 2 * (posts // 6) < LIMITS[What.POST]
    assert LIMITS[What.RESPONSE] >= 2 * 1500
