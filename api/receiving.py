"""Receiving a response: is a wave open, close the answers to its keys, and have them on the disk before saying so."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from api.committing import Commits, Committing, CommittingHere
from forms.answers import Response as Answered
from retention.collection_store import CollectionStore, CollectionWave, NoWave, Receipt, WaveClosed, WaveState
from retention.group_commit import GroupCommit
from retention.keys import public_key
from retention.seal import seal_response
from retention.settings import CollectionZone

WAVE_KNOWN_FOR = 1.0  # seconds; the store itself refuses a closed wave, so this only spares a look-up per page
FINISHED_KEPT = 50_000  # nonces remembered, at most
PATIENCE = 20.0  # seconds that a child waits for the disk before being told that we try again


class Receiver:
    """Where the child door hands in what it was given. One per process; lives between `start` and `stop`."""

    def __init__(
        self,
        zone: CollectionZone,
        survey_id: str,
        connect: Callable[[CollectionZone], CollectionStore],
        commits: Commits | None = None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._zone = zone
        self._survey_id = survey_id
        self._connect = connect
        self._commits = commits
        self._patience = patience
        self._clock = clock
        self._looking = asyncio.Lock()
        self._known: CollectionWave | None = None
        self._known_until = float("-inf")
        self._keys: dict[str, bytes] = {}
        self._secret = secrets.token_bytes(32)
        self._finished: set[bytes] = set()

    async def start(self) -> None:
        """Connect. Responses are stored by `commits`, or else by a thread of this process. Raises DatabaseUnavailable."""
        self._store = self._connect(self._zone)
        self._committing: Committing = self._commits(self._zone) if self._commits else CommittingHere(GroupCommit(self._store))
        await self._committing.start()

    async def stop(self) -> None:
        """Store what is still waiting."""
        await self._committing.stop()

    async def open_wave(self) -> CollectionWave:
        """The wave that takes answers to our survey now. Raises WaveClosed, NoWave, DatabaseUnavailable."""
        wave = self._known
        if wave is None or self._clock() >= self._known_until:
            wave = await self._look()
        if wave.survey != self._survey_id:
            raise NoWave("The wave on this server is of another survey: open one for this survey.")
        if wave.state is not WaveState.OPEN:
            raise WaveClosed("The wave is closed: no more answers are taken.")
        return wave

    async def _look(self) -> CollectionWave:
        """Ask the store, once for all who ask at this moment."""
        async with self._looking:
            if self._known is None or self._clock() >= self._known_until:
                self._known = None
                self._known = await asyncio.wait_for(run_in_threadpool(self._store.wave), self._patience)
                self._known_until = self._clock() + WAVE_KNOWN_FOR
            return self._known

    async def ready(self) -> None:
        """Raises what keeps the door from taking answers: no open wave, no database, no public keys."""
        wave = await self.open_wave()
        self._key(wave.body_key), self._key(wave.locator_key)

    async def take(self, nonce: bytes, response: Answered) -> Receipt:
        """Seal and store one response. Returns once it is on the disk.

        Raises WaveClosed, NoWave; DatabaseUnavailable, KeyMissing, SealError or TimeoutError, after which the same nonce
        can be tried again without harm, even if the first attempt arrives after all.
        """
        wave = await self.open_wave()
        record = seal_response(nonce, response, self._key(wave.body_key), self._key(wave.locator_key))
        try:
            async with asyncio.timeout(self._patience):  # giving up waiting cancels nothing that the storing thread has in hand
                receipt = await self._committing.commit(wave.id, record)
        except (WaveClosed, NoWave):
            self._known = None  # what we knew is out of date
            raise
        if len(self._finished) >= FINISHED_KEPT:
            self._finished.clear()
        self._finished.add(self._trace(nonce))
        return receipt

    def finished(self, nonce: bytes) -> bool:
        """True if this process remembers that the response of this nonce is stored.

        A browser without JavaScript keeps its posts, and would show a child's pages again to whoever presses Back after
        them; the door then says "sent" instead. It is an extra layer: another process, or a later one, does not know.
        """
        return self._trace(nonce) in self._finished

    def _trace(self, nonce: bytes) -> bytes:
        """What is remembered of a nonce: nothing that leads to a stored response once this process has ended."""
        return hashlib.blake2b(nonce, key=self._secret, digest_size=16).digest()

    def _key(self, key_id: str) -> bytes:
        if key_id not in self._keys:
            self._keys[key_id] = public_key(self._zone.keys, key_id)
        return self._keys[key_id]
