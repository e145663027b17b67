"""The scrubber's operating points as a page: recall against precision, and what each point gives to reviewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pipeline.scrub.policy import ScrubPolicy

_WIDTH, _HEIGHT, _LEFT, _FOOT = 640, 360, 60, 50
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:44em;margin:2em auto;padding:0 1em}td,th{padding:.2em .8em;text-align:right}"
    "td:first-child,th:first-child{text-align:left}.chosen{font-weight:bold}"
)


@dataclass(frozen=True)
class Result:
    """How a scrubber did: shares from 0 to 1. `flagged`: texts in which it masked anything, all of which people read."""

    recall: float
    leak: float
    precision: float
    touched: float
    flagged: float


def page(points: Sequence[tuple[float, Result]], others: Mapping[str, Result], policy: ScrubPolicy, texts: int) -> str:
    """`points`: results by threshold; `others`: other scrubbers of the same run, by name."""
    rows = "".join(_row(f"threshold {t}", r, t == policy.threshold) for t, r in points)
    rows += "".join(_row(name, result, False) for name, result in others.items())
    heads = "".join(
        f"<th scope=col>{head}</th>" for head in ("", "recall", "leak", "precision", "clean texts touched", "to review of 1,000")
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Operating points of the scrubber</title><style>{_STYLE}</style>'
        f"<h1>Operating points of the scrubber</h1><p>{texts} labelled texts. The policy masks from {policy.threshold}.</p>"
        f"<h2>Precision against recall</h2>{_recall_precision(points, others, policy)}"
        f"<h2>What each threshold gives to reviewers</h2>{_load(points, policy)}"
        f"<h2>In figures</h2><table><tr>{heads}</tr>{rows}</table></html>"
    )


def _row(name: str, result: Result, chosen: bool) -> str:
    shares = "".join(f"<td>{share:.3f}</td>" for share in (result.recall, result.leak, result.precision, result.touched))
    mark = ' class="chosen"' if chosen else ""
    return f"<tr{mark}><td>{escape(name)}</td>{shares}<td>{result.flagged * 1000:.0f}</td></tr>"


def _recall_precision(points: Sequence[tuple[float, Result]], others: Mapping[str, Result], policy: ScrubPolicy) -> str:
    least_x = min(r.recall for _, r in points)
    least_y = min(r.precision for _, r in points)
    inside = {name: r for name, r in others.items() if r.recall > 0 and r.precision > 0}
    least_x = min([least_x, *(r.recall for r in inside.values())])
    least_y = min([least_y, *(r.precision for r in inside.values())])
    marks = [(r.recall, r.precision, f"threshold {t}", t == policy.threshold) for t, r in points]
    drawn = _axes((least_x, 1.0), (least_y, 1.0), "recall", "precision") + _line(marks, (least_x, 1.0), (least_y, 1.0))
    for name, r in inside.items():
        x, y = _at(r.recall, (least_x, 1.0), r.precision, (least_y, 1.0))
        anchor = "end" if x > _WIDTH * 0.7 else "start"
        drawn += f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="#d4351c"/>'
        drawn += f'<text x="{x + (-8 if anchor == "end" else 8):.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{escape(name)}</text>'
    return _svg(drawn, "Precision against recall: the line is the whole at each threshold, squares are other scrubbers of the same run")


def _load(points: Sequence[tuple[float, Result]], policy: ScrubPolicy) -> str:
    most = max(r.flagged for _, r in points)
    marks = [(t, r.flagged, f"{r.flagged * 1000:.0f} of 1,000 texts at {t}", t == policy.threshold) for t, r in points]
    drawn = _axes((0.0, 1.0), (0.0, most), "threshold", "texts to review") + _line(marks, (0.0, 1.0), (0.0, most))
    return _svg(drawn, "Share of texts that go to a reviewer, by threshold")


def _at(x: float, xs: tuple[float, float], y: float, ys: tuple[float, float]) -> tuple[float, float]:
    across = (x - xs[0]) / max(xs[1] - xs[0], 1e-9) * (_WIDTH - _LEFT - 20)
    up = (y - ys[0]) / max(ys[1] - ys[0], 1e-9) * (_HEIGHT - _FOOT - 20)
    return _LEFT + across, _HEIGHT - _FOOT - up


def _axes(xs: tuple[float, float], ys: tuple[float, float], across: str, up: str) -> str:
    drawn = ""
    for part in (0, 0.25, 0.5, 0.75, 1):
        x, y = _at(xs[0] + part * (xs[1] - xs[0]), xs, ys[0] + part * (ys[1] - ys[0]), ys)
        drawn += f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - 20}" stroke="#ccc"/>'
        drawn += f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{ys[0] + part * (ys[1] - ys[0]):.2f}</text>'
        drawn += f'<text x="{x:.1f}" y="{_HEIGHT - _FOOT + 18}" text-anchor="middle">{xs[0] + part * (xs[1] - xs[0]):.2f}</text>'
    drawn += f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">{across}</text><text x="4" y="12">{up}</text>'
    return drawn


def _line(marks: Sequence[tuple[float, float, str, bool]], xs: tuple[float, float], ys: tuple[float, float]) -> str:
    placed = [(_at(x, xs, y, ys), title, chosen) for x, y, title, chosen in marks]
    path = " ".join(f"{x:.1f},{y:.1f}" for (x, y), _, _ in placed)
    drawn = f'<polyline points="{path}" fill="none" stroke="#1d70b8" stroke-width="2"/>'
    for (x, y), title, chosen in placed:
        fill = "#0b0c0c" if chosen else "#1d70b8"
        drawn += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{6 if chosen else 3}" fill="{fill}"><title>{escape(title)}</title></circle>'
    return drawn


def _svg(drawn: str, label: str) -> str:
    head = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}" font-family="sans-serif" font-size="12"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{drawn}</svg>'
