"""How the child door is run: several worker processes behind one port, so that a whole school is answered at once.

Granian reads HTTP (its parser is Rust; header, keep-alive and body come to us as ASGI). No access log, no server header, no
look at what a proxy says of the sender. A worker that dies is replaced, and every worker ends with the process that started it.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any

from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.quiet_logs import LOGGING, quieten

HEADERS_WITHIN = 10.0  # seconds for the head of a request, and for the next request on an open connection
ENDS_WITHIN = 10  # seconds that a worker has to store what is waiting before it is killed
COLLECTS_AFTER = 20_000  # objects that were made and are still there; Python's own 700 are soon there when many answer at once
SWITCH = 0.0005  # seconds that a thread beside the one that answers waits at most: the builder keeps its log by one
_BACKLOG = 2048
_LOOKS_UP = 0.2  # seconds
_END = (signal.SIGTERM, signal.SIGINT)


def default_workers() -> int:
    """Two, or as many as there are processors: each has an interpreter, and a commit of its own under way."""
    return max(2, len(os.sched_getaffinity(0)))


def bind(host: str, port: int) -> socket.socket:
    """Take a port (0: any free one) for this process and its workers. Raises OSError if anybody else listens there.

    Workers share the port by SO_REUSEPORT, which would as well let a second door of the same user take half of the children of
    a first one unnoticed. So whether the port is free is asked without it, and the port is then held while the door is open.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as alone:
        port = alone.getsockname()[1]
    held = socket.socket(family)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((host, port))
    return held


def serve(
    door: Callable[[], ASGIApp], held: socket.socket, opened: Callable[[], None], workers: int | None = None, host: str = "127.0.0.1"
) -> None:
    """Serve a door until SIGTERM or SIGINT, in `workers` processes. `opened` is called once, when the first of them answers.

    Ends with SystemExit(1) if workers die as soon as they have started.
    """
    quieten()
    port = held.getsockname()[1]
    server = _Server(
        "child",
        host,
        port,
        interface=Interfaces.ASGI,
        workers=workers or default_workers(),
        runtime_mode=RuntimeModes.mt,  # the other one now and then does not end when it is told to
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=int(HEADERS_WITHIN * 1000), max_buffer_size=128 * 1024),
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_BACKLOG,
        log_level=LogLevels.warning,
        log_dictconfig=LOGGING,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=ENDS_WITHIN,
    )

    server.main_loop_interrupt = _Waking()

    @server.on_startup
    def _tell() -> None:
        threading.Thread(target=_when_it_answers, args=(host, port, opened), daemon=True).start()

    _hold_signals_over_a_fork()
    server.serve(target_loader=lambda: _in_worker(door), wrap_loader=False)


class _Server(MPServer):
    """Granian, which asks the operating system whether a worker has ended.

    A thread of its own waits for every worker, and until that one has noted the end the worker counted as alive: on a busy
    machine Granian then warned that it had to kill what had long gone.
    """

    def _spawn_worker(self, *arguments: Any, **named: Any) -> Any:
        worker = super()._spawn_worker(*arguments, **named)
        worker.is_alive = lambda: not wait([worker.inner.sentinel], timeout=0)  # type: ignore[method-assign]
        return worker


class _Waking(threading.Event):
    """An event whose waiter looks up now and then.

    Python hears a signal only between two instructions of the main thread. One that comes just before that thread begins to wait
    for a lock does not wake it: a door that was told to end once would stay until it is told again.
    """

    def wait(self, timeout: float | None = None) -> bool:
        while timeout is None:
            if super().wait(_LOOKS_UP):
                return True
        return super().wait(timeout)


def _in_worker(door: Callable[[], ASGIApp]) -> ASGIApp:
    quieten()
    sys.setswitchinterval(SWITCH)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    return _listening(door())


def _hold_signals_over_a_fork() -> None:
    """Let a worker begin its life with SIGTERM and SIGINT held back, until `_listening` takes them.

    Granian's own handler, which a worker inherits, only marks the parent's memory. A worker that was told to end while it was
    still starting lost the signal by it, and was killed after ENDS_WITHIN with what it had not yet stored.
    """
    os.register_at_fork(
        before=lambda: _mask(signal.SIG_BLOCK),
        after_in_parent=lambda: _mask(signal.SIG_UNBLOCK),
    )


def _mask(how: int) -> None:
    signal.pthread_sigmask(how, _END)


def _listening(app: ASGIApp) -> ASGIApp:
    """The same application, which lets held signals through when it has started: by then the worker's own handler is there."""

    async def listening(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return

        async def send_and_listen(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                _keep_what_is_there()
                _mask(signal.SIG_UNBLOCK)

        try:
            await app(scope, receive, send_and_listen)
        finally:
            _mask(signal.SIG_UNBLOCK)  # an application without a lifespan

    return listening


def _keep_what_is_there() -> None:
    """Python's collector need not look through forms and templates again and again, and not after every few requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTS_AFTER)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ENDS_WITHIN)  # now and then a worker does not end when it is told to
        os.kill(os.getpid(), signal.SIGKILL)


def _when_it_answers(host: str, port: int, opened: Callable[[], None]) -> None:
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            opened()
            return
