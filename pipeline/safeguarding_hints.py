"""How much a text reads like those in which a harm was only hinted at: a linear weighing of its words and pairs of words.

The weights are learnt by `pipeline.safeguarding_train` from written examples. TF-IDF with the logarithm of counts, of unit length
(Salton and Buckley, 1988), times the coefficients of a logistic regression.
"""

from __future__ import annotations

import gzip
import math
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "safeguarding"
WEIGHTS = FOLDER / "hints.tsv.gz"
_BIAS = ""
Weights = dict[str, tuple[float, float]]  # term -> inverse document frequency, coefficient


def terms(spelt: str) -> list[str]:
    """Words and pairs of words of a text in plain spelling."""
    words = spelt.split()
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def likeness(spelt: str) -> float:
    """Log-odds of a text in plain spelling: above 0 it is more like the hints than like everyday answers."""
    weights = load_weights()
    counts = Counter(term for term in terms(spelt) if term in weights)
    parts = {term: (1 + math.log(count)) * weights[term][0] for term, count in counts.items()}
    length = math.sqrt(sum(part * part for part in parts.values())) or 1.0
    return weights[_BIAS][1] + sum(part * weights[term][1] for term, part in parts.items()) / length


@cache
def load_weights() -> Weights:
    """The weights of this package."""
    rows = (line.split("\t") for line in gzip.decompress(WEIGHTS.read_bytes()).decode().splitlines())
    return {term: (float(frequency), float(coefficient)) for term, frequency, coefficient in rows}


def save_weights(rows: Iterable[tuple[str, float, float]], bias: float) -> None:
    """Keep (term, inverse document frequency, coefficient); the same numbers make the same bytes."""
    lines = [f"{_BIAS}\t0\t{bias:.4f}", *(f"{term}\t{frequency:.4f}\t{coefficient:.4f}" for term, frequency, coefficient in sorted(rows))]
    WEIGHTS.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def examples() -> dict[str, list[str]]:
    """The written examples by section: `harm ...` by the rule that they are of, then others of harm, then everyday lines."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for line in (FOLDER / "examples.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            own = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            own.append(line)
    return found
