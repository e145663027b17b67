"""`python -m api DOOR [--port N]`: run one door on a loopback port, and print its address once it is ready."""

from __future__ import annotations

import argparse
import asyncio
import socket

from starlette.types import ASGIApp

from api.server import server


def _application(door: str) -> ASGIApp:
    """Only the door that is asked for is imported: the child door's process holds no code of the others."""
    if door == "child":
        from api.child import application
    elif door == "staff":
        from api.staff import application
    else:
        from api.researcher import application
    return application()


async def _serve(door: str, port: int) -> None:
    listening = socket.create_server(("127.0.0.1", port), backlog=2048)
    running = asyncio.create_task((web := server(_application(door), port=port)).serve(sockets=[listening]))
    while not web.started and not running.done():
        await asyncio.sleep(0.02)
    if web.started:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)  # noqa: T201 - this is what it is asked to print
    await running


def main() -> None:
    """Parse the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m api", description=__doc__)
    parser.add_argument("door", choices=("child", "staff", "researcher"))
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.door, arguments.port))


if __name__ == "__main__":
    main()
