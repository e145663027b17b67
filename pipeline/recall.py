"""How much of the personal data the machine found by itself, as the people who read the texts see it: recall and precision by piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.residual import Residual, lower, missed, upper
from retention.review import Reason, ReviewItem
from retention.review_marks import Mark
from retention.review_states import SETTLED


@dataclass(frozen=True)
class Recall:
    """Pieces that the machine `found` and `missed`, over all texts: counted where all were read, and estimated from the sample where
    not. `low` and `high` bound the recall; `proposed` pieces in read texts, of which people `kept` some.
    """

    found: float
    missed: float
    low: float
    high: float
    proposed: int
    kept: int

    @property
    def recall(self) -> float | None:
        """Share of the pieces that the machine found; None if there is no piece."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None

    @property
    def precision(self) -> float | None:
        """Share of its proposals that people kept; None if it proposed nothing that was read."""
        return self.kept / self.proposed if self.proposed else None


def recall(queue: Iterable[ReviewItem], sample: Residual, confidence: float = 0.95) -> Recall:
    """From the settled texts of a wave and its sample.

    The interval is exact for the rate of missed texts (Clopper and Pearson, two-sided) and takes as many missed pieces in each
    missed text as were seen in the sample, or one where none was: it is a bound on the machine's recall, not a symmetric guess.
    """
    settled = [item for item in queue if item.state in SETTLED]
    flagged = [item for item in settled if item.reason is Reason.FLAGGED]
    sampled = [item for item in settled if item.reason is Reason.SAMPLE]
    weight = sample.unread / sample.read if sample.read else 0.0
    found = _found(flagged) + weight * _found(sampled)
    in_flagged, in_sampled = _missed(flagged), _missed(sampled)
    tail = (1 + confidence) / 2
    each = in_sampled / sample.missed if sample.missed else 1.0
    most = sample.unread * upper(sample.missed, sample.read, tail) * each if sample.read < sample.unread else in_sampled
    least = sample.unread * lower(sample.missed, sample.read, tail) * each if sample.read < sample.unread else in_sampled
    return Recall(
        found,
        in_flagged + weight * in_sampled,
        _share(found, in_flagged + most),
        _share(found, in_flagged + least),
        sum(len(item.proposed) for item in settled),
        sum(_touched(mark, item.decided or ()) for item in settled for mark in item.proposed),
    )


def _share(found: float, lost: float) -> float:
    return found / (found + lost) if found + lost else 1.0


def _found(items: Sequence[ReviewItem]) -> int:
    return sum(_touched(mark, item.proposed) for item in items for mark in item.decided or ())


def _missed(items: Sequence[ReviewItem]) -> int:
    return sum(max(1, sum(not _touched(mark, item.proposed) for mark in item.decided or ())) for item in items if missed(item))


def _touched(mark: Mark, others: Sequence[Mark]) -> bool:
    return any(mark.start < other.end and other.start < mark.end for other in others)
