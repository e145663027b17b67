"""What the files of a release are called, and nothing else may be: the allow-list that building and serving share."""

from __future__ import annotations

import hashlib
import re

METADATA, AUDIT, MANIFEST = "release.json", "audit.json", "manifest.json"
FILE_NAME = re.compile(
    r"^(release\.json|audit\.json|(?:quotes|texts)\.csv"
    r"|tables/[a-z0-9][a-z0-9-]{0,60}\.(csv|csv-metadata\.json|xlsx|ods|parquet)"
    r"|(charts|maps)/[a-z0-9][a-z0-9-]{0,60}\.(svg|png))\Z"
)
CONFIDENTIAL = "[c]"
MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
