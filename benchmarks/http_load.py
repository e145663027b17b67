"""A load generator: keep-alive connections that post in closed loop, in a process of its own, one thread, no library in between.

It knows just enough HTTP/1.1 for a door of ours: a reply has a Content-Length. Each connection plays one journey after another; in
every request of a journey the placeholder NONCE is replaced by a nonce of its own.
"""

from __future__ import annotations

import multiprocessing
import secrets
import select
import socket
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

NONCE = "n" * 32
_PLACEHOLDER = NONCE.encode()


@dataclass(frozen=True)
class Request:
    """One request of a journey: its bytes with the placeholder in them, and the status that is the right reply."""

    content: bytes
    status: int

    @classmethod
    def make(cls, method: str, path: str, body: bytes = b"", status: int = 200) -> Request:
        head = f"{method} {path} HTTP/1.1\r\nHost: door\r\n"
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return cls(head.encode() + b"\r\n" + body, status)


Journey = Sequence[Request]  # the last one is the one that is acknowledged


@dataclass
class Outcome:
    """What came of a run. `latencies` (seconds) and `finished` count what was begun and ended while it was measured."""

    seconds: float = 0.0
    requests: int = 0
    finished: int = 0
    latencies: array[float] = field(default_factory=lambda: array("d"))
    errors: Counter[str] = field(default_factory=Counter)
    acknowledged: set[bytes] = field(default_factory=set)
    cpu: float = 0.0  # share of one processor that the generator itself took

    def percentile(self, share: float) -> float:
        """A latency in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class _Child:
    """One connection, and the journey that it is on."""

    def __init__(self, address: tuple[str, int], journeys: Sequence[Journey], at: int) -> None:
        self.address, self.journeys, self.at = address, journeys, at
        # From an address of its own: the door holds up a flood from one (A14).
        self.source = (f"127.1.{at // 250}.{at % 250 + 1}", 0)
        self.socket = socket.create_connection(address, source_address=self.source)
        self.begin()

    def begin(self) -> None:
        self.at = (self.at + 1) % len(self.journeys)
        self.step, self.nonce = 0, secrets.token_hex(16).encode()

    def send(self) -> None:
        self.buffer = b""
        self.need = -1
        self.began = time.perf_counter()
        self.socket.sendall(self.journeys[self.at][self.step].content.replace(_PLACEHOLDER, self.nonce))

    def read(self) -> int | None:
        """The status once a reply is whole. Raises ConnectionError."""
        part = self.socket.recv(262144)
        if not part:
            raise ConnectionResetError
        self.buffer = self.buffer + part if self.buffer else part
        if self.need < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            head = self.buffer[:end].lower()
            at = head.find(b"content-length: ")
            self.need = end + 4 + (int(head[at + 16 : (head + b"\r").find(b"\r", at)]) if at >= 0 else 0)
        return int(self.buffer[9:12]) if len(self.buffer) >= self.need else None

    def again(self) -> None:
        self.socket.close()
        self.socket = socket.create_connection(self.address, source_address=self.source)


def _drive(address: tuple[str, int], connections: int, warm_up: float, seconds: float, journeys: Sequence[Journey]) -> Outcome:
    outcome, poll = Outcome(), select.epoll()
    children: dict[int, _Child] = {}

    def watch(child: _Child) -> None:
        children[child.socket.fileno()] = child
        poll.register(child.socket.fileno(), select.EPOLLIN)

    for number in range(connections):
        watch(_Child(address, journeys, number))
    begin = time.perf_counter() + warm_up
    end, busy = begin + seconds, -1.0
    for child in children.values():
        child.send()
    waiting = len(children)
    while waiting:
        for number, _ in poll.poll(30):
            child = children[number]
            try:
                status = child.read()
            except ConnectionError:
                poll.unregister(number)
                del children[number]
                outcome.errors["connection"] += 1
                child.again()
                watch(child)
                status = 0
            if status is None:
                continue
            now = time.perf_counter()
            if busy < 0 <= now - begin:
                busy = time.process_time()
            measured = begin <= child.began and now <= end
            journey = child.journeys[child.at]
            last = child.step == len(journey) - 1
            if status == journey[child.step].status:
                if journey[child.step].status == 303:
                    outcome.acknowledged.add(child.nonce)
                if measured:
                    outcome.requests += 1
                    outcome.finished += last
                    outcome.latencies.append(now - child.began)
                if last:
                    child.begin()
                else:
                    child.step += 1
            elif status:
                outcome.errors[str(status)] += 1
                child.begin()
            if now < end:
                child.send()
            else:
                waiting -= 1
                poll.unregister(child.socket.fileno())
                child.socket.close()
        if time.perf_counter() > end + 60:
            outcome.errors["no reply within a minute"] += waiting
            break
    outcome.cpu = (time.process_time() - busy) / (time.perf_counter() - begin)
    outcome.seconds = seconds
    return outcome


def _send_back(pipe: Connection, *arguments: object) -> None:
    pipe.send(_drive(*arguments))  # type: ignore[arg-type]


def load(address: tuple[str, int], connections: int, seconds: float, journeys: Sequence[Journey], warm_up: float = 1.0) -> Outcome:
    """Drive a door from a process of its own. Every request that was begun is waited for, so what was acknowledged is known."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send_back, args=(there, address, connections, warm_up, seconds, journeys))
    process.start()
    there.close()
    outcome: Outcome = here.recv()
    process.join()
    return outcome
