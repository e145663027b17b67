"""The list layer alone: listed names, small places; public names and common words left."""

from pipeline.scrub import gazetteer, lists
from pipeline.scrub.words import split


def _alone(text: str) -> list[str]:
    return [text[s.start : s.end] for s in gazetteer.find(split(text), lists.load())]


def test_listed_names_and_small_places() -> None:
    assert _alone("khadija lives in market rasen") == ["khadija", "market rasen"]


def test_public_names_and_common_words_are_left() -> None:
    assert lists.load().is_name("rihanna")
    assert _alone("rihanna") == []
    assert _alone("will harry potter be fun, i hope so, like in manchester") == []
