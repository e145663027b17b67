"""What the files of a release are called, and nothing else may be: the allow-list that building and serving share."""

from __future__ import annotations

import hashlib
import re

METADATA, AUDIT, MANIFEST = "release.json", "audit.json", "manifest.json"
FILE_NAME = re.compile(r"^(release\.json|audit\.json|tables/[a-z0-9][a-z0-9-]{0,60}\.(csv|xlsx))\Z")
CONFIDENTIAL = "[c]"


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
