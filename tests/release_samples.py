"""Small protected tables and a secure zone of our own making, for the tests of releases and of the doors that show them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from nacl import pwhash

from disclosure.dimension import Dimension
from disclosure.policy import load_policy
from disclosure.published_table import WITHHELD, PublishedTable, Status
from pipeline.release_description import AttackResult, ReleaseDescription, ReleaseDimension, ReleaseTable
from retention import keys
from retention.keys import write_private
from retention.settings import SecureZone

REGION = Dimension.tree("rgn", {"north": "", "south": "", "north-a": "north", "north-b": "north"})
FEELING = Dimension.flat("life", ["happy", "okay", "sad"])
WORDS = {
    "rgn": ReleaseDimension(
        "Place", {"Total": "England", "north": "The North", "south": "The South", "north-a": "Northtown", "north-b": "Northfield"}
    ),
    "life": ReleaseDimension("Life as a whole", {"Total": "All who answered", "happy": "Happy", "okay": "In between", "sad": "Unhappy"}),
}
# Inner counts that add up; what is withheld below cannot be worked out (two in each sum).
INNER = {"north-a": (640, 300, 120), "north-b": (410, 31, 23), "south": (700, 220, 95)}
HIDDEN = (("north-a", "okay"), ("north-a", "sad"), ("north-b", "okay"), ("north-b", "sad"))


def published(table_id: str = "life-by-place", hidden: tuple[tuple[str, str], ...] = HIDDEN) -> PublishedTable:
    """A 2-way protected table with a hierarchy, in which the named cells are withheld."""
    counts = np.zeros((len(REGION.codes), len(FEELING.codes)), np.int64)
    rows = {**INNER, "north": tuple(np.add(INNER["north-a"], INNER["north-b"]))}
    rows["Total"] = tuple(np.add(rows["north"], rows["south"]))
    for code, values in rows.items():
        counts[REGION.index[code]] = (sum(values), *values)
    status = np.full(counts.shape, Status.PUBLISHED.value, dtype="<U16")
    for place, answer in hidden:
        at = (REGION.index[place], FEELING.index[answer])
        counts[at], status[at] = WITHHELD, Status.SECONDARY.value
    return PublishedTable(table_id, (REGION, FEELING), counts, status, np.ones_like(counts))


def release_table(table: PublishedTable | None = None, percent_of: str | None = "life") -> ReleaseTable:
    """The table above with its words."""
    table = table or published()
    words = tuple(WORDS[dimension.name] for dimension in table.dimensions)
    return ReleaseTable(table, "How children feel about life, by place", words, percent_of, ("Places are as they were in 2025.",))


def description(release_id: str = "autumn-2026", withheld: int = len(HIDDEN)) -> ReleaseDescription:
    """A release to put it in."""
    return ReleaseDescription(
        id=release_id,
        title="What children told us, autumn 2026",
        summary="First figures from a survey of children in England, by place.",
        wave="2026-autumn",
        survey="The Big Ask",
        collected_from=date(2026, 9, 14),
        collected_to=date(2026, 10, 9),
        answers=2540,
        policy=load_policy("ons-threshold-10"),
        attack=AttackResult(cells=20, withheld=withheld, exposed=0, fewest_values=23 if withheld else None),
    )


def secure_zone(folder: Path) -> SecureZone:
    """A new secure zone on SQLite with a passphrase of its own."""
    secret = folder / "passphrase"
    write_private(secret, b"a passphrase for tests only")
    return SecureZone(folder, f"sqlite:///{folder / 'secure.sqlite'}", secret)


def quick_passphrases(patch: pytest.MonkeyPatch) -> None:
    """Argon2 at its least cost: the same code, without half a second for each key ring a test opens."""
    patch.setattr(keys, "PASSPHRASE_OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    patch.setattr(keys, "PASSPHRASE_MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
