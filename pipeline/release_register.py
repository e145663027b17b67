"""The release register: every table that left, or is about to leave, as relations, so that a new one is held against them all."""

from __future__ import annotations

import json
from dataclasses import dataclass

from disclosure.policy import Policy
from disclosure.published_table import PublishedTable
from disclosure.relations import from_relations
from pipeline.policy_in_force import policy_named
from retention.releases import ReleaseState, releases
from retention.secure_store import SecureStore, StepRefused


@dataclass(frozen=True, eq=False)
class Earlier:
    """Releases that a new one must be held against, and their tables."""

    releases: tuple[str, ...]
    tables: tuple[PublishedTable, ...]


def earlier(store: SecureStore, wave_id: str) -> Earlier:
    """The tables of all releases of other waves that were not refused: what was withdrawn has been read, what is drafted may leave.

    Raises StepRefused if what is kept of one of them is gone, or was kept without its relations.
    """
    found = [release for release in releases(store) if release.state is not ReleaseState.REFUSED and release.wave != wave_id]
    tables = [table for wave in dict.fromkeys(release.wave for release in found) for table in tables_of(store, wave)]
    return Earlier(tuple(release.id for release in found), tuple(tables))


def policy_of(store: SecureStore, wave_id: str) -> Policy:
    """The policy that a wave's tables were protected under. Raises StepRefused, VaultError, DisclosureError."""
    about = json.loads(store.vault.read(store.asset(wave_id, "attack").stored)["document"].iloc[0])
    return policy_named(str(about["policy"]), store.zone)


def tables_of(store: SecureStore, wave_id: str) -> list[PublishedTable]:
    """The protected tables of a wave, as they were when they were protected. Raises StepRefused, VaultError."""
    gone = [asset.kind for asset in store.assets(wave_id) if asset.kind in ("protected", "attack") and asset.destroyed_on]
    if gone:
        raise StepRefused(
            f"The {gone[0]} tables of wave '{wave_id}' were destroyed: without them no new table can be held against its releases."
        )
    frame = store.vault.read(store.asset(wave_id, "protected").stored)
    about = json.loads(store.vault.read(store.asset(wave_id, "attack").stored)["document"].iloc[0])
    if "relations" not in about:
        raise StepRefused(f"The tables of wave '{wave_id}' were kept without their relations: protect that wave anew before this one.")
    parts = dict(list(frame.groupby("table", sort=False)))
    return [
        from_relations(entry, *(parts[entry["id"]][name].to_numpy() for name in ("value", "status", "floor")))
        for entry in about["relations"]
    ]
