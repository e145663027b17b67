"""From draft to released: what each of the three people does, checked against the very bytes of the draft, and signed.

The register (retention.releases) decides who may do what; this module adds the draft's folder, the office's signature and the
way into the release zone. The order is register first, zone second: whatever is interrupted, `publish_released` completes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline import gate
from pipeline.release_names import METADATA
from pipeline.release_zone import ReleaseDamaged, Signed, VerifiedRelease, checked_file, manifest_files, publish, take_back
from retention import releases
from retention.keys import public_key
from retention.ledger import SIGNING_KEY
from retention.releases import Release, ReleaseRefused, ReleaseState
from retention.secure_store import SecureStore
from retention.settings import ReleaseZone, SecureZone


def draft_folder(zone: SecureZone, release_id: str) -> Path:
    """Where the files of a draft lie."""
    return zone.folder / "drafts" / release_id


def read_draft(store: SecureStore, release_id: str) -> VerifiedRelease:
    """A draft as it would leave, every file of it checked against the register. Raises ReleaseRefused."""
    known = releases.release(store, release_id)
    folder = draft_folder(store.zone, known.id)
    try:
        digest, files = manifest_files(folder)
        metadata = json.loads(checked_file(folder, METADATA, files[METADATA]))
    except ReleaseDamaged as error:
        raise ReleaseRefused(f"The draft of '{known.id}' cannot be trusted. {error} Draft it anew under a new name.") from None
    if digest != known.sha256:
        raise ReleaseRefused(f"The files of release '{known.id}' are not those that were drafted: draft them anew under a new name.")
    return VerifiedRelease(folder, digest, metadata, files, approval={}, withdrawn=None)


def check(store: SecureStore, release_id: str, person: str) -> Release:
    """The output checker has looked at these bytes. Raises ReleaseRefused, GateShut."""
    draft = read_draft(store, release_id)
    gate.require_approval(draft.metadata)
    return releases.check(store, release_id, person, draft.sha256)


def approve(store: SecureStore, release_id: str, person: str, zone: ReleaseZone | None) -> Release:
    """A second person lets these bytes leave; with a zone they are published at once. Raises ReleaseRefused, GateShut."""
    draft = read_draft(store, release_id)
    gate.require_approval(draft.metadata)
    approved = releases.approve(store, release_id, person, draft.sha256)
    if zone is not None:
        publish_released(store, zone)
    return approved


def withdraw(store: SecureStore, release_id: str, person: str, reason: str, zone: ReleaseZone | None) -> Release:
    """Take a release back, with a reason that its page will show. Raises ReleaseRefused."""
    withdrawn = releases.withdraw(store, release_id, person, reason)
    if zone is not None:
        publish_released(store, zone)
    return withdrawn


def publish_released(store: SecureStore, zone: ReleaseZone) -> list[str]:
    """Bring the release zone in line with the register and return the ids of all that is there. Can be repeated.

    Raises ReleaseDamaged if a draft or a release is not what was approved.
    """
    key = public_key(store.zone.keys, SIGNING_KEY)
    published = []
    for release in releases.releases(store):
        if release.state not in (ReleaseState.RELEASED, ReleaseState.WITHDRAWN):
            continue
        folder = zone.folder / release.id
        if not folder.exists():
            publish(draft_folder(store.zone, release.id), zone.folder, _sign(store, _approval(release)), key)
        if release.state is ReleaseState.WITHDRAWN:
            statement = {"release": release.id, "sha256": release.sha256, "withdrawn": release.reason}
            take_back(zone.folder, _sign(store, statement), key)
        published.append(release.id)
    return published


def _approval(release: Release) -> dict[str, Any]:
    day = release.released_on.isoformat() if release.released_on else None
    people = {"author": release.author, "checker": release.checker, "approver": release.approver}
    return {"release": release.id, "sha256": release.sha256, **people, "released_on": day}


def _sign(store: SecureStore, statement: dict[str, Any]) -> Signed:
    document = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Signed(document, store.ring.sign(SIGNING_KEY, document.encode()).hex())
