"""The receiver: what it asks the store, how often, and what it does when the store is slow."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path

import pytest

from api.receiving import WAVE_KNOWN_FOR, Receiver
from forms.answers import Locator, Response
from retention.collection_store import CollectionWave, NoWave, Receipt, WaveClosed, WaveState
from retention.database import DatabaseUnavailable
from retention.seal import SealedResponse
from retention.settings import CollectionZone

ANSWERED = Response("4-5", "1", {}, {}, Locator())
NONCE = bytes(16)


class SlowStore:
    """A store in memory, which a test can hold up, close or break."""

    def __init__(self) -> None:
        self.state = WaveState.OPEN
        self.looked = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self.stored: list[SealedResponse] = []
        self.broken = False

    def wave(self) -> CollectionWave:
        self.looked += 1
        if self.broken:
            raise DatabaseUnavailable
        return CollectionWave("w", "big_ask", self.state, "body", "locator")

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        self.go_on.wait(60)
        if self.state is not WaveState.OPEN:
            raise WaveClosed
        ids = {record.id for record in self.stored}
        receipts = [Receipt.ALREADY_STORED if record.id in ids else Receipt.STORED for record in records]
        self.stored += [record for record in records if record.id not in ids]
        return receipts

    def open_wave(self, wave: CollectionWave, day: date, expected: int = 0) -> None: ...

    def close(self, day: date) -> None: ...

    def count(self) -> int:
        return len(self.stored)

    def records(self) -> Iterator[SealedResponse]:
        return iter(self.stored)

    def wipe(self) -> None: ...


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def receiver(tmp_path: Path, store: SlowStore, clock: Clock) -> Iterator[Receiver]:
    keys = tmp_path / "keys"
    keys.mkdir()
    for name in ("body", "locator"):
        (keys / f"{name}.pub").write_text("09" + "00" * 31)  # a point of the curve, for closing boxes only
    made = Receiver(CollectionZone(tmp_path, "sqlite:///"), "big_ask", lambda _zone: store, patience=0.05, clock=clock)
    asyncio.run(made.start())
    yield made
    store.go_on.set()
    asyncio.run(made.stop())


def test_the_wave_is_looked_up_once_a_moment(receiver: Receiver, store: SlowStore, clock: Clock) -> None:
    async def ask() -> None:
        for _ in range(5):
            await receiver.open_wave()

    asyncio.run(ask())
    assert store.looked == 1
    store.state = WaveState.CLOSED
    clock.now = WAVE_KNOWN_FOR
    with pytest.raises(WaveClosed):
        asyncio.run(receiver.open_wave())


def test_a_store_that_fails_is_asked_again_at_once(receiver: Receiver, store: SlowStore) -> None:
    store.broken = True
    with pytest.raises(DatabaseUnavailable):
        asyncio.run(receiver.open_wave())
    store.broken = False
    assert asyncio.run(receiver.open_wave()).id == "w"


def test_a_wave_closed_meanwhile_is_noticed_by_the_response_it_refuses(receiver: Receiver, store: SlowStore) -> None:
    asyncio.run(receiver.open_wave())
    store.state = WaveState.CLOSED
    with pytest.raises(WaveClosed):
        asyncio.run(receiver.take(NONCE, ANSWERED))
    with pytest.raises(WaveClosed):
        asyncio.run(receiver.open_wave())


def test_a_wave_of_another_survey_takes_nothing(tmp_path: Path, store: SlowStore) -> None:
    other = Receiver(CollectionZone(tmp_path, "sqlite:///"), "another", lambda _zone: store)
    asyncio.run(other.start())
    with pytest.raises(NoWave):
        asyncio.run(other.take(NONCE, ANSWERED))
    asyncio.run(other.stop())
    assert not store.stored


def test_a_slow_disk_is_given_up_but_the_response_still_arrives_once(receiver: Receiver, store: SlowStore) -> None:
    store.go_on.clear()
    with pytest.raises(TimeoutError):
        asyncio.run(receiver.take(NONCE, ANSWERED))
    assert not receiver.finished(NONCE)
    store.go_on.set()
    assert asyncio.run(receiver.take(NONCE, ANSWERED)) is Receipt.ALREADY_STORED
    assert len(store.stored) == 1
    assert receiver.finished(NONCE)
    assert not receiver.finished(bytes(15) + b"\1")


def test_nothing_of_a_nonce_is_kept_in_clear(receiver: Receiver) -> None:
    nonce = b"\xaa" * 16
    asyncio.run(receiver.take(nonce, ANSWERED))
    assert nonce not in receiver._finished
