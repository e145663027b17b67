"""Attack on A5: a thief of the collection database, who knows every record's ciphertext, tries to tell who answered when.

On SQLite the answer is exact: the same responses in another order make the same file. The statistics that follow look at one
database alone, as a thief would; each is shown to find the order that an ordinary table keeps.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import combine_pvalues, norm, rankdata, spearmanr
from sqlalchemy import select, text, update

from retention.collection_store import RowStore, SlotStore
from retention.collection_wave import Receipt
from retention.database import connect
from retention.seal import SealedResponse
from retention.slot_file import connect_slots
from retention.slot_layout import arrange, home
from retention.tables import collection_wave, slot
from tests.postgres import Postgres
from tests.sealed import DAY, collecting, sealed

RESPONSES = 2000
SUSPICIOUS = 1e-6  # a database without order gives less than this once in a million; one that keeps it less than 1e-50
PAGE = 4096
COUNTERS = (slice(24, 28), slice(92, 96))  # of SQLite's file header: the number of transactions, which an order does not change

Traces = Mapping[str, Sequence[float]]


def p_values(trace: Sequence[float]) -> dict[str, float]:
    """What the thief learns from one trace, given in the order of arrival.

    'order': Spearman's rank correlation. 'next': whether two who came one after the other lie nearer, or further, than two at
    random; the mean distance in rank against 200 permutations.
    """
    ranks = rankdata(trace)
    generator = np.random.default_rng(0)
    by_chance = [np.abs(np.diff(generator.permutation(ranks))).mean() for _ in range(200)]
    score = abs(np.abs(np.diff(ranks)).mean() - np.mean(by_chance)) / np.std(by_chance)
    return {
        "order": max(float(spearmanr(np.arange(len(ranks)), ranks).pvalue), 1e-300),
        "next": max(float(2 * norm.sf(score)), 1e-300),
    }


def class_p_value(trace: Sequence[float], classes: Sequence[int]) -> float:
    """Whether two of one class lie nearer to each other, or further apart, than two of different classes.

    Children of a class answer in the same minutes. The mean distance in rank of all pairs of a class, against 200 parts of the whole
    into classes of the same sizes at random.
    """
    ranks, generator = rankdata(trace), np.random.default_rng(0)
    members = [np.flatnonzero(np.asarray(classes) == one) for one in sorted(set(classes))]

    def spread(order: np.ndarray) -> float:
        return float(np.mean([np.abs(np.subtract.outer(order[one], order[one])).sum() / (len(one) * (len(one) - 1)) for one in members]))

    by_chance = [spread(generator.permutation(ranks)) for _ in range(200)]
    return max(float(2 * norm.sf(abs(spread(ranks) - np.mean(by_chance)) / np.std(by_chance))), 1e-300)


def combined(runs: Sequence[Traces]) -> dict[str, float]:
    """Fisher's combination over independent runs, by trace and question."""
    found = [{f"{name}: {key}": p for name, trace in run.items() for key, p in p_values(trace).items()} for run in runs]
    return {key: float(combine_pvalues([run[key] for run in found]).pvalue) for key in found[0]}


# -- SQLite --------------------------------------------------------------------------------------------------------------


def put_in_groups(store: SlotStore | RowStore, records: Sequence[SealedResponse], size: int = 50) -> None:
    for first in range(0, len(records), size):
        store.put(records[first : first + size])


def thiefs_copy(store: SlotStore, folder: Path, copy: Path) -> bytes:
    """Every byte that lies in the folder: the database and its journal."""
    shutil.copytree(folder, copy)
    return b"".join(path.read_bytes() for path in sorted(copy.iterdir()))


