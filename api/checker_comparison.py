"""What the output checker compares a drafted table with: its true margins, and the same table in earlier releases.

True counts come from the vault, for output checkers alone; they never leave the office.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from disclosure.dimension import NOT
from pipeline import approval
from pipeline.released_table import Released
from retention.releases import ReleaseState, releases
from retention.secure_store import SecureStore, StepRefused

MOST_SHOWN = 200  # differences that are listed one by one


@dataclass(frozen=True)
class Margin:
    """One dimension by itself: for each category its label, its true count, and what would be shown ("[c]" if withheld)."""

    title: str
    lines: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class Difference:
    """A cell that an earlier release showed otherwise."""

    labels: tuple[str, ...]
    before: str
    now: str


@dataclass(frozen=True)
class Comparison:
    """A table against the same one in an earlier release: cells in both, those shown alike, and those that differ (the first ones)."""

    release: str
    cells: int
    alike: int
    differences: tuple[Difference, ...]
    more: int


def margins(store: SecureStore, wave_id: str, table: Released) -> tuple[Margin, ...]:
    """The true margins of a drafted table. Raises StepRefused if the vault holds no counts of it; VaultError, KeyRingError."""
    return counted(store.vault.read(store.asset(wave_id, "tables").stored), table)


def counted(cells: pd.DataFrame, table: Released) -> tuple[Margin, ...]:
    """The margins of a table from inner cells as counting leaves them (table, codes as a JSON list, n). Raises StepRefused."""
    mine = cells[cells["table"] == table.metadata["id"]]
    if mine.empty:
        raise StepRefused("The vault holds no counts of this table: have the tables made and protected anew.")
    names = [dimension["name"] for dimension in table.dimensions]
    inner = pd.DataFrame([json.loads(codes) for codes in mine["codes"]], columns=names).assign(n=mine["n"].to_numpy())
    totals = [dimension["codes"][0]["code"] for dimension in table.dimensions]
    found = []
    for axis, dimension in enumerate(table.dimensions):
        lines = []
        for entry in table.ordered(axis):
            at = (*totals[:axis], entry["code"], *totals[axis + 1 :])
            lines.append((entry["label"], int(inner["n"][_counted(table, inner, axis, entry["code"])].sum()), table.value(at).count))
        found.append(Margin(str(dimension["title"]), tuple(lines)))
    return tuple(found)


def _counted(table: Released, inner: pd.DataFrame, axis: int, code: str) -> pd.Series[bool]:
    """Which inner cells a margin's category is made of: each child once, also where several options could be chosen."""
    mask = pd.Series(True, inner.index)
    for other, dimension in enumerate(table.dimensions):
        codes, total = inner[dimension["name"]], dimension["codes"][0]["code"]
        several = codes.str.startswith(NOT).any()
        wanted = code if other == axis else total
        if wanted != total:
            mask &= codes.isin({wanted, *_below(dimension, wanted)})
        elif several:  # an option and its complement together are everybody who was asked
            option = str(codes.iloc[0]).removeprefix(NOT)
            mask &= codes.isin({option, NOT + option})
    return mask


def _below(dimension: Mapping[str, Any], code: str) -> Iterator[str]:
    for entry in dimension["codes"]:
        if entry["parent"] == code:
            yield entry["code"]
            yield from _below(dimension, entry["code"])


def comparisons(store: SecureStore, release_id: str, table: Released) -> tuple[Comparison, ...]:
    """The drafted table against the table of the same id in every other release that left. Raises ReleaseRefused."""
    found = []
    for other in releases(store):
        if other.id == release_id or other.state not in (ReleaseState.RELEASED, ReleaseState.WITHDRAWN):
            continue
        draft = approval.read_draft(store, other.id)
        about = next((one for one in draft.metadata["tables"] if one["id"] == table.metadata["id"]), None)
        if about is None or [d["name"] for d in about["dimensions"]] != [d["name"] for d in table.dimensions]:
            continue
        found.append(_compare(other.id, Released(about, draft.file(about["files"]["csv"])), table))
    return tuple(found)


def _compare(release_id: str, before: Released, now: Released) -> Comparison:
    old = dict(before.cells())
    both = [(codes, value) for codes, value in now.cells() if codes in old]
    other = [(codes, old[codes].count, value.count) for codes, value in both if old[codes].count != value.count]
    shown = tuple(Difference(_labels(now, codes), earlier, later) for codes, earlier, later in other[:MOST_SHOWN])
    return Comparison(release_id, len(both), len(both) - len(other), shown, max(len(other) - MOST_SHOWN, 0))


def _labels(table: Released, codes: Sequence[str]) -> tuple[str, ...]:
    words = [{entry["code"]: entry["label"] for entry in dimension["codes"]} for dimension in table.dimensions]
    return tuple(known[code] for known, code in zip(words, codes, strict=True))
