"""What an unknown word may misspell: the quick search finds what trying every word would."""

from __future__ import annotations

import random
import re

import pytest
from rapidfuzz.distance import DamerauLevenshtein

from pipeline.scrub import lists
from pipeline.scrub.fuzzy import FuzzyNames, FuzzyWords

LEAST = 55


@pytest.mark.parametrize(
    ("typed", "is_near"), [("oliveer", True), ("jesica", True), ("muhamed", True), ("toylits", False), ("school", False), ("abc", False)]
)
def test_misspelt_names(typed: str, is_near: bool) -> None:
    assert (FuzzyNames(lists.load()).nearest(typed) > 0) is is_near


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("wana", "want"), ("hoppe", "hope"), ("freind", "friend"), ("basially", "basically"), ("sooooo", "so"), ("nooot", "not")],
)
def test_misspelt_and_drawn_out_words(typed: str, meant: str) -> None:
    known = lists.load()
    assert FuzzyWords(known).nearest(typed) >= known.zipf(meant)


@pytest.mark.parametrize("typed", ["kasia", "raff", "szczepanski", "zofia", "thn", "school", "because", "x2y4z"])
def test_names_short_words_and_known_words_misspell_nothing(typed: str) -> None:
    assert FuzzyWords(lists.load()).nearest(typed) == 0


def test_it_is_the_commonest_word_within_one_edit_of_all() -> None:
    known = lists.load()
    everyday = [w for w, (zipf, word) in known.words.items() if zipf >= LEAST and word and len(w) >= 3 and w.isalpha()]
    fuzzy, draw = FuzzyWords(known, LEAST), random.Random(1)
    for _ in range(150):
        typed = list(draw.choice(everyday))
        for _ in range(draw.randint(1, 2)):
            typed[draw.randrange(len(typed)) : draw.randrange(len(typed) + 1)] = draw.choice(["", "e", "ab", "q"])
        word = "".join(typed)
        if len(word) < 4 or known.zipf(word) >= LEAST or re.search(r"(.)\1\1", word):
            continue
        near = [known.zipf(one) for one in everyday if DamerauLevenshtein.distance(word, one) <= 1]
        assert fuzzy.nearest(word) == max(near, default=0), word
