"""A released table laid out for reading: its tidy rows as lines and columns, counts or percentages.

Works on the released files alone (release.json and the CSV), so a page cannot show more than a download does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import product
from typing import Any

from pipeline.release_names import CONFIDENTIAL

NOT_APPLICABLE = "[z]"
MOST_COLUMNS = 12

Codes = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """One cell as it is shown: a count with commas or [c], and a percentage, [c], [z], or "" where the table has none."""

    count: str
    percent: str

    @property
    def withheld(self) -> bool:
        """True if the count is confidential."""
        return self.count == CONFIDENTIAL


@dataclass(frozen=True)
class Line:
    """One line: its label, how deep it hangs below the total, and its cells."""

    label: str
    depth: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Group:
    """Lines that belong together; `label` is empty if there is only one group."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Layout:
    """A table for reading. `column_title` is empty for a table of one dimension, whose only column is its figure."""

    row_title: str
    column_title: str
    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    has_percent: bool


class Released:
    """One table's cells by code, with its metadata."""

    def __init__(self, metadata: Mapping[str, Any], content: bytes) -> None:
        """`metadata`: the table's part of release.json; `content`: its CSV. Both have been verified before."""
        self.metadata = metadata
        self.dimensions: Sequence[Mapping[str, Any]] = metadata["dimensions"]
        self.percent_of: str | None = metadata["percent_of"]
        names = [f"{dimension['name']}_code" for dimension in self.dimensions]
        self._values: dict[Codes, Value] = {}
        for row in csv.DictReader(io.StringIO(content.decode("utf-8"))):
            self._values[tuple(row[name] for name in names)] = self._value(row)

    def _value(self, row: Mapping[str, str]) -> Value:
        if row["shorthand"] == CONFIDENTIAL or not row["count"]:
            return Value(CONFIDENTIAL, CONFIDENTIAL if self.percent_of else "")
        percent = (row["percent"] or NOT_APPLICABLE) if self.percent_of else ""
        return Value(f"{int(row['count']):,}", percent)

    def only(self, chosen: Mapping[str, str]) -> Released:
        """The same table with, for each dimension named, only the chosen code and what is below it. Raises KeyError if unknown."""
        kept = []
        for axis, dimension in enumerate(self.dimensions):
            if (code := chosen.get(dimension["name"])) is None:
                kept.append(dimension)
                continue
            entries = self.ordered(axis)
            start = next((at for at, entry in enumerate(entries) if entry["code"] == code), None)
            if start is None:
                raise KeyError(dimension["name"])
            end = start + 1
            while end < len(entries) and self.depth(axis, entries[end]["code"]) > self.depth(axis, code):
                end += 1
            kept.append({**dimension, "codes": entries[start:end]})
        if unknown := set(chosen) - {dimension["name"] for dimension in self.dimensions}:
            raise KeyError(min(unknown))
        found = copy(self)
        found.dimensions = kept
        return found

    def cells(self) -> Iterator[tuple[Codes, Value]]:
        """Every cell of the table's dimensions, in the order of its codes."""
        for codes in product(*([entry["code"] for entry in dimension["codes"]] for dimension in self.dimensions)):
            yield codes, self._values[codes]

    def value(self, codes: Codes) -> Value:
        """The cell of these codes, one for each dimension in order."""
        return self._values[codes]

    def column_axis(self) -> int | None:
        """Which dimension goes across: the one percentages are of, else the shortest; None if none is short enough."""
        if len(self.dimensions) == 1:
            return None
        lengths = [len(dimension["codes"]) for dimension in self.dimensions]
        names = [dimension["name"] for dimension in self.dimensions]
        axis = names.index(self.percent_of) if self.percent_of else lengths.index(min(lengths))
        if lengths[axis] > MOST_COLUMNS:
            axis = lengths.index(min(lengths))
        return axis if lengths[axis] <= MOST_COLUMNS else None

    def layout(self) -> Layout:
        """The table for reading."""
        across = self.column_axis()
        rest = [axis for axis in range(len(self.dimensions)) if axis != across]
        down = max(rest, key=lambda axis: len(self.dimensions[axis]["codes"]))
        outer = [axis for axis in rest if axis != down]
        columns = self.dimensions[across]["codes"] if across is not None else [None]
        groups = []
        for above in product(*(self.dimensions[axis]["codes"] for axis in outer)):
            lines = []
            for entry in self.ordered(down):
                at = {down: entry["code"], **{axis: one["code"] for axis, one in zip(outer, above, strict=True)}}
                cells = []
                for column in columns:
                    if across is not None and column is not None:
                        at[across] = column["code"]
                    cells.append(self.value(tuple(at[axis] for axis in range(len(self.dimensions)))))
                lines.append(Line(entry["label"], self.depth(down, entry["code"]), tuple(cells)))
            groups.append(Group(", ".join(one["label"] for one in above), tuple(lines)))
        return Layout(
            row_title=self.dimensions[down]["title"],
            column_title=self.dimensions[across]["title"] if across is not None else "",
            columns=tuple(column["label"] for column in columns if column is not None) or ("Number of children",),
            groups=tuple(groups),
            has_percent=self.percent_of is not None,
        )

    def ordered(self, axis: int) -> list[Mapping[str, Any]]:
        """The codes of a dimension for reading: what is below a code follows it."""
        entries: Sequence[Mapping[str, Any]] = self.dimensions[axis]["codes"]
        below: dict[str | None, list[Mapping[str, Any]]] = {}
        known = {entry["code"] for entry in entries}
        for entry in entries:
            below.setdefault(entry["parent"] if entry["parent"] in known else None, []).append(entry)
        found: list[Mapping[str, Any]] = []
        waiting = list(reversed(below.get(None, [])))
        while waiting:
            found.append(entry := waiting.pop())
            waiting += reversed(below.get(entry["code"], []))
        return found

    def depth(self, axis: int, code: str) -> int:
        """How many steps below its total a code of this dimension is."""
        above = {entry["code"]: entry["parent"] for entry in self.dimensions[axis]["codes"]}
        steps = 0
        while (parent := above.get(code)) is not None and steps < len(above):
            code, steps = parent, steps + 1
        return steps
