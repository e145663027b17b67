"""Close the wave, carry its sealed records to the secure zone, verify that all arrived, then wipe the collection server."""

from __future__ import annotations

from contextlib import ExitStack

from pipeline.progress import Progress, silent
from retention.bundle import BundleWriter, check_bundle
from retention.collection_store import CollectionStore, WaveState
from retention.destroy import BUNDLES
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave, today
from retention.steps import Step, Verb, step
from retention.vault import StoredFile, file_hash

WIPED = "wipe-collection"


def transfer(
    store: SecureStore, collection: CollectionStore, wave_id: str, actor: str, progress: Progress = silent
) -> dict[str, int | str]:
    """Carry a wave over. Returns the step's counts, and what the server's write-ahead log still holds (sealed, if anything).

    Raises StepRefused if another wave is on the collection server or not every record arrived; then nothing is wiped.
    """
    wave = store.wave(wave_id)
    if Verb.TRANSFER not in store.steps(wave_id):
        there = collection.wave()
        if there.id != wave_id:
            raise StepRefused(f"The collection server holds wave '{there.id}', not '{wave_id}'.")
        if there.state is WaveState.WIPED:
            raise StepRefused(
                f"The collection server holds nothing of wave '{wave_id}' any more, but no transfer is known here: look at both backups."
            )
        with step(store, wave, Verb.TRANSFER, actor) as running:
            collection.close(today())
            _carry(store, collection, wave, running, progress)
    _wipe(store, collection, wave, actor)
    return {**store.steps(wave_id)[Verb.TRANSFER], "write_ahead_log": collection.log_after_wipe}


def _carry(store: SecureStore, collection: CollectionStore, wave: Wave, running: Step, progress: Progress) -> None:
    total = collection.count()
    keys = {"bodies": wave.body_key, "locators": wave.locator_key}
    paths = {kind: store.vault.folder / f"{kind}-{wave.id}.bundle" for kind in BUNDLES}
    with ExitStack() as stack:
        writers = {kind: stack.enter_context(BundleWriter(paths[kind], kind, size)) for kind, size in BUNDLES.items()}
        for done, record in enumerate(collection.records(), start=1):
            writers["bodies"].add(record.body)
            writers["locators"].add(record.locator)
            progress(done, total)
        for writer in writers.values():
            writer.finish()
    for kind, size in BUNDLES.items():
        if check_bundle(paths[kind], kind, size) != total:
            raise StepRefused(f"Not every record of wave '{wave.id}' arrived: run `bigask transfer` again.")
        digest = file_hash(paths[kind])
        running.add_file(kind, StoredFile(paths[kind].name, keys[kind], total, digest))
        running.counts[f"{kind}_sha256"] = digest
    running.counts["responses"] = total


def _wipe(store: SecureStore, collection: CollectionStore, wave: Wave, actor: str) -> None:
    """Empty the collection server once the wave is here, and say so once in the ledger, wherever an earlier attempt was killed."""
    if any(signed.entry.verb == WIPED and signed.entry.wave == wave.id for signed in store.ledger()):
        return
    there = collection.wave()
    if there.id == wave.id and there.state is not WaveState.WIPED:
        _require_here(store, wave)
        collection.wipe()
    with store.record(Entry(actor, WIPED, wave.id, {"write_ahead_log": collection.log_after_wipe})):
        pass


def _require_here(store: SecureStore, wave: Wave) -> None:
    """Both bundles lie here as they were registered; else the collection server holds the only copy, and keeps it."""
    for kind in BUNDLES:
        stored = store.asset(wave.id, kind).stored
        path = store.vault.folder / stored.name
        if not path.is_file() or file_hash(path) != stored.sha256:
            raise StepRefused(
                f"The collection server is not wiped: the {kind} of wave '{wave.id}' are not here as they were transferred. "
                f"Restore the file '{stored.name}' from its backup, then run `bigask transfer` again."
            )
