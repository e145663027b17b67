"""Close the wave, carry its sealed records to the secure zone, verify that all arrived, then wipe the collection server."""

from __future__ import annotations

from pipeline.progress import Progress, silent
from retention.bundle import BundleWriter, check_bundle
from retention.collection_store import CollectionStore, WaveState
from retention.destroy import BUNDLES
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, today
from retention.steps import Verb, step
from retention.vault import StoredFile, file_hash


def transfer(
    store: SecureStore, collection: CollectionStore, wave_id: str, actor: str, progress: Progress = silent
) -> dict[str, int | str]:
    """Carry a wave over. Returns the step's counts.

    Raises StepRefused if another wave is on the collection server or not every record arrived; then nothing is wiped.
    """
    wave = store.wave(wave_id)
    there = collection.wave()
    if there.id != wave_id and Verb.TRANSFER not in store.steps(wave_id):
        raise StepRefused(f"The collection server holds wave '{there.id}', not '{wave_id}'.")
    if Verb.TRANSFER not in store.steps(wave_id):
        collection.close(today())
        with step(store, wave, Verb.TRANSFER, actor) as running:
            total = collection.count()
            keys = {"bodies": wave.body_key, "locators": wave.locator_key}
            paths = {kind: store.vault.folder / f"{kind}-{wave_id}.bundle" for kind in BUNDLES}
            writers = {kind: BundleWriter(paths[kind], kind, size) for kind, size in BUNDLES.items()}
            for done, record in enumerate(collection.records(), start=1):
                writers["bodies"].add(record.body)
                writers["locators"].add(record.locator)
                progress(done, total)
            for kind, size in BUNDLES.items():
                writers[kind].finish()
                if check_bundle(paths[kind], kind, size) != total:
                    raise StepRefused(f"Not every record of wave '{wave_id}' arrived: run `bigask transfer` again.")
                digest = file_hash(paths[kind])
                running.add_file(kind, StoredFile(paths[kind].name, keys[kind], total, digest))
                running.counts[f"{kind}_sha256"] = digest
            running.counts["responses"] = total
    if there.id == wave_id and there.state is not WaveState.WIPED:
        collection.wipe()
        with store.record(Entry(actor, "wipe-collection", wave_id)):
            pass
    return dict(store.steps(wave_id)[Verb.TRANSFER])
