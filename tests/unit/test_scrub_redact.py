"""Placeholders agree inside a response, and nothing else changes."""

import pytest

from pipeline.scrub import Span, redact


def _span(text: str, piece: str, label: str) -> Span:
    start = text.index(piece)
    return Span(start, start + len(piece), label, 1.0, "test")


def test_the_same_name_has_the_same_number_in_every_field() -> None:
    one, two = "Zoë and mr Okafor,  ok?", "zoe again; not OKAFOR  "
    spans = {
        "a": [_span(one, "Zoë", "PERSON"), _span(one, "mr Okafor", "PERSON")],
        "b": [_span(two, "zoe", "PERSON"), _span(two, "OKAFOR", "PERSON")],
    }
    assert redact({"a": one, "b": two}, spans) == {"a": "[name 1] and [name 2],  ok?", "b": "[name 1] again; not [name 2]  "}


def test_one_school_is_not_numbered_and_two_are() -> None:
    text = "at Elm Primary then Oak High"
    first, second = _span(text, "Elm Primary", "SCHOOL"), _span(text, "Oak High", "SCHOOL")
    assert redact({"t": text}, {"t": [first]})["t"] == "at [school] then Oak High"
    assert redact({"t": text}, {"t": [first, second]})["t"] == "at [school 1] then [school 2]"


def test_missing_or_foreign_spans_are_refused_without_saying_the_text() -> None:
    with pytest.raises(ValueError, match="no spans were given for field b") as caught:
        redact({"a": "x", "b": "secret"}, {"a": []})
    assert "secret" not in str(caught.value)
    with pytest.raises(ValueError, match="another text"):
        redact({"a": "short"}, {"a": [Span(2, 99, "PERSON", 1, "t")]})
    with pytest.raises(ValueError, match="another text"):
        redact({"a": "overlapping"}, {"a": [Span(0, 5, "PERSON", 1, "t"), Span(3, 7, "PERSON", 1, "t")]})
