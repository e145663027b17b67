"""What can be said of a word: by itself (lists, frequency, shape, letters) and where it stands (public name, town, start of a sentence).

Attributes are short strings, so that a person can read what the learnt combination looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from sys import intern

from pipeline.scrub.fuzzy import FuzzyNames, FuzzyWords
from pipeline.scrub.gazetteer import CITY
from pipeline.scrub.lists import NameLists, word_classes
from pipeline.scrub.spans import Span
from pipeline.scrub.words import Word

OWN_ONLY = ("begins=", "ends=", "has=")  # letters say what a word is, never what its neighbour is
_LEXICAL = 46  # 10 x Zipf frequency from which a word stands for itself; rarer ones are known by their properties alone
_BORNE = 35  # 10 x log10 of the bearers from which a name is no slip of the finger
_MARKS = '.,!?()&@#:;-+/"'
# what serves only to widen a span is nothing to learn from
_CLASSES = {
    name: members for name, members in word_classes().items() if name not in ("honorific", "possessive", "animate", "own", "school link")
}


class Attributes:
    """Attributes of words, given the lists."""

    def __init__(self, lists: NameLists) -> None:
        self._lists = lists
        self._fuzzy, self._everyday = FuzzyNames(lists), FuzzyWords(lists)
        self.of_word = lru_cache(maxsize=50_000)(self._of_word)

    def _of_word(self, text: str, low: str) -> tuple[str, ...]:
        return tuple(map(intern, self._describe(text, low)))  # each attribute once: kept for every word, they would fill the memory

    def _describe(self, text: str, low: str) -> Iterator[str]:
        if not low[0].isalnum():
            yield f"mark={low[0] if low[0] in _MARKS else 'other'}"
            return
        lists = self._lists
        zipf, known = lists.zipf(low), lists.is_word(low)
        rank = lists.given.get(low, 0)
        surname = low in lists.surnames
        parts = low.replace("'", "-").split("-")
        if not rank and len(parts) > 1:  # amber-leigh, o'neill: known by their parts
            rank = max(lists.given.get(p, 0) for p in parts)
            surname = surname or any(p in lists.surnames for p in parts)
        if zipf >= _LEXICAL or any(low in members for members in _CLASSES.values()):
            yield f"is={low}"
        for name, members in _CLASSES.items():
            if low in members:
                yield f"class={name}"
        frequency = min(zipf // 5, 12)
        given = 0 if rank == 0 else 1 + min(max(rank - 20, 0) // 6, 5)
        yield f"zipf={frequency}"
        yield f"word={known}"
        yield f"given={given}"
        yield f"given={given},word={known},zipf={frequency}"
        yield f"surname={surname},word={known},given={bool(rank)}"
        if not rank and not zipf and not known:
            near = self._fuzzy.nearest(low)
            yield f"near={0 if not near else 1 + (near - 30) // 6}"
        if not known and rank < _BORNE and zipf < _LEXICAL:
            meant = self._everyday.nearest(low)
            yield f"misspells={0 if not meant else 1 + (meant - 40) // 5},given={bool(rank)}"
        if low in lists.famous:
            yield f"famous,given={bool(rank)},surname={surname}"
        if low in lists.places:
            yield f"town={_size(lists.places[low])},word={known},given={bool(rank)}"
        yield from _letters(text, low, bool(zipf) or known)

    def of_place(self, words: Sequence[Word], certain: Sequence[Span]) -> list[list[str]]:
        """For each word, what its place in the text says. `certain`: spans of the pattern layers."""
        lists, lows = self._lists, [w.low for w in words]
        found: list[list[str]] = [[] for _ in words]
        capitals = sum(w.text[0].isupper() for w in words)
        shouting = capitals > 0.7 * len(words)
        self._phrases(lows, found)
        for i, word in enumerate(words):
            first = i == 0 or lows[i - 1] in (".", "!", "?")
            if first:
                found[i].append("first")
            if word.text[0].isupper() and not shouting:
                found[i].append("title,first" if first else "title,inside")
            elif capitals and not shouting:
                found[i].append("lower among capitals")
            if word.low in lists.given and lows.count(word.low) > 1:
                found[i].append("twice")
            if any(span.start < word.end and word.start < span.end for span in certain):
                found[i].append("certain")
        if len(words) <= 3:
            for attributes in found:
                attributes.append("short text")
        return found

    def _phrases(self, lows: list[str], found: list[list[str]]) -> None:
        public_until = place_until = 0
        for i, low in enumerate(lows):
            if i >= public_until:
                count, kind = self._lists.public_at(lows, i)
                if count:
                    public_until = i + count
                    size = "alone" if count == 1 else "full"
                    named = self._lists.given.get(low, 0) >= 35
                    for j in range(i, public_until):
                        found[j] += [f"public={kind},{size}", f"public={kind},{size},given={named}"]
            if i >= place_until:
                count, people = self._lists.place_at(lows, i)
                if count > 1:
                    place_until = i + count
                    for j in range(i, place_until):
                        found[j].append(f"town phrase={'city' if people >= CITY else 'small'}")


def _size(people: int) -> str:
    return "unknown" if not people else "small" if people < 20_000 else "town" if people < CITY else "city"


def _letters(text: str, low: str, listed: bool) -> Iterator[str]:
    yield f"length={min(len(low), 12)}"
    if any(c.isdigit() for c in low):
        yield "digits only" if low.isdigit() else "digits"
    elif text.isupper() and len(text) > 1:
        yield "upper"
    elif text[0].isupper():
        yield "capital"
    elif text != text.lower():
        yield "mixed"
    if "-" in low or "'" in low:
        yield "joined"
    if not listed:  # the letters of a word nobody lists say what it may be
        framed = f"<{low}>"
        for size in (2, 3, 4):
            yield f"begins={framed[:size]}"
            yield f"ends={framed[-size:]}"
        yield from dict.fromkeys(f"has={framed[j : j + 3]}" for j in range(len(framed) - 2))
