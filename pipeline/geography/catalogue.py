"""What has been added: one folder per official file, with a record of where it came from."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.geography.layout import Product
from pipeline.geography.licence import attribution
from pipeline.geography.reading import read
from pipeline.geography.source import GeographyError, sha256

RECORD = "record.json"


@dataclass(frozen=True)
class Record:
    """One product that was added. `vintage` is YYYY-MM; `sha256` is that of the file as downloaded.

    `columns` says which of the file's columns was read as what.
    """

    id: str
    product: Product
    vintage: str
    rows: int
    file: str
    sha256: str
    licence: str
    columns: dict[str, str]
    whole: str = ""  # how it is known that nothing is missing at the end, or that it is not

    def __post_init__(self) -> None:
        sound = re.fullmatch(r"[a-z0-9-]+", self.id) and re.fullmatch(r"\d{4}-\d\d", self.vintage)
        if not sound or not re.fullmatch(r"[0-9a-f]{64}", self.sha256) or self.rows < 1:
            raise GeographyError(f"the record of '{self.id}' is damaged: delete its folder and add the file again")

    @classmethod
    def load(cls, folder: Path) -> Record:
        """The record in a product's folder. Raises GeographyError if it is missing or damaged."""
        try:
            data = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            record = cls(**{**data, "product": Product(data["product"])})
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise GeographyError(f"the record of '{folder.name}' is damaged: delete its folder and add the file again") from error
        return record


def add(path: Path, home: Path) -> Record:
    """Read an official file, check it, and keep it in columns under `home`. Adding the same file again changes nothing.

    Raises GeographyError, with what was expected and what was found, and leaves `home` as it was.
    """
    digest = sha256(path) if path.is_file() else ""
    same = next((record for record in added(home) if record.sha256 == digest), None)
    if same is not None:
        return same
    reading = read(path, digest)
    identity = re.sub("[^a-z0-9]+", "-", f"{reading.product.value} {reading.vintage}".lower())
    if (home / identity).exists():
        raise GeographyError(f"another file of {reading.product.value} {reading.vintage} was added before: remove '{identity}' first")
    licence = attribution(reading.product, reading.vintage)
    record = Record(
        identity, reading.product, reading.vintage, reading.rows, path.name, digest, licence, dict(reading.columns), reading.whole
    )
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".adding-") as folder:
        fresh = Path(folder) / identity
        fresh.mkdir()
        reading.save(fresh)
        (fresh / RECORD).write_text(json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.rename(home / identity)  # all of it, or nothing
    return record


def added(home: Path) -> list[Record]:
    """Everything that was added, in the order of the ids."""
    if not home.is_dir():
        return []
    return [Record.load(folder) for folder in sorted(home.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]


def show(identity: str, home: Path) -> Record:
    """The record of one product. Raises GeographyError if it was not added."""
    records = added(home)
    found = next((record for record in records if record.id == identity), None)
    if found is None:
        raise GeographyError(f"'{identity}' was not added; {', '.join(record.id for record in records) or 'nothing'} was")
    return found


def remove(identity: str, home: Path) -> Record:
    """Take one product away again; its record."""
    record = show(identity, home)
    with tempfile.TemporaryDirectory(dir=home, prefix=".removing-") as folder:
        (home / record.id).rename(Path(folder) / record.id)  # out of sight at once, however long deleting takes
    return record
