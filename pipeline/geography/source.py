"""Finding the table in a downloaded file: a CSV, a GeoJSON, or a zip with one of them somewhere inside."""

from __future__ import annotations

import csv
import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

HEADER_BYTES: Final = 1 << 16
TABLES: Final = (".csv", ".txt")
MAPS: Final = (".geojson", ".json")


class GeographyError(ValueError):
    """A file that is refused. The message says what was expected and what was found."""


@dataclass(frozen=True)
class Source:
    """One table or map: a file, or a member of a zip. `size` in bytes, unpacked."""

    path: Path
    member: str | None
    size: int

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return self.path.name if self.member is None else f"{PurePosixPath(self.member).name} in {self.path.name}"

    @property
    def is_map(self) -> bool:
        """True for a GeoJSON."""
        return (self.member or self.path.name).lower().endswith(MAPS)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Its bytes, unpacked. Raises GeographyError if the file is cut off or damaged."""
        try:
            if self.member is None:
                with self.path.open("rb") as stream:
                    yield stream
            else:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                    yield stream
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise GeographyError(f"{self.name} cannot be read to its end: download it again") from error

    def header(self) -> list[str]:
        """The column names of its first line, without quotes, blanks or byte order mark."""
        with self.open() as stream:
            start = stream.read(HEADER_BYTES)
        line = start.removeprefix(b"\xef\xbb\xbf").splitlines()[0] if start else b""
        return [name.strip() for name in next(csv.reader([line.decode("windows-1252", errors="replace")]), [])]

    @property
    def promises_to_be_whole(self) -> bool:
        """Whether the file itself says how much of it there must be: a zip has lengths and checksums, a GeoJSON its closing bracket."""
        return self.member is not None or self.is_map

    def ends_with_newline(self) -> bool:
        """Whether its last line is finished. A zip checks itself as it is read."""
        if self.member is not None or self.size == 0:
            return self.size > 0
        with self.path.open("rb") as stream:
            stream.seek(-1, 2)
            return stream.read(1) == b"\n"


def sources(path: Path) -> list[Source]:
    """Every table and map in a file, the largest first. Raises GeographyError if there is none."""
    if not path.is_file():
        raise GeographyError(f"there is no file '{path.name}': give the path of a downloaded CSV, GeoJSON or zip file")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.lower().endswith((*TABLES, *MAPS))]
        found = [Source(path, info.filename, info.file_size) for info in members if "__MACOSX" not in info.filename]
    elif path.suffix.lower() == ".zip":
        raise GeographyError(f"{path.name} is no whole zip file: download it again")
    else:
        found = [Source(path, None, path.stat().st_size)] if path.suffix.lower() in (*TABLES, *MAPS) else []
    if not found:
        raise GeographyError(f"expected a CSV or GeoJSON file, or a zip file with one inside; found neither in {path.name}")
    return sorted(found, key=lambda source: (-source.size, source.member or ""))


def sha256(path: Path) -> str:
    """Of the whole file as downloaded."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
