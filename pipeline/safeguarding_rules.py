"""Finds texts that the safeguarding lead must see: those that name a harm, and those that are both identifying and harmful.

Small rules of our own, as data (pipeline/data/safeguarding/rules.yaml), made to miss little of what is said outright; a person judges
what they bring. They read a text in a plain spelling, because nobody in need spells. Of harm that is only hinted at, in words that
nobody foresaw, the rules in words find few (3 of the 40 in tests/unit/test_safeguarding_rules.py), and with the one that is learnt
(`safeguarding_hints`) about a third (13 of them), so whoever reads a text may raise a flag too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from pipeline import safeguarding_hints
from pipeline.scrub.spans import Span

RULES = Path(__file__).parent / "data" / "safeguarding" / "rules.yaml"
_SPELT = {
    "u": "you", "ur": "your", "r": "are", "b4": "before", "bc": "because", "cuz": "because", "cos": "because", "coz": "because",
    "wanna": "want to", "wana": "want to", "gonna": "going to", "gunna": "going to", "gona": "going to", "gon": "going to",
    "imma": "im going to", "tryna": "trying to", "hafta": "have to", "gotta": "got to", "dnt": "dont", "dunt": "dont", "wnt": "want",
    "wont": "wont", "sumone": "someone", "some1": "someone", "sum1": "someone", "every1": "everyone", "any1": "anyone", "neone": "anyone",
    "iam": "im", "mi": "my", "meh": "me", "mah": "my", "myslef": "myself", "meself": "myself", "mysef": "myself", "mysel": "myself",
    "dye": "die", "dieing": "dying", "diying": "dying", "ded": "dead", "deth": "death", "kil": "kill", "hert": "hurt", "hurts": "hurts",
    "hirt": "hurt", "hurtin": "hurting", "hitin": "hitting", "hitts": "hits", "beet": "beat", "puch": "punch", "panches": "punches",
    "tuch": "touch", "tuches": "touches", "toches": "touches", "tutches": "touches", "touchs": "touches", "touchin": "touching",
    "cuttin": "cutting", "scard": "scared", "scerd": "scared", "skared": "scared", "sacred": "scared", "afrade": "afraid",
    "frightend": "frightened", "hangry": "hungry", "hungrey": "hungry", "hugry": "hungry", "mumy": "mummy", "dady": "daddy",
    "pappa": "dad", "papa": "dad", "mama": "mum", "ma": "mum", "sis": "sister", "bro": "brother", "stepdads": "stepdad", "liv": "live",
    "alife": "alive", "wish": "wish", "whish": "wish", "wsh": "wish", "dont": "dont",
    "smaks": "smacks", "smakt": "smacked", "nife": "knife",
}  # fmt: skip


_OF_ITSELF = re.compile(r"\b(?:i|im|ive|ill|id|me|my|myself|we|us|our)\b")


class SafeguardingRulesError(ValueError):
    """Rules that cannot be used. The message names the rule, never a text."""


@dataclass(frozen=True)
class Rule:
    """One rule: any of its patterns fits, or so many kinds of `signs` are in a text in which a child writes of itself.

    `identified`: it asks for personal data in the same text. `likeness`: it fits what reads so much like hints of harm (log-odds), and
    has no patterns.
    """

    name: str
    what: str
    patterns: tuple[re.Pattern[str], ...]
    identified: bool = False
    signs: int = 0
    likeness: float | None = None

    def fits(self, spelt: str) -> bool:
        """True if it fits a text in plain spelling."""
        if self.likeness is not None:
            return safeguarding_hints.likeness(spelt) >= self.likeness
        if not self.signs:
            return any(pattern.search(spelt) for pattern in self.patterns)
        return _OF_ITSELF.search(spelt) is not None and sum(bool(sign.search(spelt)) for sign in self.patterns) >= self.signs


@cache
def load_rules(path: Path = RULES) -> tuple[Rule, ...]:
    """The rules in order. Raises SafeguardingRulesError."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        words, signs, rules = dict(data["words"]), dict(data["signs"]), dict(data["rules"])
    except (OSError, yaml.YAMLError, TypeError, KeyError, ValueError):
        raise SafeguardingRulesError(f"The safeguarding rules '{path.name}' need `words`, `signs` and `rules`.") from None
    if not rules:
        raise SafeguardingRulesError("There is no safeguarding rule: nothing would ever reach the lead.")
    kinds = tuple(_pattern(str(name), rf"\b{sign}\b", words) for name, sign in signs.items())
    return tuple(_rule(str(name), entry, words, kinds) for name, entry in rules.items())


def _rule(name: str, entry: object, words: dict[str, str], signs: tuple[re.Pattern[str], ...]) -> Rule:
    given = entry if isinstance(entry, dict) else {}
    if set(given) == {"what", "signs"} and type(given["signs"]) is int and 1 <= given["signs"] <= len(signs):
        return Rule(name, str(given["what"]), signs, signs=given["signs"])
    if set(given) == {"what", "likeness"} and type(given["likeness"]) in (int, float):
        return Rule(name, str(given["what"]), (), likeness=float(given["likeness"]))
    if not {"what", "patterns"} <= set(given) <= {"what", "patterns", "identified"} or not given["patterns"]:
        raise SafeguardingRulesError(
            f"Safeguarding rule '{name}' needs `what` and `patterns`, a number of `signs` or a `likeness`, and nothing else."
        )
    patterns = tuple(_pattern(name, str(part), words) for part in given["patterns"])
    return Rule(name, str(given["what"]), patterns, identified=bool(given.get("identified")))


def _pattern(name: str, written: str, words: dict[str, str]) -> re.Pattern[str]:
    try:
        return re.compile(re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), written))
    except re.error:
        raise SafeguardingRulesError(f"Safeguarding rule '{name}' has a pattern that is no regular expression.") from None


def plain(text: str) -> str:
    """A text in plain spelling: small letters and digits, one blank between words, common short and wrong spellings written out."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    letters = re.sub(r"['’`´]", "", letters).replace("$", "s").replace("@", "a").replace("!", "i" if re.search(r"\w!\w", letters) else " ")
    letters = re.sub(r"([^\d])\1{2,}", r"\1", letters)
    return " ".join(_SPELT.get(word, word) for word in re.findall(r"\w+", letters))


def rule_of(text: str, identified: bool = False) -> str | None:
    """Name of the first rule that fits a text, or None. `identified`: the scrubber found personal data in it."""
    spelt = plain(text)
    return next((rule.name for rule in load_rules() if (identified or not rule.identified) and rule.fits(spelt)), None)


def flags(texts: Sequence[str], found: Sequence[Sequence[Span]]) -> list[tuple[int, str]]:
    """(row, rule) of every text that the lead must see. Identical texts are read once."""
    known: dict[tuple[str, bool], str | None] = {}
    result = []
    for row, (text, spans) in enumerate(zip(texts, found, strict=True)):
        case = (text, bool(spans))
        if case not in known:
            known[case] = rule_of(*case)
        rule = known[case]
        if rule is not None:
            result.append((row, rule))
    return result
