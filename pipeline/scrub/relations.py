"""Layer 4: what the words around say. Titles, kin, roles, ways of naming; suffixes of schools and streets; words that lead to a place.

The same classes of words feed the learnt combination, so that a rule and a weight never disagree about what a 'role' is.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.scrub.lists import NameLists, word_classes
from pipeline.scrub.spans import Span
from pipeline.scrub.words import Word

LAYER = "relation"
_CLASSES = word_classes()


TITLES = _CLASSES["titles"]
FORMAL = _CLASSES["formal"]
HONORIFIC = _CLASSES["honorific"]
POSSESSIVE = _CLASSES["possessive"]
KIN = _CLASSES["kin"]
ROLES = _CLASSES["roles"]
NAMING = _CLASSES["naming"]
SPEECH = _CLASSES["speech"]
WITH = _CLASSES["with"]
SCHOOL_WORDS = _CLASSES["school_words"]
SCHOOL_SUFFIX = _CLASSES["school_suffix"]
STREET_SUFFIX = _CLASSES["street_suffix"]
STREET_STRONG = _CLASSES["street_strong"]
LOCAL_SUFFIX = _CLASSES["local_suffix"]
LOCATIVE = _CLASSES["locative"]
PLACE_CUE = _CLASSES["place_cue"]


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
