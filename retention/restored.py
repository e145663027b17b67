"""A backup brings keys back: those that a certificate says are destroyed are destroyed again before anything is opened with them.

A key that was destroyed leaves a word in the key folder, and a certificate in a folder of its own. Whoever puts back an older key folder
loses the word and keeps the certificate. Who throws away both and puts back the whole zone is beyond this: keep certificates elsewhere
too, and copy them in again after such a restoration. That it was put back shows by an end of the ledger that was noted elsewhere
(`bigask ledger head`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from retention.keys import KeyRing, verify
from retention.ledger import SIGNING_KEY


def returned(certificates: Path, ring: KeyRing) -> Iterator[tuple[str, str]]:
    """(wave, key id) of every key that is there although a genuine certificate in this folder says that it was destroyed."""
    for path in sorted(certificates.glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            document, signature = str(data["document"]), bytes.fromhex(data["signature"])
            says = dict(json.loads(document))
            wave_id, key_id = str(says["wave"]), str(says["key"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # not a certificate of a key; `bigask certificates verify` says what is wrong with it
        there = (ring.folder / f"{key_id}.key").exists()
        if there and verify(ring.public(SIGNING_KEY), document.encode(), signature):
            yield wave_id, key_id
