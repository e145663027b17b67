"""From YAML to frozen dataclasses: the fields of the class are the keys of the file, no more and no fewer.

A class says what it is made of by its annotations; texts must say something, numbers are whole, days are written as 2026-01-31.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from forms.survey import SurveyError
from forms.yaml_file import mapping, number, only_keys, read_yaml, sequence, text, truth

T = TypeVar("T")


class RecordError(ValueError):
    """A record that cannot be relied on. The message names the file and what to change in it."""


def read_file(kind: type[T], path: Path) -> T:
    """One file as one value of this class. Raises RecordError with one sentence."""
    try:
        return build(kind, read_yaml(path), path.name)
    except SurveyError as error:
        raise RecordError(_sentence(str(error))) from None


def build(kind: type[T], data: Any, where: str) -> T:
    """A value of a dataclass from parsed YAML. Raises SurveyError or RecordError naming `where`."""
    hints = _hints(kind)
    given = only_keys(mapping(data, where), set(hints), where)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in given:
            values[field.name] = _value(hints[field.name], given[field.name], f"{where}: {field.name}")
        elif field.default is dataclasses.MISSING:
            raise RecordError(f"{where}: '{field.name}' is missing: add it.")
    try:
        return kind(**values)
    except RecordError as error:
        raise RecordError(f"{where}: {error}") from None


def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, data: Any, where: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _value(next(one for one in inner if one is not type(None)), data, where)
    if origin is tuple:
        return tuple(_value(inner[0], item, f"{where}, entry {place}") for place, item in enumerate(sequence(data, where), start=1))
    if origin is Mapping:
        return types.MappingProxyType({key: _value(inner[1], item, f"{where}: {key}") for key, item in mapping(data, where).items()})
    if dataclasses.is_dataclass(hint):
        return build(hint, data, where)  # type: ignore[arg-type]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _member(hint, data, where)
    return _SCALARS[hint](data, where)


def _member(kind: type[StrEnum], data: Any, where: str) -> StrEnum:
    if data not in list(kind):
        raise RecordError(f"{where} is one of {', '.join(kind)}.")
    return kind(data)


def _day(data: Any, where: str) -> date:
    try:
        return date.fromisoformat(str(data))
    except ValueError:
        raise RecordError(f"{where} must be a day such as 2026-01-31.") from None


def _text(data: Any, where: str) -> str:
    return " ".join(text(data, where).split())


_SCALARS: Mapping[Any, Callable[[Any, str], Any]] = {str: _text, int: number, bool: truth, date: _day}


def _sentence(message: str) -> str:
    return " ".join(message.split()).removesuffix(".") + "."


def require(condition: bool, message: str) -> None:
    """Raise RecordError with this sentence unless the condition holds."""
    if not condition:
        raise RecordError(message)
