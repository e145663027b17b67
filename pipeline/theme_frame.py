"""A code frame: the themes that answers to one open question are coded by, as data with a version. Checked on loading."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BUNDLED = Path(__file__).parent / "data" / "themes"
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = {"id", "version", "survey", "field", "title", "reason", "by", "where", "themes"}
NONE, NO_TEXT = "none_of_these", "wrote_nothing"  # of a child without any theme, and of one without words


class ThemeError(ValueError):
    """A code frame or a coding that cannot be used. The message never holds what a child wrote."""


@dataclass(frozen=True)
class Theme:
    """One theme: its label in tables, and what it takes for an answer to be about it."""

    code: str
    label: str
    means: str


@dataclass(frozen=True)
class Frame:
    """A version of a code frame. `by`: variables that its tables are broken down by; `where`: the children who were asked."""

    id: str
    version: int
    survey: str
    field: str
    title: str
    reason: str
    by: tuple[str, ...]
    where: Mapping[str, str]
    themes: tuple[Theme, ...]
    document: str

    @property
    def sha256(self) -> str:
        """Hash of the document as it was registered."""
        return hashlib.sha256(self.document.encode()).hexdigest()

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the themes, in order."""
        return tuple(theme.code for theme in self.themes)


def bundled_frames() -> list[Frame]:
    """The code frames that come with the project, before anybody registers one. Raises ThemeError."""
    return [read_frame(path.read_text(encoding="utf-8")) for path in sorted(BUNDLED.glob("*.yaml"))]


def read_frame(document: str) -> Frame:
    """A frame from YAML. Raises ThemeError with one sentence."""
    try:
        data = yaml.safe_load(document)
    except yaml.YAMLError:
        data = None
    if not isinstance(data, dict) or set(data) != _KEYS:
        raise ThemeError(f"A code frame holds exactly: {', '.join(sorted(_KEYS))}.")
    if not _ID.fullmatch(str(data["id"])) or type(data["version"]) is not int or data["version"] < 1:
        raise ThemeError("A code frame needs an id of small letters, and a version that is a number from 1 up.")
    if not all(isinstance(data[part], str) and data[part].strip() for part in ("survey", "field", "title", "reason")):
        raise ThemeError("A code frame needs a survey, a field, a title and a reason, in words.")
    by, where = data["by"], data["where"]
    if not isinstance(by, list) or not by or not isinstance(where, dict) or len(where) != 1:
        raise ThemeError("A code frame needs `by`, a list of variables, and `where`, the one population that was asked.")
    themes = data["themes"]
    if not isinstance(themes, dict) or not themes:
        raise ThemeError("A code frame needs at least one theme.")
    return Frame(
        data["id"], data["version"], data["survey"], data["field"], data["title"].strip(), data["reason"].strip(),
        tuple(str(name) for name in by), {str(name): str(code) for name, code in where.items()},
        tuple(_theme(str(code), entry) for code, entry in themes.items()), document,
    )  # fmt: skip


def _theme(code: str, entry: Any) -> Theme:
    if not _ID.fullmatch(code) or code in (NONE, NO_TEXT):
        raise ThemeError("A theme's code has small letters, digits and underscores, and is none of those kept for answers without a theme.")
    if not isinstance(entry, dict) or set(entry) != {"label", "means"} or not all(str(entry[part]).strip() for part in entry):
        raise ThemeError(f"Theme '{code}' needs a label and what it means, and nothing else.")
    return Theme(code, str(entry["label"]).strip(), str(entry["means"]).strip())
