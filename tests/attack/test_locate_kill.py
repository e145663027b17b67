"""SIGKILL while locating, whenever it comes: run again, the step ends with the same places, the same proof, and no process left over."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from nacl import pwhash

from pipeline.steps import locate_part
from retention import keys
from retention.steps import Verb, sweep
from tests.integration.chain import WAVE, Office, Stages
from tests.integration.conftest import quick, stages
from tests.integration.test_steps import assert_tidy, state

__all__ = ["quick", "stages"]
pytestmark = pytest.mark.usefixtures("quick")


def _locate(home: str, delay: float, parts: int) -> None:
    """In a process of its own: `locate`, killed so many seconds after it began; with `parts`, in several processes."""
    keys.PASSPHRASE_OPSLIMIT, keys.PASSPHRASE_MEMLIMIT = pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN
    if parts:
        locate_part.PART, locate_part.FEW = parts, 0
    office = Office.at(Path(home))
    if delay >= 0:
        threading.Timer(delay, os.kill, (os.getpid(), signal.SIGKILL)).start()
    began = time.monotonic()
    office.run(Verb.LOCATE)
    Path(f"{home}.lasted").write_text(str(time.monotonic() - began), encoding="ascii")
    os._exit(0)


def _run(home: Path, delay: float, parts: int = 0) -> int | None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.chain"])
    process = context.Process(target=_locate, args=(str(home), delay, parts))
    process.start()
    process.join()
    code = process.exitcode
    process.close()
    return code


def _killed_at_random(stages: Stages, tmp_path: Path, times: int) -> None:
    whole = stages.copy(Verb.TRANSFER, tmp_path / "whole")
    assert _run(whole, -1) == 0
    lasted = float(Path(f"{whole}.lasted").read_text(encoding="ascii"))
    expected = state(Office.at(whole))
    draw = random.Random(91)
    codes = []
    for number in range(times):
        home = stages.copy(Verb.TRANSFER, tmp_path / f"killed-{number}")
        codes.append(_run(home, draw.uniform(0, lasted)))
        office = Office.at(home)
        sweep(office.store)
        office.run(Verb.LOCATE)
        assert state(office) == expected, f"killed {number}"
        assert_tidy(office)
    assert codes.count(-signal.SIGKILL) >= times // 4, "enough of them were killed before they had ended"


def test_killed_twice_at_random(stages: Stages, tmp_path: Path) -> None:
    _killed_at_random(stages, tmp_path, times=2)


@pytest.mark.long
def test_killed_fifty_times_at_random(stages: Stages, tmp_path: Path) -> None:
    _killed_at_random(stages, tmp_path, times=50)


def test_several_processes_find_what_one_finds(stages: Stages, tmp_path: Path) -> None:
    alone, shared = (stages.copy(Verb.TRANSFER, tmp_path / name) for name in ("alone", "shared"))
    assert _run(alone, -1) == 0
    assert _run(shared, -1, parts=5) == 0
    located = [office.store.vault.read(office.store.asset(WAVE, "located").stored) for office in map(Office.at, (alone, shared))]
    assert located[0].to_csv() == located[1].to_csv()
    assert len(located[0]) == 24
