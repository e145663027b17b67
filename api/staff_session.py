"""Who is at the staff door: sessions in memory, and a pause after too many wrong passwords.

A session is a random token in a cookie; the server keeps its hash, so a copy of its memory opens nothing. It ends after a
short idle time, after a working day, at sign-out, and with the process. Nothing about it is written anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from retention.second_factor import Enrolment
from retention.staff import Member

IDLE = 15 * 60  # seconds
LONGEST = 10 * 60 * 60  # seconds
MOST_SESSIONS = 1000  # the one longest unused goes first, so that nobody can fill the memory from the login page
FAILURES = 5
PAUSE = 15 * 60  # seconds
MOST_NAMES = 10_000

Clock = Callable[[], float]


@dataclass
class Session:
    """One browser at the door. `member` is None before signing in; `decided`: (wave, text) that were read in it, for undo.

    `enrolment`: the second factor that they still have to enrol, before anything else.
    """

    member: Member | None
    csrf: str
    started: float
    seen: float
    decided: list[tuple[str, str]] = field(default_factory=list)
    enrolment: Enrolment | None = None

    def accepts(self, csrf: str) -> bool:
        """True if a form was made by this door for this session."""
        return hmac.compare_digest(csrf.encode(), self.csrf.encode())


class Sessions:
    """All sessions of one process. Safe to use from several threads."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def open(self, member: Member | None) -> tuple[str, Session]:
        """A new session and its token. Signing in always makes a new one, so a token planted before is worth nothing after."""
        token, now = secrets.token_urlsafe(32), self._clock()
        session = Session(member, secrets.token_urlsafe(32), now, now)
        with self._lock:
            self._sessions[_key(token)] = session
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return token, session

    def find(self, token: str) -> Session | None:
        """The session of this token, which counts as used now; None if there is none or it has ended."""
        key, now = _key(token), self._clock()
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            if self._over(session):
                del self._sessions[key]
                return None
            session.seen = now
            self._sessions.move_to_end(key)
            return session

    def _over(self, session: Session) -> bool:
        now = self._clock()
        return now - session.seen > IDLE or now - session.started > LONGEST

    def close(self, token: str) -> None:
        """Sign out."""
        with self._lock:
            self._sessions.pop(_key(token), None)

    def present(self) -> set[str]:
        """Names of those who are signed in now."""
        with self._lock:
            return {session.member.name for session in self._sessions.values() if session.member is not None and not self._over(session)}


class Attempts:
    """Counts wrong passwords by the name that was typed, whether or not anybody has it, so that a pause betrays no account."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def paused(self, name: str) -> bool:
        """True if this name has to wait."""
        with self._lock:
            count, last = self._failures.get(_key(name), (0, 0.0))
            return count >= FAILURES and self._clock() - last < PAUSE

    def failed(self, name: str) -> None:
        """A wrong name or password."""
        key, now = _key(name), self._clock()
        with self._lock:
            count, last = self._failures.pop(key, (0, now))
            self._failures[key] = (1 if now - last >= PAUSE else count + 1, now)
            while len(self._failures) > MOST_NAMES:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """The right password: what was wrong before is forgotten."""
        with self._lock:
            self._failures.pop(_key(name), None)


class UsedCodes:
    """Codes of second factors that were used: a code looked at over a shoulder opens nothing a second time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[str, int] = {}

    def first_use(self, name: str, step: int) -> bool:
        """True once for a step of time, and never for one before it."""
        with self._lock:
            if step <= self._latest.get(name, -1):
                return False
            self._latest[name] = step
            return True


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
