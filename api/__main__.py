"""`python -m api DOOR [--port N]`: run one door, and print its address once it is ready.

The child door and the table builder are run by several processes (api.workers); the others, which few people use, by one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from starlette.types import ASGIApp

from api.quiet_logs import quieten

NOT_OPENED = 6  # as pipeline.failures has it for whatever does not answer


def _application(door: str) -> ASGIApp:
    """Only the door that is asked for is imported: the child door's process holds no code of the others."""
    if door == "child":
        from api.child import application
    elif door == "staff":
        from api.staff import application
    else:
        from api.researcher import application
    return application()


async def _serve(door: str, port: int, until_eof: bool) -> bool:
    """Serve until told to stop. False if the door could not start."""
    from api.server import server

    listening = socket.create_server(("127.0.0.1", port), backlog=2048)
    web = server(_application(door), port=port)

    def gone() -> None:
        if not os.read(0, 1024):
            web.should_exit = True
            asyncio.get_running_loop().remove_reader(0)

    if until_eof:
        asyncio.get_running_loop().add_reader(0, gone)
    # The server takes these signals, ends what is under way, then raises them again: by then there is nothing left to do.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = asyncio.create_task(web.serve(sockets=[listening]))
    while not web.started and not running.done():
        await asyncio.sleep(0.02)
    if web.started:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)  # noqa: T201 - this is what it is asked to print
    await running
    return web.started


def _serve_builder(port: int, workers: int | None, until_eof: bool) -> None:
    """Serve until told to stop. What it may open comes in the first line of standard input; its workers share what was opened."""
    from api.builder import application
    from api.workers import bind
    from pipeline.builder_handed import Handed

    handed = Handed.from_line(_first_line())
    builders = {wave.wave: wave.builder() for wave in handed.waves}
    _serve_workers(lambda: application(builders, Path(handed.log)), bind("127.0.0.1", port), "127.0.0.1", workers, until_eof)


def _first_line() -> bytes:
    """Byte by byte: what comes after it is not ours to keep back."""
    line = b""
    while not line.endswith(b"\n") and (one := os.read(0, 1)):
        line += one
    return line


def _serve_children(host: str, port: int, workers: int | None, until_eof: bool) -> None:
    """Serve until told to stop. What keeps the door shut is raised here, before a worker is started."""
    from api.workers import bind
    from retention.collection_store import connect_door
    from retention.settings import load_settings

    app = _application("child")
    connect_door(load_settings().collection)
    _serve_workers(lambda: app, bind(host, port), host, workers, until_eof)


def _serve_workers(door: Callable[[], ASGIApp], held: socket.socket, host: str, workers: int | None, until_eof: bool) -> None:
    from api.workers import serve

    address = f"http://{f'[{host}]' if ':' in host else host}:{held.getsockname()[1]}/"

    def opened() -> None:
        print(address, flush=True)  # noqa: T201 - this is what it is asked to print

    def gone() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    if until_eof:
        threading.Thread(target=gone, daemon=True).start()
    serve(door, held, opened, workers, host)


def _port(given: str) -> int:
    port = int(given)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


def _stop(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


def main() -> None:
    """Parse the arguments and serve until SIGTERM or SIGINT. What keeps the door shut is one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    parser.add_argument("door", choices=("child", "staff", "researcher", "builder"))
    parser.add_argument("--port", type=_port, default=0, help="0 takes any free one")
    parser.add_argument(
        "--host", default="127.0.0.1", help="of the child door: the address to listen at; a proxy with TLS stands before it"
    )
    parser.add_argument(
        "--workers", type=int, default=None, help="of the child door and the builder: processes; as many as processors, at least two"
    )
    parser.add_argument("--until-eof", action="store_true", help="stop as well when standard input ends")
    arguments = parser.parse_args()
    quieten()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        if arguments.door == "child":
            _serve_children(arguments.host, arguments.port, arguments.workers, arguments.until_eof)
            return
        if arguments.door == "builder":
            _serve_builder(arguments.port, arguments.workers, arguments.until_eof)
            return
        opened = asyncio.run(_serve(arguments.door, arguments.port, arguments.until_eof))
    except OSError as error:
        sys.stderr.write(f"Port {arguments.port} cannot be opened ({error.strerror}): choose another with --port.\n")
        raise SystemExit(NOT_OPENED) from None
    except Exception as error:
        from pipeline.failures import exit_code, sentence  # names only: it imports nothing

        sys.stderr.write(sentence(error) + "\n")
        raise SystemExit(exit_code(error)) from None
    if not opened:
        raise SystemExit(NOT_OPENED)


if __name__ == "__main__":
    main()
