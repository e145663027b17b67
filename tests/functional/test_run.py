"""`bigask run` as a newcomer runs it: from the first question to released tables, twice, and killed on the way."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.run import ANALYST
from pipeline.run_summary import APPROVER, CHECKER
from pipeline.simulated_readers import LEAD, READERS
from retention.collection_store import connect_collection
from retention.destroy import verify_certificate
from retention.secure_store import SecureStore
from retention.settings import load_settings

ROOT = Path(__file__).parents[2]
CHILDREN = 24
PATIENCE = 240  # seconds; a run of this size takes a few


def _start(home: Path) -> subprocess.Popen[str]:
    environment = {"BIGASK_HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "run", "--children", str(CHILDREN)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, cwd=ROOT, text=True, start_new_session=True, **pipes)  # type: ignore[call-overload, no-any-return]


def _run(home: Path) -> str:
    """A run that must end well; what it printed."""
    out, err = _start(home).communicate(timeout=PATIENCE)
    assert err == ""
    return out


def _until(process: subprocess.Popen[str], reached: Any) -> None:
    """Wait until the run has got so far. The wait polls files that the run writes; the test does not depend on how long it takes."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, "the run ended before it was interrupted"
        assert time.monotonic() < end
        time.sleep(0.005)


def _end(process: subprocess.Popen[str], how: signal.Signals) -> tuple[int, str]:
    process.send_signal(how)
    _, err = process.communicate(timeout=PATIENCE)
    return process.returncode, err


def _summary(home: Path, wave: str) -> dict[str, Any]:
    return dict(json.loads((home / "simulation" / wave / "summary.json").read_text()))


def _opened(home: Path) -> SecureStore:
    return SecureStore(load_settings({"BIGASK_HOME": str(home)}).secure)


