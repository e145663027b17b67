"""Layer 1: what has a form. Numbers with check digits, addresses of the internet, postcodes (also half ones), dates of birth.

Forms and check digits: NHS number (modulus 11, NHS Data Dictionary), National Insurance number (HMRC's letter rules), unique pupil
number (modulus 23, DfE's UPN guide), postcode (Royal Mail's areas), telephone numbers (Ofcom's ranges).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.scrub.lists import sections
from pipeline.scrub.spans import Span

LAYER = "pattern"

_FORMS = sections("forms.txt")
_AREA = "|".join(sorted(_FORMS["postcode areas"], key=len, reverse=True))
_NOT_OUTWARD = frozenset(_FORMS["never half a postcode"])
_MONTH, _ORDINAL, _NUMBER = ("|".join(_FORMS[name]) for name in ("months", "ordinals", "numbers in words"))
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d|['’]?\d\d"
_DIGIT_WORDS = {
    "zero": 1, "oh": 1, "o": 1, "nought": 1, "nil": 1, "one": 1, "won": 1, "two": 1, "three": 1, "four": 1, "for": 1, "five": 1,
    "six": 1, "seven": 1, "eight": 1, "ate": 1, "nine": 1, "double": 0, "triple": 0, "hundred": 2,
    **dict.fromkeys(("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"), 2),
    **dict.fromkeys(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 1),  # the other digit follows, or is 0
}  # fmt: skip
_BIRTH = re.compile(r"\b(?:birth\s?da[yt]e?|b-?day|bir?thday|berthday|burthday|bday|born|d\.?\s?o\.?\s?b|date of birth)", re.I)


def nhs_valid(digits: str) -> bool:
    """Modulus 11 check of a ten-digit NHS number."""
    check = 11 - sum(int(d) * w for d, w in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return len(digits) == 10 and check != 10 and check % 11 == int(digits[9])


def upn_valid(upn: str) -> bool:
    """Modulus 23 check of a unique pupil number: a check letter, then twelve digits (or eleven and a temporary letter)."""
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    last = upn[12]
    values = [int(d) for d in upn[1:12]] + [int(last) if last.isdigit() else letters.find(last.upper())]
    return letters[sum(v * w for v, w in zip(values, range(2, 14), strict=True)) % 23] == upn[0].upper()


@dataclass(frozen=True)
class Pattern:
    """A regular expression, what it finds, how sure it is, a second look that may refuse a match, and what it needs: so many digits, and
    one of these marks (in lower case). A text without them is not searched.
    """

    label: str
    regex: re.Pattern[str]
    score: float
    accepts: Callable[[str, re.Match[str]], bool] | None = None
    digits: int = 0
    marks: tuple[str, ...] = ()


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _near(text: str, match: re.Match[str], cue: re.Pattern[str], before: int = 45, after: int = 12) -> bool:
    return cue.search(text, max(0, match.start() - before), min(len(text), match.end() + after)) is not None


_NHS_CUE = re.compile(r"\bn\.?h\.?s\b|hospital|doctor|health number", re.I)
_PHONE_CUE = re.compile(
    r"\b(?:phone|fone|number|num|no|ring|call|text|txt|tel|mob\w*|cell|what'?s ?app|facetime|contact|digits|moblie)\b", re.I
)
_POSTCODE_WORD = re.compile(r"post\s?co?de?|poscode|\bcode\b", re.I)
_POSTCODE_CUE = re.compile(r"post\s?co?de?|poscode|\blive|\bend[sz]?\b|\bfrom\b|\bgang|\bround\b|\bcode\b", re.I)
_HELPLINE = frozenset(_FORMS["public numbers"])


def _is_phone(text: str, match: re.Match[str]) -> bool:
    digits = _digits(match.group())
    if digits in _HELPLINE:
        return False
    national = re.sub(r"^(?:00)?44", "0", digits) if digits.startswith(("44", "0044")) else digits
    if re.fullmatch(r"0[1237]\d{8,9}", national) and len(national) >= 10:
        return True
    return 6 <= len(digits) <= 13 and _near(text, match, _PHONE_CUE)


def _is_nhs(text: str, match: re.Match[str]) -> bool:
    digits = _digits(match.group())
    return len(digits) == 10 and digits[0] != "0" and (nhs_valid(digits) or _near(text, match, _NHS_CUE))


def _is_outward(text: str, match: re.Match[str]) -> bool:
    code = match.group().lower().replace(" ", "")
    if _near(text, match, _POSTCODE_WORD, after=25):
        return True
    if code in _NOT_OUTWARD or re.search(
        r"\b(?:the|grade|level|year|yr|ps|key stage|stage|galaxy|samsung)\s*$", text[: match.start()], re.I
    ):
        return False
    strong = len(re.sub(r"\d", "", code)) == 2 or len(_digits(code)) == 2 or " " in match.group().strip()
    return strong or _near(text, match, _POSTCODE_CUE)


def _is_birth(text: str, match: re.Match[str]) -> bool:
    return _near(text, match, _BIRTH, before=40, after=30)


def _is_full_date(text: str, match: re.Match[str]) -> bool:
    return _is_birth(text, match) or bool(re.search(r"(?:19|20)\d\d\s*$", match.group()))


def _is_spoken_birth(text: str, match: re.Match[str]) -> bool:
    ordinals, numbers = len(_ORDINALS.findall(match.group())), len(_NUMBERS.findall(match.group()))
    return _is_birth(text, match) and (ordinals >= 2 or ordinals + numbers >= 3)


def _is_spoken_postcode(text: str, match: re.Match[str]) -> bool:
    parts = re.split(r"[\s\-,]+", match.group().lower())
    numbered = sum(part in _DIGIT_WORDS or part.isdigit() for part in parts)
    return 0 < numbered < len(parts) and _near(text, match, _POSTCODE_WORD, after=0)


def _rx(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


_SEP = r"[\s./\\\-–,]"
_ORDINALS, _NUMBERS = _rx(rf"\b(?:{_ORDINAL})\b"), _rx(rf"\b(?:{_NUMBER})\b")
_COUNTED = r"(?!\s*(?:am|pm|year|yr|month|week|day|hour|min|time|kid|sister|brother|bed))"
_DOT = r"(?: dot | ?\(dot\) ?|\.)"
_DATE_NUMBERS = r"(?:0?[1-9]|[12]\d|3[01])\s?([/.\-])\s?(?:0?[1-9]|1[0-2])\s?\1\s?(?:(?:19|20)\d\d|\d\d)"
_DATE_WORDS = rf"\b(?:the\s+)?(?:(?:twenty|thirty)[\s\-]?)?(?:{_ORDINAL})\s+(?:of\s+)?(?:{_MONTH})\b(?:\s+(?:19|20)\d\d)?"
_SPOKEN_DATE = rf"\b(?:(?:the|of|and|oh|{_ORDINAL}|{_NUMBER})[\s\-,]+){{2,8}}(?:{_ORDINAL}|{_NUMBER})\b"
_SPOKEN_CODE = rf"\b(?:{_AREA})(?:[\s\-,]+(?:[a-z]|\d|{'|'.join(_DIGIT_WORDS)})){{2,7}}\b"
PATTERNS = (
    Pattern("EMAIL", _rx(r"(?<![\w.+\-])[\w.+\-]+\s?@\s?[a-z0-9\-]+(?:\s?\.\s?[a-z]{2,}|\s?\.\s?[a-z0-9\-]+)+"), 0.99, marks=("@",)),
    Pattern(
        "EMAIL",
        _rx(
            rf"(?<![\w.+\-])[\w.+\-]+(?: (?:dot|underscore|dash|hyphen) [\w.+\-]+){{0,3}}"
            rf"(?: at | ?\(at\) ?| ?\[at\] ?| ?@ ?)[a-z0-9\-]+{_DOT}(?:com|co|net|org|me|uk|sch)\b(?:{_DOT}uk\b)?"
        ),
        0.95,
        marks=(".", "dot"),
    ),
    Pattern("EMAIL", _rx(r"(?<![\w.+\-])[\w.+\-]+@[\w\-]+\b"), 0.8, marks=("@",)),
    Pattern("URL", _rx(r"\b(?:https?://|www\.)[^\s<>\"]+"), 0.95, marks=("://", "www.")),
    Pattern("URL", _rx(r"(?<![\w.\-])(?:[a-z0-9\-]+\.)+(?:co\.uk|org\.uk|sch\.uk|com|gg|tv|ly)/[^\s<>\"]+"), 0.9, marks=("/",)),
    Pattern("NHS", _rx(r"(?<![\d+])\d{3}[\s\-.]?\d{3}[\s\-.]?\d{4}(?!\d)"), 0.95, _is_nhs, digits=10),
    Pattern("NHS", _rx(r"(?<![\d+])\d(?:[\s\-]?\d){9}(?!\d)"), 0.9, _is_nhs, digits=10),
    Pattern("NINO", _rx(r"\b(?!bg|gb|nk|kn|tn|nt|zz)[a-ceghj-prstw-z][a-ceghj-nprstw-z]\s?\d\d\s?\d\d\s?\d\d\s?[a-d]\b"), 0.97, digits=6),
    Pattern("UPN", _rx(r"\b[a-hj-np-rt-z]\d{11}[\da-hj-np-rt-z]\b"), 0.97, lambda _, m: upn_valid(m.group()), digits=11),
    # less sure than any other form that the same digits may have: a date or an NHS number says more
    Pattern("PHONE", _rx(r"(?<![\w/])(?:\+|00)?\(?\d(?:[\s().\-]{0,2}\d){5,13}(?![\d/])"), 0.94, _is_phone, digits=6),
    Pattern("POSTCODE", _rx(rf"\b(?=[a-z]{{1,2}}\s?\d)(?:{_AREA})\s?\d[\da-z]?\s*\d\s?[abd-hjlnp-uw-z]{{2}}\b"), 0.97, digits=1),
    Pattern("POSTCODE", _rx(rf"\b(?=[a-z]{{1,2}}\d)(?:{_AREA})\d\d?(?:\s\d\b{_COUNTED})?(?!\w)(?![.,:]\d)"), 0.85, _is_outward, digits=1),
    Pattern("POSTCODE", _rx(r"\b(?:w1|ec[1-4]|wc[12]|sw1|se1|nw1|n1|e1)[a-hj-npr-uwxy]\b"), 0.8, _is_outward, digits=1),
    Pattern("DOB", _rx(rf"\b{_DAY}{_SEP}+(?:of\s+)?(?:{_MONTH})\b{_SEP}*(?:{_YEAR})(?!\d)"), 0.95, _is_full_date, digits=1),
    Pattern("DOB", _rx(rf"\b(?:{_MONTH}){_SEP}+(?:the\s+)?{_DAY}\b{_SEP}*(?:{_YEAR})(?!\d)"), 0.95, _is_full_date, digits=1),
    Pattern("DOB", _rx(rf"\b(?:the\s+)?{_DAY}{_SEP}+(?:of\s+)?(?:{_MONTH})\b"), 0.9, _is_birth, digits=1),
    Pattern("DOB", _rx(rf"\b(?:{_MONTH}){_SEP}+(?:the\s+)?{_DAY}\b"), 0.9, _is_birth, digits=1),
    Pattern("DOB", _rx(rf"(?<![\d/.\-]){_DATE_NUMBERS}(?![\d/])"), 0.95, digits=1),
    Pattern("DOB", _rx(r"(?<!\d)(?:19|20)\d\d[-/.](?:0[1-9]|1[0-2])[-/.](?:0[1-9]|[12]\d|3[01])(?!\d)"), 0.95, digits=1),
    Pattern("DOB", _rx(r"(?<![\d/.\-])(?:0?[1-9]|[12]\d|3[01])[/.\-](?:0?[1-9]|1[0-2])(?![\d/])"), 0.85, _is_birth, digits=1),
    Pattern("DOB", _rx(r"(?<!\d)(?:0[1-9]|[12]\d|3[01])\s?(?:0[1-9]|1[0-2])\s?(?:(?:19|20)\d\d|[01]\d)(?!\d)"), 0.9, _is_birth, digits=1),
    Pattern("DOB", _rx(_DATE_WORDS), 0.9, _is_birth),
    Pattern("DOB", _rx(_SPOKEN_DATE), 0.9, _is_spoken_birth),
    Pattern("POSTCODE", _rx(_SPOKEN_CODE), 0.9, _is_spoken_postcode),
)
_WORDS = re.compile(r"[a-z]+|\d+", re.I)
_LEAST_SPOKEN = 4
_ZERO = ("0", "07", "01", "02", "oh", "o", "zero", "nought")


def find(text: str) -> list[Span]:
    """Every pattern's spans in `text`, overlaps included. Most texts hold nothing with a form, and are answered at once."""
    found: list[Span] = []
    low = text.lower()
    digits = sum(map(str.isdigit, low))
    born, coded = _BIRTH.search(text) is not None, _POSTCODE_WORD.search(text) is not None
    for pattern in PATTERNS:
        if digits < pattern.digits or not _possible(pattern, low, born, coded):
            continue
        for match in pattern.regex.finditer(text):
            if pattern.accepts is None or pattern.accepts(text, match):
                found.append(Span(match.start(), match.end(), pattern.label, pattern.score, LAYER))
    if sum(word in _DIGIT_WORDS for word in _WORDS.findall(low)) + digits >= _LEAST_SPOKEN:
        found.extend(_spelled(text))
    return found


