"""The process that stores for a worker: nothing is lost on the way to it, whoever of the two ends first."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sqlite3
from collections.abc import Coroutine, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.committing_process import AGAIN_AFTER, CommittingProcess
from api.committing_wire import READY, Frames, to_frame, to_reply
from retention.collection_store import CollectionStore, NoWave, Receipt, WaveClosed
from retention.database import DatabaseUnavailable
from retention.settings import CollectionZone
from tests.attack.real_door import children_of
from tests.sealed import DAY, WAVE, collecting, open_store, sealed, stored

RECORDS = sealed(3)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def zone(tmp_path: Path) -> CollectionZone:
    return CollectionZone(tmp_path, f"sqlite:///{tmp_path / 'responses.sqlite'}")


@pytest.fixture
def store(zone: CollectionZone) -> CollectionStore:
    return collecting(zone.database_url)


def pieces(whole: bytes, cuts: list[int]) -> Iterator[bytes]:
    """The same bytes, cut at these places."""
    places = sorted({0, len(whole), *(cut % len(whole) for cut in cuts)})
    for first, beyond in itertools.pairwise(places):
        yield whole[first:beyond]


@given(st.lists(st.integers(0, 30_000), max_size=12), st.sampled_from(["w", "2026-spring", "größer"]))
def test_wherever_the_stream_is_cut_the_same_responses_come_out(cuts: list[int], wave: str) -> None:
    sent = [(number, wave, record) for number, record in enumerate(RECORDS, 2**32 - 3)]
    frames = Frames()
    assert [one for piece in pieces(b"".join(to_frame(*one) for one in sent), cuts) for one in frames.records(piece)] == sent


@given(st.lists(st.integers(0, 40), max_size=8))
def test_wherever_the_stream_is_cut_the_same_replies_come_out(cuts: list[int]) -> None:
    outcomes: list[Receipt | BaseException] = [Receipt.STORED, Receipt.ALREADY_STORED, WaveClosed(), NoWave(), OSError("secret")]
    whole = READY + b"".join(to_reply(number, outcome) for number, outcome in enumerate(outcomes, 1))
    frames = Frames()
    found = [one for piece in pieces(whole, cuts) for one in frames.replies(piece)]
    assert [number for number, _ in found] == list(range(6))
    assert [one for _, one in found][1:3] == [Receipt.STORED, Receipt.ALREADY_STORED]
    assert [type(one) for _, one in found][3:] == [WaveClosed, NoWave, DatabaseUnavailable]
    assert "secret" not in str(found)


def test_no_two_children_share_an_error() -> None:
    (_, first), (_, second) = Frames().replies(2 * to_reply(1, WaveClosed()))
    assert first is not second


def keepers() -> list[int]:
    """Process ids of those who store for this process; the tests have other processes too, which come and go."""
    found: list[int] = []
    for one in children_of(os.getpid()):
        with suppress(FileNotFoundError, ProcessLookupError):
            if b"committing_keeper" in Path(f"/proc/{one}/cmdline").read_bytes():
                found.append(one)
    return found


def keeper_of_this_process() -> int:
    """Its process id: it is the only one that was started."""
    (found,) = keepers()
    return found


def reads(process: int, file: Path) -> bool:
    """True if this process has the file open."""
    with suppress(OSError):  # a file that it closes meanwhile
        return any(one.exists() and one.samefile(file) for one in Path(f"/proc/{process}/fd").iterdir())
    return False


async def committing(zone: CollectionZone, clock: Clock | None = None) -> CommittingProcess:
    made = CommittingProcess(zone, clock or Clock())
    await made.start()
    return made


def run(what: Coroutine[Any, Any, None]) -> None:
    asyncio.run(what)


def test_a_response_is_on_the_disk_when_its_receipt_comes_and_a_retry_is_told_so(zone: CollectionZone, store: CollectionStore) -> None:
    async def hand_in() -> None:
        process = await committing(zone)
        receipts = await asyncio.gather(*(process.commit(WAVE.id, record) for record in RECORDS))
        assert stored(store) == {record.id: record for record in RECORDS}
        assert receipts == [Receipt.STORED] * 3
        assert await process.commit(WAVE.id, RECORDS[0]) is Receipt.ALREADY_STORED
        await process.stop()

    run(hand_in())


def test_what_was_handed_in_is_stored_before_it_ends_and_nothing_is_taken_afterwards(zone: CollectionZone, store: CollectionStore) -> None:
    async def hand_in() -> None:
        clock = Clock()
        process = await committing(zone, clock)
        under_way = [asyncio.create_task(process.commit(WAVE.id, record)) for record in RECORDS]
        await asyncio.sleep(0)
        await process.stop()
        assert [await one for one in under_way] == [Receipt.STORED] * 3
        clock.now = AGAIN_AFTER
        with pytest.raises(DatabaseUnavailable):
            await process.commit(WAVE.id, RECORDS[0])

    run(hand_in())
    assert set(stored(store)) == {record.id for record in RECORDS}
    assert not keepers()


def test_what_a_dead_worker_had_handed_in_is_stored(zone: CollectionZone, store: CollectionStore) -> None:
    async def hand_in() -> None:
        process = await committing(zone)
        keeper = keeper_of_this_process()
        os.kill(keeper, signal.SIGSTOP)  # so that it has read nothing yet
        under_way = [asyncio.create_task(process.commit(WAVE.id, record)) for record in RECORDS]
        for _ in range(2):  # handed in, then sent
            await asyncio.sleep(0)
        assert process._wire is not None
        process._wire._transport.abort()
        await asyncio.wait(under_way)
        assert [type(one.exception()) for one in under_way] == [DatabaseUnavailable] * 3
        os.kill(keeper, signal.SIGCONT)
        await process.stop()

    run(hand_in())
    assert set(stored(store)) == {record.id for record in RECORDS}


def test_a_closed_wave_and_none_are_told_apart(zone: CollectionZone, store: CollectionStore) -> None:
    async def hand_in() -> None:
        process = await committing(zone)
        with pytest.raises(WaveClosed):
            await process.commit("another wave", RECORDS[0])
        store.close(DAY)
        with pytest.raises(WaveClosed):
            await process.commit(WAVE.id, RECORDS[0])
        await process.stop()

    run(hand_in())
    assert not stored(store)


def test_no_wave(zone: CollectionZone) -> None:
    open_store(zone.database_url)

    async def hand_in() -> None:
        process = await committing(zone)
        with pytest.raises(NoWave):
            await process.commit(WAVE.id, RECORDS[0])
        await process.stop()

    run(hand_in())


def test_killed_it_fails_whoever_waits_and_another_takes_its_place(zone: CollectionZone, store: CollectionStore) -> None:
    async def hand_in() -> None:
        clock = Clock()
        process = await committing(zone, clock)
        keeper = keeper_of_this_process()
        os.kill(keeper, signal.SIGSTOP)  # so that it is killed with all of them in hand
        under_way = [asyncio.create_task(process.commit(WAVE.id, record)) for record in RECORDS]
        await asyncio.sleep(0)
        os.kill(keeper, signal.SIGKILL)
        outcomes = await asyncio.gather(*under_way, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 3
        clock.now = AGAIN_AFTER / 2
        with pytest.raises(DatabaseUnavailable):  # not as often as somebody asks
            await process.commit(WAVE.id, RECORDS[0])
        clock.now = AGAIN_AFTER
        for record in RECORDS:
            await process.commit(WAVE.id, record)
        assert keeper_of_this_process() != keeper
        await process.stop()

    run(hand_in())
    assert set(stored(store)) == {record.id for record in RECORDS}


def test_whoever_gives_up_waiting_for_it_to_start_leaves_none_behind(zone: CollectionZone, store: CollectionStore) -> None:
    async def hand_in() -> None:
        clock = Clock()
        process = CommittingProcess(zone, clock)
        with closing(sqlite3.connect(zone.folder / "responses.sqlite", isolation_level=None)) as busy:
            busy.execute("BEGIN EXCLUSIVE")  # it cannot connect
            starting = asyncio.create_task(process.start())
            while not any(reads(keeper, zone.folder / "responses.sqlite") for keeper in keepers()):
                await asyncio.sleep(0)
            starting.cancel()
            await asyncio.wait([starting])
        clock.now = AGAIN_AFTER
        try:
            async with asyncio.timeout(60):
                assert await process.commit(WAVE.id, RECORDS[0]) is Receipt.STORED
        except TimeoutError:
            for keeper in keepers():  # a thread waits for it, and Python for the thread
                os.kill(keeper, signal.SIGKILL)
            raise
        assert len(keepers()) == 1
        await process.stop()

    run(hand_in())
    assert len(stored(store)) == 1


def test_a_signal_to_the_whole_door_does_not_end_it_before_its_worker(zone: CollectionZone, store: CollectionStore) -> None:
    async def hand_in() -> None:
        process = await committing(zone)
        os.kill(keeper_of_this_process(), signal.SIGTERM)
        os.kill(keeper_of_this_process(), signal.SIGINT)
        assert await process.commit(WAVE.id, RECORDS[0]) is Receipt.STORED
        await process.stop()

    run(hand_in())
    assert len(stored(store)) == 1


def test_a_database_that_cannot_be_had_is_told_at_once(zone: CollectionZone) -> None:
    (zone.folder / "responses.sqlite").mkdir()

    async def hand_in() -> None:
        process = CommittingProcess(zone)
        with pytest.raises(DatabaseUnavailable):
            await process.start()
        await process.stop()

    run(hand_in())
    assert not keepers()
