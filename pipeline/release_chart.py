"""What a chart of a released table shows: bars for choices, stacked bars for answers that add up, one panel for each group.

Only released figures are drawn, at the totals of what does not fit. How it is drawn: `pipeline.release_drawing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.released_table import Released

MOST_BARS, MOST_SERIES, MOST_PANELS = 16, 10, 6

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Bar:
    """One bar: its label and its parts as (name, percentage or count; None if withheld)."""

    label: str
    parts: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True)
class Panel:
    """Bars that are drawn together; `label` is empty if there is only one panel."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Chart:
    """What is drawn. Panels have the same bars. `stacked`: a bar's parts add up to 100 %; else it has one. `unit`: "%" or ""."""

    panels: tuple[Panel, ...]
    stacked: bool
    unit: str

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the parts, in order."""
        return tuple(name for name, _ in self.panels[0].bars[0].parts)

    @property
    def withheld(self) -> bool:
        """True if anything in it is withheld."""
        return any(value is None for panel in self.panels for bar in panel.bars for _, value in bar.parts)


def answer_axis(table: Released) -> int:
    """Which dimension holds the answers: the one percentages are of, else the one that goes across."""
    names = [dimension["name"] for dimension in table.dimensions]
    return names.index(table.percent_of) if table.percent_of else table.column_axis() or 0


def categories(table: Released, axis: int) -> list[Entry]:
    """The categories right below the total of a dimension."""
    codes: Sequence[Entry] = table.dimensions[axis]["codes"]
    return [entry for entry in codes if entry["parent"] == codes[0]["code"]]


def figure(table: Released, at: Mapping[int, str]) -> float | None:
    """The percentage (else the count) of a cell, at the totals of what `at` leaves open; None if there is none."""
    codes = tuple(at.get(axis, dimension["codes"][0]["code"]) for axis, dimension in enumerate(table.dimensions))
    value = table.value(codes)
    text = value.percent if table.percent_of else value.count.replace(",", "")
    return None if text.startswith("[") or not text else float(text)


def chart_of(table: Released) -> Chart | None:
    """What to draw of a table, or None if nothing sensible fits (too many categories, or everything withheld)."""
    answer = answer_axis(table)
    others = [axis for axis in range(len(table.dimensions)) if axis != answer]
    options = categories(table, answer)
    unit = "%" if table.percent_of else ""
    stacked = bool(unit) and bool(others) and table.dimensions[answer]["adds_up"] and 1 < len(options) <= MOST_SERIES
    if stacked:
        down = max(others, key=lambda axis: len(table.dimensions[axis]["codes"]))
        rows = [entry for entry in table.dimensions[down]["codes"] if table.depth(down, entry["code"]) <= 1]
        others.remove(down)

        def bars(at: Mapping[int, str]) -> tuple[Bar, ...]:
            return tuple(
                Bar(row["label"], tuple((one["label"], figure(table, {**at, down: row["code"], answer: one["code"]})) for one in options))
                for row in rows
            )
    else:
        title = table.dimensions[answer]["title"]

        def bars(at: Mapping[int, str]) -> tuple[Bar, ...]:
            return tuple(Bar(one["label"], ((title, figure(table, {**at, answer: one["code"]})),)) for one in options)

    panels = _panels(table, others, bars)
    count = len(panels[0].bars)
    if not 1 <= count <= MOST_BARS or all(value is None for panel in panels for bar in panel.bars for _, value in bar.parts):
        return None
    return Chart(panels, stacked, unit)


def _panels(table: Released, others: Sequence[int], bars: Callable[[Mapping[int, str]], tuple[Bar, ...]]) -> tuple[Panel, ...]:
    """Small multiples by the dimension with the most groups that still fit, else one panel at the totals."""
    fits = [axis for axis in others if 2 <= len(categories(table, axis)) <= MOST_PANELS]
    if not fits:
        return (Panel("", bars({})),)
    by = max(fits, key=lambda axis: len(categories(table, axis)))
    return tuple(Panel(one["label"], bars({by: one["code"]})) for one in categories(table, by))
