"""The rules of what words around a name say, alone; and the names that are words, told by what only people do."""

import pytest

from pipeline.scrub import lists, relations
from pipeline.scrub.words import split


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