def _possible(pattern: Pattern, low: str, born: bool, coded: bool) -> bool:
    """Whether the mark or the word is there without which nothing matches, or the pattern's second look refuses every match."""
    if pattern.marks and not any(mark in low for mark in pattern.marks):
        return False
    if pattern.accepts in (_is_birth, _is_spoken_birth):
        return born
    return coded or pattern.accepts is not _is_spoken_postcode


def _spelled(text: str) -> Iterator[Span]:
    """Telephone numbers in words: 'oh seven seven double nine ...', also mixed with figures ('07 double 7 09 hundred ...')."""
    run: list[re.Match[str]] = []
    count = spoken = 0
    for match in [*_WORDS.finditer(text), None]:
        low = match.group().lower() if match is not None else ""
        near = match is not None and (not run or match.start() - run[-1].end() <= 3)
        if match is not None and near and (low in _DIGIT_WORDS or low.isdigit()):
            run.append(match)
            count += _DIGIT_WORDS.get(low, len(low)) + (low == "double") + 2 * (low == "triple")
            spoken += low in _DIGIT_WORDS
            continue
        if (count >= 7 and spoken >= _LEAST_SPOKEN) or (count >= 10 and spoken and run[0].group().lower() in _ZERO):
            yield Span(run[0].start(), run[-1].end(), "PHONE", 0.9, LAYER)
        run, count, spoken = [], 0, 0
        if match is not None and (low in _DIGIT_WORDS or low.isdigit()):
            run, count, spoken = [match], _DIGIT_WORDS.get(low, len(low)), int(low in _DIGIT_WORDS)
