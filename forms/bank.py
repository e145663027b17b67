"""The bank of questions that the forms of a survey share: defined once, so that a code means the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from forms.councils import councils
from forms.survey import Condition, Kind, Option, Question, Role, Row, SurveyError
from forms.texts import FormTexts
from forms.yaml_file import mapping, number, only_keys, read_yaml, sequence, text, truth

HEXCODE = re.compile(r"^[0-9A-F]{4,5}(-[0-9A-F]{4,5})*$")
QUESTION_KEYS = {"kind", "options", "rows", "leave_out", "limit", "max_chars", "ask_if", "by_parent", "picture", "page"}
OPTION_KEYS = {"role", "picture", "secure"}
ROW_KEYS = {"picture"}


def read_pictures(path: Path) -> Mapping[str, str]:
    """Picture name -> OpenMoji hexcode. Raises SurveyError for a hexcode that cannot be one."""
    pictures = mapping(read_yaml(path), path.name)
    for name, hexcode in pictures.items():
        if not isinstance(hexcode, str) or not HEXCODE.match(hexcode):
            raise SurveyError(f"{path.name}: '{name}' must be an OpenMoji hexcode such as 1F600")
    return MappingProxyType(pictures)


@dataclass(frozen=True)
class Bank:
    """Sets of options and rows by name, questions by id, pictures by name."""

    sets: Mapping[str, Mapping[str, Any]]  # "options" and "rows": set -> code -> attributes
    questions: Mapping[str, Any]
    pictures: Mapping[str, str]

    def plan(self, question_id: str, overrides: Any, where: str) -> dict[str, Any]:
        """The bank's question with what a form changes in it."""
        if question_id not in self.questions:
            raise SurveyError(f"{where} is not in the bank: add it to the questions of survey.yaml")
        plan = {**mapping(self.questions[question_id], where), **mapping(overrides, where)}
        return only_keys(plan, QUESTION_KEYS, where)

    def question(self, question_id: str, plan: Mapping[str, Any], texts: FormTexts, where: str) -> Question:
        """One question with its words. Raises SurveyError, beginning with `where`."""
        kind = text(plan.get("kind"), f"{where}: kind")
        if kind not in list(Kind):
            raise SurveyError(f"{where} has the unknown kind '{kind}': use {', '.join(Kind)}")
        left_out = set(_texts(plan, "leave_out", where))
        options = [
            self._option(code, attributes, texts.label("options", name, code), where)
            for name in _texts(plan, "options", where)
            for code, attributes in self._members("options", name, left_out, where)
        ]
        if kind == Kind.COUNCIL:
            options = [*(Option(code, name) for code, name in councils().items()), *options]
        rows = [
            self._row(code, attributes, texts.label("rows", name, code), where)
            for name in _texts({"rows": [plan["rows"]]} if "rows" in plan else {}, "rows", where)
            for code, attributes in self._members("rows", name, left_out, where)
        ]
        if left_out:
            raise SurveyError(f"{where} leaves out '{min(left_out)}', which it does not have")
        stem, hint = texts.question(question_id)
        limit = _limit(plan, options, where)
        max_chars = number(plan["max_chars"], f"{where}: max_chars") if "max_chars" in plan else None
        ask_if = _condition(plan["ask_if"], where) if "ask_if" in plan else None
        by_parent = truth(plan.get("by_parent", "false"), f"{where}: by_parent")
        picture = self._picture(plan, where)
        with _in(where.partition(":")[0]):  # what a question says of itself begins with its id
            return Question(
                id=question_id,
                kind=Kind(kind),
                text=stem,
                options=tuple(options),
                hint=hint,
                rows=tuple(rows),
                limit=limit,
                max_chars=max_chars,
                ask_if=ask_if,
                by_parent=by_parent,
                picture=picture,
            )

    def _members(self, kind: str, name: str, left_out: set[str], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(code, attributes) of each member of a set. What is left out is struck from `left_out`."""
        if name not in self.sets[kind]:
            raise SurveyError(f"{where}: there is no set '{name}' among the {kind} of survey.yaml: add it there")
        for code, attributes in mapping(self.sets[kind][name], f"survey.yaml: {kind} '{name}'").items():
            if code in left_out:
                left_out.remove(code)
            else:
                yield code, mapping(attributes, f"survey.yaml: {kind} '{name}', '{code}'")

    def _option(self, code: str, attributes: dict[str, Any], label: str, where: str) -> Option:
        here = f"{where}, option '{code}'"
        only_keys(attributes, OPTION_KEYS, here)
        role = text(attributes.get("role", Role.ANSWER.value), f"{here}: role")
        if role not in list(Role):
            raise SurveyError(f"{here} has the unknown role '{role}': use {', '.join(Role)}")
        secure = truth(attributes.get("secure", "false"), f"{here}: secure")
        picture = self._picture(attributes, here)
        with _in(where):
            return Option(code, label, Role(role), picture, secure)

    def _row(self, code: str, attributes: dict[str, Any], label: str, where: str) -> Row:
        here = f"{where}, row '{code}'"
        picture = self._picture(only_keys(attributes, ROW_KEYS, here), here)
        with _in(where):
            return Row(code, label, picture)

    def _picture(self, attributes: Mapping[str, Any], where: str) -> str | None:
        if "picture" not in attributes:
            return None
        name = text(attributes["picture"], f"{where}: picture")
        if name not in self.pictures:
            raise SurveyError(f"{where}: picture '{name}' is not in pictures.yaml: add its hexcode there")
        return name


@contextmanager
def _in(where: str) -> Iterator[None]:
    """Says where an error that a value found in itself was found."""
    try:
        yield
    except SurveyError as error:
        raise SurveyError(f"{where}: {error}") from error


def _texts(data: Mapping[str, Any], key: str, where: str) -> list[str]:
    """A list of texts; empty if the key is not there."""
    return [text(value, f"{where}: {key}") for value in sequence(data.get(key, []), f"{where}: {key}")]


def _limit(plan: Mapping[str, Any], options: list[Option], where: str) -> int | None:
    """`limit: all` means as many as there are answers."""
    if plan.get("limit") == "all":
        return sum(not option.exclusive for option in options)
    return number(plan["limit"], f"{where}: limit") if "limit" in plan else None


def _condition(value: Any, where: str) -> Condition:
    where = f"{where}: ask_if"
    data = only_keys(mapping(value, where), {"question", "any_of"}, where)
    return Condition(text(data.get("question"), f"{where}: question"), frozenset(_texts(data, "any_of", where)))
