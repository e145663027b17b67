"""The retention timeline: a bar for each holding from the day it was made to the day it is due, and a line for today. Plain SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

from retention.holdings import Holding, Loudness

_LEFT, _WIDTH, _ROW, _TOP = 300, 560, 26, 34
_FILL = {
    Loudness.SILENT: "#5694ca", Loudness.AHEAD: "#ffdd00", Loudness.SOON: "#f47738", Loudness.DUE: "#d4351c", Loudness.LATE: "#942514",
}  # fmt: skip


def timeline(holdings: Sequence[Holding], today: date) -> str:
    """An SVG with what is still held, what is due first at the top. The table beside it says the same in words."""
    held = [one for one in holdings if one.destroyed_on is None]
    if not held:
        return ""
    first = min(one.made_on for one in held)
    last = max(*(one.due_on for one in held), today)
    span = max((last - first).days, 1)
    height = _TOP + _ROW * len(held) + 10

    def x(day: date) -> float:
        return _LEFT + _WIDTH * (day - first).days / span

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 10} {height}" role="img" '
        f'aria-label="{len(held)} holdings from {first} on; {sum(one.loudness(today) >= Loudness.DUE for one in held)} are due" '
        'font-family="Atkinson Hyperlegible Next, DejaVu Sans, Arial, sans-serif">'
    ]
    for number, one in enumerate(held):
        y = _TOP + _ROW * number
        label = f"{one.wave}: {one.kind.replace('_', ' ')}"
        label = label if len(label) <= 38 else label[:37] + "…"
        loud = one.loudness(today)
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 14}" font-size="14" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{x(one.made_on):.1f}" y="{y + 2}" width="{max(x(one.due_on) - x(one.made_on), 3):.1f}" height="16" '
            f'fill="{_FILL[loud]}">'
            f"<title>{escape(label)}: due {one.due_on}, {escape(loud.words)}</title></rect>"
        )
    parts.append(
        f'<line x1="{x(today):.1f}" x2="{x(today):.1f}" y1="{_TOP - 8}" y2="{height}" '
        'stroke="#0b0c0c" stroke-width="2" stroke-dasharray="4 3"/>'
        f'<text x="{x(today):.1f}" y="{_TOP - 14}" font-size="14" text-anchor="middle">today</text></svg>'
    )
    return "".join(parts)
