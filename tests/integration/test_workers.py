"""A worker that is told to end while it is still starting: it must neither lose the signal nor have to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DOOR = """
import os, sys
from api.workers import bind, serve

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for stage in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{stage}.complete"})

def door():
    os.write(1, f"{os.getpid()}\\n".encode())
    open(sys.argv[1]).close()  # starts no further until the test has told it to end
    return app

serve(door, bind("127.0.0.1", 0), lambda: None, 1)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_still_starting_hears_that_it_is_to_end(tmp_path: Path, how: signal.Signals) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    command = [sys.executable, "-c", DOOR, str(gate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        server.send_signal(how)
        os.kill(worker, signal.SIGTERM)  # what the server does next, now so that it lies there before the worker goes on
        gate.write_text("")
        _, err = server.communicate(timeout=60)
    assert "refused to gracefully stop" not in err
