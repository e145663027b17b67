"""The child door under load, side by side in one call: a bare ASGI reply, the plain way, and our door, on SQLite and on PostgreSQL.

    python -m benchmarks.collection [--seconds 8] [--repeat 3] [--connections 64 512] [--folder FOLDER]
                                   [--databases sqlite postgresql] [--ways bare plain submissions journey]

Everything runs on this machine: the server (two workers for every row of the table) and a load generator in a process of its own,
which share its processors, so only the ratios mean something. "submissions" posts last pages alone, as recorded from invented
children who walked through the door; "journey" repeats their whole way, from the landing page to the thanks. Columns: submissions
(journeys: finished children) a second, and how many times the plain way on the same database; median and 99th percentile of a
request's milliseconds; microseconds of processor time that the workers, and those who store for them, took for each submission or
journey (not what PostgreSQL takes);
errors; memory of the larger worker at the start of the measured time, in its middle and at its end; the
generator's share of one processor, which shows whether it was the limit; and the responses that were acknowledged and are not stored
("lost"), or stored and not acknowledged ("other").
FOLDER must be on the disk to be measured, not in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
from sqlalchemy import select
from starlette.types import ASGIApp

from api import child
from api.committing_process import CommittingProcess
from api.workers import bind, serve
from benchmarks import plain_door
from benchmarks.http_load import NONCE, Journey, Outcome, Request, load
from forms.load import load_survey
from governance.gates import Standing
from pipeline.directory import Directory
from pipeline.simulate import answer_form
from pipeline.simulated_child import Child, Cohort
from retention.collection_store import CollectionStore, CollectionWave, WaveState, connect_collection
from retention.keys import KeyKind, KeyRing
from retention.settings import CollectionZone
from tests.postgres import running_postgres

CHILDREN = 48  # recorded ways through the forms
EXPECTED = 100_000  # responses for which each wave is opened
WAYS = {"bare": "bare", "plain": "plain, submissions", "submissions": "ours, submissions", "journey": "ours, journey"}
PAGE = os.sysconf("SC_PAGESIZE")


def gate_is_open() -> Standing:
    """The opening gate, open: what is measured begins behind it."""
    return Standing(())


@dataclass(frozen=True)
class Case:
    """One row: how the door is made, what is posted, and which ids are stored in the end (None: nothing is)."""

    name: str
    database: str
    door: Callable[[], object]
    journeys: Sequence[Journey]
    stored: Callable[[], set[bytes]] | None


@dataclass(frozen=True)
class Row:
    """What was measured."""

    outcome: Outcome
    work: float  # seconds of processor time of the workers, for each acknowledged one
    memory: tuple[int, ...]  # MB
    lost: int
    doubled_or_unasked: int


# -- Recorded children -------------------------------------------------------------------------------------------------------------


def record(address: str, children: Sequence[Child]) -> list[list[Request]]:
    """What these children's browsers sent, with the placeholder for the nonce."""

    async def one(child: Child) -> list[Request]:
        sent: list[Request] = []

        async def note(reply: httpx.Response) -> None:
            body = reply.request.content
            nonce = body.partition(b"nonce=")[2][:32]
            body = body.replace(nonce, NONCE.encode()) if nonce else body
            sent.append(Request.make(reply.request.method, reply.request.url.path, body, reply.status_code))

        async with httpx.AsyncClient(base_url=address, timeout=60, event_hooks={"response": [note]}) as client:
            await answer_form(client, child)
        return [*sent, Request.make("GET", f"/{child.form.id}/thank-you")]

    async def everyone() -> list[list[Request]]:
        return [await one(child) for child in children]

    return asyncio.run(everyone())


# -- Servers -----------------------------------------------------------------------------------------------------------------------


