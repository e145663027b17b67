"""The register as two squares of likelihood by severity, before and after its measures: plain SVG, readable without colour."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from xml.sax.saxutils import escape

from governance.risks import Level, Likelihood, Rating, Risk, Severity

_CELL_W, _CELL_H, _LEFT, _TOP = 170, 96, 118, 52
_FILL = {Level.LOW: "#e3f1e4", Level.MEDIUM: "#fdf0d0", Level.HIGH: "#f9d9d4"}
_PER_LINE = 5


def risk_matrix(risks: Iterable[Risk], after: bool) -> str:
    """An SVG in which each risk's number stands in its cell; numbers count from 1 in the order given."""
    placed: dict[Rating, list[int]] = {}
    for number, risk in enumerate(risks, start=1):
        placed.setdefault(risk.after if after else risk.before, []).append(number)
    title = "Risks after their measures" if after else "Risks before any measure"
    width, height = _LEFT + 3 * _CELL_W + 8, _TOP + 3 * _CELL_H + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="Atkinson Hyperlegible Next, DejaVu Sans, Arial, sans-serif">',
        f'<text x="{_LEFT}" y="26" font-size="20" font-weight="bold" fill="#0b0c0c">{escape(title)}</text>',
    ]
    for row, severity in enumerate(reversed(Severity)):
        y = _TOP + row * _CELL_H
        parts.append(f'<text x="{_LEFT - 10}" y="{y + _CELL_H / 2 + 5}" font-size="15" text-anchor="end">{severity}</text>')
        for column, likelihood in enumerate(Likelihood):
            x, rating = _LEFT + column * _CELL_W, Rating(likelihood, severity)
            parts.append(
                f'<rect x="{x}" y="{y}" width="{_CELL_W - 4}" height="{_CELL_H - 4}" fill="{_FILL[rating.level]}" stroke="#505a5f"/>'
                f'<text x="{x + _CELL_W - 12}" y="{y + 16}" font-size="12" text-anchor="end" fill="#383f43">{rating.level}</text>'
            )
            numbers = placed.get(rating, [])
            for line in range(0, len(numbers), _PER_LINE):
                words = ", ".join(map(str, numbers[line : line + _PER_LINE]))
                parts.append(f'<text x="{x + 10}" y="{y + 38 + line // _PER_LINE * 22}" font-size="15" font-weight="bold">{words}</text>')
    for column, likelihood in enumerate(Likelihood):
        middle = _LEFT + column * _CELL_W + _CELL_W // 2
        parts.append(f'<text x="{middle}" y="{_TOP + 3 * _CELL_H + 20}" font-size="15" text-anchor="middle">{likelihood}</text>')
    return "".join([*parts, "</svg>"])


def in_words(risks: Iterable[Risk], after: bool) -> str:
    """The same for those who do not see it: how many risks are at each level, and which are high."""
    ratings = [(number, (risk.after if after else risk.before).level) for number, risk in enumerate(risks, start=1)]
    counted = {level: [number for number, found in ratings if found is level] for level in reversed(Level)}
    parts = []
    for level, numbers in counted.items():
        which = f" (numbers {', '.join(map(str, numbers))})" if numbers else ""
        parts.append(f"{len(numbers)} {level}{which}")
    return f"Risks {'after' if after else 'before'} measures: {'; '.join(parts)}."


def data_uri(svg: str) -> str:
    """The picture as an address that needs no file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
