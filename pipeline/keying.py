"""Typing a paper form in: one question after the other, by the numbers printed in its boxes, and nothing that was not asked.

What is left empty on paper counts as "I don't want to say", as it must on the website. So does what cannot be told: two
ticks where one is asked, more ticks than allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forms.answers import Answers, Response, clean_text, complete, is_asked, read
from forms.setting import Setting
from forms.survey import Form, Kind, Option, Question
from pipeline.paper import PrintedQuestion, printed_questions

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TYPED = (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL)
LISTED = 8  # names of councils shown when what was typed fits several


class NotUnderstood(ValueError):
    """What was typed is no answer to this question. The message says what is."""


@dataclass(frozen=True)
class Entry:
    """One thing to type: boxes (`field` takes codes) or text (`field` takes what is written). `label` is its number on the paper."""

    label: str
    asked: str
    field: str
    printed: PrintedQuestion
    is_text: bool

    def read(self, typed: str) -> list[tuple[str, str]]:
        """(field, value) pairs. Raises NotUnderstood."""
        typed = typed.strip()
        if self.is_text:
            return self._text(typed)
        if self.printed.question.kind is Kind.COUNCIL and typed and not typed.replace(" ", "").isdigit():
            return [(self.field, _council(self.printed.question, typed).code)]
        return [(self.field, code) for code in self._codes(typed)]

    def _text(self, typed: str) -> list[tuple[str, str]]:
        text, most = clean_text(typed), self.printed.question.max_chars or 0
        if len(text) > most:
            raise NotUnderstood(f"That is {len(text)} characters; the form takes {most}. Leave out the end, from a whole word on.")
        return [(self.field, text)] if text else []

    def _codes(self, typed: str) -> list[str]:
        question = self.printed.question
        if not typed:
            return [] if question.kind in TYPED else [question.opt_out.code]
        numbers = typed.replace(",", " ").split()
        of_number = {str(number): option for number, option in self.printed.boxes}
        if any(number not in of_number for number in numbers):
            raise NotUnderstood(f"Type numbers from 1 to {len(of_number)}, with spaces between several, or nothing.")
        options = list({of_number[number].code: of_number[number] for number in numbers}.values())
        if len(options) > 1 and any(option.exclusive for option in options):
            raise NotUnderstood("These ticks do not go together. If the paper has them all, type nothing: it counts as not answered.")
        most = question.limit or 1
        if len(options) > most:
            raise NotUnderstood(f"At most {most} can be ticked. If the paper has more, type nothing: it counts as not answered.")
        return [option.code for option in options]


class Paper:
    """One paper form while it is typed in. What is asked next follows from what was typed."""

    def __init__(self, form: Form, setting: Setting = Setting.ANY) -> None:
        self.form = form
        self._entries = [entry for printed in printed_questions(form, setting) for entry in _entries(printed)]
        self._typed: dict[str, list[tuple[str, str]]] = {}
        self._at = 0

    def next_entry(self) -> Entry | None:
        """The next thing to type, or None at the end of the paper."""
        while self._at < len(self._entries):
            entry = self._entries[self._at]
            if self._is_asked(entry):
                return entry
            self._typed.pop(entry.field, None)
            self._at += 1
        return None

    def type(self, typed: str) -> None:
        """Answer the next entry. Raises NotUnderstood, and asks the same again."""
        entry = self.next_entry()
        if entry is not None:
            self._typed[entry.field] = entry.read(typed)
            self._at += 1

    def back(self) -> None:
        """Go to the entry typed before this one."""
        self._at = max((at for at in range(self._at) if self._is_asked(self._entries[at])), default=0)

    def summary(self) -> Iterator[tuple[str, str]]:
        """(number on the paper, what was typed) of everything, to be compared with the paper."""
        for entry in self._entries:
            if entry.field in self._typed:
                question = entry.printed.question
                values = (value for _, value in self._typed[entry.field])
                labels = [value if entry.is_text or not (option := question.option(value)) else option.label for value in values]
                yield entry.label, "; ".join(labels) or "–"

    def response(self) -> Response:
        """The finished response, exactly as the website would have made it. Raises AnswerError if something is missing."""
        pairs = [pair for found in self._typed.values() for pair in found]
        answers = read(self.form, pairs)
        for question in self.form.questions:  # asked on the website, and left off the paper of a secure setting
            if question.kind is Kind.COUNCIL and is_asked(question, answers) and not answers.chosen(question.id):
                pairs.append((question.id, question.opt_out.code))
        return complete(self.form, read(self.form, pairs))

    def _answers(self) -> Answers:
        return read(self.form, [pair for found in self._typed.values() for pair in found])

    def _is_asked(self, entry: Entry) -> bool:
        question, answers = entry.printed.question, self._answers()
        if not is_asked(question, answers):
            return False
        chosen = answers.chosen(question.id)
        if entry.is_text and question.other is not None:
            return question.other.code in chosen
        if question.kind in TYPED and not entry.is_text:  # the boxes under what is written count only where nothing is
            return question.text_field not in answers.texts
        return True


def _entries(printed: PrintedQuestion) -> list[Entry]:
    """A question's entries: text before its boxes where the whole question is written, after them where a box opens it."""
    question, number = printed.question, str(printed.number)
    lines = [f" – {row.label}" for row in question.rows] or [""]
    labels = [f"{number}{LETTERS[at]}" for at in range(len(question.rows))] or [number]
    boxes = [
        Entry(label, f"{question.text}{line}", name, printed, is_text=False)
        for label, line, name in zip(labels, lines, question.choice_fields, strict=True)
    ]
    if question.text_field is None:
        return boxes
    text = Entry(number, question.text, question.text_field, printed, is_text=True)
    return [text, *boxes] if question.kind in TYPED else [*boxes, text]


def _council(question: Question, typed: str) -> Option:
    """The council of this name, or the only one whose name begins so. Raises NotUnderstood with those that fit."""
    names = [option for option in question.options if not option.exclusive]
    wanted = typed.casefold()
    exact = [option for option in names if option.label.casefold() == wanted]
    fitting = exact or [option for option in names if option.label.casefold().startswith(wanted)]
    fitting = fitting or [option for option in names if wanted in option.label.casefold()]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise NotUnderstood("No council has a name like this. Type its beginning, or nothing if it cannot be read.")
    shown = ", ".join(option.label for option in fitting[:LISTED])
    raise NotUnderstood(f"Several councils fit: {shown}{' ...' if len(fitting) > LISTED else ''}. Type more of the name.")
