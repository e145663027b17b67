"""Invents labelled answers for training: templates of our own, filled with names, schools, streets and villages that nobody bears,
and then written the way children write. The same seed gives the same texts."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.scrub.lists import NameLists, data_lines

SLOT = re.compile(r"\{(\w+)\}")
_KIN = ["nan", "nana", "nanna", "nanny", "gran", "granny", "grandma", "grandad", "granddad", "grandpa", "auntie", "aunty", "aunt", "uncle", "cousin", "great-grandad", "gramps", "nani", "dada"]
_FORMAL = ["mr", "mrs", "miss", "ms", "mr", "mrs", "miss", "dr", "mr.", "mrs.", "sir", "prof", "mister"]
_TREES = ["oak", "ash", "elm", "beech", "willow", "birch", "hazel", "rowan", "maple", "cedar", "poplar", "alder", "holly", "larch", "lime", "chestnut", "hawthorn", "bramble", "heather", "fern", "clover", "rose", "lily", "primrose", "meadow", "brook", "river", "mill", "hill", "church", "chapel", "castle", "abbey", "manor", "park", "green", "wood", "field", "moor", "heath", "marsh", "bank", "spring", "well", "stone", "bridge", "ford", "tower", "station", "victoria", "albert", "king", "queen", "duke", "prince", "regent", "windsor", "balmoral", "nelson", "wellington", "waterloo", "trafalgar", "churchill", "tennyson", "shelley", "byron", "milton", "keats", "north", "south", "east", "west", "upper", "lower", "old", "new", "high", "long", "broad", "water", "sandy", "copper", "silver", "golden", "red", "white", "black", "hollow", "fox", "badger", "heron", "swan", "kestrel", "lark", "orchard", "vicarage", "rectory", "tanyard", "foundry", "quarry", "canal", "dock", "harbour", "market", "cross", "gate", "school", "farm", "barn", "pear", "cherry", "apple", "plum", "bell", "bishop", "canon", "friar"]
_PLACE_START = ["ash", "oak", "thorn", "wood", "mar", "whit", "black", "had", "bur", "hal", "wil", "har", "nor", "sut", "as", "cor", "hel", "ben", "stan", "ter", "wes", "elm", "bran", "cran", "marl", "thur", "kib", "rad", "lang", "sap", "dun", "ald", "wyn", "bick", "cud", "ock", "tad", "fel", "ing", "mel", "cal", "grim", "skel", "thirl", "ox", "sel", "rip", "ham", "bram", "chad", "down", "far", "gos", "hex", "kirk", "ley", "mor", "nun", "pen", "rus", "sher", "tol", "ux", "wen"]
_PLACE_END = ["ton", "ham", "ley", "by", "ford", "field", "worth", "wick", "stead", "thorpe", "bury", "combe", "don", "den", "hurst", "bourne", "well", "minster", "ington", "ingham", "mere", "wood", "holme", "dale", "church", "stow", "mouth", "gate", "bridge", "shaw", "croft", "low", "hope", "leigh", "sley"]
_STREET_END = ["road", "road", "road", "street", "street", "street", "lane", "lane", "avenue", "avenue", "close", "close", "crescent", "drive", "way", "terrace", "gardens", "grove", "place", "court", "hill", "mews", "parade", "row", "walk", "view", "rise", "green", "square", "rd", "st", "ave", "ln", "cl"]
_BUILDING = ["house", "court", "tower", "towers", "flats", "point", "heights", "lodge", "mansions", "buildings", "estate", "estate"]
_SCHOOL_END = ["primary", "primary", "primary school", "primary school", "primary academy", "academy", "academy", "academy", "high", "high school", "school", "school", "juniors", "junior school", "infants", "infant school", "grammar", "grammar school", "college", "sixth form", "sixth form college", "sixth", "nursery", "nursery school", "pre school", "comp", "community school", "secondary", "secondary school", "catholic primary school", "c of e primary", "c of e primary school", "ce primary", "girls", "girls school", "boys", "boys school", "special school", "prep", "high school for girls", "rc primary", "church of england primary school", "federation", "studio school", "park school", "primary & nursery school", "middle school", "middle"]
_SECURE = ["secure unit", "yoi", "house", "lodge", "children's home", "childrens home", "stc", "secure centre", "unit", "pru", "hospital school", "residential", "centre"]
_SPOT = ["park", "park", "park", "park", "rec", "woods", "wood", "pond", "lake", "fields", "playing fields", "library", "youth centre", "youth club", "skatepark", "skate park", "leisure centre", "swimming pool", "pool", "beach", "cafe", "chippy", "boxing gym", "boxing club", "community centre", "church", "farm", "stables", "food bank", "mosque", "common", "playground", "bmx track", "nature reserve", "adventure playground", "baths", "shopping centre", "precinct", "market", "fc", "juniors fc", "rfc", "scouts", "dance school", "hub", "sports centre", "retail park", "gardens", "car park", "allotments", "canal", "bridge", "station", "viaduct", "quarry", "community hub"]
_SPELL = {
    "because": "becos cos cuz bcos becuase because coz", "with": "wiv wif w", "friend": "frend freind frind", "friends": "frends freinds", "school": "skool scool schol",
    "teacher": "techer teecher", "is": "iz is", "the": "da teh the th", "and": "n an & nd", "you": "u yu", "are": "r", "said": "sed", "like": "lik liek", "want": "wont wnt",
    "would": "wud", "should": "shud", "have": "hav", "some": "sum", "people": "peple ppl peopl", "please": "pls plz pleas", "when": "wen", "what": "wot wat", "house": "hows howse",
    "nothing": "nuffin nuthin", "think": "fink thnk", "to": "too 2", "for": "4 fr", "my": "mi ma me", "they": "thay dey", "their": "there", "really": "rly realy", "was": "woz wuz",
    "mean": "meen", "live": "liv", "called": "calld cald", "name": "naym nam", "always": "alwys allways", "best": "bestist", "every": "evry", "doesnt": "dont", "someone": "sumone",
    "about": "abowt", "thank": "fank", "there": "ther", "good": "gud", "very": "v", "number": "numba", "street": "streat", "road": "rode", "primary": "primry",
}  # fmt: skip
_CONTRACTIONS = {
    "dont": "don't", "im": "I'm", "ive": "I've", "cant": "can't", "doesnt": "doesn't", "isnt": "isn't", "its": "it's", "thats": "that's", "theres": "there's",
    "didnt": "didn't", "wasnt": "wasn't", "wouldnt": "wouldn't", "theyre": "they're", "hes": "he's", "shes": "she's", "whats": "what's",
}  # fmt: skip
_CONTRACTED = re.compile(rf"\b(?:{'|'.join(_CONTRACTIONS)})\b")
_JOINS = (". ", ". ", ". ", ", ", " and ", " ", "! ", "\n", " because ", " but ", " so ", "... ", " - ", " cos ", "; ")
_HEADS = (
    "",
    "",
    "",
    "",
    "",
    "honestly ",
    "tbh ",
    "i think ",
    "um ",
    "ok so ",
    "well ",
    "like ",
    "so ",
    "ngl ",
    "sometimes ",
    "also ",
    "basically ",
    "i feel like ",
)
_TAILS = (
    "",
    "",
    "",
    "",
    "",
    "",
    " lol",
    " tbh",
    " thank you",
    " please",
    " :(",
    " 😭",
    "!!",
    " xx",
    " innit",
    " and it makes me sad",
    " tho",
    "?",
    "...",
    " thats it",
    " every day",
)


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
        self._private = [line for name in ("private_people", "private_places") for line in _templates(name)] + 3 * _templates(
            "private_long"
        )
        self._names_only = _templates("private_people")
        self._fame = _templates("public_names")
        self._plain = _templates("ordinary") + 3 * _templates("ordinary_long")
        self._fill: dict[str, Callable[[], tuple[str, str | None]]] = {
            "n": lambda: (self._given(), "PERSON"), "nn": lambda: (f"{self._given()} {self._surname()}", "PERSON"), "f": lambda: (self._formal(), "PERSON"),
            "k": lambda: (f"{self._pick(_KIN)} {self._given()}", "PERSON"), "ni": lambda: (f"{self._given()} {self._letter()}", "PERSON"),
            "i": lambda: (self._initials(), "PERSON"), "nick": lambda: (self._nick(), "PERSON"), "sur": lambda: (self._surname(), "PERSON"),
            "s": lambda: (self._school(), "SCHOOL"), "v": lambda: (self._village(), "PLACE"), "loc": lambda: (self._spot(), "PLACE"),
            "st": lambda: (self._street(), "STREET"), "a": lambda: (self._address(), "STREET"), "h": lambda: (self._handle(), "HANDLE"),
            "em": lambda: (f"{self._handle().strip('@')}@mail.com", "EMAIL"), "ph": lambda: (f"07700 900{self._random.randint(100, 999)}", "PHONE"),
            "pc": lambda: (self._pick(["LS6 3QP", "m14 5rt", "sk7", "NE33 1AB", "b44", "ts1 2ab"]), "POSTCODE"),
            "dob": lambda: (self._pick(["3rd may 2012", "12/03/2010", "1st of june", "14.2.09", "july 5th 2013"]), "DOB"),
            "person": lambda: (self._famous("person"), None), "fiction": lambda: (self._famous("fiction"), None), "club": lambda: (self._famous("club"), None),
            "pet": lambda: (self._pet(), None), "brand": lambda: (self._famous("brand"), None), "city": lambda: (self._famous("place"), None),
        }  # fmt: skip

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
        pieces: list[tuple[str, str | None]] = [(self._pick(_HEADS) if self._random.random() < 0.5 else "", None)]
        for number, part in enumerate(parts):
            if number:
                pieces.append((self._pick(_JOINS), None))
            done = 0
            if style != "lower" and self._random.random() < 0.5:
                part = _CONTRACTED.sub(lambda m: _CONTRACTIONS[m.group()], part)
            for slot in SLOT.finditer(part):
                pieces.append((self._mess(part[done : slot.start()]) if messy else part[done : slot.start()], None))
                value, label = self._fill[slot[1]]()
                capital = style == "sentence" or (style == "asis" and self._random.random() < 0.5)
                if label in ("PERSON", "SCHOOL", "PLACE", "STREET") and self._random.random() < 0.10:
                    value = self._misspell(value)
                pieces.append((_title(value) if capital and label not in ("HANDLE", "EMAIL", "POSTCODE") else value, label))
                done = slot.end()
            pieces.append((self._mess(part[done:]) if messy else part[done:], None))
        pieces.append((self._pick(_TAILS) if self._random.random() < 0.5 else "", None))
        return self._join(pieces, style)

    def _join(self, pieces: list[tuple[str, str | None]], style: str) -> Invented:
        text, spans = "", []
        for value, label in pieces:
            if not value:
                continue
            if style == "lower" and label not in ("HANDLE", "EMAIL"):
                value = value.lower()
            elif style == "upper":
                value = value.upper()
            elif style == "sentence" and label is None:
                value = re.sub(r"(?<=[.!?] )[a-z]|(?<=\n)[a-z]|\bi\b", lambda m: m.group().upper(), value)
                if not text.strip() or text.rstrip(" ").endswith((".", "!", "\n")):
                    value = value[:1].upper() + value[1:]
            if label is not None:
                spans.append((len(text), len(text) + len(value), label))
            text += value
        return Invented(text, tuple(spans))

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
            return f"{self._pick(_FORMAL)} {self._letter()}"
        return f"{self._pick(_FORMAL)} {self._surname()}"

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
            return f"{self._pick(['big', 'lil', 'little', 'young', 'fat', 'skinny', 'mad', 'tall', 'ginger', 'smiley', 'old', 'small'])} {self._pick([self._given(), self._letter(), 'man', 'dave', 'g'])}"
        if form < 0.75:
            base = self._given()[:4]
            return base + self._pick(["zy", "zo", "y", "z", "ster", "o", "ers", "bob", "ie"])
        return self._pick(self._nouns) + self._pick(["", "y", "boy", "head", "s"])

    def _stem(self) -> str:
        form = self._random.random()
        if form < 0.25:
            return self._pick(self._villages)
        if form < 0.45:
            return self._pick(_TREES) + self._pick(_PLACE_END)
        if form < 0.55:
            return self._pick(_PLACE_START) + self._pick(_PLACE_END)
        if form < 0.75:
            return f"{self._pick(_TREES)} {self._pick(_TREES)}"
        if form < 0.85:
            return self._pick(self._surnames)
        return self._pick(_TREES) if form < 0.93 else self._pick(self._nouns)

    def _school(self) -> str:
        form = self._random.random()
        saint = f"{self._pick(['st', 'st', 'st.', 'saint'])} {self._pick(self._tiers[0])}{self._pick(['', 's', chr(39) + 's'])}"
        if form < 0.05:
            return "".join(self._random.choice(string.ascii_uppercase) for _ in range(self._random.randint(3, 4)))
        if form < 0.12:
            return f"{self._stem()} {self._pick(_SECURE)}"
        if form < 0.16:
            return f"{self._pick(['hmyoi', 'hmp', 'hm yoi'])} {self._stem()}"
        if form < 0.23:
            return self._pick(["the ", "", ""]) + self._stem()
        if form < 0.30:
            return saint
        if form < 0.34:
            return self._pick(
                [
                    "our lady of lourdes",
                    "sacred heart",
                    "holy family",
                    "holy trinity",
                    "all saints",
                    "christ church",
                    "blessed sacrament",
                    "our lady and st " + self._pick(self._tiers[0]),
                ]
            ) + self._pick(["", " primary", " catholic school", " rc primary", " academy"])
        stem = saint if form < 0.46 else f"{self._given()} {self._surname()}" if form < 0.50 else self._stem()
        return f"{stem} {self._pick(_SCHOOL_END)}"

    def _village(self) -> str:
        form = self._random.random()
        if form < 0.55:
            return self._pick(self._villages)
        bare = self._pick(_PLACE_START if form < 0.8 else _TREES) + self._pick(_PLACE_END)
        if form < 0.82:
            return bare
        if form < 0.92:
            return f"{self._pick(['long', 'great', 'little', 'market', 'upper', 'lower', 'high', 'north', 'chipping', 'castle', 'east', 'west', 'old', 'much', 'kirkby', 'stoke'])} {bare}"
        return bare + self._pick(
            [
                "-on-sea",
                " on sea",
                " st mary",
                " regis",
                " bay",
                "-in-the-marsh",
                " village",
                " moor",
                " green",
                " magna",
                "-upon-tyne",
                " hill",
                " estate",
            ]
        )

    def _spot(self) -> str:
        return f"{self._pick(['the ', '', '', '', '']) if self._random.random() < 0.3 else ''}{self._stem() if self._random.random() < 0.8 else self._given() + 's'} {self._pick(_SPOT)}"

    def _street(self) -> str:
        form = self._random.random()
        if form < 0.10:
            return f"the {self._stem()}" if form < 0.05 else self._stem()
        if form < 0.27:
            return f"{self._stem()} {self._pick(_BUILDING)}"
        return f"{self._stem()} {self._pick(_STREET_END)}"

    def _address(self) -> str:
        number = self._pick(["", "number ", "no ", "", "", ""]) + str(self._random.randint(1, 199)) + self._pick(["", "", "", "a", "b"])
        street = f"{self._stem()} {self._pick(_STREET_END)}"
        if self._random.random() < 0.2:
            return f"flat {self._random.randint(1, 60)} {self._stem()} {self._pick(_BUILDING)}"
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
        forms = (f"{first}{digits}", f"{first}_{second}", f"{first}.{second}", f"xx_{first}_xx", f"{first}{second}{digits}", f"_{first}_", f"{first}{second}", f"@{first}{digits}",
                 f"{first.title()}{second.title()}", f"{first}{second}", f"{first}xo", f"@{first}.{second}", f"{first}_{digits}", f"{second}{first}")  # fmt: skip
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
            elif len(word) > 3 and word.isalpha() and self._random.random() < 0.07:
                words[i] = self._misspell(word)
        joined = " ".join(words)
        return joined if self._random.random() < 0.7 else joined.replace("'", "")


def _title(text: str) -> str:
    small = {"of", "on", "in", "the", "and", "upon", "no", "number"}
    return " ".join(w if w in small and i else w[:1].upper() + w[1:] for i, w in enumerate(text.split(" ")))


def _templates(name: str) -> list[str]:
    return [line for line in data_lines(f"training/{name}.txt") if line.strip() and not line.startswith("#")]
