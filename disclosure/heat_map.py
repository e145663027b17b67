"""A protected table as a picture: which counts are shown, which are withheld for themselves, and which to protect others.

SVG without style or script, for the office: it tells small counts from others, so it never leaves with a release. Every kind
has a colour and a pattern, so that it reads in grey and to the colour-blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, product

import numpy as np
import numpy.typing as npt

from disclosure.dimension import Dimension
from disclosure.labels import Labels
from disclosure.published_table import PublishedTable, Status

Whole = npt.NDArray[np.int64]
LABEL, TALL, FLAT, WIDE, NARROW, HEAD, BESIDE = 280, 22, 4, 64, 6, 96, 90
LETTERS = 40  # of a row's name; the whole is told when a cell is pointed at
MANY_ROWS, MANY_COLUMNS = 200, 24  # beyond, cells are drawn small and without their numbers
MOST_TIPS = 2_000  # cells that get a text of their own when pointed at
JOINT = " · "
INK, PAPER = "#1d2a33", "#ffffff"
KINDS = {
    Status.PUBLISHED: ("#dcebea", "Shown"),
    Status.PRIMARY: ("#8f2f1f", "Withheld: under the threshold"),
    Status.SECONDARY: ("#f2d38b", "Withheld: so that no other can be worked out, or by a rule on groups"),
}


@dataclass(frozen=True)
class _Grid:
    """Statuses as rows and columns: the dimension with most codes that still fits across is the columns', the others the rows'.

    `sums`: of rows, and of columns, which are totals of others.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    sums: tuple[tuple[bool, ...], tuple[bool, ...]]
    status: npt.NDArray[np.str_]
    values: Whole
    low: Whole
    high: Whole


def _grid(table: PublishedTable, low: Whole, high: Whole, labels: Labels) -> _Grid:
    sizes = [len(dimension.codes) for dimension in table.dimensions]
    across = max(range(len(sizes)), key=lambda k: (sizes[k] <= MANY_COLUMNS, sizes[k] if sizes[k] <= MANY_COLUMNS else -sizes[k]))
    others = [dimension for k, dimension in enumerate(table.dimensions) if k != across]

    def words(dimension: Dimension, code: str) -> str:
        return labels.get(dimension.name, {}).get(code, code)

    rows = tuple(
        _named([(words(dimension, code), code == dimension.total) for dimension, code in zip(others, codes, strict=True)])
        for codes in product(*(dimension.codes for dimension in others))
    )

    def flat(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return np.moveaxis(array, across, -1).reshape(len(rows), sizes[across])

    of_rows = tuple(any(total) for total in product(*(_totals(dimension) for dimension in others)))
    arrays = (flat(array) for array in (table.status, table.values, low, high))
    columns = tuple(words(table.dimensions[across], code) for code in table.dimensions[across].codes)
    return _Grid(columns, rows, (of_rows, _totals(table.dimensions[across])), *arrays)  # type: ignore[arg-type]


def _totals(dimension: Dimension) -> tuple[bool, ...]:
    """Which codes are sums of others."""
    return tuple(code not in set(dimension.leaves) for code in dimension.codes)


def _named(categories: Sequence[tuple[str, bool]]) -> str:
    """A row's categories (each with whether it is a total), without the totals; if all are totals, the first."""
    return JOINT.join(name for name, total in categories if not total) or "".join(name for name, _ in categories[:1])


def heat_map(table: PublishedTable, low: Whole, high: Whole, prefix: str = "map", labels: Labels | None = None) -> str:
    """The picture as one SVG element. `low`, `high`: bounds of withheld counts, shaped like the table (`high` -1: no limit).

    `prefix` keeps the patterns of several pictures on one page apart. `labels`: for a variable, its codes in words, as far as there are.
    """
    grid = _grid(table, low, high, labels or {})
    small = len(grid.rows) > MANY_ROWS or len(grid.columns) > MANY_COLUMNS
    height, width = (FLAT if len(grid.rows) > MANY_ROWS else TALL), (NARROW if len(grid.columns) > MANY_COLUMNS else WIDE)
    label = 0 if small and height == FLAT else LABEL
    head = 0 if small and width == NARROW else HEAD
    parts = [_pattern(prefix)]
    if head:
        for column, code in enumerate(grid.columns):
            x = label + column * width + width / 2
            turn = f"rotate(-35 {x} {HEAD - 8})"
            parts.append(_text(x, HEAD - 8, _short(code, 16), turn=turn, anchor="start", bold=grid.sums[1][column]))
    tips = table.values.size <= MOST_TIPS
    for row, name in enumerate(grid.rows):
        y = head + row * height
        if label:
            parts.append(_text(label - 8, y + height / 2 + 4, _fitted(name, LETTERS), anchor="end", bold=grid.sums[0][row]))
        parts += _row(grid, row, y, label, width, height, prefix, tips=tips, numbers=not small)
    total = label + len(grid.columns) * width + BESIDE, head + len(grid.rows) * height + 4
    said = summary(table)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total[0]} {total[1]}" width="{total[0]}" height="{total[1]}" role="img" '
        f'aria-label="{escape(said)}" font-family="Atkinson Hyperlegible Next, Verdana, sans-serif" font-size="12">{"".join(parts)}</svg>'
    )


