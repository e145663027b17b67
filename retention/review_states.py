"""Where a text on the review desk stands, and who may move it where: one table, from which the diagram is drawn.

Two people read each text without seeing what the other made of it. If both hide the same, that counts; if not, a third decides.
"""

from __future__ import annotations

from enum import StrEnum


class ReviewState(StrEnum):
    """Where a text stands."""

    UNREAD = "unread"
    READ_ONCE = "read_once"
    DISPUTED = "disputed"  # two people read it differently
    AGREED = "agreed"  # two people, independently, hid the same
    RESOLVED = "resolved"  # a third decided


class Move(StrEnum):
    """What a person's reading, or taking it back, does to a text."""

    READ = "read"
    AGREE = "agree"
    DIFFER = "differ"
    RESOLVE = "resolve"
    UNDO = "undo"


class Who(StrEnum):
    """Who may make a move."""

    NEW_READER = "a reviewer who has not read it"
    LAST_READER = "whoever read it last"


MOVES: dict[tuple[ReviewState, Move], tuple[ReviewState, Who]] = {
    (ReviewState.UNREAD, Move.READ): (ReviewState.READ_ONCE, Who.NEW_READER),
    (ReviewState.READ_ONCE, Move.AGREE): (ReviewState.AGREED, Who.NEW_READER),
    (ReviewState.READ_ONCE, Move.DIFFER): (ReviewState.DISPUTED, Who.NEW_READER),
    (ReviewState.DISPUTED, Move.RESOLVE): (ReviewState.RESOLVED, Who.NEW_READER),
    (ReviewState.READ_ONCE, Move.UNDO): (ReviewState.UNREAD, Who.LAST_READER),
    (ReviewState.DISPUTED, Move.UNDO): (ReviewState.READ_ONCE, Who.LAST_READER),
    (ReviewState.AGREED, Move.UNDO): (ReviewState.READ_ONCE, Who.LAST_READER),
    (ReviewState.RESOLVED, Move.UNDO): (ReviewState.DISPUTED, Who.LAST_READER),
}
READINGS = {
    ReviewState.UNREAD: 0,
    ReviewState.READ_ONCE: 1,
    ReviewState.DISPUTED: 2,
    ReviewState.AGREED: 2,
    ReviewState.RESOLVED: 3,
}  # how many people have read a text that stands there
SETTLED = frozenset({ReviewState.AGREED, ReviewState.RESOLVED})
OPEN = frozenset(ReviewState) - SETTLED


def diagram() -> str:
    """The table of moves as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"  [*] --> {ReviewState.UNREAD}"]
    lines += [f"  {old} --> {new}: {move}, by {who}" for (old, move), (new, who) in MOVES.items()]
    return "\n".join([*lines, *(f"  {state} --> [*]" for state in ReviewState if state in SETTLED)]) + "\n"
