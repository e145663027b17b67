"""What a person or a machine wants hidden in a text: places and kinds, never the words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# The kinds of personal data that there is a placeholder for: those of pipeline.scrub, which a test compares.
LABELS = (
    "PERSON", "SCHOOL", "PLACE", "STREET", "HANDLE", "PHONE", "EMAIL", "DOB", "POSTCODE", "URL", "NHS", "NINO", "UPN",
)  # fmt: skip


class ReviewError(ValueError):
    """A decision that cannot be taken. The message never holds text."""


@dataclass(frozen=True)
class Mark:
    """One redaction: characters [start, end) of the text, and the kind of personal data. Raises ReviewError."""

    start: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ReviewError("A redaction needs a start before its end.")
        if self.label not in LABELS:  # not quoted: it may be what a child wrote
            raise ReviewError("A redaction needs one of the kinds of personal data that there is a placeholder for.")


def to_json(marks: Sequence[Mark]) -> str:
    """Marks as [[start, end, label], ...]."""
    return json.dumps([[mark.start, mark.end, mark.label] for mark in marks], separators=(",", ":"))


def from_json(raw: str) -> tuple[Mark, ...]:
    """The reverse of `to_json`. Raises ReviewError for anything else, overlapping marks included."""
    try:
        found = [(start, end, label) for start, end, label in json.loads(raw)]
        if any(type(start) is not int or type(end) is not int or type(label) is not str for start, end, label in found):
            raise TypeError
        marks = tuple(Mark(*mark) for mark in found)
    except ReviewError:
        raise
    except (ValueError, TypeError):
        raise ReviewError("The redactions are not in the expected form.") from None
    if any(first.end > second.start for first, second in pairwise(marks)):
        raise ReviewError("Two redactions overlap: join them into one.")
    return marks


def in_order(marks: Sequence[Mark], text_length: int) -> tuple[Mark, ...]:
    """The marks by their place. Raises ReviewError if two overlap or one reaches beyond the text."""
    ordered = from_json(to_json(sorted(marks, key=lambda mark: mark.start)))
    if ordered and ordered[-1].end > text_length:
        raise ReviewError("A redaction ends after the end of the text.")
    return ordered


def hidden(marks: Sequence[Mark]) -> frozenset[int]:
    """Places of all hidden characters."""
    return frozenset(place for mark in marks for place in range(mark.start, mark.end))
