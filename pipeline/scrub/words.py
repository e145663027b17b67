"""Text as words with offsets: the one tokeniser that every layer shares, and the one way of folding a spelling."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# A word may hold inner apostrophes and hyphens (o'neill, amber-leigh); digits stay with letters (jayden07);
# everything else that is not space is a mark of its own.
_WORD = re.compile(r"[^\W_]+(?:['’`\-][^\W_]+)*|[^\w\s]|_+")
_POSSESSIVE = re.compile(r"(?<=.)['’`](?:s|S)$")


@dataclass(frozen=True, slots=True)
class Word:
    """One word: `text` as written, `low` folded, `start` and `end` as offsets into the text."""

    text: str
    low: str
    start: int
    end: int


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case, without accents, with straight apostrophes."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("`", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c)).lower() or text


def split(text: str) -> list[Word]:
    """Words and marks of a text, in order. A possessive ending is no part of its word."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        raw, start = match.group(), match.start()
        if (ending := _POSSESSIVE.search(raw)) is not None:
            raw = raw[: ending.start()]
        found.append(Word(raw, fold(raw), start, start + len(raw)))
    return found
