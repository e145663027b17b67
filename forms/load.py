"""From YAML to a `Survey`: structure and words are kept apart and joined here; what is missing or left over is refused.

A survey is a folder. `survey.yaml` holds what its forms share: named sets of options and rows, and a bank of questions.
`<form>.yaml` picks questions from the bank in the order they are asked (or takes those of another form) and says where
it differs. `pictures.yaml` names the pictures. `<language>/<form>.yaml` holds every text of one form, so a translation is
one file per form, and one more, `<language>/survey.yaml`, for the pages around them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from forms.bank import Bank, read_pictures
from forms.helplines import helplines
from forms.survey import AgeBand, Form, Kind, Page, Question, Survey, SurveyError
from forms.texts import FormTexts, whole_numbers
from forms.window import Window
from forms.words import FORM_WORDS, SURVEY_WORDS, check_words
from forms.yaml_file import mapping, number, only_keys, read_yaml, sequence, text, truth

__all__ = ["SURVEY_WORDS", "WORDS", "helplines", "load_pictures", "load_survey", "survey_folder"]

WORDS = FORM_WORDS
SURVEYS = Path(__file__).parent / "surveys"
NAME = re.compile(r"^[a-z0-9_]+$")
LANGUAGE = re.compile(r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")
SURVEY_KEYS = {"title", "forms", "window", "options", "rows", "questions"}
FORM_KEYS = {"version", "bands", "easy_read", "pictures", "one_row_a_page", "questions_of", "questions"}


def load_survey(name_or_path: str | Path = "big_ask", language: str = "en") -> Survey:
    """The survey of this name, or in this folder, in this language, checked whole. Read once per process.

    Raises SurveyError with one sentence that names the file and what to change there.
    """
    if not LANGUAGE.match(language):
        raise SurveyError(f"'{language}' is not a language code: use one such as en or cy")
    return _load(survey_folder(name_or_path), language)


def load_pictures(name_or_path: str | Path = "big_ask") -> Mapping[str, str]:
    """Picture name -> OpenMoji hexcode of every picture that the survey uses."""
    return read_pictures(survey_folder(name_or_path) / "pictures.yaml")


def survey_folder(name_or_path: str | Path) -> Path:
    """The folder of a survey: one of ours by its name, any other by its path. Raises SurveyError if there is none."""
    ours = isinstance(name_or_path, str) and NAME.match(name_or_path) is not None
    folder = SURVEYS / name_or_path if ours else Path(name_or_path)
    if not folder.is_dir():
        raise SurveyError(f"there is no survey '{folder.name}': give the name of a folder in forms/surveys, or a path")
    return folder.resolve()


@lru_cache(maxsize=16)
def _load(folder: Path, language: str) -> Survey:
    file = "survey.yaml"
    shared = only_keys(mapping(read_yaml(folder / file), file), SURVEY_KEYS, file)
    parts = {key: mapping(shared.get(key, {}), f"{file}: {key}") for key in ("options", "rows", "questions")}
    bank = Bank(parts, parts.pop("questions"), read_pictures(folder / "pictures.yaml"))
    forms: dict[str, Form] = {}
    for entry in sequence(shared.get("forms"), f"{file}: forms"):
        form_id = text(entry, f"{file}: forms")
        if form_id in forms:
            raise SurveyError(f"{file}: form '{form_id}' is there twice: keep one")
        forms[form_id] = _form(folder, form_id, language, bank)
    words_file = f"{language}/{file}"
    data = whole_numbers(only_keys(mapping(read_yaml(folder / words_file), words_file), {"words"}, words_file))
    words = check_words(mapping(data.get("words"), f"{words_file}: words"), SURVEY_WORDS, words_file)
    window = _window(shared.get("window", {}), f"{file}: window")
    return Survey(folder.name, text(shared.get("title"), f"{file}: title"), MappingProxyType(forms), words, window)


def _window(value: Any, where: str) -> Window:
    """`opens`, `closes` and `grace_minutes`; each may be left out."""
    data = only_keys(mapping(value, where), {"opens", "closes", "grace_minutes"}, where)
    moments = {key: text(data[key], f"{where}: {key}") for key in ("opens", "closes") if key in data}
    grace = number(data.get("grace_minutes", "0"), f"{where}: grace_minutes")
    try:
        return Window(**{key: datetime.fromisoformat(moment) for key, moment in moments.items()}, grace_minutes=grace)
    except ValueError as error:
        raise SurveyError(f"{where}: {error}") from error


def _form(folder: Path, form_id: str, language: str, bank: Bank) -> Form:
    """One form, its structure joined to its words."""
    file = f"{form_id}.yaml"
    data = only_keys(mapping(read_yaml(folder / file), file), FORM_KEYS, file)
    texts = FormTexts.read(folder / language / file, language)
    flags = {key: truth(data.get(key, "false"), f"{file}: {key}") for key in ("easy_read", "pictures", "one_row_a_page")}
    asked: dict[str, tuple[Question, ...]] = {}
    for question_id, overrides in _asked(folder, data, file).items():
        where = f"{file}: question '{question_id}'"
        plan = bank.plan(question_id, overrides, where)
        page = text(plan.get("page", question_id), f"{where}: page")
        question = bank.question(question_id, plan, texts, where)
        asked[page] = (*asked.get(page, ()), question if flags["pictures"] else _without_pictures(question))
    texts.refuse_unused()
    words = check_words(texts.words, FORM_WORDS, texts.file)
    bands = sequence(data.get("bands"), f"{file}: bands")
    for band in bands:
        if band not in list(AgeBand):
            raise SurveyError(f"{file}: '{band}' is no age band: use {', '.join(AgeBand)}")
    pages = tuple(page for name, questions in asked.items() for page in _pages(name, questions, flags["one_row_a_page"]))
    declared = text(data.get("version"), f"{file}: version")
    try:
        return Form(
            id=form_id,
            version=f"{declared}+{_fingerprint([form_id, language, texts.direction, bands, flags], pages, words)}",
            bands=tuple(AgeBand(band) for band in bands),
            pages=pages,
            words=words,
            language=language,
            direction=texts.direction,
            easy_read=flags["easy_read"],
            pictures=flags["pictures"],
        )
    except SurveyError as error:
        raise SurveyError(f"{file}: {error}") from error


def _asked(folder: Path, data: dict[str, Any], file: str) -> dict[str, Any]:
    """Question ids in the order they are asked, each with what this form changes in it.

    A form can ask the questions of another one, in that order, and say only where it differs.
    """
    own = mapping(data.get("questions", {}), f"{file}: questions")
    if "questions_of" not in data:
        return own
    other = f"{text(data['questions_of'], f'{file}: questions_of')}.yaml"
    theirs = mapping(read_yaml(folder / other), other)
    if "questions_of" in theirs:
        raise SurveyError(f"{file}: {other} itself asks the questions of another form: name that one")
    return {**mapping(theirs.get("questions"), f"{other}: questions"), **own}


def _pages(name: str, questions: tuple[Question, ...], one_row_a_page: bool) -> list[Page]:
    """One page, or one for each row of a grid where the form shows them singly."""
    if one_row_a_page and len(questions) == 1 and questions[0].kind is Kind.GRID:
        return [Page(f"{name}-{row.code}", questions, row.code) for row in questions[0].rows]
    return [Page(name, questions)]


def _without_pictures(question: Question) -> Question:
    options = tuple(replace(option, picture=None) for option in question.options)
    return replace(question, picture=None, options=options, rows=tuple(replace(row, picture=None) for row in question.rows))


def _fingerprint(about: list[Any], pages: tuple[Page, ...], words: Mapping[str, str]) -> str:
    """First 12 hex digits of the SHA-256 of everything a child sees or chooses: a comma changed is another version."""
    whole = [about, [asdict(page) for page in pages], dict(words)]
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=sorted).encode()).hexdigest()[:12]