def traces_in_file(content: bytes, records: Sequence[SealedResponse]) -> Traces:
    """Where each record lies in a stolen SQLite file, in the order of arrival: its row, and the pages its body runs over into."""
    arrival = {record.id: number for number, record in enumerate(records)}
    row_at: dict[int, int] = {}
    pages = range(0, len(content), PAGE)
    for page in pages:
        if content[page] != 0x0D:  # only leaves of a table hold rows
            continue
        for cell in range(int.from_bytes(content[page + 3 : page + 5], "big")):
            start = page + int.from_bytes(content[page + 8 + 2 * cell : page + 10 + 2 * cell], "big")
            for at in range(start, start + 40):
                if (number := arrival.get(content[at : at + 16])) is not None:
                    row_at.setdefault(number, at)
    # Every body runs over at the same place; the first record's own pages tell where.
    begins = next(at for at in (records[0].body.find(content[page + 4 : page + 20]) for page in pages) if at >= 0)
    by_overflow = {record.body[begins : begins + 16]: number for number, record in enumerate(records)}
    overflow_at = {by_overflow[content[page + 4 : page + 20]]: page for page in pages if content[page + 4 : page + 20] in by_overflow}
    everyone = range(len(records))
    return {
        "row offset": [row_at[number] for number in everyone],
        "row page": [row_at[number] // PAGE for number in everyone],
        "overflow page": [overflow_at[number] for number in everyone],
    }


def traces_in_rows(path: Path, records: Sequence[SealedResponse]) -> Traces:
    """What SQL tells: slot, distance from the home slot, and how taken the slots after home are."""
    with sqlite3.connect(path) as database:
        capacity, salt = database.execute("SELECT capacity, salt FROM wave").fetchone()
        slots = dict(database.execute("SELECT id, slot FROM slot WHERE filled = 1"))
    database.close()
    return traces_of_layout(slots, salt, capacity, [record.id for record in records])


def traces_of_layout(slots: Mapping[bytes, int], salt: bytes, capacity: int, ids: Sequence[bytes]) -> Traces:
    taken = set(slots.values())
    homes = [home(response_id, salt, capacity) for response_id in ids]
    return {
        "slot": [slots[response_id] for response_id in ids],
        "distance from home": [(slots[response_id] - first) % capacity for response_id, first in zip(ids, homes, strict=True)],
        "taken after home": [sum((first + step) % capacity in taken for step in range(16)) for first in homes],
    }


CLASS = 25  # children who answer in the same minutes
SCHOOLS = [number // CLASS for number in range(RESPONSES)]  # which class each response came from, in the order of arrival


def nearest_of_a_class(runs: Sequence[Traces]) -> float:
    """The most telling trace: the smallest combined p-value of "these two came from one class"."""
    found = [[class_p_value(trace, SCHOOLS) for trace in run.values()] for run in runs]
    return min(float(combine_pvalues(one).pvalue) for one in zip(*found, strict=True))


class InOrderOfArrival(SlotStore):
    """What any table with a counting key does: the next slot for the next response."""

    def put(self, records: Sequence[SealedResponse], wave_id: str | None = None) -> list[Receipt]:
        with self._writing() as connection:
            stored = connection.execute(select(collection_wave.c.stored)).scalar_one()
            for place, record in enumerate(records, start=stored):
                content = {"filled": 1, "id": record.id, "body": record.body, "locator": record.locator}
                connection.execute(update(slot).where(slot.c.slot == place).values(content))
            connection.execute(update(collection_wave).values(stored=stored + len(records)))
        return [Receipt.STORED] * len(records)


def steal(kind: type[SlotStore], folder: Path, capacity: int) -> Iterator[Traces]:
    """Fill a store, and look for order in it while it collects and after it has closed."""
    url = f"sqlite:///{folder / 'db' / 'responses.sqlite'}"
    collecting(url, capacity)
    store, records = kind(connect_slots(url), capacity), sealed(RESPONSES)
    put_in_groups(store, records)
    for moment in ("open", "closed"):
        if moment == "closed":
            store.close(DAY)
        content = thiefs_copy(store, folder / "db", folder / moment)
        yield {**traces_in_file(content, records), **traces_in_rows(folder / moment / "responses.sqlite", records)}


def test_the_attack_sees_the_order_that_a_counting_key_keeps(tmp_path: Path) -> None:
    seen = combined([next(steal(InOrderOfArrival, tmp_path, 3072))])
    for trace in ("slot", "row offset", "row page", "overflow page"):
        assert seen[f"{trace}: order"] < 1e-50
        assert seen[f"{trace}: next"] < 1e-50


def test_the_attack_sees_the_classes_that_a_counting_key_keeps(tmp_path: Path) -> None:
    traces = next(steal(InOrderOfArrival, tmp_path, 3072))
    assert max(class_p_value(traces[name], SCHOOLS) for name in ("slot", "row offset", "row page", "overflow page")) < 1e-50


def test_no_order_in_a_stolen_sqlite_folder_collecting_or_closed_grown_or_not(tmp_path: Path) -> None:
    runs = [list(steal(SlotStore, tmp_path / str(capacity), capacity)) for capacity in (3072, 12)]
    for moment in range(2):
        assert min(combined([run[moment] for run in runs]).values()) > SUSPICIOUS
        assert nearest_of_a_class([run[moment] for run in runs]) > SUSPICIOUS


@pytest.mark.parametrize("capacity", [12, 256])
def test_the_same_responses_in_any_order_make_the_same_file(tmp_path: Path, capacity: int) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    collecting(f"sqlite:///{first / 'responses.sqlite'}", capacity)
    shutil.copytree(first, second)  # the same wave, with the same salt
    records = sealed(120)
    put_in_groups(SlotStore(connect_slots(f"sqlite:///{first / 'responses.sqlite'}")), records, 7)
    mixed = sorted(records, key=lambda record: record.locator)
    other = SlotStore(connect_slots(f"sqlite:///{second / 'responses.sqlite'}"))
    put_in_groups(other, mixed[:30], 1)
    put_in_groups(other, mixed[20:], 13)  # with retries among them
    files = [{path.name: bytearray(path.read_bytes()) for path in folder.iterdir()} for folder in (first, second)]
    for found in files:
        assert sorted(found) == ["responses.sqlite", "responses.sqlite-journal"]
        assert not any(found.pop("responses.sqlite-journal"))  # a journal is left beside it, and nothing in it
        for counter in COUNTERS:
            found["responses.sqlite"][counter] = bytes(4)
    assert files[0] == files[1]


def test_how_crowded_it_is_around_a_response_tells_nothing() -> None:
    """A random free slot among 16 that the id names, as was tried first: who comes late has found more of them taken."""
    capacity, salt, ids = 36000, b"salt", [secrets.token_bytes(16) for _ in range(19000)]
    taken: dict[int, bytes] = {}
    among = {response_id: [home(response_id, bytes([n]), capacity) for n in range(1, 17)] for response_id in ids}
    for response_id in ids:
        taken.setdefault(secrets.choice([place for place in among[response_id] if place not in taken]), response_id)
    how_taken = [sum(place in taken for place in among[response_id]) for response_id in ids]
    assert p_values(how_taken)["order"] < 1e-10
    layout = arrange(ids, salt, capacity)
    assert min(combined([traces_of_layout(layout, salt, capacity, ids)]).values()) > SUSPICIOUS


# -- PostgreSQL ----------------------------------------------------------------------------------------------------------


def traces_in_postgresql(url: str, records: Sequence[SealedResponse]) -> Traces:
    """What a thief of the database reads: row places, transaction numbers, and the numbers and places of the long values' chunks."""
    arrival = {record.id: number for number, record in enumerate(records)}
    starts = {record.body[:16]: number for number, record in enumerate(records)}
    with connect(url).connect() as connection:
        toast = connection.execute(text("SELECT reltoastrelid::regclass::text FROM pg_class WHERE relname = 'response'")).scalar_one()
        rows = connection.execute(text("SELECT id, ctid::text AS place, xmin::text AS xmin, cmin::text AS cmin FROM response")).all()
        chunks = connection.execute(text(f"SELECT chunk_id, ctid::text AS place, chunk_data FROM {toast} WHERE chunk_seq = 0")).all()  # noqa: S608
    row_of = {arrival[bytes(row.id)]: row for row in rows}
    chunk_of = {starts[bytes(c.chunk_data[:16])]: c for c in chunks if bytes(c.chunk_data[:16]) in starts}
    assert len(chunk_of) == len(records)
    everyone = range(len(records))
    found = {
        "row place": [_place(row_of[number].place) for number in everyone],
        "transaction": [float(row_of[number].xmin) for number in everyone],
        "command": [float(row_of[number].cmin) for number in everyone],
        "chunk number": [float(chunk_of[number].chunk_id) for number in everyone],
        "chunk place": [_place(chunk_of[number].place) for number in everyone],
    }
    return {name: trace for name, trace in found.items() if len(set(trace)) > 1}  # what is the same for all tells nothing


def _place(ctid: str) -> float:
    block, _, offset = ctid.strip("()").partition(",")
    return float(block) * 1000 + float(offset)


def test_no_order_in_postgresql_after_closing(postgres: Postgres) -> None:
    runs = []
    for _ in range(2):
        url = postgres.new_database()
        store, records = collecting(url), sealed(RESPONSES)
        put_in_groups(store, records)
        while_open = combined([traces_in_postgresql(url, records)])
        assert while_open["row place: order"] < 1e-50  # the attack can see: closing is what takes the order away
        assert while_open["chunk number: order"] < 1e-50
        assert while_open["transaction: order"] < 1e-50
        assert nearest_of_a_class([traces_in_postgresql(url, records)]) < 1e-50
        store.close(DAY)
        runs.append(traces_in_postgresql(url, records))
    assert set(runs[0]) == {"row place", "chunk number", "chunk place"}  # one transaction and one command wrote every row
    assert min(combined(runs).values()) > SUSPICIOUS
    assert nearest_of_a_class(runs) > SUSPICIOUS
