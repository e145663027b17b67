"""The file of cleaned texts in a release: the question, the age band, and the words; nothing that joins two texts of one child."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.release_description import ReleaseInvalid
from pipeline.release_quotes import fits_a_cell

TEXTS = "texts.csv"
_QUESTION = re.compile(r"^[a-z][a-z0-9_.]{0,60}\Z")


@dataclass(frozen=True)
class ReleaseText:
    """A text as it leaves: the id of its question, its age band in words, its words. Raises ReleaseInvalid for what fits no cell."""

    question: str
    age_band: str
    words: str

    def __post_init__(self) -> None:
        if not _QUESTION.match(self.question) or not fits_a_cell(self.words) or not fits_a_cell(self.age_band):
            raise ReleaseInvalid("A text with line breaks, or with a sign that a spreadsheet takes for a formula, cannot be released.")


def as_csv(texts: Sequence[ReleaseText]) -> bytes:
    """The file: a line for each text, in the order of its columns, which says nothing of who wrote it or when."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["question", "age_group", "text"])
    writer.writerows(sorted((text.question, text.age_band, text.words) for text in texts))
    return out.getvalue().encode("utf-8")


def about(texts: Sequence[ReleaseText]) -> dict[str, object]:
    """What the release says about its texts."""
    note = (
        "What children wrote, cleaned: what could tell who somebody is was taken out by a program and by people, and stands in square "
        "brackets. Long texts, texts about harm, and those of age groups too small to hide in are left out, so this is no sample "
        "to count from. Two texts of one child cannot be told to be of one."
    )
    return {"file": TEXTS, "count": len(texts), "questions": sorted({text.question for text in texts}), "note": note}
