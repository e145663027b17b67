"""How much of what was planted in invented texts the scrubber found: the run's own honest number."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Caught:
    """`planted` pieces of personal data, `touched` by a proposal, `clean_texts` without any, of which `clean_touched` lost something."""

    planted: int
    touched: int
    clean_texts: int
    clean_touched: int


def caught(texts: pd.DataFrame, spans: pd.DataFrame, planted: Mapping[str, Sequence[tuple[int, int, str]]]) -> Caught:
    """Compare proposals (`text_row`, `start`, `end`) with what was planted in the texts of this hash."""
    proposals: dict[int, list[tuple[int, int]]] = {}
    for row, start, end in zip(spans["text_row"], spans["start"], spans["end"], strict=True):
        proposals.setdefault(int(row), []).append((int(start), int(end)))
    total = touched = clean = clean_touched = 0
    for row, text in zip(texts["text_row"], texts["text"], strict=True):
        found = proposals.get(int(row), [])
        truth = planted.get(hashlib.sha256(str(text).encode()).hexdigest(), ())
        total += len(truth)
        touched += sum(any(s < end and start < e for s, e in found) for start, end, _ in truth)
        clean += not truth
        clean_touched += bool(found) and not truth
    return Caught(total, touched, clean, clean_touched)
