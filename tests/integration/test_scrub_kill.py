"""The scrub step, ended by SIGKILL at any of the moments at which it makes something durable, is taken up again and comes to the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.scrub.scrubber import Scrubber
from pipeline.steps.scrub import scrub
from pipeline.steps.scrub_texts import parts_folder
from retention.keys import KeyDestroyed
from retention.steps import Verb, sweep
from tests.integration.chain import ANALYST, WAVE, Office, Stages

pytestmark = pytest.mark.usefixtures("quick")
ROOT = Path(__file__).parents[2]
PART = 4  # texts
SHARES = 8  # of the moments: each is a test of its own, of a few minutes
# A process of its own: at its last durable write of so many, the kernel ends it. It counts fsync, without which nothing is durable.
PROCESS = f"""
import os, signal, sys
from nacl import pwhash
from pipeline.scrub import scan
from pipeline.scrub.scrubber import Scrubber
from pipeline.steps.scrub import scrub
from retention import keys
from tests.integration.chain import ANALYST, WAVE, Office
from pathlib import Path
keys.PASSPHRASE_OPSLIMIT, keys.PASSPHRASE_MEMLIMIT = pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN
scan.PART = {PART}
left, real = int(sys.argv[2]), os.fsync
def counted(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(handle)
office, scrubber = Office.at(Path(sys.argv[1])), Scrubber(model=False)
os.fsync = counted
scrub(office.store, WAVE, ANALYST, scrubber=scrubber)
print(int(sys.argv[2]) - left)
"""


def _process(home: Path, dies_at: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROCESS, str(home), str(dies_at)]
    return subprocess.run(command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=240, check=False)


def _result(home: Path) -> dict[str, bytes]:
    """What the step made of the answers, as bytes; not the readers' queue and the seed of its sample, which are drawn at random."""
    office = Office.at(home)
    frames = {kind: office.store.vault.read(office.store.asset(WAVE, kind).stored) for kind in ("texts", "spans", "answers", "responses")}
    counted = {name: count for name, count in office.store.steps(WAVE)[Verb.SCRUB].items() if isinstance(count, int)}
    return {kind: frame.to_csv(index=False).encode() for kind, frame in frames.items()} | {
        "counts": pd.Series(counted).sort_index().to_csv().encode()
    }


def _finish(home: Path, scrubber: Scrubber) -> None:
    office = Office.at(home)
    sweep(office.store)  # as every command does first
    scrub(office.store, WAVE, ANALYST, scrubber=scrubber)
    assert not parts_folder(office.store, office.wave).exists()
    with pytest.raises(KeyDestroyed):
        office.store.ring.private(office.wave.body_key)


@pytest.fixture
def scrubber(monkeypatch: pytest.MonkeyPatch) -> Scrubber:
    monkeypatch.setattr("pipeline.scrub.scan.PART", PART)
    return Scrubber(model=False)


def _whole(stages: Stages, home: Path, scrubber: Scrubber) -> dict[str, bytes]:
    _finish(stages.copy(Verb.LOCATE.value, home), scrubber)
    return _result(home)


def test_a_step_that_was_killed_among_its_parts_comes_to_the_same(stages: Stages, tmp_path: Path, scrubber: Scrubber) -> None:
    whole = _whole(stages, tmp_path / "whole", scrubber)
    home = stages.copy(Verb.LOCATE.value, tmp_path / "killed")
    assert _process(home, dies_at=6).returncode == -signal.SIGKILL  # a part is two: its file's and its folder's
    office = Office.at(home)
    assert Verb.SCRUB not in office.store.steps(WAVE)
    assert 0 < len(list(parts_folder(office.store, office.wave).iterdir())) <= 3
    _finish(home, scrubber)
    assert _result(home) == whole


@pytest.mark.long
@pytest.mark.parametrize("first", range(1, SHARES + 1))
def test_a_step_that_was_killed_at_any_moment_comes_to_the_same(stages: Stages, tmp_path: Path, scrubber: Scrubber, first: int) -> None:
    whole = _whole(stages, tmp_path / "whole", scrubber)
    never = _process(stages.copy(Verb.LOCATE.value, tmp_path / "never"), dies_at=10**6)
    moments = int(never.stdout)
    assert moments > 20, never.stderr
    for dies_at in range(first, moments + 1, SHARES):
        home = stages.copy(Verb.LOCATE.value, tmp_path / "killed")
        assert _process(home, dies_at).returncode == -signal.SIGKILL, dies_at
        _finish(home, scrubber)
        assert _result(home) == whole, f"killed at the durable write {dies_at} of {moments}"
        shutil.rmtree(home)


@pytest.mark.long
def test_a_step_that_is_killed_again_and_again_comes_to_the_same(stages: Stages, tmp_path: Path, scrubber: Scrubber) -> None:
    whole = _whole(stages, tmp_path / "whole", scrubber)
    draw = random.Random(5)
    home = stages.copy(Verb.LOCATE.value, tmp_path / "killed")
    kills = 0
    while _process(home, draw.randint(1, 8 + 4 * kills)).returncode == -signal.SIGKILL:  # what ends the step is more than eight writes
        kills += 1
        assert kills < 200
    assert kills > 3
    assert _result(home) == whole
