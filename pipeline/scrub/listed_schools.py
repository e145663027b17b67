"""Layer 7: the schools of a list that an analyst added, found by their whole name or by what children say of it.

Children leave off the ending ("hawthorn vale" for Hawthorn Vale Primary School). What is left is masked by itself only where no
other reading is likely: it holds a word that no dictionary has, or the text says that a school is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from pipeline.scrub.lists import NameLists
from pipeline.scrub.relations import SCHOOL_WORDS
from pipeline.scrub.spans import Span
from pipeline.scrub.words import Word, split

LAYER = "school list"
_RARE = 35  # 10 x Zipf frequency below which a word is no everyday word
_LEADING = frozenset(
    {"at", "to", "go", "goes", "went", "attend", "attended", "called", "named", "left", "leave", "leaving", "joined", "from"}
)
_LINKS = {"and", "the", "of", "for", "with"}
_ENDINGS = SCHOOL_WORDS | _LINKS | {"england", "roman", "aided", "controlled", "voluntary", "va", "vc", "rc"}
Index = Mapping[str, tuple[tuple[str, ...], ...]]


def _plain(low: str) -> str:
    """One spelling for st and saint, mary's and marys."""
    short = "st" if low == "saint" else low.replace("'", "")
    return short[:-1] if len(short) > 3 and short.endswith("s") else short


@lru_cache(maxsize=2)
def index(names: frozenset[str]) -> Index:
    """Cores of school names by their first word, longest first: the name without what many schools end in."""
    cores: dict[str, set[tuple[str, ...]]] = {}
    for name in names:
        words = [w.low for w in split(name) if w.low[0].isalnum()]
        while len(words) > 1 and words[-1] in _ENDINGS:
            words.pop()
        if words[:1] == ["the"] and len(words) > 1:
            words.pop(0)
        if words and not all(word in _ENDINGS for word in words):
            plain = tuple(_plain(word) for word in words)
            cores.setdefault(plain[0], set()).add(plain)
    return {first: tuple(sorted(found, key=lambda core: (-len(core), core))) for first, found in cores.items()}


def find(words: Sequence[Word], lists: NameLists) -> Iterator[Span]:
    """Listed schools, with the ending that the child gave them."""
    if not lists.schools:
        return
    cores = index(lists.schools)
    named = [(i, _plain(w.low)) for i, w in enumerate(words) if w.low[0].isalnum()]
    skip = 0
    for at, (first, plain) in enumerate(named):
        if at < skip:
            continue
        for core in cores.get(plain, ()):
            if tuple(p for _, p in named[at : at + len(core)]) == core:
                end = at + len(core)
                while end < len(named) and words[named[end][0]].low in _ENDINGS:
                    end += 1
                while words[named[end - 1][0]].low in _LINKS and end > at + len(core):
                    end -= 1
                own = [words[i] for i, _ in named[at : at + len(core)]]
                before = next((words[i].low for i, _ in reversed(named[:at]) if words[i].low != "the"), "")
                if _means_school(own, before, end - at - len(core), lists):
                    yield Span(words[first].start, words[named[end - 1][0]].end, "SCHOOL", 1.0, LAYER)
                    skip = end
                    break


def _means_school(core: Sequence[Word], before: str, endings: int, lists: NameLists) -> bool:
    everyday = all(lists.is_word(w.low) or lists.zipf(w.low) >= _RARE for w in core)
    capitals = all(w.text[0].isupper() for w in core)
    if not everyday:
        return len(core) > 1 or endings > 0 or before in _LEADING
    if len(core) > 1:
        return endings > 0 or before in _LEADING
    return endings > 1 or (endings > 0 and (capitals or before in _LEADING))
