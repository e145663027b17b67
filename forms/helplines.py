"""Help lines, as data with the date on which somebody last checked them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from forms.survey import SurveyError
from forms.yaml_file import mapping, only_keys, read_yaml, sequence, text

HELPLINES = Path(__file__).parent / "lists" / "helplines.yaml"
TEXTS = {"code", "name", "number", "by", "checked_on"}


@dataclass(frozen=True)
class Helpline:
    """One service. `by` is 'call' or 'text'; what it is for is told in each form's words, as `helpline_<code>`.

    `moments`: questions, or rows of them (`happiness.safety`), below which it is offered.
    """

    code: str
    name: str
    number: str
    by: str
    checked_on: date
    moments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.by not in ("call", "text"):
            raise SurveyError(f"help line '{self.code}': by must be call or text")
        if not self.number.replace(" ", "").isdigit():
            raise SurveyError(f"help line '{self.code}': number must be digits and spaces")


def offered(asked: Collection[str]) -> tuple[Helpline, ...]:
    """The lines to offer beside these questions and rows. It depends on what is asked, never on what was answered."""
    return tuple(line for line in helplines() if not set(line.moments).isdisjoint(asked))


@lru_cache(maxsize=4)
def helplines(path: Path = HELPLINES) -> tuple[Helpline, ...]:
    """The help lines in the order in which they are shown. Raises SurveyError for one without a checked-on date."""
    found: list[Helpline] = []
    for number, item in enumerate(sequence(read_yaml(path), path.name), start=1):
        where = f"{path.name}: entry {number}"
        entry = only_keys(mapping(item, where), {*TEXTS, "moments"}, where)
        values = {key: text(entry.get(key), f"{where}: {key}") for key in sorted(TEXTS)}
        moments = tuple(text(moment, f"{where}: moments") for moment in sequence(entry.get("moments", []), f"{where}: moments"))
        try:
            checked_on = date.fromisoformat(values.pop("checked_on"))
        except ValueError as error:
            raise SurveyError(f"{where}: checked_on must be a date such as 2026-01-31") from error
        found.append(Helpline(checked_on=checked_on, moments=moments, **values))
    return tuple(found)
