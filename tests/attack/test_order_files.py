"""Attack on A5 by files: a thief of whole folders, who has every file's bytes and all that the file system says of it.

For each response that he knows by its ciphertext he asks which files hold it, and where. Times, inode, size and place in the directory of
those files are then traces of when it came, as they are wherever one response, or those of one minute, have a file of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipeline.steps.transfer import transfer
from retention.seal import SealedResponse
from tests.attack.test_order import SUSPICIOUS, Traces, class_p_value, p_values, put_in_groups
from tests.attack.whole_chain import ACTOR, WAVE, Installation
from tests.sealed import DAY, sealed

CLASS, RESPONSES = 25, 100  # a class answers in the same minute, and here even in one group of the store
EMPTY = bytes(4096)  # a page of a database in which nothing lies yet
COMES_FROM = [number // CLASS for number in range(RESPONSES)]
SAID: dict[str, Callable[[os.stat_result], float]] = {
    "changed": lambda status: status.st_mtime_ns,
    "read": lambda status: status.st_atime_ns,
    "touched": lambda status: status.st_ctime_ns,
    "inode": lambda status: status.st_ino,
    "size": lambda status: status.st_size,
}


def files_of(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every file, in the order in which the file system lists them."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from files_of(Path(entry.path))
            else:
                yield entry


def traces_in_files(folder: Path, records: Sequence[SealedResponse]) -> Traces:
    """What differs between responses, in the order of arrival. Empty pages are left out: they only cost time."""
    files = [(entry.stat(), Path(entry.path).read_bytes().replace(EMPTY, b""), entry.name) for entry in files_of(folder)]
    found: dict[str, list[float]] = {}
    for part, known in {
        "id": [record.id for record in records],
        "body": [record.body[-16:] for record in records],
        "locator": [record.locator[-16:] for record in records],
    }.items():
        places = [[content.find(one) for one in known] for _, content, _ in files]
        holders = [[number for number, at in enumerate(places) if at[response] >= 0] for response in range(len(records))]
        found[f"{part}: files"] = [len(held) for held in holders]
        for name, of in SAID.items():
            found[f"{part}: {name} first"] = [min((of(files[n][0]) for n in held), default=-1) for held in holders]
            found[f"{part}: {name} last"] = [max((of(files[n][0]) for n in held), default=-1) for held in holders]
        found[f"{part}: listed"] = [min(held, default=-1) for held in holders]
        for (_, _, name), at in zip(files, places, strict=True):
            if min(at) >= 0:  # it holds them all
                found[f"{part}: place in {name}"] = list(map(float, at))
    return {name: trace for name, trace in found.items() if len(set(trace)) > 1}


def telling(traces: Traces) -> dict[str, float]:
    """For each trace, the chance of seeing so much order, or so much nearness of classes, where there is none."""
    return {name: min(*p_values(trace).values(), class_p_value(trace, COMES_FROM)) for name, trace in traces.items()}


@pytest.mark.parametrize("together", [1, CLASS])
def test_the_attack_sees_when_responses_have_files_of_their_own(tmp_path: Path, together: int) -> None:
    records = sealed(RESPONSES)
    for number, first in enumerate(range(0, RESPONSES, together)):
        path = tmp_path / os.urandom(8).hex()  # a name that tells nothing
        path.write_bytes(b"".join(record.id + record.body + record.locator for record in records[first : first + together]))
        os.utime(path, (number, number))
    told = telling(traces_in_files(tmp_path, records))
    for part in ("id", "body", "locator"):
        assert told[f"{part}: changed first"] < 1e-50
        assert told[f"{part}: read last"] < 1e-50


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Traces]:
    """All zones of an installation as it is stolen while it collects, and when all has been carried over."""
    installation = Installation(tmp_path_factory.mktemp("files") / "home")
    records = sealed(RESPONSES)
    put_in_groups(installation.collection, records, CLASS)  # type: ignore[arg-type]
    found = {"collecting": traces_in_files(installation.home, records)}
    installation.collection.close(DAY)
    transfer(installation.store, installation.collection, WAVE, ACTOR)
    found["transferred"] = traces_in_files(installation.home, records)
    return found


@pytest.mark.parametrize("moment", ["collecting", "transferred"])
def test_a5_no_file_and_no_time_of_one_tells_the_order_or_a_class(stolen: dict[str, Traces], moment: str) -> None:
    told = telling(stolen[moment])
    assert len(told) >= 2  # he did find them: they lie at different places
    assert {name: p for name, p in told.items() if p <= SUSPICIOUS / len(told)} == {}


@pytest.mark.parametrize("moment", ["collecting", "transferred"])
def test_a5_no_response_has_a_file_that_another_has_not(stolen: dict[str, Traces], moment: str) -> None:
    """So no time, inode or size of a file differs between two responses, whatever the file system is."""
    assert [name for name in stolen[moment] if " place in " not in name] == []