def _check(home: Path, wave: str) -> None:
    """Recompute every figure of the summary from the files, and look at what must be gone."""
    told, store = _summary(home, wave), _opened(home)
    frame = {asset.kind: store.vault.read(asset.stored) for asset in store.assets(wave) if asset.destroyed_on is None}
    assert told["steps"]["transfer"]["responses"] == len(frame["responses"]) == CHILDREN, "every child is there, and once"
    assert told["steps"]["locate"]["responses"] == len(frame["located"]) == CHILDREN
    assert told["steps"]["locate"]["with_council"] == frame["located"]["lad25cd"].notna().sum()
    outcomes = {key.removeprefix("outcome_"): count for key, count in told["steps"]["locate"].items() if key.startswith("outcome_")}
    assert outcomes == frame["located"]["outcome"].value_counts().to_dict()
    assert told["steps"]["scrub"]["texts"] == told["steps"]["review"]["texts"] == len(frame["texts_clean"])
    assert told["caught"]["planted"] >= told["caught"]["touched"]
    assert told["ledger_entries"] >= len([signed for signed in store.ledger() if signed.entry.wave == wave])
    assert {signed.entry.actor for signed in store.ledger()} == {ANALYST, *READERS, CHECKER, APPROVER} | (
        {LEAD} if told["steps"]["scrub"]["for_the_lead"] else set()
    )
    assert told["certificates"] == [f"{wave}-{kind}.json" for kind in ("bodies", "locators", "spans", "texts")]
    for name in told["certificates"]:
        assert verify_certificate(store.zone.certificates / name, store.zone.keys)["wave"] == wave
    assert connect_collection(load_settings({"BIGASK_HOME": str(home)}).collection).count() == 0
    (release,) = told["releases"]
    about = json.loads((home / "release" / release / "release.json").read_text(encoding="utf-8"))
    assert about["summary"].startswith("A demonstration: these answers are invented")
    withheld = 0
    for table in told["tables"]:
        with (home / "release" / release / "tables" / f"{table['id']}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
        withheld += sum("[c]" in row for row in rows)
        shown = frame["protected"][frame["protected"]["table"] == table["id"]]
        assert table["cells"] == len(shown)
        assert table["primary"] + table["secondary"] == (shown["status"] != "published").sum()
    hidden = frame["protected"]["status"] != "published"
    most = frame["protected"][hidden].groupby("table").size().max()
    assert most <= told["attack"]["withheld"] <= hidden.sum(), "a count that stands in several tables is attacked once"
    assert told["attack"]["exposed"] == 0
    assert withheld > 0


@dataclass(frozen=True)
class Ended:
    """An office whose first run was interrupted, killed twice, and then came to its end."""

    home: Path
    interrupted: tuple[int, str]  # exit code and what was said
    left_open: list[str]  # doors that outlived the run that opened them
    killed: tuple[int, int]
    printed: str


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    home = tmp_path_factory.mktemp("office")
    diary = home / "simulation" / "demo-1" / "finished"

    def thanked() -> int:
        return sum(" " not in line for line in diary.read_text().splitlines()) if diary.exists() else 0

    process = _start(home)
    _until(process, lambda: thanked() >= 3)
    interrupted = _end(process, signal.SIGINT)

    process, before = _start(home), thanked()
    _until(process, lambda: thanked() >= before + 3)
    while_answering = _end(process, signal.SIGKILL)[0]
    left_open = _doors_of(home)

    process = _start(home)
    _until(process, (home / "secure" / "certificates" / "demo-1-locators.json").exists)
    while_scrubbing = _end(process, signal.SIGKILL)[0]
    return Ended(home, interrupted, left_open, (while_answering, while_scrubbing), _run(home))


def test_interrupted_it_says_that_it_goes_on_and_killed_it_leaves_no_door_open(ended: Ended) -> None:
    assert ended.interrupted == (130, "Interrupted: run it again, it goes on where it stopped.\n")
    assert ended.killed == (-signal.SIGKILL, -signal.SIGKILL)
    assert ended.left_open == []
    assert (ended.home / "simulation" / "demo-1" / "summary.json").exists()


def test_the_summary_is_borne_out_by_the_files(ended: Ended) -> None:
    _check(ended.home, "demo-1")
    told = _summary(ended.home, "demo-1")
    assert f"Answered     {CHILDREN} invented children" in ended.printed
    assert ended.printed.count("by a script here; by people in earnest") == 1, "it says where a script did what people must do"
    assert "scripts here; two people in earnest" in ended.printed
    for table in told["tables"]:
        assert re.search(rf"{table['id']} +{table['cells']} cells, +{table['primary'] + table['secondary']} withheld", ended.printed)
    assert (ended.home / "secure" / "demo-accounts.txt").stat().st_mode & 0o077 == 0


def test_the_status_says_the_same(ended: Ended) -> None:
    environment = {"BIGASK_HOME": str(ended.home), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "status", "--json"]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    status = json.loads(done.stdout)
    wave = status["waves"][0]
    assert (wave["wave"], wave["next"], wave["texts_waiting"]) == ("demo-1", None, 0)
    assert wave["releases"] == [{"release": "demo-1-tables", "state": "released"}]
    assert {kind for kind, is_so in wave["data_sets"].items() if is_so == "destroyed"} == {"bodies", "locators", "texts", "spans"}
    assert wave["steps"] == _summary(ended.home, "demo-1")["steps"]
    assert status["ledger_entries"] == _opened(ended.home).verify_ledger()


def test_run_again_it_makes_another_wave_and_leaves_the_first_alone(ended: Ended) -> None:
    first = _summary(ended.home, "demo-1")
    _run(ended.home)
    _check(ended.home, "demo-2")
    assert _summary(ended.home, "demo-1") == first
    assert sorted(path.name for path in (ended.home / "simulation").iterdir()) == ["demo-1", "demo-2"]


def _doors_of(home: Path) -> list[str]:
    """Processes of doors that still serve this folder, once those on their way out have gone."""
    end = time.monotonic() + 60
    while True:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if b"api" in (folder / "cmdline").read_bytes().split(b"\0") and str(home).encode() in (folder / "environ").read_bytes():
                    found.append(folder.name)
            except OSError:
                continue
        if not found or time.monotonic() > end:
            return found
        time.sleep(0.05)


@pytest.mark.parametrize("children", ["0", "-3", "many"])
def test_a_number_of_children_that_is_none(tmp_path: Path, children: str) -> None:
    environment = {"BIGASK_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "run", "--children", children]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
