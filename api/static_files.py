"""Our own styles, scripts, fonts and pictures, served from memory under an address that changes with their content.

The hash in the address is over all files together, so relative references between them stay true.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent; `packed` is gzip, or empty where packing does not pay."""

    media_type: str
    content: bytes
    packed: bytes


class StaticFiles:
    """Every file under a folder whose kind we know. Nothing else on the disk can be asked for."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, StaticFile] = {}
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.suffix not in TYPES or not path.is_file():
                continue
            name, content = path.relative_to(folder).as_posix(), path.read_bytes()
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
            packed = b"" if path.suffix == ".woff2" else gzip.compress(content, mtime=0)
            self._files[name] = StaticFile(TYPES[path.suffix], content, packed if len(packed) < len(content) else b"")
        self.prefix = f"/static/{digest.hexdigest()[:16]}"

    def url(self, name: str) -> str:
        """Address of a file. Raises KeyError for a file that is not there, so that no page can point at nothing."""
        if name not in self._files:
            raise KeyError(f"api/static/{name} is missing: run the build in api/assets")
        return f"{self.prefix}/{name}"

    def response(self, name: str, request: Request) -> Response | None:
        """The file, packed if the browser can unpack it; None if there is none."""
        file = self._files.get(name)
        if file is None:
            return None
        headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
        if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.packed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
        return Response(file.content, media_type=file.media_type, headers=headers)


@lru_cache(maxsize=1)
def static_files() -> StaticFiles:
    """The files of this installation, read once."""
    return StaticFiles(FOLDER)
