"""What a wave's quality came to, from its ledger counts alone: as a page with charts, and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from pipeline.bars import Bar, shown, svg, told
from pipeline.quality_rules import Rules, Weight
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb

_SECTIONS: Final = {"outcome_": "Home postcodes", "from_": "Where the council comes from", "school_": "Schools"}
_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
svg { width: 100%; font: 14px system-ui, sans-serif } .plain { fill: #4a6d8c } .strong { fill: #a4371f }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
border-bottom: 1px solid #ccc } td.n { text-align: right; white-space: nowrap }
"""


@dataclass(frozen=True)
class Section:
    """One chart of the report."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Report:
    """One wave's quality: charts, and the reason of each rule."""

    wave: str
    responses: int
    set_aside: int
    located_with: str
    sections: tuple[Section, ...]
    reasons: Mapping[str, tuple[str, str]]  # rule -> (weight, reason)


def report(store: SecureStore, wave_id: str, rules: Rules) -> Report:
    """The report of a wave whose answers have been scrubbed. Raises StepRefused before that, or if the rules have changed since."""
    steps = store.steps(store.wave(wave_id).id)
    if Verb.LOCATE not in steps or Verb.SCRUB not in steps:
        raise StepRefused(f"The quality of wave '{wave_id}' is not known yet: run `bigask locate` and `bigask scrub` first.")
    located, scrubbed = steps[Verb.LOCATE], steps[Verb.SCRUB]
    if scrubbed.get("quality_version") != rules.version or any(f"quality_{name}" not in scrubbed for name in rules.rules):
        raise StepRefused(f"Wave '{wave_id}' was looked at with other rules of quality: report on it with the program of that time.")
    sections = [
        Section(
            "Flagged answers, by rule",
            tuple(
                Bar(name.replace("_", " "), int(scrubbed[f"quality_{name}"]), rule.weight is Weight.DOUBT)
                for name, rule in rules.rules.items()
            ),
        )
    ]
    for prefix, title in _SECTIONS.items():
        found = {key.removeprefix(prefix): int(count) for key, count in located.items() if key.startswith(prefix)}
        bars = tuple(Bar(key.replace("_", " "), count) for key, count in sorted(found.items(), key=lambda pair: -pair[1]))
        sections.append(Section(title, bars))
    return Report(
        wave_id,
        int(located["responses"]),
        int(located["set_aside"]) + int(scrubbed["set_aside"]),
        f"{located['directory']}; schools: {located['schools']}; deprivation: {located['deprivation']}".replace("_", " "),
        (Section("Answers", (Bar("all", int(scrubbed["responses"])), Bar("with a flag", int(scrubbed["quality_flagged"])),
                             Bar("doubtful", int(scrubbed["quality_doubtful"]), True))), *sections),
        {name: (rule.weight.value, rule.reason) for name, rule in rules.rules.items()},
    )  # fmt: skip


def as_html(found: Report) -> str:
    """A page of its own: no script, nothing loaded from anywhere."""
    parts = [
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Quality of wave {escape(found.wave)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
        f"<h1>Quality of wave {escape(found.wave)}</h1><p>{told(found.responses)} responses; {told(found.set_aside)} sealed records "
        f"could not be read and are set aside. Located with {escape(found.located_with)}. Nothing was dropped: a flag is a question. "
        "Counts of 1 to 9 are shown as few. For the office only.</p>",
    ]
    for section in found.sections:
        parts.append(f"<h2>{escape(section.title)}</h2>{svg(section.title, section.bars)}")
    rows = "".join(
        f"<tr><td>{escape(name.replace('_', ' '))}</td><td>{escape(weight)}</td><td>{escape(reason)}</td></tr>"
        for name, (weight, reason) in found.reasons.items()
    )
    head = '<tr><th scope="col">Rule</th><th scope="col">Weight</th><th scope="col">Why</th></tr>'
    parts.append(f"<h2>The rules</h2><table>{head}{rows}</table></body></html>\n")
    return "\n".join(parts)


def as_lines(found: Report, width: int = 28) -> list[str]:
    """The same for a terminal."""
    lines = [f"Wave {found.wave}: {told(found.responses)} responses, {told(found.set_aside)} records set aside unread"]
    for section in found.sections:
        longest = max((shown(bar.count) for bar in section.bars), default=0) or 1
        lines += ["", section.title]
        for bar in section.bars:
            drawn = ("█" if bar.strong else "▒") * round(shown(bar.count) / longest * width)
            lines.append(f"  {bar.label:32} {drawn:{width}} {told(bar.count)}")
    return lines
