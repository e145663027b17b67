"""Tells what an unknown word may misspell: a common given name, or an everyday word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from pipeline.scrub.lists import NameLists

_WORD_FIRST = 50  # 10 x Zipf frequency from which a name that is a word too is meant as the word
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


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


class FuzzyWords:
    """Finds the everyday word that an unknown word misspells (one letter added, lost, changed or swapped), or draws out ('sooooo').

    By symmetric deletes (Garbe, 2012): two spellings so near each other agree as soon as each has lost at most one letter.
    """

    def __init__(self, lists: NameLists, least: int = 42) -> None:
        """`least`: 10 x Zipf frequency from which a word is everyday."""
        self._lists, self._least = lists, least
        self._by_rest: dict[str, list[str]] = {}
        for word, (zipf, known) in lists.words.items():
            if zipf >= least and known and len(word) >= 3 and word.isalpha() and (zipf >= _WORD_FIRST or lists.given.get(word, 0) < 33):
                for rest in _rests(word):
                    self._by_rest.setdefault(rest, []).append(word)
        self.nearest = lru_cache(maxsize=50_000)(self._nearest)

    def _nearest(self, word: str) -> int:
        """10 x Zipf frequency of the commonest everyday word that `word` may misspell; 0 if none. Known words misspell nothing."""
        if len(word) < 4 or not word.isalpha() or self._lists.zipf(word) >= self._least:
            return 0
        once, twice = _DRAWN_OUT.sub(r"\1", word), _DRAWN_OUT.sub(r"\1\1", word)
        best = max(self._lists.zipf(once), self._lists.zipf(twice)) if once != word else 0
        best = best if best >= self._least else 0
        for near in {n for rest in _rests(once) for n in self._by_rest.get(rest, ())}:
            zipf = self._lists.zipf(near)
            if zipf > best and DamerauLevenshtein.distance(once, near, score_cutoff=1) <= 1:
                best = zipf
        return best


def _rests(word: str) -> Iterator[str]:
    """The word, and what is left of it without any one letter."""
    yield word
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
