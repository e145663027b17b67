"""Where every wave and release stands, as data and as a page of text."""

from __future__ import annotations

from typing import Any

from retention import extracts, releases, review
from retention.collection_store import CollectionStore, NoWave, WaveState
from retention.secure_store import SecureStore
from retention.steps import NEEDS, Verb

STEPS = tuple(verb for verb in NEEDS if verb is not Verb.RELEASE)


def status(store: SecureStore, collection: CollectionStore) -> dict[str, Any]:
    """Waves with their steps, data sets and releases; the ledger's verified length. JSON-able."""
    try:
        there = collection.wave()
        collecting: dict[str, Any] = {"wave": there.id, "state": there.state.value, "responses": collection.count()}
    except NoWave:
        collecting = {"wave": None, "state": WaveState.WIPED.value, "responses": 0}
    waves = []
    for wave in store.waves():
        done = store.steps(wave.id)
        waiting = review.waiting(store, wave.id)
        waves.append(
            {
                "wave": wave.id,
                "survey": wave.survey,
                "steps": {verb.value: dict(done[verb]) if verb in done else None for verb in STEPS},
                "next": next((verb.value for verb in STEPS if verb not in done), None),
                "texts_waiting": waiting,
                "data_sets": {
                    asset.kind: "destroyed" if asset.destroyed_on else f"{asset.stored.rows} rows" for asset in store.assets(wave.id)
                },
                "releases": [{"release": found.id, "state": found.state.value} for found in releases.releases(store, wave.id)],
            }
        )
    return {"collection": collecting, "waves": waves, "extracts_overdue": extracts.overdue(store), "ledger_entries": store.verify_ledger()}


def as_text(found: dict[str, Any]) -> str:
    """The same for a person."""
    there = found["collection"]
    first = "No wave is on the collection server."
    if there["wave"] is not None:
        first = f"Collection server: wave {there['wave']} is {there['state']}, {there['responses']} responses."
    lines = [first]
    for wave in found["waves"]:
        lines.append(f"Wave {wave['wave']} ({wave['survey']})")
        for verb, counts in wave["steps"].items():
            lines.append(f"  {'done' if counts is not None else 'open':5} {verb}")
        lines += _of_places(wave["steps"])
        if wave["texts_waiting"]:
            lines.append(f"  {wave['texts_waiting']} texts wait to be read at the staff door")
        kept = [f"{kind} ({state})" for kind, state in sorted(wave["data_sets"].items())]
        lines.append(f"  data sets: {', '.join(kept) or 'none'}")
        lines += [f"  release {entry['release']}: {entry['state']}" for entry in wave["releases"]]
        if wave["next"]:
            lines.append(f"  next: bigask {wave['next']} --wave {wave['wave']}")
    if found.get("extracts_overdue"):
        lines.append(f"OVERDUE: the deletion of {found['extracts_overdue']} extracts is not attested (bigask extracts list)")
    lines.append(f"Ledger: {found['ledger_entries']} entries, chain and signatures verified.")
    return "\n".join(lines)


def _of_places(steps: dict[str, Any]) -> list[str]:
    """What a wave was located with, and what could not be read of it."""
    located, scrubbed = steps.get(Verb.LOCATE) or {}, steps.get(Verb.SCRUB) or {}
    lines = []
    if "directory" in located:
        sources = sum(key.startswith("source_") for key in located)
        told = ", ".join(f"{what} {located[what]}" for what in ("directory", "deprivation", "schools"))
        lines.append(f"  located with {told} ({sources} source files by hash in the ledger: --json)".replace("_", " "))
    aside = [f"{counts['set_aside']} {what}" for counts, what in ((located, "locators"), (scrubbed, "bodies")) if counts.get("set_aside")]
    if aside:
        lines.append(f"  {' and '.join(aside)} could not be read and are set aside, sealed")
    return lines
