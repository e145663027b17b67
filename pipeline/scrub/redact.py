"""Replaces what was found by typed placeholders that agree inside one response; nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.scrub.spans import Span
from pipeline.scrub.words import fold

_KINDS = {
    "PERSON": "name", "SCHOOL": "school", "PLACE": "place", "STREET": "address", "HANDLE": "username", "DOB": "date of birth",
    "EMAIL": "email", "PHONE": "phone number", "POSTCODE": "postcode", "NHS": "NHS number", "URL": "web address",
    "NINO": "National Insurance number", "UPN": "pupil number",
}  # fmt: skip
_NUMBERED = {"PERSON"}


def redact(texts: Mapping[str, str], spans: Mapping[str, Sequence[Span]]) -> dict[str, str]:
    """Redacted texts of one response, by field. The same name is `[name 1]` in all of its fields, and two schools are
    `[school 1]` and `[school 2]`; one school alone is `[school]`.

    `spans` must hold an entry for every field, sorted and without overlap (as `Scrubber.find` returns them). Raises ValueError for a
    field without spans, or for spans that overlap or reach beyond the text: then nothing is returned.
    """
    missing = sorted(set(texts) - set(spans))
    if missing:
        raise ValueError(f"no spans were given for field {', '.join(missing)}: scrub it before redacting")
    numbers = _numbers(texts, spans)
    counts = {label: len({n for (kind, _), n in numbers.items() if kind == label}) for label in _KINDS}
    return {field: _replace(text, spans[field], numbers, counts) for field, text in texts.items()}


def _key(text: str) -> str:
    words = [w for w in fold(text).replace(".", " ").split() if w not in ("mr", "mrs", "miss", "ms", "dr", "sir")]
    return " ".join(words) or fold(text)


def _numbers(texts: Mapping[str, str], spans: Mapping[str, Sequence[Span]]) -> dict[tuple[str, str], int]:
    numbers: dict[tuple[str, str], int] = {}
    used: dict[str, int] = {}
    for field, text in texts.items():
        for span in spans[field]:
            key = span.label, _key(text[span.start : span.end])
            if key not in numbers:
                used[span.label] = used.get(span.label, 0) + 1
                numbers[key] = used[span.label]
    return numbers


def _replace(text: str, spans: Sequence[Span], numbers: Mapping[tuple[str, str], int], counts: Mapping[str, int]) -> str:
    parts: list[str] = []
    done = 0
    for span in spans:
        if span.start < done or span.end > len(text):
            raise ValueError("the spans overlap or reach beyond their text: they belong to another text")
        number = numbers[span.label, _key(text[span.start : span.end])]
        numbered = span.label in _NUMBERED or counts[span.label] > 1
        parts += [text[done : span.start], f"[{_KINDS[span.label]}{f' {number}' if numbered else ''}]"]
        done = span.end
    parts.append(text[done:])
    return "".join(parts)
