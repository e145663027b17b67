"""Measures in which ranges the numbers inside the language model move, on invented answers, and keeps them for `rampart`:

python -m pipeline.scrub.calibrate
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pipeline.scrub import lists
from pipeline.scrub.invent import Inventor
from pipeline.scrub.rampart import Floats, Rampart

TARGET = Path(__file__).parent.parent / "data" / "scrub" / "ranges.json"
_TEXTS, _SEED = 600, 5
_OUTSIDE = 0.005  # per cent of the numbers that may lie outside, on each side: a few outliers would cost all others their precision


def measure() -> dict[str, tuple[float, float]]:
    """Name of each number that enters a product -> (lowest, highest), zero included."""
    watched: list[str] = []
    model = Rampart(watched=watched)
    inventor = Inventor(lists.load(), _SEED)
    seen: dict[str, list[Floats]] = {name: [] for name in ["embedded", *watched]}
    for _ in range(_TEXTS):
        embedded, lengths = model.embed([model.pieces(inventor.draw().text)])
        for name, values in zip(seen, [embedded, *model.run(embedded, lengths)[1:]], strict=True):
            seen[name].append(values.ravel())
    found: dict[str, tuple[float, float]] = {}
    for name, parts in seen.items():
        low, high = np.percentile(np.concatenate(parts), (_OUTSIDE, 100 - _OUTSIDE))
        found[name] = (round(min(float(low), 0.0), 4), round(max(float(high), 0.0), 4))
    return found


if __name__ == "__main__":
    TARGET.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
