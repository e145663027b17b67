"""The release zone: what the researcher door may read. A release is there whole, signed and unchanged, or not at all.

`<zone>/office.pub` is the office's public key; `<zone>/<release>/` holds the manifest's files, the manifest, `approval.json`
and, if it was taken back, `withdrawn.json`. The two statements are signed in the secure zone (see pipeline.approval); this
module only copies and verifies, so that the public server needs neither the register nor any private key.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.release_names import FILE_NAME, MANIFEST, METADATA, sha256
from retention.keys import sync_folder, verify

APPROVAL, WITHDRAWN, OFFICE_KEY = "approval.json", "withdrawn.json", "office.pub"
RELEASE_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,60}\Z")


class ReleaseDamaged(RuntimeError):
    """A release is not what was approved: a file is missing, was added or changed, or a signature is wrong. It is not served."""


class ReleaseUnknown(LookupError):
    """There is no release, or no file in it, of this name."""


@dataclass(frozen=True)
class Signed:
    """A statement of the office: canonical JSON and its Ed25519 signature in hexadecimal."""

    document: str
    signature: str

    def read(self, public_key: bytes) -> dict[str, Any]:
        """What it states. Raises ReleaseDamaged if this office did not sign it."""
        try:
            good = verify(public_key, self.document.encode(), bytes.fromhex(self.signature))
            content = json.loads(self.document) if good else None
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ReleaseDamaged("A statement about a release is not signed by this office.")
        return content


@dataclass(frozen=True)
class VerifiedRelease:
    """A release whose every byte has been checked. `sha256` of its manifest; `files`: SHA-256 by name; `withdrawn`: why, if it was."""

    folder: Path
    sha256: str
    metadata: Mapping[str, Any]
    files: Mapping[str, str]
    approval: Mapping[str, Any]
    withdrawn: str | None

    @property
    def id(self) -> str:
        """The release's id."""
        return str(self.metadata["id"])

    def file(self, name: str) -> bytes:
        """The bytes of one file of the manifest, checked as they are read. Raises ReleaseUnknown, ReleaseDamaged."""
        if name not in self.files:
            raise ReleaseUnknown("There is no such file in this release.")
        return checked_file(self.folder, name, self.files[name])


def manifest_files(folder: Path) -> tuple[str, dict[str, str]]:
    """The hash of a folder's manifest and the files it lists, after checking that the folder holds exactly these, unchanged.

    For a draft and for a release alike. Raises ReleaseDamaged.
    """
    content = _bytes(folder, MANIFEST)
    try:
        listed = {str(entry["name"]): str(entry["sha256"]) for entry in json.loads(content)["files"]}
    except (ValueError, KeyError, TypeError):
        raise ReleaseDamaged("The manifest of a release cannot be read.") from None
    if METADATA not in listed or not all(FILE_NAME.match(name) for name in listed):
        raise ReleaseDamaged("The manifest of a release lists what does not belong in one.")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    if there - {APPROVAL, WITHDRAWN} != {MANIFEST, *listed}:
        raise ReleaseDamaged("A release has a file too many or too few.")
    for name, digest in listed.items():
        checked_file(folder, name, digest)
    return sha256(content), listed


def read_release(folder: Path, public_key: bytes) -> VerifiedRelease:
    """One release of the zone, every byte checked. Raises ReleaseUnknown if there is none, ReleaseDamaged on any mismatch."""
    if not RELEASE_ID.match(folder.name) or folder.is_symlink() or not folder.is_dir():
        raise ReleaseUnknown("There is no such release.")
    digest, files = manifest_files(folder)
    approval = _statement(folder / APPROVAL, public_key)
    if approval.get("release") != folder.name or approval.get("sha256") != digest:
        raise ReleaseDamaged("A release is not the one that was approved.")
    withdrawn = None
    if (folder / WITHDRAWN).exists():
        statement = _statement(folder / WITHDRAWN, public_key)
        if statement.get("release") != folder.name or not statement.get("withdrawn"):
            raise ReleaseDamaged("The withdrawal of a release speaks of another one.")
        withdrawn = str(statement["withdrawn"])
    metadata = json.loads(checked_file(folder, METADATA, files[METADATA]))
    if metadata.get("id") != folder.name:
        raise ReleaseDamaged("A release lies in the folder of another one.")
    return VerifiedRelease(folder, digest, metadata, files, approval, withdrawn)


