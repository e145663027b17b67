"""What the assessment declares of the running system, what runs, and where the two differ (G3).

Each part is a mapping of names to readable values, so that a difference can be said in a sentence and signed for as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import yaml

from forms.survey import Survey, SurveyError
from forms.yaml_file import mapping, read_yaml, text
from governance.reading import RecordError, require
from governance.record import DECLARED, Processors
from retention.schedule import Rule, Schedule

if TYPE_CHECKING:  # the child door reads this module, and knows nothing of flagged texts
    from governance.safeguarding import Policy as Safeguarding


class Part(StrEnum):
    """The parts of the running system that are held against the assessment."""

    WINDOW = "window"
    FORMS = "forms"
    BANDS = "bands"
    QUESTIONS = "questions"
    GEOGRAPHIES = "geographies"
    OUTPUTS = "outputs"
    PROCESSORS = "processors"
    HOSTS = "hosts"
    RETENTION = "retention"
    POLICY = "policy"
    THEMES = "themes"
    SAFEGUARDING = "safeguarding"


AT_THE_DOOR = (Part.WINDOW, Part.FORMS, Part.BANDS, Part.QUESTIONS)
THIS_MACHINE, NOBODY = "this machine", "nobody on record"
_LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
_ONLY_WHAT_RUNS = (Part.HOSTS, Part.PROCESSORS)  # a zone knows its own machines, not those of the others
Values = Mapping[str, str]
Configuration = Mapping[Part, Values]


@dataclass(frozen=True)
class Difference:
    """One thing that runs otherwise than it was assessed. None: it is not there."""

    part: Part
    name: str
    assessed: str | None
    live: str | None

    def __str__(self) -> str:
        if self.assessed is None:
            return f"{self.part}: '{self.name}' ({self.live}) was not assessed."
        if self.live is None:
            return f"{self.part}: '{self.name}' was assessed ({self.assessed}) and is not there."
        return f"{self.part}: '{self.name}' is {self.live}; assessed was {self.assessed}."


def differences(declared: Configuration, live: Configuration) -> tuple[Difference, ...]:
    """Every difference in the parts that `live` tells of, in order. A part that nothing declares differs in all it holds."""
    found = []
    for part, values in live.items():
        assessed = declared.get(part, {})
        for name in sorted(values if part in _ONLY_WHAT_RUNS else {*assessed, *values}):
            if assessed.get(name) != values.get(name):
                found.append(Difference(part, name, assessed.get(name), values.get(name)))
    return tuple(found)


def load_declared(folder: Path) -> Configuration:
    """What the record in this folder declares. Raises RecordError unless every part is there, and nothing else."""
    try:
        data = mapping(read_yaml(folder / DECLARED), DECLARED)
        for part in Part:
            require(part in data, f"{DECLARED}: the part '{part}' is missing: run `bigask dpia declare` and look at what it wrote.")
        require(set(data) == set(Part), f"{DECLARED}: the parts are {', '.join(Part)}, and no other.")
        return {
            part: {name: text(value, f"{DECLARED}: {part}: {name}") for name, value in mapping(data[part], f"{DECLARED}: {part}").items()}
            for part in Part
        }
    except SurveyError as error:
        raise RecordError(f"{error}.") from None


def write_declared(folder: Path, live: Configuration) -> None:
    """Declare what runs now. It becomes part of the record, whose approvals are then of another text and must be given anew."""
    head = "# What was assessed of the running system. Written by `bigask dpia declare`; read the difference before you commit it.\n"
    body = yaml.safe_dump({part.value: dict(live[part]) for part in Part}, sort_keys=False, width=140, allow_unicode=True)
    (folder / DECLARED).write_text(head + body, encoding="utf-8")


def of_survey(survey: Survey) -> Configuration:
    """What children are asked, in which form, and when."""
    forms = list(survey)
    return {
        Part.WINDOW: window(survey),
        Part.FORMS: {form.id: form.version for form in forms},
        Part.BANDS: {form.id: ", ".join(form.bands) + (", easy read" if form.easy_read else "") for form in forms},
        Part.QUESTIONS: {form.id: ", ".join(question.id for question in form.questions) for form in forms},
    }


def window(survey: Survey) -> Values:
    """When the survey takes answers."""
    opens, closes = survey.window.opens, survey.window.closes
    return {
        "opens": opens.isoformat() if opens else "when a wave is opened",
        "closes": closes.isoformat() if closes else "when the wave is closed",
        "grace": f"{survey.window.grace_minutes} minutes",
    }


def host_of(url: str) -> str:
    """The host that a database URL or a public address leads to."""
    host = urlsplit(url).hostname or ""
    return THIS_MACHINE if host in _LOOPBACK else host


def of_hosts(hosts: Mapping[str, str], processors: Processors) -> Configuration:
    """Which machine holds what (`hosts`: thing to host name), and who answers for each machine."""
    answering = {thing: processors.answering_for(host) or NOBODY for thing, host in hosts.items()}
    return {Part.HOSTS: dict(hosts), Part.PROCESSORS: answering}


def of_schedule(schedule: Schedule) -> Configuration:
    """How long everything is kept: data sets, and until which step at most; rows of tables; and what lies outside the databases."""
    values = {kind: _period(rule) for kind, rule in sorted(schedule.rules.items())}
    for name, table in sorted(schedule.tables.items()):
        values[f"rows of {name}"] = (
            f"for good: {table['keep']}" if "keep" in table else f"{table['review_after_days']} days, {table['owner']}"
        )
    values |= {f"elsewhere, {name}": f"{_period(rule)}, {rule.owner}" for name, rule in sorted(schedule.elsewhere.items())}
    return {Part.RETENTION: values}


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _period(rule: Rule) -> str:
    return _days(rule.review_after_days) + (f", until {rule.until_step}" if rule.until_step else "")


def of_safeguarding(policy: Safeguarding) -> Configuration:
    """The clocks of flagged texts, and whether areas may be put beside one: children were told that nobody can find out who wrote it."""
    values = {"first look": _days(policy.first_look_days), "escalated": f"{_days(policy.escalate_after_days)} overdue"}
    values |= {name: _days(days) for name, days in policy.urgency.items()}
    values["questions of the record"] = ", ".join(question.code for question in policy.questions)
    return {Part.SAFEGUARDING: values | {"joining areas in an emergency": "allowed" if policy.join_located_in_emergency else "never"}}
