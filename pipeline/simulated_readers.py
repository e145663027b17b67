"""Scripted readers for a run on invented answers: they know what was planted, and overlook some of it, as people do.

In earnest people read, at the staff door. Each reader overlooks other pieces, so that two differ now and then and a third is asked.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

from governance.safeguarding import Outcome, Record, load_policy
from retention import review, safeguarding_flags
from retention.review import ReviewItem
from retention.review_marks import Mark
from retention.safeguarding_records import add_record
from retention.secure_store import SecureStore

READERS = ("scripted-reader-1", "scripted-reader-2", "scripted-reader-3")
LEAD = "scripted-lead"
OVERLOOKED = 0.03  # share of planted pieces that a scripted reader does not see
Planted = Mapping[str, Sequence[tuple[int, int, str]]]


def read_everything(store: SecureStore, wave_id: str, planted: Planted) -> int:
    """Let three scripted readers settle every text that waits. Returns how many readings they made. Interrupted, it goes on."""
    texts = store.vault.read(store.asset(wave_id, "texts").stored)
    truth = {
        int(row): planted.get(hashlib.sha256(str(text).encode()).hexdigest(), ())
        for row, text in zip(texts["text_row"], texts["text"], strict=True)
    }
    return sum(review.read_all(store, wave_id, reader, partial(_marks, truth, reader)) for reader in READERS)


def _marks(truth: Mapping[int, Sequence[tuple[int, int, str]]], reader: str, item: ReviewItem) -> tuple[Mark, ...]:
    """What a reader hides: each planted piece that they see, as the machine proposed it where it did, and nothing else."""
    draw = random.Random(f"{item.id} {reader}")  # noqa: S311 - an invented reader, no secret
    wanted: dict[int, Mark] = {}
    for start, end, label in truth[item.text_row]:
        proposed = [mark for mark in item.proposed if mark.start < end and start < mark.end]
        if draw.random() >= OVERLOOKED:
            wanted |= {mark.start: mark for mark in proposed or (Mark(start, end, label),)}
    return tuple(wanted[start] for start in sorted(wanted))


def close_flags(store: SecureStore, wave_id: str) -> int:
    """The safeguarding lead's record of every flagged text, as in earnest but for its words. Returns how many flags there were."""
    flags = safeguarding_flags.open_flags(store, wave_id)
    record = Record(
        Outcome.NOT_SHARED, "standard", "An invented answer: no child wrote it.",
        {question.code: "Invented." for question in load_policy().questions},
    )  # fmt: skip
    for flag in flags:
        add_record(store, flag, LEAD, "safeguarding-not-shared", asdict(record), closes=True)
    return len(flags)
