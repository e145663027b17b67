"""The list layer alone: listed names, misspelt names, small places; public names and common words left."""

import pytest

from pipeline.scrub import gazetteer, lists, relations
from pipeline.scrub.gazetteer import FuzzyNames
from pipeline.scrub.words import split


def _alone(text: str) -> list[str]:
    return [text[s.start : s.end] for s in gazetteer.find(split(text), lists.load())]


def test_listed_names_and_small_places() -> None:
    assert _alone("khadija lives in market rasen") == ["khadija", "market rasen"]


def test_public_names_and_common_words_are_left() -> None:
    assert lists.load().is_name("rihanna")
    assert _alone("rihanna") == []
    assert _alone("will harry potter be fun, i hope so, like in manchester") == []


@pytest.mark.parametrize(
    ("typed", "is_near"), [("oliveer", True), ("jesica", True), ("muhamed", True), ("toylits", False), ("school", False), ("abc", False)]
)
def test_misspelt_names(typed: str, is_near: bool) -> None:
    assert (FuzzyNames(lists.load()).nearest(typed) > 0) is is_near


def test_relations_alone() -> None:
    text = "my teacher mr okonjo and my friend zelphina from hazelbrook academy on 12 barham road"
    said = {(s.label, text[s.start : s.end]) for s in relations.find(split(text), lists.load())}
    assert said == {("PERSON", "mr okonjo"), ("PERSON", "zelphina"), ("SCHOOL", "hazelbrook academy"), ("STREET", "12 barham road")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hope pushed me", ["Hope"]),
        ("grace is my best friend", ["grace"]),
        ("we ran and summer told on us", ["summer"]),
        ("hope is all we have", []),
        ("grace is my word of the day", []),
        ("i will and mark said", ["mark"]),
        ("Jesus said be kind", []),
        ("people said i was fat", []),
    ],
)
def test_names_that_are_words_act_like_people(text: str, said: list[str]) -> None:
    assert [text[s.start : s.end] for s in relations.find_acting(split(text), lists.load())] == said
