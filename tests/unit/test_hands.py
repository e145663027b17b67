"""Who gets which text: one each, no more readers at once than it needs, and the same again after signing out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.hands import Hands
from api.staff_session import IDLE, Sessions
from retention.ledger import Entry
from retention.review import Reason, add_items, item, read
from retention.review_marks import Mark
from retention.secure_store import SecureStore
from retention.staff import Member, Role
from tests.secure_waves import new_wave

WAVE = "2026-spring"
NAME = Mark(0, 5, "PERSON")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(clock)


@pytest.fixture
def come(sessions: Sessions) -> Callable[[str], str]:
    return lambda name: sessions.open(Member(name, Role.REVIEWER))[0]


def hands(store: SecureStore, sessions: Sessions, texts: int) -> Hands:
    new_wave(store)
    with store.record(Entry("tester", "scrub", WAVE)) as connection:
        add_items(connection, WAVE, [(row, Reason.FLAGGED, (NAME,)) for row in range(texts)])
    return Hands(store, sessions)


def test_a_text_is_in_two_hands_at_most_and_in_one_once_it_was_read(
    sqlite_store: SecureStore, sessions: Sessions, come: Callable[[str], str]
) -> None:
    table = hands(sqlite_store, sessions, 1)
    tokens = {name: come(name) for name in ("ann", "ben", "cleo", "dan")}
    first, second = (table.take(name, WAVE) for name in ("ann", "ben"))
    assert first is not None
    assert first == second
    assert table.take("cleo", WAVE) is None
    sessions.close(tokens["ben"])
    assert table.take("cleo", WAVE) == first, "who has left frees it"
    table.done("ann")
    read(sqlite_store, first.id, [NAME], "ann", 9)
    assert table.take("ann", WAVE) is None
    assert table.take("dan", WAVE) is None, "one reading is missing, and Cleo has it in hand"
    table.done("cleo")
    read(sqlite_store, first.id, [], "cleo", 9)
    third = table.take("dan", WAVE)
    assert third == item(sqlite_store, first.id)
    come("ben")
    assert table.take("ben", WAVE) is None, "one third is enough"


def test_who_fell_asleep_frees_a_text_and_finds_it_again_on_waking(
    sqlite_store: SecureStore, sessions: Sessions, come: Callable[[str], str], clock: Clock
) -> None:
    table = hands(sqlite_store, sessions, 1)
    for name in ("ann", "ben"):
        come(name)
        assert table.take(name, WAVE) is not None
    come("cleo")
    assert table.take("cleo", WAVE) is None
    clock.now += IDLE + 1
    come("cleo")
    assert table.take("cleo", WAVE) is not None
    come("ann")
    assert table.take("ann", WAVE) is not None


def test_one_text_at_a_time_and_each_once(sqlite_store: SecureStore, sessions: Sessions, come: Callable[[str], str]) -> None:
    table = hands(sqlite_store, sessions, 12)
    come("ann")
    seen = []
    while (found := table.take("ann", WAVE)) is not None:
        assert table.take("ann", WAVE) == found
        assert table.holds("ann") == (WAVE, found.id)
        seen.append(found.text_row)
        table.done("ann")
        read(sqlite_store, found.id, [], "ann", 9)
    assert sorted(seen) == list(range(12))


def test_two_readers_go_through_the_texts_in_orders_of_their_own(
    sqlite_store: SecureStore, sessions: Sessions, come: Callable[[str], str]
) -> None:
    table = hands(sqlite_store, sessions, 30)
    orders = []
    for name in ("ann", "ben"):
        come(name)
        table.take(name, WAVE)
        orders.append(list(table._lists[WAVE, name]))
    assert set(orders[0]) | {table.holds("ann")[1]} == set(orders[1]) | {table.holds("ben")[1]}  # type: ignore[index]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) != orders[0]
