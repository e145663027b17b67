"""Invents labelled answers for training: templates of our own, filled with names, schools, streets and villages that nobody bears,
and then written the way children write. The same seed gives the same texts."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline.scrub.coin import VOCABULARY
from pipeline.scrub.coin_places import PlaceCoiner
from pipeline.scrub.frames import Frames
from pipeline.scrub.lists import NameLists, data_lines

QUARTERS = 4
_FRAMED = 0.3  # of the answers are frames; the others are whole templates
FRAMES = "frames"
SOURCES = ("private_people", "private_places", "private_long", "public_names", "ordinary", "ordinary_long", "ordinary_words", FRAMES)
Kept = Callable[[str, str], bool]  # of a source and one of its lines: whether it is used
SLOT = re.compile(r"\{(\w+)\}")
_SPELL, _CONTRACTIONS = (dict(line.split("=") for line in VOCABULARY[name]) for name in ("spellings", "contractions"))
_CONTRACTED = re.compile(rf"\b(?:{'|'.join(_CONTRACTIONS)})\b")
_JOINS = (". ", ". ", ". ", ", ", " and ", " ", "! ", "\n", " because ", " but ", " so ", "... ", " - ", " cos ", "; ")


@dataclass(frozen=True)
class Invented:
    """A text and its personal data as (start, end, label)."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


class Inventor(PlaceCoiner):
    """Draws invented answers."""

    def __init__(self, lists: NameLists, seed: int, kept: Kept | None = None) -> None:
        """`kept`: which lines of which of the SOURCES are used, by default all (`quarter_less`, `all_but`)."""
        super().__init__(lists, seed)
        self._sources = {name: [line for line in _lines(name) if kept is None or kept(name, line)] for name in SOURCES if name != FRAMES}
        people, places, long, fame, plain, plain_long, plain_words = self._sources.values()
        self._private = people + places + 3 * long
        self._names_only = people or long
        self._plain = plain + 3 * plain_long + 2 * plain_words
        self._fame = fame or self._plain
        self._frames = Frames(self._random, None if kept is None else partial(kept, FRAMES))
        self._fill: dict[str, tuple[Callable[[], str], str | None]] = {
            "n": (self._given, "PERSON"),
            "nn": (lambda: f"{self._given()} {self._surname()}", "PERSON"),
            "ni": (lambda: f"{self._given()} {self._letter()}", "PERSON"),
            "f": (self._formal, "PERSON"),
            "k": (lambda: f"{self._piece('kin')} {self._given()}", "PERSON"),
            "i": (self._initials, "PERSON"),
            "nick": (self._nick, "PERSON"),
            "odd": (self._odd, "PERSON"),
            "sur": (self._surname, "PERSON"),
            "s": (self._school, "SCHOOL"),
            "v": (self._village, "PLACE"),
            "loc": (self._spot, "PLACE"),
            "shop": (self._shop, "PLACE"),
            "club2": (self._club, "PLACE"),
            "stem": (self._stem, "SCHOOL"),
            "number": (self._number, "STREET"),
            "st": (self._street, "STREET"),
            "a": (self._address, "STREET"),
            "h": (self._handle, "HANDLE"),
            "em": (lambda: f"{self._handle().strip('@')}@mail.com", "EMAIL"),
            "ph": (lambda: f"07700 900{self._random.randint(100, 999)}", "PHONE"),
            "pc": (lambda: self._piece("postcodes"), "POSTCODE"),
            "dob": (lambda: self._piece("births"), "DOB"),
            "pet": (self._pet, None),
            "petf": (self._titled_pet, None),
            "people": (self._people, None),
            "acronym": (self._acronym, None),
            "ailment": (self._ailment, None),
            "word": (self._word, None),
            "city": (lambda: self._pick(self._public["place"]), None),
            **{kind: (partial(self._famous, kind), None) for kind in ("person", "fiction", "club", "brand")},
        }

    def draw(self) -> Invented:
        """One invented answer; a little more than half hold personal data."""
        if self._random.random() < _FRAMED and self._frames:
            return self._write(self._framed())
        roll = self._random.random()
        if roll < 0.28:
            parts = [self._pick(self._private)]
        elif roll < 0.38:
            parts = [self._pick(self._plain), self._pick(self._private)]
        elif roll < 0.45:
            parts = [self._pick(self._private), self._pick(self._plain)]
        elif roll < 0.49:
            parts = [self._pick(self._private), self._pick(self._private)]
        elif roll < 0.53:
            parts = [self._pick(self._fame), self._pick(self._names_only)]
        elif roll < 0.72:
            parts = [self._pick(self._fame)]
        elif roll < 0.91:
            parts = [self._pick(self._plain)]
        else:
            parts = [self._pick(self._plain), self._pick(self._fame if self._random.random() < 0.5 else self._plain)]
        return self._write(parts)

    def draw_from(self, source: str) -> Invented:
        """One invented answer that is a line of one source alone."""
        return self._write([self._frames.draw(self._random.random() < 0.5) if source == FRAMES else self._pick(self._sources[source])])

    def _framed(self) -> list[str]:
        first = self._frames.draw(private=self._random.random() < 0.5)
        roll = self._random.random()
        if roll < 0.55:
            return [first]
        second = self._frames.draw(private=self._random.random() < 0.3) if roll < 0.75 else self._pick(self._plain)
        return [first, second] if self._random.random() < 0.5 else [second, first]

    def _word(self) -> str:
        roll = self._random.random()
        word = self._pick(self._wordy if roll < 0.3 else self._rare if roll < 0.5 else self._nouns)
        return self._misspell(word) if self._random.random() < 0.15 else word

    def _write(self, parts: list[str]) -> Invented:
        style = self._random.choices(("lower", "asis", "sentence", "upper"), (40, 12, 42, 6))[0]
        messy = self._random.choices((0.0, 0.09, 0.25), (50, 38, 12))[0]
        pieces: list[tuple[str, str | None]] = [(self._piece("heads") + " " if self._random.random() < 0.3 else "", None)]
        apostrophes = style != "lower" and self._random.random() < 0.5
        for number, raw in enumerate(parts):
            part = _CONTRACTED.sub(lambda m: _CONTRACTIONS[m.group()], raw) if apostrophes else raw
            if number:
                pieces.append((self._pick(_JOINS), None))
            done = 0
            for slot in SLOT.finditer(part):
                pieces.append((self._mess(part[done : slot.start()], messy), None))
                draw, label = self._fill[slot[1]]
                value = draw()
                capital = style == "sentence" or (style == "asis" and self._random.random() < 0.5)
                if label in ("PERSON", "SCHOOL", "PLACE", "STREET") and self._random.random() < 0.10:
                    value = self._misspell(value)
                pieces.append((_title(value) if capital and label not in ("HANDLE", "EMAIL", "POSTCODE") else value, label))
                done = slot.end()
            pieces.append((self._mess(part[done:], messy), None))
        pieces.append((self._piece("tails") if self._random.random() < 0.35 else "", None))
        return self._join(pieces, style)

    def _join(self, pieces: list[tuple[str, str | None]], style: str) -> Invented:
        text, spans = "", []
        for raw, label in pieces:
            value = _cased(raw, label, style, text)
            if value and label is not None:
                spans.append((len(text), len(text) + len(value), label))
            text += value
        return Invented(text, tuple(spans))

    def _misspell(self, text: str) -> str:
        places = [i for i, c in enumerate(text) if c.isalpha() and i > 0]
        if len(places) < 3:
            return text
        at = self._random.choice(places)
        form = self._random.random()
        if form < 0.3:
            return text[:at] + text[at + 1 :]
        if form < 0.5:
            return text[:at] + text[at] + text[at:]
        if form < 0.75 and at + 1 < len(text) and text[at + 1].isalpha():
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        vowels = "aeiou"
        return text[:at] + (self._random.choice(vowels) if text[at] in vowels else self._letter()) + text[at + 1 :]

    def _mess(self, text: str, share: float) -> str:
        """`share`: of the words that are misspelt."""
        if not share:
            return text
        words = text.split(" ")
        for i, word in enumerate(words):
            if word in _SPELL and self._random.random() < 3 * share:
                words[i] = self._pick(_SPELL[word].split())
            elif len(word) > 3 and word.isalpha() and self._random.random() < share:
                words[i] = self._misspell(word)
        joined = " ".join(words)
        return joined if self._random.random() < 0.7 else joined.replace("'", "")


