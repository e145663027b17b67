"""From word-by-word probabilities to spans: thresholds, neighbours, and the words that belong to a name."""

import numpy as np
import pytest

from pipeline.scrub import combine
from pipeline.scrub.network import CLASSES
from pipeline.scrub.words import split


def _spans(text: str, told: dict[str, tuple[str, float]], threshold: float = 0.5) -> list[tuple[str, str]]:
    words = split(text)
    opinion = np.zeros((len(words), len(CLASSES)), np.float32)
    opinion[:, 0] = 1
    for i, word in enumerate(words):
        if word.text in told:
            label, p = told[word.text]
            opinion[i, 0], opinion[i, CLASSES.index(label)] = 1 - p, p
    return [(s.label, text[s.start : s.end]) for s in combine.spans(text, words, opinion, threshold)]


@pytest.mark.parametrize(("p", "found"), [(0.49, []), (0.5, [("PERSON", "ella")]), (0.51, [("PERSON", "ella")])])
def test_the_threshold_is_the_least_that_masks(p: float, found: list[tuple[str, str]]) -> None:
    assert _spans("hi ella", {"ella": ("PERSON", p)}) == found


def test_beside_a_private_word_less_is_enough() -> None:
    assert _spans("hi ella smith", {"ella": ("PERSON", 0.9), "smith": ("PERSON", 0.05)}) == [("PERSON", "ella smith")]
    assert _spans("hi ella, smith", {"ella": ("PERSON", 0.9), "smith": ("PERSON", 0.05)}) == [("PERSON", "ella")]


@pytest.mark.parametrize(("again", "count"), [(0.019, 1), (0.021, 2)])
def test_what_is_private_once_is_private_wherever_it_stands_again(again: float, count: int) -> None:
    text = "kofi sat down, then kofi left and Kofi cried"
    words = split(text)
    opinion = np.zeros((len(words), len(CLASSES)), np.float32)
    opinion[:, 0] = 1
    for word, p in ((0, 0.9), ([w.text for w in words].index("kofi", 1), again), ([w.text for w in words].index("Kofi"), again)):
        opinion[word, 0], opinion[word, 1] = 1 - p, p
    found = combine.spans(text, words, opinion, 0.5)
    assert [text[s.start : s.end] for s in found] == ["kofi"] * count, "and another spelling stands for itself"


@pytest.mark.parametrize(
    ("text", "told", "found"),
    [
        ("ask Mrs. Bell now", {"Bell": ("PERSON", 1)}, ("PERSON", "Mrs. Bell")),
        ("like grandad bernard was", {"bernard": ("PERSON", 1)}, ("PERSON", "grandad bernard")),
        ("my grandad bernard was", {"bernard": ("PERSON", 1)}, ("PERSON", "bernard")),
        ("and Joe B is", {"Joe": ("PERSON", 1)}, ("PERSON", "Joe B")),
        ("and joe i am", {"joe": ("PERSON", 1)}, ("PERSON", "joe")),
        ("at number 40 bramble way ok", {"bramble": ("STREET", 1)}, ("STREET", "number 40 bramble way")),
        ("at elm church of england primary school and food", {"elm": ("SCHOOL", 1)}, ("SCHOOL", "elm church of england primary school")),
        ("at elm and the food", {"elm": ("SCHOOL", 1)}, ("SCHOOL", "elm")),
        ("at St Bernard's today", {"St": ("SCHOOL", 1), "Bernard": ("SCHOOL", 1)}, ("SCHOOL", "St Bernard's")),
        ("at Ella's house", {"Ella": ("PERSON", 1)}, ("PERSON", "Ella")),
    ],
)
def test_what_belongs_to_a_name_goes_with_it(text: str, told: dict[str, tuple[str, float]], found: tuple[str, str]) -> None:
    assert _spans(text, told) == [found]


@pytest.mark.parametrize("word", ["don't", "we've", "u", "15", "i"])
def test_contractions_pronouns_and_bare_numbers_are_nobody(word: str) -> None:
    assert _spans(f"well {word} yes", {word: ("PERSON", 1)}) == []


def test_a_full_stop_ends_a_name_unless_it_shortens_it() -> None:
    both = {"Ella": ("PERSON", 1.0), "Tom": ("PERSON", 1.0), "T": ("PERSON", 1.0)}
    assert _spans("with Ella. Tom was", both) == [("PERSON", "Ella"), ("PERSON", "Tom")]
    assert _spans("with T. Ella was", both) == [("PERSON", "T. Ella")]
