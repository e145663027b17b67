"""The file of quotes in a release: what children wrote, cleaned, each with an age band and nothing else (A21)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.release_description import ReleaseInvalid

QUOTES = "quotes.csv"
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run what starts like this


@dataclass(frozen=True)
class ReleaseQuote:
    """A quote as it leaves: its words, and its age band in words. Raises ReleaseInvalid for what cannot stand in one cell."""

    words: str
    age_band: str

    def __post_init__(self) -> None:
        if not fits_a_cell(self.words) or not fits_a_cell(self.age_band):
            raise ReleaseInvalid("A quote with line breaks, or with a sign that a spreadsheet takes for a formula, cannot be released.")


def fits_a_cell(words: str) -> bool:
    """True if words are one line of plain text."""
    return bool(words.strip()) and words.isprintable() and not words.startswith(_FORMULA)


def as_csv(quotes: Sequence[ReleaseQuote]) -> bytes:
    """The file: a line for each quote, in an order that says nothing. Raises ReleaseInvalid if one is there twice."""
    if len({quote.words for quote in quotes}) != len(quotes):
        raise ReleaseInvalid("A release holds each quote once.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["quote", "age_group"])
    writer.writerows([quote.words, quote.age_band] for quote in sorted(quotes, key=lambda one: (one.age_band, one.words)))
    return text.getvalue().encode("utf-8")


def about(quotes: Sequence[ReleaseQuote]) -> dict[str, object]:
    """What the release says about its quotes."""
    note = (
        "Words that children wrote, drawn at random within a theme. What could tell who somebody is was taken out by a program and by "
        "people, and stands in square brackets. Two people approved each quote, and many children of its age group wrote about the same."
    )
    return {"file": QUOTES, "count": len(quotes), "note": note}
