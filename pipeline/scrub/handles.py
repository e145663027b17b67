"""Layer 2: names on the platforms children use (Snapchat, Roblox, Discord ...), told by their shape or by what leads to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.scrub.lists import NameLists, sections
from pipeline.scrub.spans import Span
from pipeline.scrub.words import fold

LAYER = "handle"

_FORMS = {name: "|".join(pieces) for name, pieces in sections("forms.txt").items()}
_PLATFORM = _FORMS["platforms"]
_MIXED = (  # word.word, word_1, _word_, wordNN, NNword, xxWordxx
    r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*(?:[._\-]+[A-Za-z0-9]+)+_*|_+[A-Za-z0-9][\w.]*|[A-Za-z][A-Za-z0-9]*_+|"
    r"[A-Za-z][\w\-]*\d[\w\-]*|\d[A-Za-z_]{3,}\w*|[xX]{2,}[A-Za-z]\w+[xX]{2,}"
)
_SHAPE = re.compile(
    rf"(?<![\w@./])(?P<at>@[\w.]*\w)|(?<![\w@#])(?P<tag>[A-Za-z][\w.]{{1,30}}#\d{{3,5}})|(?<![\w@.])(?P<mix>{_MIXED})(?![\w@])"
)
_LED = re.compile(
    r"\b(?:(?:add|follow|find|message|msg|dm|friend|join|hmu|sub(?:scribe)?)\w*\s+(?:me|us|him|her|my \w+)|hit me up|"
    rf"(?:my|his|her|our|me|the)\s+(?:\w+\s+){{0,2}}?(?:{_PLATFORM})|(?:on|im on|my)\s+(?:{_PLATFORM}))\b"
    rf"(?:\s+(?:{_FORMS['between platform and handle']}|{_PLATFORM})|\s*[:=\-,])*\s*(?P<handle>[\w.@\-#]{{3,32}})",
    re.IGNORECASE,
)
_PLATFORM_NEAR = re.compile(rf"\b(?:{_PLATFORM}|add|follow)\b", re.IGNORECASE)
_NOT_HANDLE = re.compile(
    rf"(?:{_FORMS['words before a number']})[ ._\-]?\d+\w{{0,2}}|\d+\w{{0,3}}|\d+(?:{_FORMS['words after a number']})(?:[\-]\w+)*|"
    rf"\w*[24](?:{_FORMS['texted ends']})\w*|[a-z]{{1,4}}[0-9](?:r|d|t|s|m|u|n|te|ly|ful|g)?|(?:{_FORMS['texted words']})\w*",
    re.IGNORECASE,
)
_DOTTED_WORDS = re.compile(r"[A-Za-z]+(?:\.{1,}[A-Za-z]+)+\.*")
_FILLER = frozenset(_FORMS["never a handle"].split("|"))


def find(text: str, lists: NameLists) -> Iterator[Span]:
    """Handles in `text`; a word of the dictionary is one only directly after 'add me on ...', and then only if it is no common word."""
    for match in _SHAPE.finditer(text):
        raw = match.group()
        if match.lastgroup == "mix" and not _shaped(raw, text, match, lists):
            continue
        if match.lastgroup == "at" and len(raw) < 3:
            continue
        yield Span(match.start(), match.end(), "HANDLE", 0.95 if match.lastgroup != "mix" else 0.9, LAYER)
    for match in _LED.finditer(text):
        raw, low = match["handle"], fold(match["handle"]).strip(".-")
        if not low or low in _FILLER or lists.zipf(low) >= 40 or low.isdigit() or _PLATFORM_NEAR.fullmatch(low) or "'" in low:
            continue
        if lists.is_word(low) or lists.is_name(low) or _NOT_HANDLE.fullmatch(raw):
            continue
        end = match.end("handle") - (len(raw) - len(raw.rstrip(".-,")))
        yield Span(match.start("handle"), end, "HANDLE", 0.8, LAYER)


def _is_surely_name(word: str, lists: NameLists) -> bool:
    return lists.zipf(word) < 45 and (lists.given.get(word, 0) >= 40 or (lists.is_name(word) and not lists.is_word(word)))


def _shaped(raw: str, text: str, match: re.Match[str], lists: NameLists) -> bool:
    if _NOT_HANDLE.fullmatch(raw):
        return False
    if "_" in raw:
        return len(raw.strip("_")) >= 3 and any(c.isalpha() for c in raw)
    near = _PLATFORM_NEAR.search(text, max(0, match.start() - 45), match.start()) is not None
    if "." in raw or "-" in raw:
        if _DOTTED_WORDS.fullmatch(raw):  # "school.Also" is a missing space, "jade.wolfx" after "snap" is a handle
            parts = [fold(part) for part in raw.split(".") if part]
            known = all(lists.is_word(part) or lists.zipf(part) >= 30 for part in parts)
            named = raw == raw.lower() and any(_is_surely_name(part, lists) for part in parts)
            return ".." not in raw and (named or (near and not known))
        return any(c.isdigit() for c in raw) and (near or ("." in raw and sum(c.isalpha() for c in raw) >= 6))
    letters = sum(c.isalpha() for c in raw)
    digits = sum(c.isdigit() for c in raw)
    if digits == 0:
        return near or raw.lower().startswith("xx")
    stem = fold(re.sub(r"\d.*$", "", raw))
    if near:
        return letters >= 2 and len(raw) >= 4
    unknown = len(stem) >= 7 and lists.zipf(stem) == 0
    return letters >= 4 and len(raw) >= 6 and (unknown or (digits >= 2 and not (lists.is_word(stem) and raw[0].isdigit())))
