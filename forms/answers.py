"""From what a browser posts to a `Response`: codes from an allow-list, never labels, and nothing that was not asked."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from forms.survey import Form, Kind, Page, Question, Role


class AnswerError(ValueError):
    """A post that no page of ours can have sent: an unknown field or code. Holds names only, never a child's words."""


@dataclass(frozen=True)
class Answers:
    """What has been answered so far. `choices`: field -> option codes, in the form's order. `texts`: field -> typed text."""

    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def chosen(self, name: str) -> tuple[str, ...]:
        """Option codes chosen in this field; empty if none."""
        return self.choices.get(name, ())

    def pairs(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """(field, value) pairs of these fields, as hidden inputs carry them."""
        found: list[tuple[str, str]] = []
        for name in names:
            found += [(name, code) for code in self.choices.get(name, ())]
            if name in self.texts:
                found.append((name, self.texts[name]))
        return found


@dataclass(frozen=True)
class Problem:
    """What a child has to change: the name of a field, the key of a message in the form's words, and its numbers."""

    name: str
    message: str
    numbers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Locator:
    """What leads to a place. Sealed apart from everything else, and destroyed once it has become statistics."""

    postcode: str = ""
    school: str = ""
    council: str = ""
    asked: bool = False

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return _canonical({"a": self.asked, "c": self.council, "p": self.postcode, "s": self.school})

    @classmethod
    def from_bytes(cls, raw: bytes) -> Locator:
        """The reverse of `to_bytes`."""
        data = json.loads(raw)
        return cls(postcode=data["p"], school=data["s"], council=data["c"], asked=data["a"])


@dataclass(frozen=True)
class Response:
    """One child's answers to one exact version of a form. Holds no identifier, no time, no order."""

    form: str
    version: str
    choices: Mapping[str, tuple[str, ...]]
    texts: Mapping[str, str]
    locator: Locator

    def body(self) -> bytes:
        """Everything but the locator, as canonical JSON."""
        return _canonical(
            {
                "form": self.form,
                "version": self.version,
                "choices": {k: list(v) for k, v in self.choices.items()},
                "texts": dict(self.texts),
            }
        )

    @classmethod
    def from_parts(cls, body: bytes, locator: Locator | None = None) -> Response:
        """A response from its opened body; the locator is usually gone by then."""
        data = json.loads(body)
        return cls(
            form=data["form"],
            version=data["version"],
            choices=MappingProxyType({k: tuple(v) for k, v in data["choices"].items()}),
            texts=MappingProxyType(data["texts"]),
            locator=locator or Locator(),
        )


_CANONICAL = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _canonical(data: object) -> bytes:
    return _CANONICAL.encode(data).encode()


def clean_text(raw: str) -> str:
    """Typed text as it is kept: line ends as \\n, composed characters, no control characters, no outer space."""
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    lines = raw.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in lines if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", text).strip()  # last, so that cleaning twice changes nothing


def read(form: Form, pairs: Iterable[tuple[str, str]]) -> Answers:
    """Answers from posted (field, value) pairs.

    Raises AnswerError for a field or code that the form does not have.
    """
    by_field, by_text = form.chosen_by, form.typed_by
    picked: dict[str, tuple[str, ...]] = {}
    texts: dict[str, str] = {}
    for name, value in pairs:
        question = by_field.get(name)
        if question is not None:
            if value not in question.codes:
                raise AnswerError(f"field '{name}' has no such option")
            picked[name] = (*picked[name], value) if name in picked else (value,)
        elif name in by_text:
            if name in texts:
                raise AnswerError("a text field was sent twice")
            text = clean_text(value)
            if text:
                texts[name] = text
        else:
            raise AnswerError("an unknown field was sent")
    # One order for one set of answers: the order in which boxes were ticked is nobody's business.
    choices = {name: _in_order(by_field[name], picked[name]) for name in sorted(picked)}
    return Answers(MappingProxyType(choices), MappingProxyType(dict(sorted(texts.items()))))


def _in_order(question: Question, codes: tuple[str, ...]) -> tuple[str, ...]:
    return codes if len(codes) == 1 else tuple(option.code for option in question.options if option.code in codes)


def is_asked(question: Question, answers: Answers) -> bool:
    """Whether this question is asked, given the earlier answers. A condition without an answer means no."""
    condition = question.ask_if
    if condition is None:
        return True
    chosen = answers.chosen(condition.question)
    return len(chosen) == 1 and chosen[0] in condition.any_of


def path(form: Form, answers: Answers) -> tuple[Page, ...]:
    """The pages this child is asked, in order; a question that is not asked is not on its page."""
    pages: list[Page] = []
    for page in form.pages:
        if not page.depends:
            pages.append(page)
            continue
        asked = tuple(question for question in page.questions if is_asked(question, answers))
        if asked:
            pages.append(page if len(asked) == len(page.questions) else Page(page.id, asked, page.row))
    return tuple(pages)


def problems(page: Page, answers: Answers) -> tuple[Problem, ...]:
    """What must change before this page is done, in page order. Choosing 'I don't want to say' is always enough."""
    found: list[Problem] = []
    for question in page.questions:
        names = question.choice_fields if page.row is None else page.fields
        for name in names:
            chosen = answers.choices.get(name, ())
            if len(chosen) != 1 or chosen[0] not in question.codes:  # one of its options is nearly always, and never wrong
                found += _choice_problems(question, name, chosen)
        if question.max_chars is None:
            continue
        text = answers.texts.get(question.text_field or "", "")
        if len(text) > question.max_chars:
            found.append(
                Problem(
                    question.text_field or "",
                    "error_too_long",
                    {"limit": question.max_chars, "over": len(text) - question.max_chars},
                )
            )
    return tuple(found)


def _choice_problems(question: Question, name: str, chosen: tuple[str, ...]) -> list[Problem]:
    options = [option for code in chosen if (option := question.option(code)) is not None]
    if not options:
        typed = question.kind in (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL)
        return [] if typed else [Problem(name, "error_grid_row" if question.kind is Kind.GRID else "error_choose")]
    if len(options) > 1 and any(option.exclusive for option in options):
        return [Problem(name, "error_exclusive")]
    if question.kind is not Kind.CHOICES and len(options) > 1:
        return [Problem(name, "error_only_one")]
    if question.limit is not None and len(options) > question.limit:
        return [Problem(name, "error_too_many", {"limit": question.limit, "chosen": len(options)})]
    return []


def complete(form: Form, answers: Answers) -> Response:
    """The finished response: only what was asked is kept, so a forged postcode of a secure setting is dropped here (A18).

    Raises AnswerError if a page of the child's path still has a problem; the door shows that page again instead.
    """
    asked = path(form, answers)
    for page in asked:
        if problems(page, answers):
            raise AnswerError(f"page '{page.id}' is not finished")
    return keep(form, asked, answers)


def keep(form: Form, asked: Iterable[Page], answers: Answers) -> Response:
    """What is kept of answers in which there is no problem. `asked`: their path."""
    choices: dict[str, tuple[str, ...]] = {}
    texts: dict[str, str] = {}
    located: dict[str, str] = {}
    asked_locator = False
    for page in asked:
        for question in page.questions:
            text = _kept_text(question, answers)
            if question.is_locator:
                asked_locator = True
                located[question.kind.value] = text or _council(question, answers)
                continue
            for name in question.choice_fields if page.row is None else page.fields:
                if chosen := answers.choices.get(name):
                    choices[name] = chosen
            if text and question.text_field:
                texts[question.text_field] = text
    locator = Locator(located.get("postcode", ""), located.get("school", ""), located.get("council", ""), asked_locator)
    return Response(form.id, form.version, MappingProxyType(choices), MappingProxyType(texts), locator)


def _kept_text(question: Question, answers: Answers) -> str:
    """Typed text, unless the child then chose not to say, or chose another option than 'something else'."""
    if question.text_field is None:
        return ""
    text = answers.texts.get(question.text_field, "")
    chosen = answers.chosen(question.id)
    if question.other is not None:
        return text if question.other.code in chosen else ""
    return "" if chosen else text


def _council(question: Question, answers: Answers) -> str:
    if question.kind is not Kind.COUNCIL:
        return ""
    options = (question.option(code) for code in answers.chosen(question.id))
    return next((option.code for option in options if option is not None and option.role is Role.ANSWER), "")


def largest_body(form: Form) -> int:
    """Bytes of the largest body this form can make: every option chosen, every text box full of four-byte characters."""
    choices: dict[str, tuple[str, ...]] = {}
    for question in form.questions:
        for name in question.choice_fields:
            codes = sorted((option.code for option in question.options), key=len, reverse=True)
            choices[name] = tuple(codes[: question.limit or 1])
    texts = {q.text_field: "\U0001f600" * (q.max_chars or 0) for q in form.questions if q.text_field and not q.is_locator}
    return len(Response(form.id, form.version, choices, texts, Locator()).body())


def largest_locator(form: Form) -> int:
    """Bytes of the largest locator this form can make."""
    chars = {q.kind: q.max_chars or 0 for q in form.questions if q.is_locator}
    full = {kind: "\U0001f600" * count for kind, count in chars.items()}
    return len(Locator(full.get(Kind.POSTCODE, ""), full.get(Kind.SCHOOL, ""), "E00000000", True).to_bytes())
