"""What came out of a sealed record, taken for what our forms send, or for nothing.

Anyone with the public key can seal anything, so nothing is believed: kinds, keys, codes and lengths are those that a form can
have sent, and text is as the child door cleans it. What is refused is never quoted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from forms.answers import Locator, Response, clean_text
from forms.survey import Form, Kind, Survey


class NotOfOurForms(ValueError):
    """No form of ours can have sent this."""


def read_locator(content: bytes) -> Locator:
    """The locator of one opened record. Raises NotOfOurForms."""
    data = _mapping(content, {"a", "c", "p", "s"})
    asked, postcode, school, council = data["a"], data["p"], data["s"], data["c"]
    texts = (postcode, school, council)
    if type(asked) is not bool or not all(_is_clean(text) for text in texts) or (not asked and any(texts)):
        raise NotOfOurForms
    return Locator(postcode, school, council, asked)


def response_reader(survey: Survey) -> Callable[[bytes], Response]:
    """A function that makes a Response of the content of one opened record of this survey, or raises NotOfOurForms."""
    fields = {form.id: _Fields.of(form) for form in survey}

    def read(content: bytes) -> Response:
        data = _mapping(content, {"form", "version", "choices", "texts"})
        form, choices, texts = data["form"], data["choices"], data["texts"]
        known = fields.get(form) if isinstance(form, str) else None
        if known is None or data["version"] != known.version or not known.could_send(choices, texts):
            raise NotOfOurForms
        frozen = MappingProxyType({name: tuple(codes) for name, codes in choices.items()})
        return Response(form, known.version, frozen, MappingProxyType(texts), Locator())

    return read


@dataclass(frozen=True)
class _Fields:
    """What one form can send in the body: field -> its codes and how many of them; text field -> most characters."""

    version: str
    codes: Mapping[str, tuple[frozenset[str], int]]
    texts: Mapping[str, int]

    @classmethod
    def of(cls, form: Form) -> _Fields:
        asked = [question for question in form.questions if not question.is_locator]
        codes = {
            name: (frozenset(option.code for option in question.options), (question.limit or 1) if question.kind is Kind.CHOICES else 1)
            for question in asked
            for name in question.choice_fields
        }
        return cls(form.version, codes, {q.text_field: q.max_chars or 0 for q in asked if q.text_field is not None})

    def could_send(self, choices: object, texts: object) -> bool:
        return (
            isinstance(choices, dict)
            and isinstance(texts, dict)
            and all(name in self.codes and self._chosen(name, codes) for name, codes in choices.items())
            and all(name in self.texts and _is_clean(text) and 0 < len(text) <= self.texts[name] for name, text in texts.items())
        )

    def _chosen(self, name: str, codes: object) -> bool:
        known, most = self.codes[name]
        if not isinstance(codes, list) or not 0 < len(codes) <= most or not all(isinstance(code, str) for code in codes):
            return False
        return len(set(codes)) == len(codes) and known.issuperset(codes)


def _mapping(content: bytes, keys: set[str]) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise NotOfOurForms from None
    if not isinstance(data, dict) or set(data) != keys:
        raise NotOfOurForms
    return data


def _is_clean(text: object) -> bool:
    return isinstance(text, str) and clean_text(text) == text