def release_ids(zone: Path) -> list[str]:
    """Names of the release folders, damaged ones too, in alphabetical order."""
    return sorted(path.name for path in zone.iterdir() if path.is_dir() and RELEASE_ID.match(path.name)) if zone.is_dir() else []


def office_key(zone: Path) -> bytes:
    """The office's public key (32 bytes). Raises ReleaseDamaged if it is missing or no key."""
    try:
        key = bytes.fromhex((zone / OFFICE_KEY).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        raise ReleaseDamaged("The release zone has no key of the office: publish a release into it first.")
    return key


def publish(draft: Path, zone: Path, approval: Signed, public_key: bytes) -> Path:
    """Copy the files of a draft, and only those, into the release zone with their approval. Repeating it does no harm.

    Raises ReleaseDamaged if the draft is not what the approval names, or another office's or other bytes are there already.
    """
    statement = approval.read(public_key)
    digest, files = manifest_files(draft)
    if statement.get("sha256") != digest or not RELEASE_ID.match(str(statement.get("release", ""))):
        raise ReleaseDamaged("The draft is not what was approved: its files have changed. Draft it anew.")
    zone.mkdir(parents=True, exist_ok=True)
    target = zone / str(statement["release"])
    if not (zone / OFFICE_KEY).exists():
        _write(zone, zone / OFFICE_KEY, public_key.hex().encode())
    if office_key(zone) != public_key:
        raise ReleaseDamaged("The release zone belongs to another office: publish into its own zone.")
    if target.exists():
        if read_release(target, public_key).approval.get("sha256") != digest:
            raise ReleaseDamaged("Other files have been released under this name: a release is never replaced.")
        return target
    for left_behind in [*zone.glob(".incoming-*"), *zone.glob(".unfinished-*")]:  # by a publication that was killed
        shutil.rmtree(left_behind) if left_behind.is_dir() else left_behind.unlink()
    incoming = zone / f".incoming-{secrets.token_hex(8)}"
    try:
        for name in (MANIFEST, *files):
            _write(zone, incoming / name, _bytes(draft, name))
        _write(zone, incoming / APPROVAL, _signed(approval))
        if manifest_files(incoming)[0] != digest:
            raise ReleaseDamaged("The draft changed while it was copied: try again.")
        incoming.rename(target)
        sync_folder(zone)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return target


def take_back(zone: Path, withdrawal: Signed, public_key: bytes) -> None:
    """Put the signed reason beside a release, which from then on is not served. Raises ReleaseUnknown, ReleaseDamaged."""
    statement = withdrawal.read(public_key)
    folder = zone / str(statement.get("release"))
    if not RELEASE_ID.match(folder.name) or not folder.is_dir():
        raise ReleaseUnknown("There is no such release to withdraw.")
    _write(zone, folder / WITHDRAWN, _signed(withdrawal))
    sync_folder(folder)


def _signed(statement: Signed) -> bytes:
    return json.dumps({"document": statement.document, "signature": statement.signature}, indent=1).encode()


def _statement(path: Path, public_key: bytes) -> dict[str, Any]:
    try:
        content = json.loads(_bytes(path.parent, path.name))
        statement = Signed(str(content["document"]), str(content["signature"]))
    except (ValueError, KeyError, TypeError):
        raise ReleaseDamaged("A statement about a release cannot be read.") from None
    return statement.read(public_key)


def _bytes(folder: Path, name: str) -> bytes:
    """A file's bytes; links are not followed."""
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        raise ReleaseDamaged("A file of a release is missing or cannot be read.") from None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def checked_file(folder: Path, name: str, digest: str) -> bytes:
    """A file's bytes, if they have this SHA-256. Raises ReleaseDamaged."""
    content = _bytes(folder, name)
    if sha256(content) != digest:
        raise ReleaseDamaged("A file of a release was changed after it was approved.")
    return content


def _write(zone: Path, path: Path, content: bytes) -> None:
    """Write a file whole or not at all. What is unfinished lies in the zone's root, never inside a release."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = zone / f".unfinished-{secrets.token_hex(8)}"
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
