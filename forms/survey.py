"""What a survey is: forms, pages, questions and options, as frozen values that check themselves.

A `Form` is one questionnaire for one group of ages (structure and words together, as a child sees it). A `Survey` is the
set of forms that run together. Nothing here reads a file; `forms.load` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from forms.window import Window

CODE = re.compile(r"^[a-z0-9]+(?:[_-][a-z0-9]+)*$")
COUNCIL_CODE = re.compile(r"^E0[6-9]\d{6}$")
# Words that ask for who somebody is. Only the two locator fields may ask for anything of the kind.
DIRECT_IDENTIFIER = re.compile(
    r"\b(?:your|his|her|their|child['’]?s)(?:\s+[\w'’-]+){0,3}\s+"  # "your", perhaps "first and last", then:
    r"(?:name|surname|nickname|initials|e-?mail|phone|mobile|telephone|address|birthday|birth ?date|date of birth|"
    r"nhs number|user ?name|instagram|snapchat|tiktok|whatsapp|discord)s?\b"
    r"|\bpost ?codes?\b|\b(?:house|door|phone|mobile) number\b|\bwhich (?:street|road)\b|\bname of (?:the|your) school\b"
    r"|\b(?:which|what) (?:school|college) (?:do|are|did) you\b|\bname your school\b"
    r"|\bwhen (?:were|was) (?:you|your child) born\b|\b(?:what are you|what is your child) called\b|\bwho are you\b"
    r"|\bhow (?:can|could|may) we (?:reach|contact|find|call) you\b",
    re.IGNORECASE,
)


class SurveyError(ValueError):
    """A survey that must not be shown to a child. The message says what to change."""


class Kind(StrEnum):
    """How a question is answered."""

    CHOICE = "choice"  # one option
    CHOICES = "choices"  # several options, up to a limit
    GRID = "grid"  # one option of the same scale for each row
    TEXT = "text"  # free text
    COUNCIL = "council"  # one local authority; kept with the locator
    POSTCODE = "postcode"  # locator field
    SCHOOL = "school"  # locator field


LOCATOR_KINDS = frozenset({Kind.COUNCIL, Kind.POSTCODE, Kind.SCHOOL})
WRITTEN_KINDS = frozenset({Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL})


class Role(StrEnum):
    """What an option means to whoever counts it. Every role but ANSWER and OTHER excludes all the others."""

    ANSWER = "answer"
    OTHER = "other"  # "something else", with a text box of its own
    NONE = "none"  # "nothing of these"
    DONT_KNOW = "dont_know"
    NOT_APPLICABLE = "not_applicable"
    OPT_OUT = "opt_out"  # "I don't want to say"


class AgeBand(StrEnum):
    """The bands that may be published (A17: the choice of an easy-read form never is)."""

    B4_5 = "4-5"
    B6_8 = "6-8"
    B9_12 = "9-12"
    B13_17 = "13-17"

    @property
    def ages(self) -> range:
        """Single years of age in the band."""
        low, high = (int(part) for part in self.value.split("-"))
        return range(low, high + 1)


def band_of_age(age: int) -> AgeBand | None:
    """The band that holds this single year of age, or None outside 4 to 17."""
    return next((band for band in AgeBand if age in band.ages), None)


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise SurveyError(message)


def _check_code(code: str, what: str) -> None:
    _check(bool(CODE.match(code) or COUNCIL_CODE.match(code)), f"{what} '{code}' is not a code: use a-z, 0-9 and _")


@dataclass(frozen=True)
class Option:
    """One thing a child can choose. `picture` names a file of the picture set; `secure` marks a secure setting (A18)."""

    code: str
    label: str
    role: Role = Role.ANSWER
    picture: str | None = None
    secure: bool = False

    def __post_init__(self) -> None:
        _check_code(self.code, "option")
        _check(bool(self.label.strip()), f"option '{self.code}' has no label")

    @cached_property
    def exclusive(self) -> bool:
        """True if choosing it excludes every other option."""
        return self.role not in (Role.ANSWER, Role.OTHER)


@dataclass(frozen=True)
class Row:
    """One line of a grid: a thing that the scale is asked about."""

    code: str
    label: str
    picture: str | None = None

    def __post_init__(self) -> None:
        _check_code(self.code, "row")
        _check(bool(self.label.strip()), f"row '{self.code}' has no label")


@dataclass(frozen=True)
class Condition:
    """Ask only if an earlier CHOICE question was answered with one of these codes. Unanswered means: do not ask."""

    question: str
    any_of: frozenset[str]


@dataclass(frozen=True)
class Question:
    """One question. Its fields on the wire: `id` (choices), `id.row` (grid rows), `id.text` (whatever is typed)."""

    id: str
    kind: Kind
    text: str
    options: tuple[Option, ...]
    hint: str = ""
    rows: tuple[Row, ...] = ()
    limit: int | None = None  # CHOICES: at most so many
    max_chars: int | None = None  # length of its text box, where it has one
    ask_if: Condition | None = None
    by_parent: bool = False
    picture: str | None = None

    def __post_init__(self) -> None:
        _check_code(self.id, "question")
        where = f"question '{self.id}'"
        _check(bool(self.text.strip()), f"{where} has no text")
        codes = [option.code for option in self.options]
        _check(len(codes) == len(set(codes)), f"{where} has an option code twice")
        _check(
            sum(option.role is Role.OPT_OUT for option in self.options) == 1,
            f"{where} must have exactly one 'I don't want to say' option (role opt_out)",
        )
        _check(sum(option.role is Role.OTHER for option in self.options) <= 1, f"{where} has two 'something else' options")
        answers = [option for option in self.options if not option.exclusive]
        if self.kind in WRITTEN_KINDS:
            _check(not answers, f"{where} is typed, so its only options are ways not to answer")
        else:
            _check(len(answers) >= 2, f"{where} needs at least two options to choose from")
        _check((self.kind is Kind.GRID) == bool(self.rows), f"{where}: rows belong to a grid, and a grid has rows")
        row_codes = [row.code for row in self.rows]
        _check(len(row_codes) == len(set(row_codes)), f"{where} has a row twice")
        _check((self.kind is Kind.CHOICES) == (self.limit is not None), f"{where}: a limit belongs to kind 'choices'")
        if self.limit is not None:
            _check(
                1 <= self.limit <= len(answers),
                f"{where}: a limit of {self.limit} cannot be met by {len(answers)} options",
            )
        has_box = self.kind in WRITTEN_KINDS or self.other is not None
        _check(has_box == (self.max_chars is not None), f"{where}: max_chars belongs to questions with a text box")
        _check(self.max_chars is None or 1 <= self.max_chars <= 1000, f"{where}: max_chars must be 1 to 1000")
        if self.kind not in (Kind.POSTCODE, Kind.SCHOOL):
            labels = [*(row.label for row in self.rows), *(option.label for option in self.options)]
            for words in (self.text, self.hint, *labels):
                _check(
                    not DIRECT_IDENTIFIER.search(words),
                    f"{where} asks for a direct identifier ('{words}'): only postcode and school may",
                )

    @cached_property
    def other(self) -> Option | None:
        """The 'something else' option, if there is one."""
        return next((option for option in self.options if option.role is Role.OTHER), None)

    @cached_property
    def opt_out(self) -> Option:
        """The 'I don't want to say' option."""
        return next(option for option in self.options if option.role is Role.OPT_OUT)

    @property
    def is_locator(self) -> bool:
        """True if its answer is sealed with the locator, not with the body."""
        return self.kind in LOCATOR_KINDS

    @cached_property
    def choice_fields(self) -> tuple[str, ...]:
        """Field names that carry option codes."""
        if self.kind is Kind.GRID:
            return tuple(f"{self.id}.{row.code}" for row in self.rows)
        return (self.id,)

    @cached_property
    def text_field(self) -> str | None:
        """Field name that carries typed text, or None."""
        return None if self.max_chars is None else f"{self.id}.text"

    def option(self, code: str) -> Option | None:
        """The option of this code, or None."""
        return self._by_code.get(code)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of its options."""
        return frozenset(self._by_code)

    @cached_property
    def _by_code(self) -> Mapping[str, Option]:
        return {option.code: option for option in self.options}


@dataclass(frozen=True)
class Page:
    """What a child sees at once: one or more questions, or one row of a grid."""

    id: str
    questions: tuple[Question, ...]
    row: str | None = None

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Every field name this page can post."""
        if self.row is not None:
            return (f"{self.questions[0].id}.{self.row}",)
        names = [name for question in self.questions for name in question.choice_fields]
        return (*names, *(q.text_field for q in self.questions if q.text_field is not None))

    @cached_property
    def depends(self) -> bool:
        """True if any of its questions is asked of some children only."""
        return any(question.ask_if is not None for question in self.questions)

    @property
    def by_parent(self) -> bool:
        """True if a parent or helper answers this page."""
        return all(question.by_parent for question in self.questions)


