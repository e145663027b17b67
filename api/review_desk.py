"""One text on the review desk: its words, what is proposed to be hidden, and what a person made of it.

A text is shown as pieces: words, which can each be ticked to hide them, and what lies between. A tick is a word's place
("start-end"), so a page works without script, and nothing can be sent but places that the text really has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from api.closed_texts import Reason
from retention.review import Reading
from retention.review_marks import Mark, ReviewError

KINDS: Mapping[str, str] = {
    "PERSON": "Name",
    "SCHOOL": "School",
    "PLACE": "Place",
    "STREET": "Street",
    "HANDLE": "User name",
    "PHONE": "Phone",
    "EMAIL": "Email",
    "DOB": "Date of birth",
    "POSTCODE": "Postcode",
    "URL": "Web address",
    "NHS": "NHS number",
    "NINO": "National insurance number",
    "UPN": "Pupil number",
}
# What each layer of the scrubber goes by, in a reader's words.
LAYERS: Mapping[str, str] = {
    "pattern": "it has the form of one",
    "handle": "it looks like a user name",
    "gazetteer": "it is in a list of names and places",
    "school list": "it is in the list of schools",
    "relation": "of the words beside it",
    "acting": "it does what only people do",
    "learnt": "of how it looks and what stands around it",
}
# A word with what holds it together: an email address, a handle or a hyphenated name is one word to tick.
_WORD = re.compile(r"[@#]?\w+(?:[.'’@_+\-/:]+\w+)*")
_JOINS = re.compile(r"\s{1,2}|[@._\-/'’:]")  # what may lie between two ticked words that are one thing
_PLACE = re.compile(r"(\d{1,6})-(\d{1,6})\Z")


@dataclass(frozen=True)
class Piece:
    """A stretch of the text. `word`: it can be ticked. `mark`: number of the proposed mark it lies in, or None."""

    start: int
    end: int
    text: str
    word: bool
    mark: int | None

    @property
    def place(self) -> str:
        """How a tick names it."""
        return f"{self.start}-{self.end}"


@dataclass(frozen=True)
class Shown:
    """A mark as a reader sees it: `why` it is there, in words; `disputed`: two readers saw it differently."""

    mark: Mark
    why: str
    disputed: bool = False


def proposals(proposed: Sequence[Mark], reasons: Sequence[Reason]) -> list[Shown]:
    """What the machine proposes, each with the reason of its layer."""
    known = {(reason.start, reason.end): reason for reason in reasons}
    return [Shown(mark, _why(known.get((mark.start, mark.end)))) for mark in proposed]


def _why(reason: Reason | None) -> str:
    if reason is None or reason.layer not in LAYERS:
        return "The machine proposes it"
    return f"The machine proposes it because {LAYERS[reason.layer]} ({reason.score:.0%} sure)"


def differences(text: str, first: Reading, second: Reading) -> list[Shown]:
    """What two readers hid, for the third: where they agree, and where only one hid it or each took it for another kind."""
    edges = sorted({edge for mark in (*first.marks, *second.marks) for edge in (mark.start, mark.end)})
    found = []
    for edge, next_edge in pairwise(edges):
        mine, other = (next((mark for mark in reading.marks if mark.start <= edge < mark.end), None) for reading in (first, second))
        chosen, stretch = mine or other, text[edge:next_edge]
        if chosen is None or not _WORD.search(stretch):
            continue
        start = edge + len(stretch) - len(stretch.lstrip())
        words = "Both readers hid it"
        if mine is None or other is None:
            words = "One reader hid it, the other did not"
        elif mine.label != other.label:
            words = f"One reader took it for: {KINDS[mine.label]}; the other for: {KINDS[other.label]}"
        found.append(Shown(Mark(start, start + len(stretch.strip()), chosen.label), words, words != "Both readers hid it"))
    return found


def pieces(text: str, proposed: Sequence[Mark]) -> list[Piece]:
    """The whole text in order. A mark without any word in it is one piece to tick."""
    found: list[Piece] = []
    at = 0
    for number, mark in enumerate(proposed):
        found += _split(text, at, mark.start, None)
        inside = _split(text, mark.start, mark.end, number)
        if not any(piece.word for piece in inside):
            inside = [Piece(mark.start, mark.end, text[mark.start : mark.end], True, number)]
        found += inside
        at = mark.end
    return found + _split(text, at, len(text), None)


def _split(text: str, start: int, end: int, mark: int | None) -> list[Piece]:
    found: list[Piece] = []
    at = start
    for match in _WORD.finditer(text, start, end):
        if match.start() > at:
            found.append(Piece(at, match.start(), text[at : match.start()], False, mark))
        found.append(Piece(match.start(), match.end(), match.group(), True, mark))
        at = match.end()
    if at < end:
        found.append(Piece(at, end, text[at:end], False, mark))
    return found


def decided_marks(
    text: str, proposed: Sequence[Mark], ticked: Sequence[str], new_kind: str, kinds: Mapping[int | str, str]
) -> tuple[Mark, ...]:
    """What a person wants hidden. `ticked`: places of words; `new_kind`: what words outside the proposal are, unless `kinds` says
    otherwise, which is by number for proposed marks and by place for words.

    A proposed mark with all its words ticked stays exactly as it was. Raises ReviewError for a place or kind that is none.
    """
    words = {piece.place: piece for piece in pieces(text, proposed) if piece.word}
    if not all(_PLACE.match(place) and place in words for place in ticked) or not {new_kind, *kinds.values()} <= set(KINDS):
        raise ReviewError("The page was not the one for this text: load it again, and decide again.")
    wanted = set(ticked)
    marks: list[tuple[Mark, bool]] = []  # with: may be joined to its neighbour
    for number, mark in enumerate(proposed):
        inside = [piece for piece in words.values() if piece.mark == number]
        label = kinds.get(number, mark.label)
        if all(piece.place in wanted for piece in inside):
            marks.append((Mark(mark.start, mark.end, label), False))
        else:
            marks += [(Mark(piece.start, piece.end, label), True) for piece in inside if piece.place in wanted]
    outside = [piece for piece in words.values() if piece.mark is None and piece.place in wanted]
    marks += [(Mark(piece.start, piece.end, kinds.get(piece.place, new_kind)), True) for piece in outside]
    stay = [piece.start for piece in words.values() if piece.place not in wanted]
    return _joined(text, sorted(marks, key=lambda pair: pair[0].start), stay)


def _joined(text: str, marks: Sequence[tuple[Mark, bool]], stay: Sequence[int]) -> tuple[Mark, ...]:
    """Neighbours of one kind become one mark, unless both were proposed apart or something between them is to stay."""
    if not marks:
        return ()
    groups: list[Mark] = [marks[0][0]]
    for (_, first_free), (mark, free) in pairwise(marks):
        last = groups[-1]
        between = text[last.end : mark.start]
        near = not between or (_JOINS.fullmatch(between) and not any(last.end <= start < mark.start for start in stay))
        if near and mark.label == last.label and (free or first_free):
            groups[-1] = Mark(last.start, mark.end, last.label)
        else:
            groups.append(mark)
    return tuple(groups)
