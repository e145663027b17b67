"""The words of one form in one language, and the bookkeeping that none is missing and none is left over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forms.survey import SurveyError
from forms.yaml_file import mapping, only_keys, read_yaml, text

INSIDE_A_NUMBER = re.compile(r"(?<=\d) (?=\d)")
FILE_KEYS = {"language", "direction", "questions", "options", "rows", "words"}


@dataclass(frozen=True)
class FormTexts:
    """What `<language>/<form>.yaml` says. Every text handed out is noted in `used`."""

    file: str
    direction: str
    questions: Mapping[str, Any]
    members: Mapping[str, Mapping[str, Any]]  # "options" and "rows": set -> code -> label
    words: Mapping[str, Any]
    used: set[tuple[str, ...]] = field(default_factory=set, compare=False)

    @classmethod
    def read(cls, path: Path, language: str) -> FormTexts:
        """The texts of one file. Raises SurveyError if it is not a form's texts in this language."""
        file = f"{path.parent.name}/{path.name}"
        data = only_keys(mapping(read_yaml(path), file), FILE_KEYS, file)
        if text(data.get("language"), f"{file}: language") != language:
            raise SurveyError(f"{file}: language must be {language}, as its folder says")
        direction = text(data.get("direction"), f"{file}: direction")
        data = whole_numbers(data)
        return cls(
            file=file,
            direction=direction,
            questions=mapping(data.get("questions"), f"{file}: questions"),
            members={key: mapping(data.get(key, {}), f"{file}: {key}") for key in ("options", "rows")},
            words=mapping(data.get("words"), f"{file}: words"),
        )

    def question(self, question_id: str) -> tuple[str, str]:
        """Text and hint of a question; a hint may be empty but must be there, so that no translation forgets it."""
        where = f"{self.file}: question '{question_id}'"
        if question_id not in self.questions:
            raise SurveyError(f"{where} is missing: add its text and hint")
        data = only_keys(mapping(self.questions[question_id], where), {"text", "hint"}, where)
        if not isinstance(data.get("hint"), str):
            raise SurveyError(f'{where}: the hint is missing: add it, or write hint: ""')
        self.used.add(("questions", question_id))
        return text(data.get("text"), f"{where}: the text"), data["hint"]

    def label(self, kind: str, group: str, code: str) -> str:
        """Label of one option or row of a set."""
        labels = mapping(self.members[kind].get(group, {}), f"{self.file}: {kind} '{group}'")
        if code not in labels:
            raise SurveyError(f"{self.file}: the label of {kind} '{group}', '{code}' is missing: add it")
        self.used.add((kind, group, code))
        return text(labels[code], f"{self.file}: the label of {kind} '{group}', '{code}'")

    def refuse_unused(self) -> None:
        """Raises SurveyError for a text of a question, option or row that this form does not have."""
        for question_id in self.questions:
            if ("questions", question_id) not in self.used:
                raise SurveyError(f"{self.file}: question '{question_id}' is used nowhere: remove it")
        for kind, groups in self.members.items():
            for group, labels in groups.items():
                for code in mapping(labels, f"{self.file}: {kind} '{group}'"):
                    if (kind, group, code) not in self.used:
                        raise SurveyError(f"{self.file}: the label of {kind} '{group}', '{code}' is used nowhere: remove it")


def whole_numbers(value: Any) -> Any:
    """The same texts with no-break spaces inside numbers, so that no number to dial is torn between two lines.

    Where a language runs from right to left, the parts of a number around an ordinary space are even set in its order: "0800 1111"
    would be read as 1111 0800. A no-break space belongs to the number (Unicode's bidirectional algorithm, UAX 9, rule W4).
    """
    if isinstance(value, Mapping):
        return {key: whole_numbers(inner) for key, inner in value.items()}
    return INSIDE_A_NUMBER.sub("\N{NO-BREAK SPACE}", value) if isinstance(value, str) else value
