"""Layer 3: what the lists say. Given names and surnames, also misspelt ones; towns and villages; public names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from pipeline.scrub.lists import NameLists
from pipeline.scrub.spans import Span
from pipeline.scrub.words import Word

LAYER = "gazetteer"
CITY = 100_000  # a name shared by so many gives nobody away
_COMMON = 35  # 10 x Zipf frequency from which a dictionary word is no name without a reason


def find(words: list[Word], lists: NameLists) -> Iterator[Span]:
    """What the lists alone would mask: listed names that are no common word, listed small places after 'in', 'from', 'near'."""
    lows = [w.low for w in words]
    skip = 0
    for i, word in enumerate(words):
        if i < skip or not word.low[0].isalpha():
            continue
        count, _ = lists.public_at(lows, i)
        if count:
            skip = i + count
            continue
        count, people = lists.place_at(lows, i)
        before = lows[i - 1] if i else ""
        if (
            count
            and people < CITY
            and (count > 1 or not lists.is_word(word.low))
            and before in ("in", "from", "near", "at", "round", "to", "live")
        ):
            yield Span(word.start, words[i + count - 1].end, "PLACE", 0.7, LAYER)
            skip = i + count
        elif _is_name(word, lists):
            yield Span(word.start, word.end, "PERSON", 0.75, LAYER)


def _is_name(word: Word, lists: NameLists) -> bool:
    rank = lists.given.get(word.low, 0)
    if lists.is_word(word.low) and lists.zipf(word.low) >= _COMMON:
        return False
    return rank >= 30 or (word.low in lists.surnames and word.text[0].isupper() and not lists.is_word(word.low))


class FuzzyNames:
    """Finds the common given name that an unknown word misspells (one letter added, lost, changed or swapped; two in long names)."""

    def __init__(self, lists: NameLists, least: int = 33) -> None:
        """`least`: 10 x log10 of the bearers from which a name is worth misspelling."""
        self._lists = lists
        self._by_key: dict[str, list[str]] = {}
        for name, rank in lists.given.items():
            if rank >= least and len(name) >= 4 and name.isalpha():
                for key in _keys(name):
                    self._by_key.setdefault(key, []).append(name)
        self.nearest = lru_cache(maxsize=50_000)(self._nearest)

    def _nearest(self, word: str) -> int:
        """10 x log10 of the bearers of the best-known name that `word` may misspell; 0 if none. Known words misspell nothing."""
        if len(word) < 4 or not word.isalpha() or self._lists.zipf(word) >= 20:
            return 0
        best = 0
        allowed = 1 if len(word) < 8 else 2
        for name in {n for key in _keys(word) for n in self._by_key.get(key, ())}:
            rank = self._lists.given[name]
            if rank > best and DamerauLevenshtein.distance(word, name, score_cutoff=allowed) <= allowed:
                best = rank
        return best


def _keys(word: str) -> tuple[str, str, str]:
    """Halves and consonants: two spellings of one name share at least one of them nearly always."""
    half = len(word) // 2
    skeleton = word[0] + "".join(c for c in word[1:] if c not in "aeiouyh")
    return f"<{word[:half]}", f"{word[-half:]}>", f"={skeleton}"