@dataclass(frozen=True)
class Form:
    """One questionnaire as one group of children sees it, in one language.

    `bands` are the age bands it may be released as; `easy_read` never leaves the collection zone (A17).
    `words` holds every other text of the form by key: landing page, notices, buttons, messages.
    """

    id: str
    version: str
    bands: tuple[AgeBand, ...]
    pages: tuple[Page, ...]
    words: Mapping[str, str]
    language: str = "en"
    direction: str = "ltr"
    easy_read: bool = False
    pictures: bool = False
    questions: tuple[Question, ...] = field(init=False)

    def __post_init__(self) -> None:
        _check(bool(self.pages) and bool(self.bands), f"form '{self.id}' needs pages and age bands")
        _check(self.direction in ("ltr", "rtl"), f"form '{self.id}': direction is ltr or rtl")
        seen: dict[str, Question] = {}
        for page in self.pages:
            earlier = dict(seen)  # a condition looks at earlier pages: this one is drawn before it is answered
            for question in page.questions:
                if page.row is None or question.id not in seen:
                    _check(question.id not in seen, f"form '{self.id}' has question '{question.id}' twice")
                self._check_condition(question, earlier)
                seen[question.id] = question
        page_ids = [page.id for page in self.pages]
        _check(len(page_ids) == len(set(page_ids)), f"form '{self.id}' has a page id twice")
        object.__setattr__(self, "questions", tuple(seen.values()))

    def _check_condition(self, question: Question, earlier: Mapping[str, Question]) -> None:
        where = f"form '{self.id}', question '{question.id}'"
        condition = question.ask_if
        if condition is None:
            _check(not question.is_locator, f"{where}: a locator question must depend on where the child lives (ask_if)")
            return
        _check(bool(condition.any_of), f"{where} depends on no answer at all, so it would never be asked")
        source = earlier.get(condition.question)
        _check(
            source is not None and source.kind is Kind.CHOICE,
            f"{where} depends on '{condition.question}', which is not asked before",
        )
        if source is None:  # for the type checker: the line above has raised
            raise SurveyError(where)
        for code in condition.any_of:
            option = source.option(code)
            _check(option is not None, f"{where} depends on an unknown answer '{code}'")
            if question.is_locator and option is not None:
                _check(
                    not option.secure and option.role is Role.ANSWER,
                    f"{where} would be asked of a child who answered '{code}': never in a secure setting or without an answer",
                )
        if question.is_locator:
            _check(
                any(option.secure for option in source.options),
                f"{where} must depend on the question that knows the secure settings",
            )

    @cached_property
    def chosen_by(self) -> Mapping[str, Question]:
        """The question behind every field that carries option codes."""
        return {name: question for question in self.questions for name in question.choice_fields}

    @cached_property
    def typed_by(self) -> Mapping[str, Question]:
        """The question behind every field that carries typed text."""
        return {question.text_field: question for question in self.questions if question.text_field is not None}

    @cached_property
    def page_ids(self) -> frozenset[str]:
        """The ids of all its pages."""
        return frozenset(page.id for page in self.pages)

    def question(self, question_id: str) -> Question:
        """The question of this id; KeyError if there is none."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)

    def page(self, page_id: str) -> Page:
        """The page of this id; KeyError if there is none."""
        for page in self.pages:
            if page.id == page_id:
                return page
        raise KeyError(page_id)


@dataclass(frozen=True)
class Survey:
    """The forms that run together under one name. `words` are the texts of the pages around them, `window` is when answers are taken."""

    id: str
    title: str
    forms: Mapping[str, Form]
    words: Mapping[str, str] = field(default_factory=dict)
    window: Window = field(default_factory=Window)

    def __post_init__(self) -> None:
        _check(bool(self.forms), f"survey '{self.id}' has no forms")

    def __iter__(self) -> Iterator[Form]:
        return iter(self.forms.values())
