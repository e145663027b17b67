"""Bars for reports that stay in the office: inline SVG that prints, scales and reads aloud, and needs nothing from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

FEW: Final = 10  # a page is passed on more easily than a ledger: below this it says only that there are few
_ROW, _BAR, _LEFT, _WIDTH, _RIGHT = 26, 16, 270, 330, 110


@dataclass(frozen=True)
class Bar:
    """One bar: what it counts, how many, and whether it stands out."""

    label: str
    count: int
    strong: bool = False

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("a bar counts something: zero or more")


def told(count: int) -> str:
    """A count as a report says it."""
    return f"{count:,}" if count == 0 or count >= FEW else f"fewer than {FEW}"


def shown(count: int) -> int:
    """A count as a bar shows it: all small ones alike."""
    return count if count == 0 or count >= FEW else FEW - 1


def svg(title: str, bars: Sequence[Bar]) -> str:
    """Horizontal bars on one scale, each with its label and its count in words."""
    longest = max((shown(bar.count) for bar in bars), default=0) or 1
    lines = [
        f'<svg role="img" viewBox="0 0 {_LEFT + _WIDTH + _RIGHT} {_ROW * len(bars)}" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
    ]
    for number, bar in enumerate(bars):
        top = number * _ROW
        width = round(shown(bar.count) / longest * _WIDTH, 1)
        middle = top + _ROW / 2 + 5
        lines += [
            f'<text x="{_LEFT - 8}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{"strong" if bar.strong else "plain"}" '
            f'x="{_LEFT}" y="{top + (_ROW - _BAR) / 2}" width="{width}" height="{_BAR}"/>',
            f'<text x="{_LEFT + width + 8}" y="{middle}">{told(bar.count)}</text>',
        ]
    return "\n".join([*lines, "</svg>"])
