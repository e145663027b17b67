"""For any text at all: offsets are right, spans do not overlap, nothing outside them changes."""

import re
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scrub import Scrubber, Span, patterns, redact
from pipeline.scrub.spans import LABELS, resolve
from pipeline.scrub.words import split

WRITTEN = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [
                "mr",
                "okafor",
                "my",
                "friend",
                "St. Mary's",
                "school",
                "@",
                "07700 900123",
                "ls6",
                "3qp",
                "_x_",
                "’s",
                "é",
                "İ",
                "ﬁ",
                "🙂",
                "\n",
                "is",
                "Ella",
                "12",
                "elm road",
            ]
        ),
        max_size=12,
    ).map(" ".join),
)

FORMED = [
    *("a", "born", "my code", "@", ".", "/", "dot", "com", "co.uk", "www.x", "https://y", "mail", "ls6", "LS", "6 3qp", "14/01", "2008"),
    *("on 3rd of", "may", "number", "nhs", "943 476", "5919", "07700", "900123", "oh", "seven", "double", "four", "AB123456C", "w1a"),
]


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber()


@given(WRITTEN)
def test_words_are_pieces_of_the_text_in_order(text: str) -> None:
    words = split(text)
    assert all(text[w.start : w.end] == w.text and w.low for w in words)
    assert all(a.end <= b.start for a, b in pairwise(words))


@st.composite
def _spans(draw: st.DrawFn) -> list[Span]:
    bounds = st.tuples(st.integers(0, 30), st.integers(1, 8))
    score = st.one_of(st.floats(0, 1), st.sampled_from((0.9, 0.95)))  # layers are often equally sure
    return [Span(a, a + n, draw(st.sampled_from(LABELS)), draw(score), "t") for a, n in draw(st.lists(bounds, max_size=10))]


@given(_spans())
def test_resolving_covers_the_same_characters_without_overlap(found: list[Span]) -> None:
    result = resolve(found)
    before = {i for s in found for i in range(s.start, s.end)}
    after = [i for s in result for i in range(s.start, s.end)]
    assert after == sorted(before)


@given(_spans(), st.randoms(use_true_random=False))
def test_the_order_in_which_layers_speak_changes_nothing(found: list[Span], rng: Random) -> None:
    shuffled = list(found)
    rng.shuffle(shuffled)
    assert resolve(shuffled) == resolve(found)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(FORMED), max_size=8), st.sampled_from((" ", "", "-", " at ")))
def test_what_is_not_searched_would_not_have_been_found(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    searched = [
        Span(match.start(), match.end(), pattern.label, pattern.score, patterns.LAYER)
        for pattern in patterns.PATTERNS
        for match in pattern.regex.finditer(text)
        if pattern.accepts is None or pattern.accepts(text, match)
    ]
    assert patterns.find(text) == [*searched, *patterns._spelled(text)]


@settings(max_examples=150, deadline=None)
@given(WRITTEN)
def test_nothing_outside_the_spans_changes(scrubber: Scrubber, text: str) -> None:
    spans = scrubber.find(text)
    clean = redact({"t": text}, {"t": spans})["t"]
    pattern, done = "", 0
    for span in spans:
        pattern += re.escape(text[done : span.start]) + r"\[[A-Za-z ]+( \d+)?\]"
        done = span.end
    assert re.fullmatch(pattern + re.escape(text[done:]), clean, re.DOTALL)
