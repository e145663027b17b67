"""What is said of a word: the same in every process, and of an unknown word what it may misspell."""

from pipeline.scrub import lists
from pipeline.scrub.attributes import Attributes


def test_the_letters_of_a_word_are_told_in_their_order() -> None:
    letters = [a for a in Attributes(lists.load()).of_word("wibblethwaitewibble", "wibblethwaitewibble") if a.startswith("has=")]
    framed = "<wibblethwaitewibble>"
    assert letters == list(dict.fromkeys(f"has={framed[i : i + 3]}" for i in range(len(framed) - 2)))


def test_an_unknown_word_is_told_by_what_it_may_misspell() -> None:
    attributes = Attributes(lists.load())
    told = {word: [a for a in attributes.of_word(word, word) if a.startswith("misspells=")] for word in ("freind", "szczepanski", "friend")}
    assert told["freind"] != [] != told["szczepanski"]
    assert told["freind"] != told["szczepanski"]
    assert told["friend"] == []
