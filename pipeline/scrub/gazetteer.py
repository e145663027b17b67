"""Layer 3: what the lists say. Given names and surnames; towns and villages; public names."""

from __future__ import annotations

from collections.abc import Iterator

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
