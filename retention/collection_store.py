"""Where sealed responses wait for their wave to close: acknowledged means on the disk, and stored means without order (A5).

Ordinary tables remember the order of arrival in row numbers, page offsets and overflow pages. On SQLite a wave is therefore
a fixed set of equal slots whose content depends on nothing but which responses there are (retention.slot_store). PostgreSQL
never overwrites in place, so its rows keep their order until `close()` writes them anew in random order (retention.row_store).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

from sqlalchemy import make_url

from retention.collection_wave import CollectionWave, NoWave, Receipt, WaveClosed, WaveState
from retention.database import connect, migrate
from retention.row_store import RowStore
from retention.seal import SealedResponse
from retention.settings import CollectionZone
from retention.slot_file import connect_slots
from retention.slot_store import SlotStore

__all__ = [
    "CollectionStore",
    "CollectionWave",
    "NoWave",
    "Receipt",
    "RowStore",
    "SlotStore",
    "WaveClosed",
    "WaveState",
    "connect_collection",
    "connect_door",
]


class CollectionStore(Protocol):
    """The collection zone's database. It is written by the child door and emptied by `transfer`.

    Every method raises DatabaseUnavailable if the database does not answer, and every one but `open_wave` NoWave if none is open.
    """

    @property
    def log_after_wipe(self) -> str:
        """What the database's write-ahead log still holds after `wipe`, as a code for the ledger."""

    def open_wave(self, wave: CollectionWave, day: date, expected: int = 0) -> None:
        """Start collecting, with room for as many responses as are expected. Repeated for the wave that is open, it changes nothing.

        Raises WaveClosed if another wave, or this one after it was closed, has not been wiped yet.
        """

    def wave(self) -> CollectionWave:
        """The wave on this server."""

    def turn(self) -> AbstractContextManager[None]:
        """Wait in line for whoever else puts. What is put within it waits no more."""

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        """Store records in one durable transaction. Raises WaveClosed, NoWave, DatabaseUnavailable; then try again.

        `wave_id` names the wave to whose keys they were sealed; if another is open by now, that is WaveClosed too.

        After WaveClosed and NoWave none is stored. After DatabaseUnavailable some answer may be lost on the way back; the
        records can be put again without being doubled.
        """

    def close(self, day: date) -> None:
        """Refuse answers from now on. No answer can be acknowledged after this returns. Can be repeated."""

    def count(self) -> int:
        """Number of stored responses."""

    def records(self) -> Iterator[SealedResponse]:
        """Every stored response, in a random order drawn anew, so that not even a place in the file tells who is who."""

    def wipe(self) -> None:
        """Overwrite every record. Can be repeated. Refused (WaveClosed) while the wave is open."""


def connect_collection(zone: CollectionZone) -> CollectionStore:
    """The store of this zone, migrated to the newest schema, for whoever administers it. Raises DatabaseUnavailable."""
    engine = connect_slots(zone.database_url) if _on_sqlite(zone) else connect(zone.database_url)
    migrate(engine, "collection")
    engine.dispose()  # no connection of this process goes on to the workers that it may become
    return SlotStore(engine) if _on_sqlite(zone) else RowStore(engine)


def connect_door(zone: CollectionZone) -> CollectionStore:
    """The store as the child door uses it. On PostgreSQL nothing is migrated, since its role must not be able to.

    Raises DatabaseUnavailable on SQLite; on PostgreSQL every use of the store does, while the database is not there or not prepared.
    """
    return connect_collection(zone) if _on_sqlite(zone) else RowStore(connect(zone.database_url))


def _on_sqlite(zone: CollectionZone) -> bool:
    return make_url(zone.database_url).get_backend_name() == "sqlite"
