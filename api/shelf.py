"""The releases of one zone as the researcher door sees them: each verified whenever it is asked for, and never changed."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException

from pipeline.release_zone import ReleaseDamaged, ReleaseUnknown, VerifiedRelease, office_key, read_release, release_ids
from retention.settings import ReleaseZone

log = logging.getLogger("bigask.door")


class Shelf:
    """The releases of one zone. The office's key is read once, so that whoever swaps it later is found out."""

    def __init__(self, zone: ReleaseZone) -> None:
        self._zone = zone
        self._key: bytes | None = None

    def _office(self) -> bytes:
        if self._key is None:
            self._key = office_key(self._zone.folder)
        return self._key

    def release(self, release_id: str) -> VerifiedRelease:
        """A release, verified now. Raises HTTPException 404, ReleaseDamaged."""
        if release_id not in release_ids(self._zone.folder):
            raise HTTPException(404)
        try:
            return read_release(self._zone.folder / release_id, self._office())
        except ReleaseUnknown:
            raise HTTPException(404) from None
        except ReleaseDamaged as error:
            log.error("release %s is not served: %s", release_id, error)
            raise

    def all(self) -> list[tuple[str, VerifiedRelease | None]]:
        """Every release, the newest first; None for one that does not verify."""
        found: list[tuple[str, VerifiedRelease | None]] = []
        for release_id in release_ids(self._zone.folder):
            try:
                found.append((release_id, self.release(release_id)))
            except ReleaseDamaged:
                found.append((release_id, None))
        return sorted(found, key=lambda pair: str(pair[1].approval["released_on"]) if pair[1] else "", reverse=True)
