"""Holding up a flood without knowing anybody: counts in memory, of addresses that were hashed with a salt nobody keeps (A14).

Each worker process counts by itself, for one window at a time, under a salt of that window. What is counted is a keyed hash of the
sender's address; when the window ends, salt and counts are forgotten together, so that nothing leads from one window to the next
or back to an address. Nothing is written, and nothing is logged, not even that somebody was held up.

A school of 1,500 children behind one address posts about 45,000 pages and 1,500 responses in ten minutes; the limits lie far above
that, in every single worker. Whoever goes beyond is not turned away: their page comes back with every answer in it and tries again.

Counts, and no proof of work (ALTCHA and its like): a proof needs JavaScript, which a child's device may not have; it takes a cheap
tablet seconds and a flooder's machine next to nothing; and it would be one more thing on a page that can fail.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from starlette.requests import Request

WINDOW = 60.0  # seconds


class What(StrEnum):
    """What is counted."""

    POST = "post"
    RESPONSE = "response"


LIMITS = {What.POST: 18_000, What.RESPONSE: 3_000}  # of one address, in one window of one worker
FORWARDED = "x-forwarded-for"


class Pace:
    """Counts of the current window. `proxy` is the one address whose X-Forwarded-For is believed; empty: nobody's is."""

    def __init__(self, proxy: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._proxy = proxy
        self._clock = clock
        self._ends = float("-inf")
        self._salt = b""
        self._seen: Counter[bytes] = Counter()

    def admits(self, request: Request, what: What) -> bool:
        """Count one, and say whether it goes on now."""
        now = self._clock()
        if now >= self._ends:
            self._ends, self._salt, self._seen = now + WINDOW, secrets.token_bytes(32), Counter()
        key = hashlib.blake2b(_network(self._sender(request)).encode() + what.encode(), key=self._salt, digest_size=16).digest()
        self._seen[key] += 1
        return self._seen[key] <= LIMITS[what]

    def _sender(self, request: Request) -> str:
        """The other end of the connection; if that is our proxy, whom it says it speaks for: the last, which it wrote itself."""
        peer = request.client.host if request.client else ""
        if self._proxy and peer == self._proxy:
            return request.headers.get(FORWARDED, peer).rpartition(",")[2].strip()
        return peer


def _network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 address: one household or one machine has all of it to choose from."""
    try:
        if ":" not in address:
            socket.inet_pton(socket.AF_INET, address)
            return address
        found = ipaddress.IPv6Address(address)
    except (OSError, ValueError):
        return "unknown"
    return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
