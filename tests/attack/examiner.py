"""A forensic examiner: everything that is left on the disks, the passphrase, and time. What can still be known of where a child lives?"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from nacl.exceptions import CryptoError

from retention.keys import KeyRing
from retention.seal import SealError, open_sealed
from retention.vault import _AnyOf
from tests.attack.whole_chain import EMPTY, find

# A process that dies in the middle of matching, with everything in clear in its memory, and says all that Python can say about it.
CRASHING = """
import os, resource, sys
from pathlib import Path
from nacl import pwhash
from retention import keys
keys.PASSPHRASE_OPSLIMIT, keys.PASSPHRASE_MEMLIMIT = pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN
from pipeline.steps import locate_part
from retention.steps import Verb
from tests.integration.chain import Office
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
whole = locate_part.match

def crash(locators, *rest):
    places = whole(locators, *rest)
    if sys.argv[2] == "abort":
        os.abort()
    raise RuntimeError("in the middle of matching")

locate_part.match = crash
Office.at(Path(sys.argv[1]), **dict(item.split("=", 1) for item in sys.argv[3:])).run(Verb.LOCATE)
"""


def crash_while_locating(home: Path, how: str, urls: dict[str, str]) -> int:
    """Run `locate` in a process of its own that dies "abort" or "raise"; what it says is kept in the logs. Its exit code."""
    with (home / "logs" / "crash.log").open("ab") as log:
        switches = ["-X", "dev", "-X", "faulthandler", "-W", "ignore"]
        command = [sys.executable, *switches, "-c", CRASHING, str(home), how, *(f"{name}={url}" for name, url in urls.items())]
        environment = {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "TMPDIR": str(home / "tmp"),
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
        }
        return subprocess.run(command, cwd=home / "tmp", stdout=log, stderr=log, env=environment, check=False).returncode


@dataclass(frozen=True)
class Findings:
    """What the examiner knows in the end: (number of the needle, file) in clear, and how many sealed records some key opens."""

    in_clear: list[tuple[int, str]]
    opened: int
    keys: int

    @property
    def nothing(self) -> bool:
        """True if nothing was found, by somebody who had keys to try."""
        return not self.in_clear and self.opened == 0 and self.keys > 0


def examine(folders: Iterable[Path], passphrase: str, ring: Path, records: Iterable[bytes], needles: list[str]) -> Findings:
    """Search every byte below these folders, unwrap every key file whatever it is called, and try each on every record and data set."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    keys = list(surviving_keys(files, KeyRing(ring, passphrase)))
    known = list(records)
    opened = sum(_opens(record, keys) for record in known)
    contents = ((str(path), _content(path, keys)) for path in files)
    return Findings(find(needles, contents), opened, len(keys))


def _read(path: Path) -> bytes:
    """The bytes of a file; none, if a running server removed it after the folder was listed."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def surviving_keys(files: Iterable[Path], ring: KeyRing) -> Iterator[bytes]:
    """Every private key that the passphrase unwraps, in whatever file it lies, and whatever is said to have been destroyed."""
    for path in files:
        raw = _read(path)
        if len(raw) > 4096:
            continue
        try:
            yield bytes(ring._box.decrypt(bytes.fromhex(json.loads(raw)["box"])))
        except (ValueError, KeyError, TypeError, CryptoError):
            continue


def _opens(record: bytes, keys: list[bytes]) -> bool:
    for key in keys:
        try:
            open_sealed(record, key)
        except SealError:
            continue
        return True
    return False


def _content(path: Path, keys: list[bytes]) -> bytes:
    """The bytes of a file; of a data set that a key opens, its cells as well."""
    raw = EMPTY.sub(bytes(64), _read(path))
    if path.suffix != ".parquet":
        return raw
    factory = pe.CryptoFactory(lambda _: _AnyOf(keys))
    try:
        properties = factory.file_decryption_properties(pe.KmsConnectionConfig())
        frame = pq.ParquetFile(path, decryption_properties=properties).read().to_pandas()
    except (OSError, ValueError, CryptoError):
        return raw
    return raw + b"".join(bytes(cell) if isinstance(cell, bytes) else str(cell).encode() for column in frame for cell in frame[column])


def boxes_in(raw: Iterable[Path], records: Iterable[bytes]) -> int:
    """How many of these sealed records lie whole in one of these files, though the database no longer knows them."""
    contents = [_read(path) for path in raw]
    return sum(any(record[100:400] in content for content in contents) for record in records)
