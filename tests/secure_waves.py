"""Waves of the secure zone for tests: really sealed, really encrypted, with canaries for content."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from retention.bundle import write_bundle
from retention.destroy import BUNDLES, destroy
from retention.keys import KeyKind, public_key
from retention.ledger import Entry
from retention.seal import seal
from retention.secure_store import SecureStore, Wave
from retention.steps import NEEDS, Verb, step
from retention.vault import StoredFile, file_hash

CANARY = "the-den-behind-Zebra-Street-ZZ99"
WRITES = {
    Verb.LOCATE: ("located",),
    Verb.SCRUB: ("answers", "texts", "spans"),
    Verb.REVIEW: ("texts_clean",),
    Verb.TABULATE: ("tables",),
    Verb.PROTECT: ("protected",),
    Verb.RELEASE: (),
}


def frame(rows: int = 3) -> pd.DataFrame:
    """Rows of canaries, in a column that every data set may have."""
    return pd.DataFrame({"row": range(rows), "rgn": [f"{CANARY}-{row}" for row in range(rows)]})


def new_wave(store: SecureStore, wave_id: str = "2026-spring", survey: str = "tiny") -> Wave:
    """A wave with its two keys."""
    wave = Wave(wave_id, survey, f"body-{wave_id}", f"locator-{wave_id}")
    for key_id in (wave.body_key, wave.locator_key):
        store.ring.create(key_id, KeyKind.SEALED_BOX)
    store.add_wave(wave, Entry("tester", "wave-open", wave_id))
    return wave


def transfer(store: SecureStore, wave: Wave, records: int = 5, keys: dict[str, str] | None = None) -> None:
    """The step `transfer`, with bundles that are really sealed. `keys`: to which key ids, if not to their own."""
    own = {"bodies": wave.body_key, "locators": wave.locator_key}
    with step(store, wave, Verb.TRANSFER, "tester") as running:
        for kind, size in BUNDLES.items():
            path = store.vault.folder / f"{kind}-{wave.id}.bundle"
            public = public_key(store.zone.keys, (keys or own)[kind])
            write_bundle(path, kind, size, (seal(f"{CANARY}-{n}".encode(), size, public) for n in range(records)))
            running.add_file(kind, StoredFile(path.name, own[kind], records, file_hash(path)))
        running.counts["responses"] = records


def run_step(store: SecureStore, wave: Wave, verb: Verb) -> None:
    """Any step, with data sets of canaries."""
    if verb is Verb.TRANSFER:
        transfer(store, wave)
        return
    with step(store, wave, verb, "tester") as running:
        for kind in WRITES[verb]:
            running.save(kind, frame())


def run_before(store: SecureStore, wave: Wave, verb: Verb) -> None:
    """Every step and destruction that `verb` needs."""
    verbs = list(Verb)
    for earlier, later in pairwise(verbs[: verbs.index(verb) + 1]):
        run_step(store, wave, earlier)
        for kind in NEEDS[later].destroyed:
            if kind not in NEEDS[earlier].destroyed:
                destroy(store, wave, kind, "tester", "schedule.test")
