"""What each group of readers can be expected to read: targets, words they know, and the terms that are exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from forms.survey import AgeBand, SurveyError
from forms.yaml_file import mapping, number, only_keys, read_yaml, sequence, text

READING = Path(__file__).parent / "lists" / "reading.yaml"
EASY = "easy"
ADULTS = "adults"


@dataclass(frozen=True)
class Target:
    """The hardest a text may be: Flesch-Kincaid grade, and words in a sentence."""

    grade: int
    words: int


@dataclass(frozen=True)
class Exempt:
    """A term with no simpler word for these readers. One of `explained` begins the sentence after its first use.

    Only a name may go unexplained: whoever bears it knows it.
    """

    term: str
    reason: str
    readers: frozenset[str]
    explained: tuple[str, ...]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the term as whole words."""
        return re.compile(rf"\b{re.escape(self.term)}\b", re.IGNORECASE)


@dataclass(frozen=True)
class ReadingList:
    """`words` are what readers know beyond the Dale-Chall list, by the youngest who know them."""

    targets: Mapping[str, Target]
    words: Mapping[str, frozenset[str]]
    exempt: tuple[Exempt, ...]
    joining: frozenset[str]

    @property
    def levels(self) -> tuple[str, ...]:
        """The bands that read for themselves, from the youngest up."""
        return tuple(level for level in self.targets if level in list(AgeBand))

    def readers(self, bands: tuple[AgeBand, ...]) -> tuple[str, str]:
        """For whom a form's texts for the child, and its texts for a helper, are measured.

        Of several bands the youngest counts. A child of 4 or 5 is read to: what is for the child is measured for the
        youngest readers, everything else for the oldest.
        """
        own = [level for level in self.levels if level in bands]
        return (own[0], own[0]) if own else (self.levels[0], self.levels[-1])

    def target(self, reader: str, easy_read: bool) -> Target:
        """The reader's target; in easy read, the stricter of that and easy read's own."""
        own, easy = self.targets[reader], self.targets[EASY]
        return Target(min(own.grade, easy.grade), min(own.words, easy.words)) if easy_read else own

    def known_to(self, reader: str, easy_read: bool) -> frozenset[str]:
        """Words beyond the Dale-Chall list. Whoever wants easy read is taken to know what the youngest know."""
        upto = 1 if easy_read else self.levels.index(reader) + 1
        return frozenset[str]().union(*(self.words.get(level, frozenset()) for level in self.levels[:upto]))

    def exempt_for(self, reader: str, easy_read: bool) -> tuple[Exempt, ...]:
        """Exceptions for this reader, the longest term first."""
        who = EASY if easy_read else reader
        return tuple(sorted((one for one in self.exempt if who in one.readers), key=lambda one: -len(one.term)))


@lru_cache(maxsize=4)
def reading_list(path: Path = READING) -> ReadingList:
    """The list as data. Raises SurveyError for a target without numbers or an exception without reason or explanation."""
    file = path.name
    data = only_keys(mapping(read_yaml(path), file), {"targets", "words", "names", "exceptions", "joining"}, file)
    targets = {key: _target(value, f"{file}: target '{key}'") for key, value in mapping(data.get("targets"), file).items()}
    words: dict[str, frozenset[str]] = {}
    for place, value in enumerate(sequence(data.get("words"), f"{file}: words"), start=1):
        where = f"{file}: words, entry {place}"
        entry = only_keys(mapping(value, where), {"from", "reason", "words"}, where)
        level = _level(entry.get("from"), targets, where)
        text(entry.get("reason"), f"{where}: the reason")
        words[level] = words.get(level, frozenset()) | {str(word) for word in sequence(entry.get("words"), where)}
    exempt = [
        _exempt(value, targets, f"{file}: {key}, entry {place}", needs_explanation=key == "exceptions")
        for key in ("names", "exceptions")
        for place, value in enumerate(sequence(data.get(key), f"{file}: {key}"), start=1)
    ]
    joining = frozenset(str(word) for word in sequence(data.get("joining"), f"{file}: joining"))
    return ReadingList(targets, words, tuple(one for group in exempt for one in group), joining)


def _target(value: Any, where: str) -> Target:
    data = only_keys(mapping(value, where), {"grade", "words"}, where)
    return Target(number(data.get("grade"), f"{where}: grade"), number(data.get("words"), f"{where}: words"))


def _level(value: Any, targets: Mapping[str, Target], where: str) -> str:
    if value not in targets:
        raise SurveyError(f"{where}: '{value}' are no readers with a target: use {', '.join(targets)}")
    return str(value)


def _exempt(value: Any, targets: Mapping[str, Target], where: str, needs_explanation: bool) -> list[Exempt]:
    data = only_keys(mapping(value, where), {"terms", "reason", "for", "explained"}, where)
    reason = text(data.get("reason"), f"{where}: the reason")
    readers = frozenset(_level(one, targets, where) for one in sequence(data.get("for"), f"{where}: for"))
    explained = tuple(text(one, f"{where}: explained") for one in sequence(data.get("explained", []), f"{where}: explained"))
    if needs_explanation != bool(explained):
        raise SurveyError(f"{where}: an exception says how it is explained, a name does not")
    return [Exempt(text(term, where), reason, readers, explained) for term in sequence(data.get("terms"), f"{where}: terms")]
