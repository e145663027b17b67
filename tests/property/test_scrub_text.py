"""For any text at all: offsets are right, spans do not overlap, nothing outside them changes."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scrub import Scrubber, Span, redact
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
    return [Span(a, a + n, draw(st.sampled_from(LABELS)), draw(st.floats(0, 1)), "t") for a, n in draw(st.lists(bounds, max_size=10))]


@given(_spans())
def test_resolving_covers_the_same_characters_without_overlap(found: list[Span]) -> None:
    result = resolve(found)
    before = {i for s in found for i in range(s.start, s.end)}
    after = [i for s in result for i in range(s.start, s.end)]
    assert after == sorted(before)


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
