"""Layer 4: what the words around say. Titles, kin, roles, ways of naming; suffixes of schools and streets; words that lead to a place.

The same classes of words feed the learnt combination, so that a rule and a weight never disagree about what a 'role' is.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.scrub.lists import NameLists, word_classes
from pipeline.scrub.spans import Span
from pipeline.scrub.words import Word

LAYER = "relation"
ACTING = "acting"
_CLASSES = word_classes()


TITLES = _CLASSES["titles"]
FORMAL = _CLASSES["formal"]
HONORIFIC = _CLASSES["honorific"]
POSSESSIVE = _CLASSES["possessive"]
ANIMATE = _CLASSES["animate"]
OWN = _CLASSES["own"]
KIN = _CLASSES["kin"]
ROLES = _CLASSES["roles"]
NAMING = _CLASSES["naming"]
SPEECH = _CLASSES["speech"]
WITH = _CLASSES["with"]
SCHOOL_WORDS = _CLASSES["school_words"]
SCHOOL_LINK = _CLASSES["school link"]
SCHOOL_SUFFIX = _CLASSES["school_suffix"]
STREET_SUFFIX = _CLASSES["street_suffix"]
STREET_STRONG = _CLASSES["street_strong"]
LOCAL_SUFFIX = _CLASSES["local_suffix"]
LOCATIVE = _CLASSES["locative"]
PLACE_CUE = _CLASSES["place_cue"]

_OFTEN_BORNE = 35  # 10 x log10 of bearers
_OPENING = frozenset({".", "!", "?", ",", ";", "and", "but", "because", "cos", "when", "then", "so"})


def find(words: list[Word], lists: NameLists) -> Iterator[Span]:
    """What the rules alone would mask: a title and its name, 'my friend ...', 'my name is ...', a street or school by its last word."""
    for i, word in enumerate(words):
        low = word.low
        if not low[0].isalpha():
            continue
        before = words[i - 1].low if i else ""
        before2 = words[i - 2].low if i > 1 else ""
        rare = not lists.is_word(low) and lists.zipf(low) < 45
        if before in FORMAL and low not in FORMAL and lists.zipf(low) < 60:
            yield Span(words[i - 1].start, word.end, "PERSON", 0.9, LAYER)
        elif rare and (before in ROLES or before in KIN or before in NAMING or (before == "is" and before2 in ("name", "names"))):
            yield Span(word.start, word.end, "PERSON", 0.8, LAYER)
        elif (
            low in SCHOOL_SUFFIX
            and before
            and (not lists.is_word(before) or words[i - 1].text[0].isupper())
            and lists.zipf(before) < 52
            and before[0].isalpha()
        ):
            yield Span(words[i - 1].start, word.end, "SCHOOL", 0.8, LAYER)
        elif low in STREET_STRONG and before and before[0].isalpha() and lists.zipf(before) < 50:
            numbered = before2.isdigit()
            yield Span(words[i - 2].start if numbered else words[i - 1].start, word.end, "STREET", 0.85, LAYER)


def find_acting(words: list[Word], lists: NameLists) -> Iterator[Span]:
    """Names that are words (grace, summer, will) where they do what only people do. Sure enough to stand beside the learnt combination."""
    for i, word in enumerate(words):
        if word.low[0].isalpha() and _acts(words, i, lists):
            yield Span(word.start, word.end, "PERSON", 0.7, ACTING)


def _acts(words: list[Word], i: int, lists: NameLists) -> bool:
    """A name, though it be a word (grace, summer, will), is somebody's where it does what only people do, or is 'my' somebody."""
    if lists.given.get(words[i].low, 0) < _OFTEN_BORNE or lists.public_at([w.low for w in words], i)[0]:
        return False
    after = [w.low for w in words[i + 1 : i + 5]]
    starts = i == 0 or words[i - 1].low in _OPENING
    if starts and after[:1] and after[0] in ANIMATE:
        return True
    related = [low for low in after[2:4] if low in ROLES or low in KIN]
    return starts and after[:1] == ["is"] and len(after) > 2 and after[1] in OWN and bool(related)
