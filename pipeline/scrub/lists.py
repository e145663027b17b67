"""The word lists behind every layer: names, places, word frequencies, public names. Loaded once, from this package's own data files."""

from __future__ import annotations

import gzip
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files

from pipeline.scrub.words import fold, split

PUBLIC_KINDS = ("person", "fiction", "club", "brand", "place")
_ICON = "icon"  # a section of persons whose single names stay public, whoever else bears them
_UNKNOWN_TOWN = 0


@dataclass(frozen=True)
class NameLists:
    """given: folded name -> 10 x log10 of bearers. surnames. places: folded name -> inhabitants (0 unknown).
    words: folded word -> (10 x Zipf frequency, in a dictionary). public: first word -> ((all words), kind) longest first.
    schools: folded names an analyst added. Raises ValueError when a list that safety rests on is empty.
    """  # fmt: skip

    given: Mapping[str, int]
    surnames: frozenset[str]
    places: Mapping[str, int]
    words: Mapping[str, tuple[int, bool]]
    public: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
    schools: frozenset[str] = frozenset()
    _place_starts: frozenset[str] = field(default=frozenset(), repr=False)
    famous: frozenset[str] = field(default=frozenset(), init=False, repr=False)  # last names of public persons and of fiction

    def __post_init__(self) -> None:
        for name in ("given", "surnames", "words"):
            if not getattr(self, name):
                raise ValueError(f"the list '{name}' is empty, and scrubbing without it would miss people: install the package again")
        named = (words for phrases in self.public.values() for words, kind in phrases if kind in ("person", "fiction") and len(words) == 2)
        object.__setattr__(self, "famous", frozenset(last for _, last in named if len(last) > 3 and not self.is_word(last)))
        object.__setattr__(self, "_place_starts", frozenset(name.split(" ")[0] for name in self.places))

    def zipf(self, word: str) -> int:
        """10 x Zipf frequency of a folded word; 0 if it is rarer than about one in a million."""
        return self.words.get(word, (0, False))[0]

    def is_word(self, word: str) -> bool:
        """Is the folded word in a dictionary (names alone are not), or several of one that is?"""
        found = self.words.get(word)
        if found is None and word.endswith("s") and len(word) > 4 and not self.is_name(word):
            found = self.words.get(word[:-1])
        return found is not None and found[1]

    def is_name(self, word: str) -> bool:
        """Is the folded word a given name or a surname?"""
        return word in self.given or word in self.surnames

    def place_at(self, words: list[str], start: int) -> tuple[int, int]:
        """(number of words, inhabitants) of the longest listed town or village that starts at this word; (0, 0) if none."""
        if words[start] not in self._place_starts:
            return 0, 0
        for count in range(min(5, len(words) - start), 0, -1):
            joined = " ".join(words[start : start + count]).replace(" - ", "-")
            if joined in self.places:
                return count, self.places[joined]
        return 0, 0

    def public_at(self, words: list[str], start: int) -> tuple[int, str]:
        """(number of words, kind) of the longest public name that starts at this word; (0, "") if none."""
        for phrase, kind in self.public.get(words[start], ()):
            if tuple(words[start : start + len(phrase)]) == phrase:
                return len(phrase), kind
        return 0, ""

    def with_added(
        self, given: Iterable[str] = (), surnames: Iterable[str] = (), places: Iterable[str] = (), schools: Iterable[str] = ()
    ) -> NameLists:
        """These lists and an analyst's own (ONS baby names, GIAS schools)."""
        return replace(
            self,
            given={**{fold(n): 25 for n in given}, **self.given},
            surnames=self.surnames | {fold(n) for n in surnames},
            places={**{fold(n): _UNKNOWN_TOWN for n in places}, **self.places},
            schools=self.schools | {fold(n) for n in schools},
        )

    def fingerprint(self) -> str:
        """Differs as soon as the lists differ."""
        digest = hashlib.sha256()
        for entries in (self.given.items(), self.surnames, self.places.items(), self.words.items(), self.public.items(), self.schools):
            digest.update(repr(sorted(entries)).encode())
        return digest.hexdigest()

    def without(self, share: float) -> NameLists:
        """These lists with a share of all given names and surnames removed, the same ones every time: how much rests on the lists?"""

        def stays(name: str) -> bool:
            return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32 >= share

        return replace(self, given={n: r for n, r in self.given.items() if stays(n)}, surnames=frozenset(filter(stays, self.surnames)))


def data_lines(name: str) -> list[str]:
    """Lines of a text file in `pipeline/data/scrub`, unpacked if it is compressed."""
    resource = files("pipeline") / "data" / "scrub" / name
    with resource.open("rb") as raw:
        content = gzip.decompress(raw.read()) if name.endswith(".gz") else raw.read()
    return content.decode().splitlines()


_BORNE_BY_MANY = 42  # a single name that so many bear (10 x log10) says nothing of who is meant: it is no public name


def _public(given: Mapping[str, int]) -> dict[str, tuple[tuple[tuple[str, ...], str], ...]]:
    by_first: dict[str, dict[tuple[str, ...], str]] = {}
    kind = ""
    for line in data_lines("public.txt"):
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            kind = line.strip("[] ")
            if kind not in (*PUBLIC_KINDS, _ICON):
                raise ValueError(f"public.txt has a section '{kind}'; the sections are {', '.join(PUBLIC_KINDS)}, {_ICON}")
            continue
        for phrase in line.split(";"):
            words = tuple(w.low for w in split(phrase))
            shared = len(words) == 1 and kind in ("person", "fiction") and given.get(words[0], 0) >= _BORNE_BY_MANY
            if words and not shared:
                by_first.setdefault(words[0], {}).setdefault(words, "person" if kind == _ICON else kind)
    return {first: tuple(sorted(phrases.items(), key=lambda p: -len(p[0]))) for first, phrases in by_first.items()}


def sections(name: str) -> dict[str, list[str]]:
    """Sections of a data file: pieces between '|', or whole lines where there is none."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for line in data_lines(name):
        if line.startswith("["):
            own = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            own += [piece for piece in line.split("|") if piece]
    return found


@lru_cache(maxsize=1)
def word_classes() -> dict[str, frozenset[str]]:
    """Classes of words by name, from `word_classes.txt`."""
    found: dict[str, frozenset[str]] = {}
    name = ""
    for line in data_lines("word_classes.txt"):
        if line.startswith("["):
            name = line.strip("[] ")
        elif not line.startswith("#"):
            found[name] = found.get(name, frozenset()) | frozenset(line.split())
    return found


@lru_cache(maxsize=1)
def load() -> NameLists:
    """The lists of this package. Loaded once in a process."""
    extra = [line.split("#")[0] for line in data_lines("nicknames.txt")]
    given = {name: int(rank) for name, rank in (line.split("\t") for line in data_lines("given_names.tsv.gz"))}
    for line in extra:
        for name in line.split():
            given[fold(name)] = max(given.get(fold(name), 0), round(10 * math.log10(3000)))
    surnames = frozenset(data_lines("surnames.txt.gz")) | frozenset(
        fold(n) for line in data_lines("surnames_added.txt") for n in line.split("#")[0].split()
    )
    return NameLists(
        given=given,
        surnames=surnames,
        places={name: int(count) for name, count in (line.split("\t") for line in data_lines("places.tsv.gz"))},
        words={w: (int(zipf), known == "1") for w, zipf, known in (line.split("\t") for line in data_lines("words.tsv.gz"))},
        public=_public(given),
    )
