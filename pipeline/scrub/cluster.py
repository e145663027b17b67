"""A scan on the machines of a Dask cluster: futures over the parts, a scrubber on every worker.

What children wrote travels only encrypted, or inside one machine; no worker may move it to a disk, and nothing that Dask writes into a
log holds it (a `Part` never shows its texts, and the tasks' keys are numbers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from distributed import Client, Future, Security, Worker, WorkerPlugin, get_worker, wait
from distributed.scheduler import KilledWorker

from pipeline.scrub.executors import _AHEAD, ScanStopped
from pipeline.scrub.scan import Found, Part, Run
from pipeline.scrub.scrubber import Scrubber, Setting
from retention.memory import as_helper

_NAME = "bigask-scrubber"
_OWN_MACHINE = ("127.0.0.1", "localhost", "::1")


class UnsafeCluster(ValueError):
    """A cluster on which what children wrote would not be safe. The message says what to change."""


class _Scrubbing(WorkerPlugin):
    """Makes the scrubber when a worker starts, also one that starts in place of another."""

    def __init__(self, setting: Setting) -> None:
        self.name, self._setting = _NAME, setting
        self.scrubber: Scrubber | None = None

    def setup(self, worker: Worker) -> None:
        _require_no_spill(worker)
        as_helper()
        self.scrubber = Scrubber.of(self._setting)

    def __getstate__(self) -> dict[str, object]:
        return {"name": self.name, "_setting": self._setting, "scrubber": None}


def _require_no_spill(worker: Worker) -> None:
    if type(worker.data) is not dict:
        raise UnsafeCluster(
            "A worker of this cluster would write to its disk when memory is short: start the workers with "
            "distributed.worker.memory.target, .spill and .pause set to false."
        )


def _find(part: Part) -> Found:
    worker = get_worker()
    _require_no_spill(worker)
    plugin = worker.plugins[_NAME]
    if not isinstance(plugin, _Scrubbing) or plugin.scrubber is None:
        raise RuntimeError("a worker of the cluster has no scrubber")
    return plugin.scrubber.find_part(part.texts)


@contextmanager
def cluster(setting: Setting, scheduler: str) -> Iterator[Run]:
    """The cluster whose scheduler listens at this address (tls://..., or tcp://127.0.0.1:... on one machine).

    TLS certificates are taken from Dask's own configuration (distributed.comm.tls). A worker that is killed is replaced or its parts
    go to the others. Raises UnsafeCluster for an address that is not encrypted, or workers that may write to a disk; ScanStopped if
    nobody answers there.
    """
    address = urlsplit(scheduler)
    if address.scheme != "tls" and not (address.scheme == "tcp" and address.hostname in _OWN_MACHINE):
        raise UnsafeCluster("What children wrote may leave this machine only encrypted: give the scheduler's address as tls://HOST:PORT.")
    security = Security(require_encryption=address.scheme == "tls")  # type: ignore[no-untyped-call]
    try:
        made = Client(scheduler, security=security, set_as_default=False, name="bigask")  # type: ignore[no-untyped-call]
    except OSError:
        raise ScanStopped("No scheduler answers at the address that was given: start it, or mend the address.") from None
    with made as client:
        client.register_plugin(_Scrubbing(setting))
        try:
            yield partial(_run, client)
        finally:
            if client.status == "running":
                client.unregister_worker_plugin(_NAME)


def _run(client: Client, parts: Iterable[Part]) -> Iterator[tuple[int, Found]]:
    waiting: dict[Future[Found], int] = {}
    for part in parts:
        most = _AHEAD * max(1, sum(client.nthreads().values()))  # type: ignore[no-untyped-call]
        waiting[client.submit(_find, part, key=f"scrub-{part.number}", pure=False)] = part.number
        if len(waiting) >= most:
            yield from _ended(client, waiting)
    while waiting:
        yield from _ended(client, waiting)


def _ended(client: Client, waiting: dict[Future[Found], int]) -> Iterator[tuple[int, Found]]:
    with client.as_current():
        ended = wait(list(waiting), return_when="FIRST_COMPLETED").done  # type: ignore[no-untyped-call]
    for future in ended:
        try:
            found: Found = future.result()
        except KilledWorker:
            raise ScanStopped("Workers of the cluster ended again and again on the same texts: look at their memory.") from None
        yield waiting.pop(future), found
        future.release()
