"""Layer 2: names on the platforms children use (Snapchat, TikTok, Roblox, Discord, Xbox ...), told by their shape or by what leads to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.scrub.lists import NameLists
from pipeline.scrub.spans import Span
from pipeline.scrub.words import fold

LAYER = "handle"

_PLATFORM = (
    r"snap ?chat|snapp?|sc|snaaa?p\w*|insta\w*|ig|tik ?tok|tt|tictok|roblox|robux|robloks|discord|disc|dc|xbox|x box|psn|ps[345]|playstation|"
    r"fortnite|fornite|minecraft|steam|twitch|youtube|utube|yt|channel|gamer ?tag|gamer|user ?name|usernam|user|handle|finsta|spam|twitter|telegram|whatsapp|"
    r"switch|epic|kik|threads|bereal|vsco|wattpad|pinterest|account|acc|page|main|alt"
)
_SHAPE = re.compile(
    r"(?<![\w@./])(?P<at>@[\w.]*\w)"
    r"|(?<![\w@#])(?P<tag>[A-Za-z][\w.]{1,30}#\d{3,5})"
    r"|(?<![\w@.])(?P<mix>[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*(?:[._\-]+[A-Za-z0-9]+)+_*|_+[A-Za-z0-9][\w.]*|[A-Za-z][A-Za-z0-9]*_+|[A-Za-z][\w\-]*\d[\w\-]*|\d[A-Za-z_]{3,}\w*|[xX]{2,}[A-Za-z]\w+[xX]{2,})(?![\w@])"
)
_LED = re.compile(
    rf"\b(?:(?:add|follow|find|message|msg|dm|friend|join|hmu|hit|get|sub(?:scribe)?|watch)\w*\s+(?:me|us|him|her|my \w+)|(?:my|his|her|our|me|the)\s+(?:\w+\s+){{0,2}}?(?:{_PLATFORM})|"
    rf"(?:on|im on|my)\s+(?:{_PLATFORM}))\b"
    rf"(?:\s+(?:up|on|in|over|at|to|is|iz|its|it's|im|i'm|i am|called|name|names|username|user|account|acc|tag|gamertag|handle|named|as|my|me|under|by|and|{_PLATFORM})|\s*[:=\-,])*\s*"
    r"(?P<handle>[\w.@\-#]{3,32})",
    re.I,
)
_PLATFORM_NEAR = re.compile(rf"\b(?:{_PLATFORM}|add|follow)\b", re.I)
_NOT_HANDLE = re.compile(
    r"(?:covid|corona|year|yr|y|ks|p|ps|fifa|fc|gta|xbox|iphone|ipad|mp|u|g|k|a|b|h|key|stage|grade|lvl|level|gcse|btec|top|sims|cod|nba|euro|formula|f|area|gen|windows|ks|wave|tier|set|form|class|"
    r"no|num|number|room|unit|block|wing|flat|team|group|co|m|vo|half|term|mario|world|channel|bbc|itv|e|ch|radio|s|day|june|july|brexit|agenda|under|over|age|aged|im|fortnite|season|chapter)[ ._\-]?\d+\w{0,2}"
    r"|\d+\w{0,3}|\d+(?:st|nd|rd|th|pm|am|yrs?|years?|hours?|hrs?|mins?|months?|weeks?|days?|kids?|people|times?|pounds?|quid|miles?|km|cm|kg|gb|mb|ft|inch|p|k|m|x|yo|year|old|ish|grand|percent|mill|million|k+)(?:[\-]\w+)*"
    r"|\w*(?:2|4)(?:day|nite|morrow|moro|eva|ever|u|me|get|gether|l|n)\w*|[a-z]{1,4}[0-9](?:r|d|t|s|m|u|n|te|ly|ful|g)?|(?:gr8|m8|l8r|b4|h8|w8|str8|d8|sk8)\w*",
    re.I,
)
_DOTTED_WORDS = re.compile(r"[A-Za-z]+(?:\.{1,}[A-Za-z]+)+\.*")
_FILLER = frozenset("and but the for you your with because cos please plz pls lol not all too can will was that this then them they have from "
    "there here when what who why how now everyone anyone anything someone more less stop be up it in on at so if or all day night time fun").union()  # fmt: skip


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
            named = any(lists.is_name(part) and not lists.is_word(part) for part in parts) and raw == raw.lower()
            return ".." not in raw and (named or (near and not known))
        return near and any(c.isdigit() for c in raw)
    letters = sum(c.isalpha() for c in raw)
    digits = sum(c.isdigit() for c in raw)
    if digits == 0:
        return near or raw.lower().startswith("xx")
    stem = fold(re.sub(r"\d.*$", "", raw))
    if near:
        return letters >= 2 and len(raw) >= 4
    unknown = len(stem) >= 7 and lists.zipf(stem) == 0
    return letters >= 4 and len(raw) >= 6 and (unknown or (digits >= 2 and not (lists.is_word(stem) and raw[0].isdigit())))
