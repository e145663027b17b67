"""Invents labelled answers for training: templates of our own, filled with names, schools, streets and villages that nobody bears,
and then written the way children write. The same seed gives the same texts."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pipeline.scrub.lists import NameLists, data_lines, sections

SLOT = re.compile(r"\{(\w+)\}")
_VOCABULARY = sections("training/vocabulary.txt")
_SPELL, _CONTRACTIONS = (dict(line.split("=") for line in _VOCABULARY[name]) for name in ("spellings", "contractions"))
_CONTRACTED = re.compile(rf"\b(?:{'|'.join(_CONTRACTIONS)})\b")
_JOINS = (". ", ". ", ". ", ", ", " and ", " ", "! ", "\n", " because ", " but ", " so ", "... ", " - ", " cos ", "; ")


@dataclass(frozen=True)
class Invented:
    """A text and its personal data as (start, end, label)."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


class Inventor:
    """Draws invented answers."""

    def __init__(self, lists: NameLists, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - texts for training, no secret
        self._lists = lists
        given = [(n, r) for n, r in lists.given.items() if len(n) > 1]
        plain = [(n, r) for n, r in given if not lists.is_word(n) or lists.zipf(n) < 30]
        self._tiers = (
            sorted(n for n, r in plain if r >= 42),
            sorted(n for n, r in plain if 30 <= r < 42),
            sorted(n for n, r in plain if r < 30),
        )
        self._wordy = sorted(n for n, r in given if r >= 33 and lists.is_word(n) and 30 <= lists.zipf(n) <= 54)
        self._surnames = sorted(lists.surnames)
        self._nouns = sorted(w for w, (z, known) in lists.words.items() if known and 33 <= z <= 47 and 3 < len(w) < 9 and w.isalpha())
        self._villages = sorted(n for n, people in lists.places.items() if people < 60_000)
        self._public: dict[str, list[str]] = {}
        for phrases in lists.public.values():
            for words, kind in phrases:
                self._public.setdefault(kind, []).append(" ".join(words).replace(" ' ", "'").replace(" - ", "-"))
        # a private person may bear the first name of a public one
        self._shared = sorted(n for n in {*self._public["person"], *self._public["fiction"]} if lists.given.get(n, 0) >= 30)
        self._private = [line for name in ("private_people", "private_places") for line in _templates(name)] + 3 * _templates(
            "private_long"
        )
        self._names_only = _templates("private_people")
        self._fame = _templates("public_names")
        self._plain = _templates("ordinary") + 3 * _templates("ordinary_long") + 2 * _templates("ordinary_words")
        self._fill: dict[str, tuple[Callable[[], str], str | None]] = {
            "n": (self._given, "PERSON"),
            "nn": (lambda: f"{self._given()} {self._surname()}", "PERSON"),
            "ni": (lambda: f"{self._given()} {self._letter()}", "PERSON"),
            "f": (self._formal, "PERSON"),
            "k": (lambda: f"{self._piece('kin')} {self._given()}", "PERSON"),
            "i": (self._initials, "PERSON"),
            "nick": (self._nick, "PERSON"),
            "sur": (self._surname, "PERSON"),
            "s": (self._school, "SCHOOL"),
            "v": (self._village, "PLACE"),
            "loc": (self._spot, "PLACE"),
            "st": (self._street, "STREET"),
            "a": (self._address, "STREET"),
            "h": (self._handle, "HANDLE"),
            "em": (lambda: f"{self._handle().strip('@')}@mail.com", "EMAIL"),
            "ph": (lambda: f"07700 900{self._random.randint(100, 999)}", "PHONE"),
            "pc": (lambda: self._piece("postcodes"), "POSTCODE"),
            "dob": (lambda: self._piece("births"), "DOB"),
            "pet": (self._pet, None),
            "word": (lambda: self._pick(self._wordy if self._random.random() < 0.35 else self._nouns), None),
            "city": (lambda: self._pick(self._public["place"]), None),
            **{kind: (partial(self._famous, kind), None) for kind in ("person", "fiction", "club", "brand")},
        }

    def draw(self) -> Invented:
        """One invented answer; a little more than half hold personal data."""
        roll = self._random.random()
        if roll < 0.30:
            parts = [self._pick(self._private)]
        elif roll < 0.42:
            parts = [self._pick(self._plain), self._pick(self._private)]
        elif roll < 0.50:
            parts = [self._pick(self._private), self._pick(self._plain)]
        elif roll < 0.54:
            parts = [self._pick(self._private), self._pick(self._private)]
        elif roll < 0.58:
            parts = [self._pick(self._fame), self._pick(self._names_only)]
        elif roll < 0.74:
            parts = [self._pick(self._fame)]
        elif roll < 0.92:
            parts = [self._pick(self._plain)]
        else:
            parts = [self._pick(self._plain), self._pick(self._fame if self._random.random() < 0.4 else self._plain)]
        return self._write(parts)

    def _write(self, parts: list[str]) -> Invented:
        style = self._random.choices(("lower", "asis", "sentence", "upper"), (45, 12, 36, 7))[0]
        messy = self._random.random() < 0.5
        pieces: list[tuple[str, str | None]] = [(self._piece("heads") + " " if self._random.random() < 0.3 else "", None)]
        apostrophes = style != "lower" and self._random.random() < 0.5
        for number, raw in enumerate(parts):
            part = _CONTRACTED.sub(lambda m: _CONTRACTIONS[m.group()], raw) if apostrophes else raw
            if number:
                pieces.append((self._pick(_JOINS), None))
            done = 0
            for slot in SLOT.finditer(part):
                pieces.append((self._mess(part[done : slot.start()]) if messy else part[done : slot.start()], None))
                draw, label = self._fill[slot[1]]
                value = draw()
                capital = style == "sentence" or (style == "asis" and self._random.random() < 0.5)
                if label in ("PERSON", "SCHOOL", "PLACE", "STREET") and self._random.random() < 0.10:
                    value = self._misspell(value)
                pieces.append((_title(value) if capital and label not in ("HANDLE", "EMAIL", "POSTCODE") else value, label))
                done = slot.end()
            pieces.append((self._mess(part[done:]) if messy else part[done:], None))
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

    def _piece(self, kind: str) -> str:
        return self._random.choice(_VOCABULARY[kind])

    def _pick(self, options: list[str] | tuple[str, ...]) -> str:
        return self._random.choice(options)

    def _pet(self) -> str:
        return self._pick(self._nouns) if self._random.random() < 0.5 else self._given()

    def _letter(self) -> str:
        return self._random.choice(string.ascii_lowercase)

    def _given(self) -> str:
        roll = self._random.random()
        if roll < 0.14:
            return self._pick(self._wordy)
        if roll < 0.20:
            return self._coined()
        if roll < 0.24:
            return self._pick(self._shared)
        tier = self._random.choices(self._tiers, (46, 34, 20))[0]
        name = self._pick(tier)
        if self._random.random() < 0.04:
            name = f"{name}-{self._pick(['mae', 'rose', 'lee', 'jo', 'leigh', 'grace', 'may', 'jay'])}"
        return name

    def _coined(self) -> str:
        """A name of two halves of others: what no list holds."""
        first, second = self._pick(self._tiers[1]), self._pick(self._tiers[1])
        return first[: max(2, len(first) // 2)] + second[len(second) // 2 :]

    def _surname(self) -> str:
        roll = self._random.random()
        if roll < 0.12:
            return self._pick(self._nouns)
        if roll < 0.18:
            return f"{self._pick(self._surnames)}-{self._pick(self._surnames)}"
        return self._pick(self._surnames)

    def _formal(self) -> str:
        roll = self._random.random()
        if roll < 0.08:
            return f"{self._pick(['sir', 'miss', 'mr', 'mrs'])} {self._given()}"
        if roll < 0.13:
            return f"{self._piece('formal')} {self._letter()}"
        return f"{self._piece('formal')} {self._surname()}"

    def _initials(self) -> str:
        form = self._random.random()
        first, second = self._letter(), self._letter()
        return (
            f"{first}{second}"
            if form < 0.5
            else f"{first}.{second}."
            if form < 0.7
            else first.upper()
            if form < 0.85
            else f"{first}.{second}"
        )

    def _nick(self) -> str:
        form = self._random.random()
        if form < 0.45:
            return f"{self._piece('nick starts')} {self._pick([self._given(), self._letter(), 'man', 'dave', 'g'])}"
        if form < 0.75:
            base = self._given()[:4]
            return base + self._piece("nick ends")
        return self._pick(self._nouns) + self._pick(["", "y", "boy", "head", "s"])

    def _stem(self) -> str:
        form = self._random.random()
        if form < 0.25:
            return self._pick(self._villages)
        if form < 0.45:
            return self._piece("stems") + self._piece("place ends")
        if form < 0.55:
            return self._piece("place starts") + self._piece("place ends")
        if form < 0.75:
            return f"{self._piece('stems')} {self._piece('stems')}"
        if form < 0.85:
            return self._pick(self._surnames)
        return self._piece("stems") if form < 0.93 else self._pick(self._nouns)

    def _school(self) -> str:
        form = self._random.random()
        saint = f"{self._pick(['st', 'st', 'st.', 'saint'])} {self._pick(self._tiers[0])}{self._pick(['', 's', chr(39) + 's'])}"
        if form < 0.05:
            return "".join(self._random.choice(string.ascii_uppercase) for _ in range(self._random.randint(3, 4)))
        if form < 0.12:
            return f"{self._stem()} {self._piece('secure ends')}"
        if form < 0.16:
            return f"{self._pick(['hmyoi', 'hmp', 'hm yoi'])} {self._stem()}"
        if form < 0.23:
            return self._pick(["the ", "", ""]) + self._stem()
        if form < 0.30:
            return saint
        if form < 0.34:
            joint = f"our lady and st {self._pick(self._tiers[0])}"
            name = joint if self._random.random() < 0.15 else self._piece("church schools")
            return name + self._pick(["", " primary", " catholic school", " rc primary", " academy"])
        if form < 0.38:
            return f"{self._stem()} {self._pick(['and', '&', 'and'])} {self._stem()} {self._piece('school ends')}"
        stem = saint if form < 0.48 else f"{self._given()} {self._surname()}" if form < 0.52 else self._stem()
        return f"{stem} {self._piece('school ends')}"

    def _village(self) -> str:
        form = self._random.random()
        if form < 0.55:
            return self._pick(self._villages)
        bare = self._piece("place starts" if form < 0.8 else "stems") + self._piece("place ends")
        if form < 0.82:
            return bare
        if form < 0.92:
            return f"{self._piece('place adjectives')} {bare}"
        return bare + self._piece("place tails")

    def _spot(self) -> str:
        article = "the " if self._random.random() < 0.06 else ""
        return f"{article}{self._stem() if self._random.random() < 0.8 else self._given() + 's'} {self._piece('spots')}"

    def _street(self) -> str:
        form = self._random.random()
        if form < 0.10:
            return f"the {self._stem()}" if form < 0.05 else self._stem()
        if form < 0.27:
            return f"{self._stem()} {self._piece('buildings')}"
        return f"{self._stem()} {self._piece('street ends')}"

    def _address(self) -> str:
        number = self._pick(["", "number ", "no ", "", "", ""]) + str(self._random.randint(1, 199)) + self._pick(["", "", "", "a", "b"])
        street = f"{self._stem()} {self._piece('street ends')}"
        if self._random.random() < 0.2:
            return f"flat {self._random.randint(1, 60)} {self._stem()} {self._piece('buildings')}"
        return f"{number} {street}"

    def _handle(self) -> str:
        rng = self._random
        first = (
            rng.choice(
                [
                    self._given(),
                    self._pick(self._nouns),
                    self._pick(["lil", "its", "real", "not", "ur", "the", "xx", "king", "queen", "baby"]) + self._given(),
                ]
            )
            .replace(" ", "")
            .replace("'", "")
        )
        second = self._pick(self._nouns)
        digits = str(rng.choice([rng.randint(1, 99), rng.randint(2005, 2018), rng.randint(100, 999)]))
        forms = (
            *(f"{first}{digits}", f"{first}_{second}", f"{first}.{second}", f"xx_{first}_xx", f"{first}{second}{digits}", f"_{first}_"),
            *(f"{first}{second}", f"@{first}{digits}", f"{first.title()}{second.title()}", f"{first}{second}", f"{first}xo"),
            *(f"@{first}.{second}", f"{first}_{digits}", f"{second}{first}"),
        )
        return rng.choice(forms)

    def _famous(self, kind: str) -> str:
        return self._pick(self._public[kind])

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

    def _mess(self, text: str) -> str:
        words = text.split(" ")
        for i, word in enumerate(words):
            if word in _SPELL and self._random.random() < 0.3:
                words[i] = self._pick(_SPELL[word].split())
            elif len(word) > 3 and word.isalpha() and self._random.random() < 0.09:
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


def _templates(name: str) -> list[str]:
    return [line for line in data_lines(f"training/{name}.txt") if line.strip() and not line.startswith("#")]
