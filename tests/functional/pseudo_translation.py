"""Translations that nobody wrote, to see what a page does with another language: longer words, or the other direction."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from forms.load import survey_folder

PLACEHOLDER = re.compile(r"(\{\w+\})")
ACCENTS = str.maketrans("aceinouyACEINOUY", "áçéîñöüýÁÇÉÎÑÖÜÝ")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
HEBREW = "אבגדהוזחטיכלמנסעפצקרשתךםןף"


def longer(text: str) -> str:
    """Accented, and about a third longer, as German or Welsh often is."""
    return f"{text.translate(ACCENTS)} {'·' * (len(text) // 3)}".strip()


def right_to_left(text: str) -> str:
    """Every letter as a Hebrew one, so that the text runs from right to left."""
    return text.lower().translate(str.maketrans(LETTERS, HEBREW))


def pseudo_translation(folder: Path, language: str, direction: str, change: Callable[[str], str]) -> Path:
    """The bundled survey with one more language in it, in a folder of its own; load it with `load_survey(path, language)`."""
    target = folder / "big_ask"
    shutil.copytree(survey_folder("big_ask"), target, dirs_exist_ok=True)
    for english in sorted((target / "en").glob("*.yaml")):
        data = yaml.safe_load(english.read_text(encoding="utf-8"))
        translated = {key: _translated(value, change) for key, value in data.items()}
        if "language" in data:
            translated |= {"language": language, "direction": direction}
        path = target / language / english.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(translated, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return target


def _translated(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _translated(inner, change) for key, inner in value.items()}
    parts = PLACEHOLDER.split(str(value)) if value else []
    return "".join(part if PLACEHOLDER.fullmatch(part) else change(part) for part in parts)
