"""When a survey takes answers: from a day and hour, to a day and hour, and a while longer for whoever has begun.

A page carries no time, so nobody can be told apart by when they began. Whatever arrives within the grace time is taken,
and nothing can be begun in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHORTEST_GRACE, LONGEST_GRACE = 10, 24 * 60  # minutes; a form takes five to ten


class Opening(StrEnum):
    """Where a survey stands at one moment."""

    NOT_YET = "not_yet"
    OPEN = "open"
    FINISHING = "finishing"  # what has been begun can be finished, nothing can be begun
    OVER = "over"


@dataclass(frozen=True)
class Window:
    """`opens` and `closes` are full hours with an offset from UTC; None leaves that side to the wave. `grace_minutes` follow on `closes`.

    Raises ValueError for anything else, and for midnight, which some take for the end and some for the beginning of a day.
    """

    opens: datetime | None = None
    closes: datetime | None = None
    grace_minutes: int = 0

    def __post_init__(self) -> None:
        for moment in (self.opens, self.closes):
            if moment is not None and (moment.utcoffset() is None or (moment.minute, moment.second, moment.microsecond) != (0, 0, 0)):
                raise ValueError("give a full hour with its offset from UTC, such as 2026-04-20T09:00+01:00")
            if moment is not None and moment.hour == 0:
                raise ValueError("midnight can be taken for either of two days: choose another hour")
        if self.opens is not None and self.closes is not None and self.opens >= self.closes:
            raise ValueError("it closes before it opens")
        if self.closes is None and self.grace_minutes:
            raise ValueError("grace_minutes follow on a closing time: give closes, too")
        if self.closes is not None and not SHORTEST_GRACE <= self.grace_minutes <= LONGEST_GRACE:
            raise ValueError(f"whoever has begun must be let finish: give grace_minutes, {SHORTEST_GRACE} to {LONGEST_GRACE}")

    def at(self, now: datetime) -> Opening:
        """Where the survey stands at `now`, which must know its offset. The opening hour is open, the closing hour is not."""
        if self.opens is not None and now < self.opens:
            return Opening.NOT_YET
        if self.closes is None or now < self.closes:
            return Opening.OPEN
        return Opening.FINISHING if now < self.closes + timedelta(minutes=self.grace_minutes) else Opening.OVER
