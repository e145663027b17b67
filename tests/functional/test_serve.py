"""`bigask serve`: three doors open, each answers, and all close with the command."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from retention.keys import write_private
from retention.secure_store import SecureStore
from retention.settings import load_settings

ROOT = Path(__file__).parents[2]


def test_three_doors_open_answer_and_close(tmp_path: Path) -> None:
    write_private(tmp_path / "secure" / "passphrase", b"a passphrase for this test only")
    SecureStore(load_settings({"BIGASK_HOME": str(tmp_path)}).secure)
    environment = {"BIGASK_HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "serve", "--port", "0"]
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(5)]
    assert "bigask dpia demonstrate" in lines[3], "whoever wants to try the child door is told how"
    assert "bigask wave open" in lines[3]
    doors = {match[1]: match[2] for line in lines if (match := re.fullmatch(r"(\w+) +(http://127\.0\.0\.1:\d+/)\n", line))}
    assert list(doors) == ["child", "staff", "researcher"], lines
    answers = {door: httpx.get(address, follow_redirects=True, timeout=60).status_code for door, address in doors.items()}
    assert answers == {"child": 503, "staff": 200, "researcher": 200}, "nobody has approved the survey, so the child door is shut"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    told = {line for line in err.splitlines() if "There is no permit: open the wave with `bigask wave open`" not in line}
    assert told == set(), "each worker of the child door says why it is shut, and nobody says anything else"
    for address in doors.values():
        try:
            httpx.get(address, timeout=5)
        except httpx.ConnectError:
            continue
        raise AssertionError("a door outlived the command that opened it")


def test_a_door_that_cannot_open_says_why_in_one_sentence(tmp_path: Path) -> None:
    """The staff door needs the passphrase; the command says that it did not open, below what the door itself said."""
    environment = {"BIGASK_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "api", "staff"]
    done = subprocess.run(command, env=environment, cwd=ROOT, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (5, "")
    assert re.fullmatch(r"No passphrase: [^\n]+\.\n", done.stderr), done.stderr
