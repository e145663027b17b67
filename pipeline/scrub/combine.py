"""Layer 6: the learnt combination's word-by-word opinion becomes spans, with the words that belong to them: a title, a house number,
the rest of a school's name, a surname's initial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.scrub.network import CLASSES, Floats
from pipeline.scrub.relations import FORMAL, HONORIFIC, POSSESSIVE, SCHOOL_LINK, SCHOOL_SUFFIX, SCHOOL_WORDS, STREET_SUFFIX
from pipeline.scrub.spans import Span
from pipeline.scrub.words import Word

LAYER = "learnt"
_AGAIN = 0.02  # what is private once in a text is private wherever it stands there again, unless that is surely something else
_BESIDE = 0.03  # beside a private word much less is enough: it is mostly the rest of the same name
_CONTRACTED = re.compile(r"(?:n't|'(?:ve|re|ll|m|d))$")
_JOINING = re.compile(r"(?:['’]s)? ?[.&\-]? ?")
_NUMBERED = re.compile(r"\d{1,4}[a-z]?")
_BEFORE_NUMBER = frozenset({"number", "no", "flat", "room", "apartment", "unit", "plot"})
_PRONOUNS = frozenset({"i", "u", "r", "ur", "im", "me", "my"})
_NO_INITIAL = frozenset("aiurcbykxn")


def spans(text: str, words: Sequence[Word], opinion: Floats, threshold: float) -> list[Span]:
    """`opinion`: (words, classes) probabilities, as `Network.probabilities` gives them. `threshold`: the least probability to mask."""
    private = 1 - opinion[:, 0]
    if not (private >= threshold).any():
        return []
    kinds = opinion[:, 1:].argmax(axis=1) + 1
    label: list[int] = []
    for i, word in enumerate(words):
        label.append(int(kinds[i]) if private[i] >= threshold and _can_be_private(word.low) else 0)
    known = {word.text: kind for word, kind in zip(words, label, strict=True) if kind and not word.low.isdigit()}
    for i, word in enumerate(words):
        if not label[i] and private[i] >= _AGAIN:
            label[i] = known.get(word.text, 0)
    for i in [*range(1, len(words)), *range(len(words) - 2, -1, -1)]:
        for j in (i - 1, i + 1):
            joined = 0 <= j < len(words) and label[j] and not label[i] and _adjacent(text, words, i, j)
            if joined and private[i] >= _BESIDE and _can_be_private(words[i].low):
                label[i] = label[j]
    found: list[Span] = []
    for first, last in _runs(text, words, label):
        kind = CLASSES[label[first]]
        score = float(private[first : last + 1].max())
        start, end = _widen(text, words, first, last, kind)
        stop = words[end].end
        if kind == "SCHOOL" and text[stop : stop + 2] in ("'s", "’s"):  # St Bernard's is the name; Amy's dad is not Amy
            stop += 2
        found.append(Span(words[start].start, stop, kind, min(score, 1.0), LAYER))
    return found


def _can_be_private(low: str) -> bool:
    """Bare numbers are the patterns' business, and contractions and texted pronouns are nobody's name."""
    return any(c.isalpha() for c in low) and low not in _PRONOUNS and _CONTRACTED.search(low) is None


def _adjacent(text: str, words: Sequence[Word], i: int, j: int) -> bool:
    low, high = min(i, j), max(i, j)
    return text[words[low].end : words[high].start].strip(" ") == ""


def _runs(text: str, words: Sequence[Word], label: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) word of each stretch of one label; marks that join parts of a name (St. Mary's, lady & st) do not end it."""
    first: int | None = None
    last = 0
    for i, kind in enumerate(label):
        if not kind:
            continue
        gap = text[words[last].end : words[i].start]
        if first is not None and label[first] == kind and _JOINING.fullmatch(gap) and ("." not in gap or len(words[last].text) <= 2):
            last = i
            continue
        if first is not None:
            yield first, last
        first = last = i
    if first is not None:
        yield first, last


def _widen(text: str, words: Sequence[Word], first: int, last: int, kind: str) -> tuple[int, int]:
    def low(i: int) -> str:
        return words[i].low if 0 <= i < len(words) else ""

    def near(i: int) -> bool:
        return 0 < i < len(words) and _adjacent(text, words, i - 1, i)

    if kind == "PERSON":
        step = 2 if low(first - 1) == "." and low(first - 2) in FORMAL else 1
        title = low(first - step)
        if title in FORMAL or (title in HONORIFIC and low(first - 2) not in POSSESSIVE):
            first -= step
        if near(last + 1) and len(low(last + 1)) == 1 and low(last + 1).isalpha():
            capital = words[last + 1].text.isupper() and words[last].text[0].isupper() and not words[last].text.isupper()
            if (capital and low(last + 1) not in "ai") or low(last + 1) not in _NO_INITIAL:
                last += 1
    elif kind == "STREET":
        if near(first) and _NUMBERED.fullmatch(low(first - 1)):
            first -= 1
        if near(first) and low(first - 1) in _BEFORE_NUMBER and _NUMBERED.fullmatch(low(first)):
            first -= 1
        while near(last + 1) and low(last + 1) in STREET_SUFFIX and low(last) not in STREET_SUFFIX:
            last += 1
    elif kind == "SCHOOL":
        at = last
        while near(at + 1) and (low(at + 1) in SCHOOL_WORDS or low(at + 1) in SCHOOL_LINK):
            at += 1
            if low(at) in SCHOOL_SUFFIX:  # links belong to the name only if it goes on: '... of england school', not '... and the food'
                last = at
        if first and text[words[first - 1].end : words[first].start] in ("'s ", "’s ") and low(first - 1) not in POSSESSIVE:
            first -= 1
            first -= low(first - 1) in ("st", "saint")
    return first, last
