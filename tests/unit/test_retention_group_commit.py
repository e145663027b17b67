"""Group commit: a future is done when its response is on the disk or has failed, and no child waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from retention import group_commit as module
from retention.collection_store import Receipt, SlotStore, WaveClosed
from retention.database import DatabaseUnavailable
from retention.group_commit import GroupCommit
from retention.seal import SealedResponse
from tests.sealed import DAY, WAVE, collecting, sealed, stored

SOON = 60.0  # seconds before a test that hangs is given up


class Gate(SlotStore):
    """A real store that waits at its door until it is let in, and notes the groups that it is given."""

    def wait_first(self) -> Gate:
        self.entered, self.let_in = threading.Event(), threading.Event()
        self.groups: list[int] = []
        return self

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()  # it waits before its turn, not in it, so that others can have theirs

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        self.groups.append(len(records))
        self.entered.set()
        assert self.let_in.wait(SOON)
        return super().put(records, wave_id)


@pytest.fixture
def store(tmp_path: Path) -> SlotStore:
    found = collecting(f"sqlite:///{tmp_path / 'c' / 'r.sqlite'}")
    assert isinstance(found, SlotStore)
    return found


def gated(store: SlotStore) -> tuple[Gate, GroupCommit, Future[Receipt]]:
    """A store that is busy with a first response, so that what is submitted now waits together."""
    gate = Gate(store._engine).wait_first()
    group = GroupCommit(gate)
    first = group.submit(WAVE.id, sealed(1)[0])
    assert gate.entered.wait(SOON)
    return gate, group, first


def test_a_future_is_done_when_its_response_is_stored_and_not_before(store: SlotStore) -> None:
    gate, group, first = gated(store)
    assert not first.done()
    assert store.count() == 0
    gate.let_in.set()
    assert first.result(SOON) is Receipt.STORED
    assert store.count() == 1
    group.stop()


def test_who_waits_together_is_stored_together_and_hears_of_their_own(store: SlotStore) -> None:
    gate, group, first = gated(store)
    records = sealed(module._LARGEST_GROUP + 5)
    futures = [group.submit(WAVE.id, record) for record in [*records, records[0]]]
    gate.let_in.set()
    receipts = [future.result(SOON) for future in futures]
    assert gate.groups == [1, module._LARGEST_GROUP, 6]
    assert receipts[1:-1] == [Receipt.STORED] * (len(records) - 1)
    assert sorted([receipts[0], receipts[-1]]) == [Receipt.ALREADY_STORED, Receipt.STORED]
    assert first.result(SOON) is Receipt.STORED
    assert len(stored(store)) == len(records) + 1
    group.stop()


def test_stopping_stores_what_waits_and_refuses_what_comes(store: SlotStore) -> None:
    gate, group, first = gated(store)
    futures = [group.submit(WAVE.id, record) for record in sealed(300)]
    stopping = threading.Thread(target=group.stop)
    stopping.start()
    gate.let_in.set()
    stopping.join(SOON)
    assert not stopping.is_alive()
    assert [future.result(0) for future in [first, *futures]] == [Receipt.STORED] * 301
    with pytest.raises(DatabaseUnavailable, match="try again"):
        group.submit(WAVE.id, sealed(1)[0]).result(0)
    group.stop()
    assert store.count() == 301


def test_a_failure_reaches_everybody_of_its_group_and_the_next_group_is_stored(store: SlotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (DatabaseUnavailable("silent"), WaveClosed("closed"), RuntimeError("never heard of"), SystemExit(1)):
        gate, group, first = gated(store)
        futures = [group.submit(WAVE.id, record) for record in sealed(3)]

        def fail(_records: object, _wave: str, raised: BaseException = error) -> list[Receipt]:
            raise raised

        gate.let_in.set()
        assert first.result(SOON) is Receipt.STORED
        for future in futures:
            future.result(SOON)
        with monkeypatch.context() as patch:
            patch.setattr(gate, "put", fail)
            for future in [group.submit(WAVE.id, record) for record in sealed(3)]:
                assert future.exception(SOON) is error
        assert group.submit(WAVE.id, sealed(1)[0]).result(SOON) is Receipt.STORED
        group.stop()


def test_a_turn_that_does_not_end_well_is_told_to_the_group_that_had_it(store: SlotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def turn() -> Iterator[None]:
        yield
        raise DatabaseUnavailable("The file that gives turns is gone.")

    monkeypatch.setattr(store, "turn", turn)
    group = GroupCommit(store)
    future = group.submit(WAVE.id, sealed(1)[0])
    with pytest.raises(DatabaseUnavailable, match="gives turns"):
        future.result(SOON)
    group.stop()


def test_a_store_that_forgets_to_answer_for_one_is_a_failure_for_all(store: SlotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    group = GroupCommit(store)
    with monkeypatch.context() as patch:
        patch.setattr(store, "put", lambda *_: [])
        assert isinstance(group.submit(WAVE.id, sealed(1)[0]).exception(SOON), RuntimeError)
    assert group.submit(WAVE.id, sealed(1)[0]).result(SOON) is Receipt.STORED
    group.stop()


def test_the_real_store_closed_meanwhile_refuses_everybody(store: SlotStore) -> None:
    gate, group, first = gated(store)
    futures = [group.submit(WAVE.id, record) for record in sealed(3)]
    store.close(DAY)
    gate.let_in.set()
    for future in [first, *futures]:
        assert isinstance(future.exception(SOON), WaveClosed)
    group.stop()
    assert store.count() == 0


def test_who_gives_up_does_not_stop_the_others(store: SlotStore) -> None:
    gate, group, first = gated(store)
    records = sealed(3)
    futures = [group.submit(WAVE.id, record) for record in records]
    assert futures[1].cancel()
    assert not first.cancel()  # it is being stored
    gate.let_in.set()
    assert [futures[number].result(SOON) for number in (0, 2)] == [Receipt.STORED] * 2
    assert group.submit(WAVE.id, sealed(1)[0]).result(SOON) is Receipt.STORED
    assert records[1].id not in stored(store)
    group.stop()


def test_a_queue_without_end_is_refused_and_nobody_in_it_is_lost(store: SlotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 20)
    gate, group, first = gated(store)
    futures = [group.submit(WAVE.id, record) for record in sealed(22)]
    assert [isinstance(future.exception(0), DatabaseUnavailable) for future in futures[20:]] == [True, True]
    gate.let_in.set()
    assert [future.result(SOON) for future in [first, *futures[:20]]] == [Receipt.STORED] * 21
    assert store.count() == 21
    group.stop()


def test_a_dead_thread_is_an_error_and_no_endless_wait(store: SlotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    group = GroupCommit(store)
    monkeypatch.setattr(group, "_thread", threading.Thread())  # one that does not live
    with pytest.raises(DatabaseUnavailable):
        group.submit(WAVE.id, sealed(1)[0]).result(0)
    monkeypatch.undo()
    group.stop()


def test_what_was_sealed_for_a_wave_is_not_stored_in_the_next_one(store: SlotStore) -> None:
    """A wave is closed, wiped and another opened while responses sealed to the first one's keys wait."""
    gate, group, first = gated(store)
    old, new = sealed(3), sealed(2)
    futures = [group.submit(WAVE.id, record) for record in old] + [group.submit("2026-autumn", record) for record in new]
    store.close(DAY)
    store.wipe()
    store.open_wave(replace(WAVE, id="2026-autumn", body_key="body-2", locator_key="locator-2"), DAY)
    gate.let_in.set()
    for future in [first, *futures[:3]]:
        assert isinstance(future.exception(SOON), WaveClosed)
    assert [future.result(SOON) for future in futures[3:]] == [Receipt.STORED] * 2
    assert set(stored(store)) == {record.id for record in new}
    group.stop()
