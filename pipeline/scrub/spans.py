"""What a layer says about a piece of text, and how sayings that overlap become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LABELS = (
    "PERSON", "SCHOOL", "PLACE", "STREET", "HANDLE", "DOB", "EMAIL", "PHONE", "POSTCODE", "NHS", "URL", "NINO", "UPN",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text are personal data of kind `label`.

    `score` is 0..1; `layer` names the layer that found it, for the reviewer. Raises ValueError if it makes no sense.
    """

    start: int
    end: int
    label: str
    score: float
    layer: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span must cover at least one character, not {self.start} to {self.end}")
        if self.label not in LABELS:
            raise ValueError(f"'{self.label}' is no kind of personal data; the kinds are {', '.join(LABELS)}")
        if not 0 <= self.score <= 1:
            raise ValueError("a span's score must lie between 0 and 1")


def resolve(found: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted spans without overlap that cover every character of `found`: overlapping ones become one, named by the surest.

    Joining, and not choosing, is deliberate: what one layer saw must not come back because another saw less of it. The order in which
    they come changes nothing: Presidio hands them over as a set, in another order in every process.
    """
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: (s.start, s.end, *_standing(s))):
        if kept and span.start < kept[-1].end:
            before = kept.pop()
            best = max(before, span, key=_standing)
            kept.append(Span(before.start, max(before.end, span.end), best.label, best.score, best.layer))
        else:
            kept.append(span)
    return tuple(kept)


def _standing(span: Span) -> tuple[float, int, str, str]:
    """Which of two spans names what both cover: the surer, then the longer; the rest only makes the choice always the same."""
    return span.score, span.end - span.start, span.label, span.layer
