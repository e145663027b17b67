"""Reading our YAML files: every scalar is a string, and nothing is silently overwritten.

YAML's own guesses would turn an option code `6` into a number and `no` into False, and PyYAML keeps the last of two
equal keys without a word: a question lost that way would never be asked.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from forms.survey import SurveyError


class _StringLoader(yaml.BaseLoader):
    """BaseLoader resolves no types; this one also refuses a key given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys: set[str] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise SurveyError(f"a key must be plain text (line {key_node.start_mark.line + 1})")
            if key_node.value in keys:
                raise SurveyError(f"'{key_node.value}' is there twice (line {key_node.start_mark.line + 1}): keep one")
            keys.add(key_node.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """Mappings, lists and strings of one file.

    Raises SurveyError, naming the file, if it is not there, not UTF-8, not YAML, or has a key twice.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StringLoader)  # noqa: S506 - builds strings only
    except SurveyError as error:
        raise SurveyError(f"{path.name}: {error}") from error
    except FileNotFoundError as error:
        raise SurveyError(f"{path.name} is missing in {path.parent.name}: add it") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SurveyError(f"{path.name} cannot be read as YAML in UTF-8: {error}") from error


def mapping(value: Any, where: str) -> dict[str, Any]:
    """The value, if it is a mapping. Raises SurveyError otherwise."""
    if not isinstance(value, dict):
        raise SurveyError(f"{where} must be 'key: value' lines")
    return value


def sequence(value: Any, where: str) -> list[Any]:
    """The value, if it is a list. Raises SurveyError otherwise."""
    if not isinstance(value, list):
        raise SurveyError(f"{where} must be a list")
    return value


def text(value: Any, where: str) -> str:
    """The value, if it is a text that says something. Raises SurveyError otherwise."""
    if not isinstance(value, str) or not value.strip():
        raise SurveyError(f"{where} must be a text")
    return value


def number(value: Any, where: str) -> int:
    """The value as a whole number. Raises SurveyError otherwise."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        raise SurveyError(f"{where} must be a whole number")
    return int(value)


def truth(value: Any, where: str) -> bool:
    """The value as true or false. Raises SurveyError otherwise."""
    if value not in ("true", "false"):
        raise SurveyError(f"{where} must be true or false")
    return bool(value == "true")


def only_keys(data: dict[str, Any], allowed: set[str], where: str) -> dict[str, Any]:
    """The mapping, if it has no key but these. Raises SurveyError otherwise."""
    for key in data:
        if key not in allowed:
            raise SurveyError(f"{where} has an unknown key '{key}': use {', '.join(sorted(allowed))}")
    return data
