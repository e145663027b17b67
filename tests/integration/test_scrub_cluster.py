"""A scan on a real cluster of two worker processes, one of which is killed on the way; and clusters that are refused."""

import logging
import os
import signal
from collections.abc import Iterator

import dask
import pytest
from distributed import LocalCluster

from pipeline.scrub import Scrubber
from pipeline.scrub.cluster import UnsafeCluster, cluster
from pipeline.scrub.executors import ScanStopped
from pipeline.scrub.scan import PART, Part, scan

SECRET = "my friend tunde plays at hollowmere park"
TEXTS = [f"{SECRET} number {i}" if i % 3 else f"no name here {i}" for i in range(5 * PART + 7)]
NO_SPILL = {"distributed.worker.memory.target": False, "distributed.worker.memory.spill": False}


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber(model=False)


@pytest.fixture
def local(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """Two worker processes; `request.param` is what their configuration says of memory."""
    for name, value in request.param.items():
        monkeypatch.setenv(f"DASK_{name.replace('.', '__').upper()}", str(value))
    with (
        dask.config.set(request.param | {"distributed.worker.memory.pause": False, "distributed.nanny.pre-spawn-environ": {}}),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=logging.ERROR) as made,
    ):
        yield made


@pytest.mark.parametrize("local", [NO_SPILL], indirect=True)
def test_a_killed_worker_changes_nothing(local: LocalCluster, scrubber: Scrubber, capfd: pytest.CaptureFixture[str]) -> None:
    alone = scrubber.find_many(TEXTS)
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if not killed and done < total:
            killed.append(next(iter(local.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    with cluster(scrubber.setting, local.scheduler_address) as run:
        found = scan(TEXTS, run, kill_one)
    assert killed
    assert found == alone
    said = "".join(capfd.readouterr())
    assert "tunde" not in said
    assert "hollowmere" not in said


@pytest.mark.parametrize("local", [{"distributed.worker.memory.target": 0.6, "distributed.worker.memory.spill": 0.7}], indirect=True)
def test_workers_that_may_write_to_a_disk_are_refused(local: LocalCluster, scrubber: Scrubber) -> None:
    with pytest.raises(UnsafeCluster, match="write to its disk"), cluster(scrubber.setting, local.scheduler_address):
        pass


@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "10.0.0.7:8786", "ws://scheduler.example:8786", "tcp://127.0.0.1.example:8786"])
def test_an_address_without_encryption_is_refused(scrubber: Scrubber, address: str) -> None:
    with pytest.raises(UnsafeCluster, match="only encrypted"), cluster(scrubber.setting, address):
        pass


def test_a_scheduler_that_does_not_answer_is_one_sentence(scrubber: Scrubber) -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.2s"}),
        pytest.raises(ScanStopped, match="No scheduler answers"),
        cluster(scrubber.setting, "tcp://127.0.0.1:9"),
    ):
        pass


def test_a_part_never_shows_its_texts() -> None:
    part = Part(3, (SECRET,))
    assert "tunde" not in f"{part} {part!r}"
