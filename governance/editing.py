"""Editing the record on a staff page: a section at a time, read whole before it is kept; every version stays, and the ledger says who.

Signatures are of one exact text (governance.approvals): after a change they must be given anew, and until then the gate is shut.
"""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from governance.reading import RecordError
from governance.record import DECLARED, FILES, digest, load_record, record_folder
from retention.keys import write_private
from retention.ledger import Entry
from retention.secure_store import SecureStore

EDITABLE = tuple(file for file, _ in FILES.values())  # what runs is declared by `bigask dpia declare`, not typed
EDITED, BEGUN = "dpia-edit", "dpia-begin"
_STARTS = re.compile(r"[a-z_]+:|  - ")  # a key of the file, or an entry of one of its lists
_ENTRY = re.compile(r"  - \{?(?:code|account|whom|ids): (\[[^\]]*\]|[^,]*)")


@dataclass(frozen=True)
class Section:
    """A part of a file as it stands there, its comments included. All sections of a file, one after the other, are the file."""

    number: int
    title: str
    text: str


@dataclass(frozen=True)
class Change:
    """A section with other words, checked: the whole file as it would be, and what differs, line by line."""

    file: str
    content: str
    before: str  # SHA-256 of the record that was changed
    after: str
    difference: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """One change that was kept."""

    day: str
    actor: str
    file: str
    after: str


def own_folder(store: SecureStore) -> Path:
    """Where the office's own record lies."""
    return store.zone.folder / "assessment"


def begin(store: SecureStore, survey: str, actor: str) -> None:
    """Make the record that comes with the project the office's own, to be edited. Raises RecordError if there is one already."""
    own = own_folder(store)
    if own.exists():
        raise RecordError("The office has a record of its own already.")
    shipped = record_folder(survey)
    with store.record(Entry(actor, BEGUN, "office", {"record": digest(shipped)})):
        part = own.with_name(".assessment-new")
        shutil.rmtree(part, ignore_errors=True)
        for path in sorted(shipped.glob("*.yaml")):
            write_private(part / path.name, path.read_bytes())
        part.rename(own)


def sections(store: SecureStore, file: str) -> tuple[Section, ...]:
    """The parts of a file of the office's own record. Raises RecordError."""
    return tuple(_split(_text(own_folder(store), file)))


def change(store: SecureStore, file: str, number: int, text: str) -> Change:
    """What a section with other words would make of the record, if it can be read whole. Raises RecordError with one sentence."""
    folder = own_folder(store)
    parts = list(_split(_text(folder, file)))
    if not 0 <= number < len(parts):
        raise RecordError(f"{file} has no section {number}: load the page again.")
    before = "".join(part.text for part in parts)
    words = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")) + "\n"
    content = "".join(words if part.number == number else part.text for part in parts)
    with tempfile.TemporaryDirectory(prefix="bigask-record-") as raw:
        trial = Path(raw) / folder.name
        shutil.copytree(folder, trial)
        (trial / file).write_text(content, encoding="utf-8")
        after = load_record(trial).sha256
    lines = difflib.unified_diff(before.splitlines(), content.splitlines(), "before", "after", lineterm="", n=2)
    return Change(file, content, digest(folder), after, tuple(lines)[2:])


def keep(store: SecureStore, made: Change, actor: str) -> None:
    """Put a change into force: the version before it is kept beside the record, and the ledger says who, which file and which text.

    Raises RecordError if it changes nothing, or somebody else changed the record meanwhile.
    """
    folder = own_folder(store)
    with store.alone():
        if not made.difference:
            raise RecordError("Nothing is different: there is nothing to keep.")
        if digest(folder) != made.before:
            raise RecordError("Somebody has changed the record meanwhile: load the page again, and look at what they wrote.")
        kept = store.zone.folder / "assessment-versions" / made.before[:16]
        for path in sorted(folder.glob("*.yaml")):
            write_private(kept / path.name, path.read_bytes())
        counts = {"file": made.file, "before": made.before, "after": made.after}
        with store.record(Entry(actor, EDITED, "office", counts)):
            write_private(folder / made.file, made.content.encode())


def versions(store: SecureStore) -> list[Version]:
    """Every change that was kept, the latest first."""
    found = [signed for signed in store.ledger() if signed.entry.verb == EDITED]
    return [
        Version(one.day.isoformat(), one.entry.actor, str(one.entry.counts["file"]), str(one.entry.counts["after"]))
        for one in reversed(found)
    ]


def _text(folder: Path, file: str) -> str:
    if file not in EDITABLE:
        raise RecordError(f"The files of the record are {', '.join(EDITABLE)}; {DECLARED} is written by `bigask dpia declare`.")
    try:
        return (folder / file).read_text(encoding="utf-8")
    except OSError:
        raise RecordError(f"{file} is not in the office's own record: begin one first.") from None


def _split(text: str) -> Iterator[Section]:
    """Cut before each key and each entry of a list; comments go with what follows them."""
    part: list[str] = []
    title, number = "", 0
    waiting: list[str] = []  # comments that belong to what comes next
    for line in text.splitlines(keepends=True):
        if _STARTS.match(line):
            if title:
                yield Section(number, title, "".join(part))
                part, number = [], number + 1
            part += [*waiting, line]
            title, waiting = _title(line), []
        elif line.startswith(("#", "  #")):
            waiting.append(line)
        else:
            part += [*waiting, line]
            waiting = []
    yield Section(number, title, "".join([*part, *waiting]))


def _title(line: str) -> str:
    """What a section is called on the page: the key with a short value, or what an entry is known by."""
    if entry := _ENTRY.match(line):
        return entry[1].strip()
    return line.strip().removesuffix(">-").rstrip(": ")
