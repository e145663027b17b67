"""A2: with every logger at its most talkative and everything crashing, a door's process writes no word of a child, no address, no time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CANARY = "Zquorvexil"

# What a library might log, and every way in which Python itself tells of an exception.
CRASHES = f"""
import asyncio, gc, logging, sys, threading
from api.quiet_logs import quieten
quieten()
logging.getLogger().setLevel(logging.DEBUG)
logging.getLogger("alone").propagate = False
for name in ("", "alone", "some.library", "uvicorn.error.child", "_granian.asgi.io", "asyncio", "uvicorn.access", "granian.access"):
    logger = logging.getLogger(name)
    logger.setLevel(logging.DEBUG)
    logger.debug("{CANARY}")
    logger.warning("%s from 203.0.113.77", "{CANARY}")
    try:
        raise ValueError("{CANARY}")
    except ValueError:
        logger.exception("{CANARY}")
for name in ("bigask.door", "uvicorn.error", "_granian"):
    try:
        raise ValueError("{CANARY}")
    except ValueError:
        logging.getLogger(name).exception("said by ourselves")
def crash():
    raise RuntimeError("{CANARY}")
thread = threading.Thread(target=crash, name="{CANARY}")
thread.start()
thread.join()
class Unhappy:
    def __del__(self):
        raise RuntimeError("{CANARY}")
Unhappy()
async def forgotten():
    task = asyncio.get_running_loop().create_task(later())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
async def later():
    raise RuntimeError("{CANARY}")
asyncio.run(forgotten())
raise RuntimeError("{CANARY}")
"""

# A whole form answered through a real server, and then a template that fails while a child is answered.
DOOR = f"""
import logging, sys, tempfile
from pathlib import Path
import httpx
from api import render
from api.quiet_logs import quieten
from forms.load import load_survey
from tests.functional import walking
from tests.functional.door import child_door, open_wave
quieten()
walking.TYPED = {{kind: "{CANARY}" for kind in walking.TYPED}}
survey, wave = load_survey(), open_wave(Path(tempfile.mkdtemp()) / "home")
with child_door(wave, survey) as address, httpx.Client(base_url=address, headers={{"user-agent": "{CANARY}"}}) as client:
    quieten()  # the test's server sets its own loggers up
    for name in [None, *logging.root.manager.loggerDict]:
        if not (name or "").startswith(("httpx", "httpcore")):
            logging.getLogger(name).setLevel(logging.DEBUG)
    page, last, _ = walking.walk(client, survey.forms["9-12"], seed=2)
    assert walking.send(client, "9-12", page.post("next", *last)).status_code == 303
    page = walking.start(client, "9-12")
    def broken(*_arguments, **_words):
        raise ValueError("{CANARY}")
    render.question_page = broken
    client.get("/{CANARY}?{CANARY}")
    assert walking.send(client, "9-12", [*page.hidden, ("action", "back")]).status_code == 500
print("answered")
"""


def said(program: str) -> subprocess.CompletedProcess[str]:
    """What a program writes."""
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, text=True, capture_output=True, check=False, timeout=200)


def assert_quiet(text: str) -> None:
    assert CANARY not in text
    assert "203.0.113.77" not in text
    assert "127.0.0.1" not in text
    assert "Traceback" not in text
    assert not re.search(r"\d\d:\d\d|\d{4}-\d\d-\d\d", text)


def test_a2_no_logger_and_no_crash_repeats_what_it_stumbled_over() -> None:
    done = said(CRASHES)
    assert done.returncode == 1
    assert_quiet(done.stdout + done.stderr)
    assert done.stderr.count("said by ourselves [ValueError at __main__:") == 3  # the logs do talk
    assert "WARNING some.library: (something at <string>:" in done.stderr
    for told in (
        "in a thread",
        "which nobody could be told",
        "ERROR asyncio:",
        "ERROR: RuntimeError at __main__",
    ):
        assert told in done.stderr, done.stderr


def test_a2_a_door_with_every_logger_at_debug_writes_nothing_of_a_child_even_when_it_fails() -> None:
    done = said(DOOR)
    assert done.stdout == "answered\n", done.stderr
    assert_quiet(done.stderr)
    assert "ERROR bigask.door: unexpected ValueError at __main__:" in done.stderr
    assert "DEBUG" in done.stderr  # they were as talkative as can be
