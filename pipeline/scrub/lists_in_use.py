"""The lists that an analyst added, kept beside the secure zone's data, and the scrubber's lists with them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.scrub import lists
from pipeline.scrub.list_files import KINDS, ListError, read
from pipeline.scrub.lists import NameLists


@dataclass(frozen=True)
class AddedList:
    """One file's lists. `sha256` is that of the file as it was given."""

    id: str
    file: str
    sha256: str
    entries: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        sound = re.fullmatch(r"[a-z0-9-]+", self.id) and re.fullmatch(r"[0-9a-f]{64}", self.sha256)
        if not sound or not self.entries or set(self.entries) - set(KINDS):
            raise ListError(f"the list '{self.id}' is damaged: delete its file and add it again")

    def counts(self) -> str:
        """How many of what, in words."""
        return ", ".join(f"{len(values)} {'given names' if kind == 'given' else kind}" for kind, values in sorted(self.entries.items()))


def add(path: Path, folder: Path) -> AddedList:
    """Read a file and keep what it lists. Adding the same file again changes nothing. Raises ListError."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        raise ListError(f"{path.name} cannot be read.") from None
    for known in added(folder):
        if known.sha256 == digest:
            return known
    stem = re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "list"
    found = AddedList(f"{stem}-{digest[:8]}", path.name, digest, {kind: tuple(sorted(v)) for kind, v in read(path).items()})
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = folder / f".{found.id}.new"
    content = {"file": found.file, "sha256": found.sha256, "entries": found.entries}
    unfinished.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(folder / f"{found.id}.json")
    return found


def added(folder: Path) -> list[AddedList]:
    """Everything that was added. Raises ListError for what is damaged: a list that safety rests on is never left out in silence."""
    return [_load(path) for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []


def remove(identity: str, folder: Path) -> AddedList:
    """Take one list away again. Raises ListError if it was not added."""
    for known in added(folder):
        if known.id == identity:
            (folder / f"{identity}.json").unlink()
            return known
    raise ListError(f"'{identity}' was not added; {', '.join(known.id for known in added(folder)) or 'nothing'} was")


def lists_in_use(folder: Path) -> NameLists | None:
    """The scrubber's own lists with those that were added; None if nothing was."""
    known = added(folder)
    if not known:
        return None
    merged = {kind: [value for one in known for value in one.entries.get(kind, ())] for kind in KINDS}
    return lists.load().with_added(**merged)


def _load(path: Path) -> AddedList:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = {str(kind): tuple(map(str, values)) for kind, values in content["entries"].items()}
        return AddedList(path.stem, str(content["file"]), str(content["sha256"]), entries)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise ListError(f"the list '{path.stem}' is damaged: delete its file and add it again") from None