def _cased(value: str, label: str | None, style: str, before: str) -> str:
    """A piece of text in the style of its writer, given what stands before it."""
    if style == "lower":
        return value if label in ("HANDLE", "EMAIL") else value.lower()
    if style == "upper":
        return value.upper()
    if style == "sentence" and label is None:
        value = re.sub(r"(?<=[.!?] )[a-z]|(?<=\n)[a-z]|\bi\b", lambda m: m.group().upper(), value)
        if not before.strip() or before.rstrip(" ").endswith((".", "!", "\n")):
            return value[:1].upper() + value[1:]
    return value


def _title(text: str) -> str:
    small = {"of", "on", "in", "the", "and", "upon", "no", "number"}
    return " ".join(w if w in small and i else w[:1].upper() + w[1:] for i, w in enumerate(text.split(" ")))


def _lines(source: str) -> list[str]:
    return [line for line in data_lines(f"training/{source}.txt") if line.strip() and not line.startswith("#")]


def quarter_less(number: int) -> Kept:
    """All lines but one quarter of them, 1 to QUARTERS; 0 for all."""
    return lambda _, line: zlib.crc32(line.encode()) % QUARTERS + 1 != number


def all_but(left_out: str) -> Kept:
    """All sources but one. Raises ValueError if there is none of this name."""
    if left_out not in SOURCES:
        raise ValueError(f"no such source: {left_out}; the sources are {', '.join(SOURCES)}")
    return lambda source, _: source != left_out
