"""The bank of questions that the forms of a survey share: defined once, so that a code means the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
        left_out = set(sequence(plan.get("leave_out", []), f"{where}: leave_out"))
        sets = sequence(plan.get("options"), f"{where}: options")
        options = [self._option(*member, where) for member in self._members("options", sets, left_out, texts, where)]
        if kind == Kind.COUNCIL:
            options = [*(Option(code, name) for code, name in councils().items()), *options]
        sets = [plan["rows"]] if "rows" in plan else []
        rows = [self._row(*member, where) for member in self._members("rows", sets, left_out, texts, where)]
        if left_out:
            raise SurveyError(f"{where} leaves out '{min(left_out)}', which it does not have")
        stem, hint = texts.question(question_id)
        try:
            return Question(
                id=question_id,
                kind=Kind(kind),
                text=stem,
                options=tuple(options),
                hint=hint,
                rows=tuple(rows),
                limit=_limit(plan, options, where),
                max_chars=number(plan["max_chars"], f"{where}: max_chars") if "max_chars" in plan else None,
                ask_if=_condition(plan["ask_if"], where) if "ask_if" in plan else None,
                by_parent=truth(plan.get("by_parent", "false"), f"{where}: by_parent"),
                picture=self._picture(plan, where),
            )
        except SurveyError as error:
            message = str(error)
            raise SurveyError(message if message.startswith(where) else f"{where}: {message}") from error

    def _members(
        self, kind: str, names: list[Any], left_out: set[str], texts: FormTexts, where: str
    ) -> Iterator[tuple[str, dict[str, Any], str]]:
        """(code, attributes, label) of each member of these sets. What is left out is struck from `left_out`."""
        for name in names:
            if name not in self.sets[kind]:
                raise SurveyError(f"{where}: there is no set '{name}' among the {kind} of survey.yaml: add it there")
            for code, attributes in mapping(self.sets[kind][name], f"survey.yaml: {kind} '{name}'").items():
                if code in left_out:
                    left_out.remove(code)
                    continue
                yield (
                    code,
                    mapping(attributes, f"survey.yaml: {kind} '{name}', '{code}'"),
                    texts.label(kind, name, code),
                )

    def _option(self, code: str, attributes: dict[str, Any], label: str, where: str) -> Option:
        where = f"{where}, option '{code}'"
        only_keys(attributes, OPTION_KEYS, where)
        role = attributes.get("role", Role.ANSWER.value)
        if role not in list(Role):
            raise SurveyError(f"{where} has the unknown role '{role}': use {', '.join(Role)}")
        secure = truth(attributes.get("secure", "false"), f"{where}: secure")
        return Option(code, label, Role(role), self._picture(attributes, where), secure)

    def _row(self, code: str, attributes: dict[str, Any], label: str, where: str) -> Row:
        where = f"{where}, row '{code}'"
        return Row(code, label, self._picture(only_keys(attributes, ROW_KEYS, where), where))

    def _picture(self, attributes: Mapping[str, Any], where: str) -> str | None:
        name: str | None = attributes.get("picture")
        if name is not None and name not in self.pictures:
            raise SurveyError(f"{where}: picture '{name}' is not in pictures.yaml: add its hexcode there")
        return name


def _limit(plan: Mapping[str, Any], options: list[Option], where: str) -> int | None:
    """`limit: all` means as many as there are answers."""
    if plan.get("limit") == "all":
        return sum(not option.exclusive for option in options)
    return number(plan["limit"], f"{where}: limit") if "limit" in plan else None


def _condition(value: Any, where: str) -> Condition:
    where = f"{where}: ask_if"
    data = only_keys(mapping(value, where), {"question", "any_of"}, where)
    codes = [text(code, f"{where}: any_of") for code in sequence(data.get("any_of"), f"{where}: any_of")]
    return Condition(text(data.get("question"), f"{where}: question"), frozenset(codes))