@contextmanager
def running(door: Callable[[], object], workers: int) -> Iterator[tuple[int, int]]:
    """A server in a process of its own; (its process id, its port)."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        held = bind("127.0.0.1", 0)
        port = held.getsockname()[1]
        try:
            serve(door, held, lambda: (os.write(write, f"{port}\n".encode()), None)[1], workers)  # type: ignore[arg-type]
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        port = int(pipe.readline())
    try:
        yield process, port
    finally:
        os.kill(process, signal.SIGTERM)
        os.waitpid(process, 0)


def workers_of(process: int) -> list[Path]:
    """Where the kernel tells of the child processes, and of theirs, which store what they are given."""
    found: list[Path] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        for child_process in (task / "children").read_text().split():
            found += [Path("/proc") / child_process, *workers_of(int(child_process))]
    return found


def memory(process: int) -> int:
    """Resident MB of the largest of these processes."""
    return max((int((worker / "statm").read_text().split()[1]) * PAGE for worker in workers_of(process)), default=0) // 2**20


def work(process: int) -> float:
    """Seconds of processor time of these processes."""
    told = [(worker / "stat").read_text().rpartition(")")[2].split() for worker in workers_of(process)]
    return sum(int(user) + int(system) for *_, user, system in (fields[:13] for fields in told)) / os.sysconf("SC_CLK_TCK")


def measure(case: Case, connections: int, seconds: float, workers: int) -> Row:
    """Run one row."""
    before = case.stored() if case.stored else set()
    sizes: list[int] = []
    with running(case.door, workers) as (process, port):
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.5):
                sizes.append(memory(process))

        watching = threading.Thread(target=watch)
        watching.start()
        first = load(("127.0.0.1", port), 8 * workers, 0.5, case.journeys)  # so that no worker's start is counted
        begun = work(process)
        outcome = load(("127.0.0.1", port), connections, seconds, case.journeys)
        worked = (work(process) - begun) / max(1, len(outcome.acknowledged))
        ended.set()
        watching.join()
    acknowledged = first.acknowledged | outcome.acknowledged
    found = case.stored() - before if case.stored else acknowledged
    third = (sizes[2], sizes[len(sizes) // 2], sizes[-1]) if len(sizes) > 3 else tuple(sizes)
    return Row(outcome, worked, third, len(acknowledged - found), len(found - acknowledged))


# -- Doors -------------------------------------------------------------------------------------------------------------------------


def our_zone(folder: Path, url: str) -> tuple[CollectionZone, CollectionStore]:
    """A collection zone with an open wave."""
    zone = CollectionZone(folder, url)
    ring = KeyRing(folder / "private", "a passphrase for a benchmark")
    zone.keys.mkdir(parents=True)
    for key_id in ("body", "locator"):
        ring.create(key_id, KeyKind.SEALED_BOX)
        (zone.keys / f"{key_id}.pub").write_text((ring.folder / f"{key_id}.pub").read_text())
    store = connect_collection(zone)
    store.open_wave(CollectionWave("benchmark", "big_ask", WaveState.OPEN, "body", "locator"), date.today(), EXPECTED)  # noqa: DTZ011
    return zone, store


def cases(folder: Path, databases: dict[str, Callable[[str], str]]) -> Iterator[Case]:
    """Every row of the table. `databases`: from the name of a kind to what gives the URL of a new one for a name."""
    survey = load_survey()
    children = Cohort(survey.forms, 2021, Directory.embedded()).children(CHILDREN)
    zone, _ = our_zone(folder / "recording", f"sqlite:///{folder / 'recording' / 'responses.sqlite'}")
    with running(lambda: child.create_app(zone, survey, standing=gate_is_open), 1) as (_, port):
        journeys = record(f"http://127.0.0.1:{port}", children)
    last = [[journey[-2]] for journey in journeys]
    yield Case("bare", "none", plain_door.bare, last, None)
    for database, new in databases.items():
        url = new("plain")
        engine = plain_door.make_tables(url)

        def plain_ids(engine=engine) -> set[bytes]:  # type: ignore[no-untyped-def]
            with engine.connect() as connection:
                return {found.encode() for found in connection.execute(select(plain_door.plain_response.c.id)).scalars()}

        yield Case("plain, submissions", database, lambda url=url: plain_door.plain(url), last, plain_ids)  # type: ignore[misc]
        engine.dispose()
        for name, sent in (("ours, submissions", last), ("ours, journey", journeys)):
            place = f"{name[6:]}-{database}"
            own, store = our_zone(folder / place, new(place))

            def our_ids(store: CollectionStore = store) -> set[bytes]:
                return {record.id.hex().encode() for record in store.records()}

            def our_door(own: CollectionZone = own) -> ASGIApp:
                return child.create_app(own, survey, standing=gate_is_open, commits=CommittingProcess)

            yield Case(name, database, our_door, sent, our_ids)


# -- The table ---------------------------------------------------------------------------------------------------------------------

HEADER = (
    f"{'database':11} {'way':20} {'conns':>5} {'per second':>10} {'x plain':>8} {'median':>7} {'p99':>8} {'work':>7} {'errors':>6}"
    "  memory MB        gen.  lost/other"
)


def show(case: Case, connections: int, rows: Sequence[Row], plain: float) -> str:
    """One line: medians over the repeats; what must not happen, summed."""
    speed = statistics.median(row.outcome.finished / row.outcome.seconds for row in rows)
    half, most = (statistics.median(row.outcome.percentile(share) for row in rows) for share in (0.5, 0.99))
    errors = sum((row.outcome.errors for row in rows), start=type(rows[0].outcome.errors)())
    sizes = "/".join(str(size) for size in rows[-1].memory)
    ratio = f"{speed / plain:8.1f}" if plain else " " * 8
    lost, other = sum(row.lost for row in rows), sum(row.doubled_or_unasked for row in rows)
    busy, work = max(row.outcome.cpu for row in rows), statistics.median(row.work for row in rows)
    line = f"{case.database:11} {case.name:20} {connections:5} {speed:10,.0f} {ratio} {half:7.1f} {most:8.1f} {work * 1e6:7,.0f}"
    line += f" {errors.total():6}  {sizes:15} {busy:5.0%}  {lost}/{other}"
    return line + (f"  {dict(errors)}" if errors else "")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.folder)))
        folder.chmod(0o711)  # PostgreSQL runs as a user of its own
        databases: dict[str, Callable[[str], str]] = {}
        if "sqlite" in given.databases:
            databases["sqlite"] = lambda name: f"sqlite:///{folder / name / 'responses.sqlite'}"
        if "postgresql" in given.databases:
            server = stack.enter_context(running_postgres(durable_in=folder))
            databases["postgresql"] = lambda _: server.new_database()
        print(HEADER, flush=True)
        speeds: dict[tuple[str, int], float] = {}
        for case in (case for case in cases(folder, databases) if case.name in map(WAYS.get, given.ways)):
            for connections in given.connections:
                rows = [measure(case, connections, given.seconds, given.workers) for _ in range(given.repeat)]
                if case.name.startswith("plain"):
                    speeds[case.database, connections] = statistics.median(row.outcome.finished / row.outcome.seconds for row in rows)
                print(show(case, connections, rows, speeds.get((case.database, connections), 0.0)), flush=True)


if __name__ == "__main__":
    main()