def cut_short(table: PublishedTable) -> str:
    """What the picture leaves out because there is too much of it, in a sentence; nothing if it shows all."""
    sizes = _grid(table, table.floor, table.floor, {})
    left_out = [
        f"{n:,} {what}"
        for n, most, what in ((len(sizes.rows), MANY_ROWS, "rows"), (len(sizes.columns), MANY_COLUMNS, "columns"))
        if n > most
    ]
    return f"An overview, without numbers: it has {' and '.join(left_out)}, the totals first." if left_out else ""


def summary(table: PublishedTable) -> str:
    """What the picture shows, in a sentence."""
    primary, secondary = (int((table.status == kind).sum()) for kind in (Status.PRIMARY, Status.SECONDARY))
    shown = table.values.size - primary - secondary
    return f"{table.values.size:,} counts: {shown:,} shown, {primary:,} withheld for themselves, {secondary:,} for others."


def legend(prefix: str = "map") -> str:
    """The kinds, as one SVG element."""
    parts = [_pattern(prefix)]
    for k, (kind, (_, words)) in enumerate(KINDS.items()):
        parts.append(f'<rect x="1" y="{1 + 24 * k}" width="28" height="18" fill="{_fill(kind, prefix)}" stroke="{INK}"/>')
        parts.append(_text(38, 15 + 24 * k, words))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 {24 * len(KINDS)}" width="520" height="{24 * len(KINDS)}" role="img" '
        f'aria-label="{escape("; ".join(words for _, words in KINDS.values()))}" font-family="Verdana, sans-serif" font-size="13">'
        f"{''.join(parts)}</svg>"
    )


def _row(grid: _Grid, row: int, y: float, left: float, width: int, height: int, prefix: str, *, tips: bool, numbers: bool) -> list[str]:
    parts = []
    for status, run in groupby(range(len(grid.columns)), key=lambda column: (grid.status[row, column], column if tips else 0)):
        columns = list(run)
        kind = Status(str(status[0]))
        x, wide = left + columns[0] * width, len(columns) * width
        edge = f' stroke="{PAPER}"' if height == TALL and width == WIDE else ""
        tip = f"<title>{escape(_tip(grid, row, columns[0]))}</title>" if tips else ""
        parts.append(f'<rect x="{x}" y="{y}" width="{wide}" height="{height}" fill="{_fill(kind, prefix)}"{edge}>{tip}</rect>')
        if numbers:
            for column in columns:
                words = f"{grid.values[row, column]:,}" if kind is Status.PUBLISHED else _range(grid, row, column)
                ink = PAPER if kind is Status.PRIMARY else INK
                bold = grid.sums[0][row] or grid.sums[1][column]
                parts.append(_text(left + (column + 1) * width - 6, y + height / 2 + 4, words, anchor="end", ink=ink, bold=bold))
    return parts


def _range(grid: _Grid, row: int, column: int) -> str:
    low, high = int(grid.low[row, column]), int(grid.high[row, column])
    return f"{low}+" if high < 0 else f"{low}–{high}"


def _tip(grid: _Grid, row: int, column: int) -> str:
    kind = Status(str(grid.status[row, column]))
    what = f"{grid.values[row, column]:,}" if kind is Status.PUBLISHED else f"{KINDS[kind][1]}; {_range(grid, row, column)} stay possible"
    return f"{' · '.join(part for part in (grid.rows[row], grid.columns[column]) if part)}: {what}"


def _fill(kind: Status, prefix: str) -> str:
    return KINDS[kind][0] if kind is Status.PUBLISHED else f"url(#{prefix}-{kind.value})"


def _pattern(prefix: str) -> str:
    primary, secondary = KINDS[Status.PRIMARY][0], KINDS[Status.SECONDARY][0]
    size = 'width="8" height="8" patternUnits="userSpaceOnUse"'
    return (
        f'<defs><pattern id="{prefix}-primary" {size}><rect width="8" height="8" fill="{primary}"/></pattern>'
        f'<pattern id="{prefix}-secondary" {size}><rect width="8" height="8" fill="{secondary}"/>'
        f'<path d="M-2 2 L2 -2 M0 8 L8 0 M6 10 L10 6" stroke="#d3b46c" stroke-width="1.5"/></pattern></defs>'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "start", turn: str = "", ink: str = INK, bold: bool = False) -> str:
    more = (f' transform="{turn}"' if turn else "") + (' font-weight="bold"' if bold else "")
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{ink}"{more}>{escape(words)}</text>'


def _fitted(name: str, most: int) -> str:
    """A row's name, of each category as much as all have room for: two rows that differ in the last one must not read the same."""
    parts = name.split(JOINT)
    room = most - len(JOINT) * (len(parts) - 1)
    for left, at in zip(range(len(parts), 0, -1), sorted(range(len(parts)), key=lambda k: len(parts[k])), strict=True):
        parts[at] = _short(parts[at], max(room // left, 2))  # the shortest first: what it does not need is left to the others
        room -= len(parts[at])
    return JOINT.join(parts)


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
