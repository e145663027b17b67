"""A child door of our own for a test: a wave with its keys, a real server on a free port, and what was stored, opened again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.types import ASGIApp

from api.child import create_app
from api.server import server
from forms.answers import Locator, Response
from forms.survey import Survey
from retention.collection_store import CollectionStore, CollectionWave, WaveState, connect_collection
from retention.keys import KeyKind, KeyRing
from retention.seal import open_sealed
from retention.settings import CollectionZone, Settings, load_settings
from tests.permits import permitted

PASSPHRASE = "a passphrase for tests only"
KEY_IDS = ("w-body", "w-locator")
DAY = date(2026, 4, 19)


@dataclass(frozen=True)
class Wave:
    """An open wave in a folder of its own, and the private keys that open what it receives."""

    settings: Settings
    store: CollectionStore
    body_key: bytes
    locator_key: bytes

    @property
    def zone(self) -> CollectionZone:
        return self.settings.collection

    def responses(self) -> list[Response]:
        """Every stored response, opened."""
        return [
            Response.from_parts(
                open_sealed(record.body, self.body_key),
                Locator.from_bytes(open_sealed(record.locator, self.locator_key)),
            )
            for record in self.store.records()
        ]


@cache
def _keys() -> Mapping[str, tuple[bytes, str]]:
    """Private bytes and public file of each key, made once per process: opening a key ring is slow on purpose."""
    with TemporaryDirectory() as folder:
        ring = KeyRing(Path(folder) / "keys", PASSPHRASE)
        for key_id in KEY_IDS:
            ring.create(key_id, KeyKind.SEALED_BOX)
        return {key_id: (ring.private(key_id), (ring.folder / f"{key_id}.pub").read_text()) for key_id in KEY_IDS}


def open_wave(home: Path, survey_id: str = "big_ask", url: str = "") -> Wave:
    """Open a wave under this folder, with its public keys beside it; `url` names another database than SQLite's there."""
    settings = load_settings({"BIGASK_HOME": str(home), "BIGASK_COLLECTION_URL": url})
    settings.collection.keys.mkdir(parents=True)
    for key_id, (_, public) in _keys().items():
        (settings.collection.keys / f"{key_id}.pub").write_text(public)
    store = connect_collection(settings.collection)
    store.open_wave(CollectionWave("w", survey_id, WaveState.OPEN, *KEY_IDS), DAY)
    return Wave(settings, store, *(private for private, _ in _keys().values()))


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """A real server on a free loopback port, in a thread of this process; yields its address."""
    running = server(app, port=0)
    ready = threading.Event()
    startup = running.startup

    async def startup_and_tell(*args: object, **kwargs: object) -> None:
        await startup(*args, **kwargs)  # type: ignore[arg-type]
        ready.set()

    running.startup = startup_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=running.run, name="door", daemon=True)
    thread.start()
    if not ready.wait(60) or not running.servers:
        raise RuntimeError("the door did not start")
    port = running.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = True
        thread.join(60)


@contextmanager
def child_door(wave: Wave, survey: Survey) -> Iterator[str]:
    """The child door for this wave, with a permit for this survey as it is; yields its address."""
    permitted(wave.zone, survey)
    with serving(create_app(wave.zone, survey)) as address:
        yield address
