"""Scripted readers: they settle everything, overlook now and then, differ, and go on where they were stopped."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest

from pipeline.simulated_readers import READERS, close_flags, read_everything
from retention import review, safeguarding_flags
from retention.review import Reason, add_items
from retention.review_marks import Mark
from retention.review_states import ReviewState
from retention.secure_store import SecureStore
from retention.steps import Verb, step
from tests.secure_waves import new_wave, run_before

WAVE = "2026-spring"
TEXTS = [f"my friend Zofia{row:03} is nice" for row in range(200)] + [f"more parks {row}" for row in range(50)]
PLANTED = {hashlib.sha256(text.encode()).hexdigest(): [(10, 18, "PERSON")] for text in TEXTS[:200]}


@pytest.fixture
def scanned(sqlite_store: SecureStore) -> SecureStore:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.SCRUB)
    with step(sqlite_store, wave, Verb.SCRUB, "tester") as running:
        running.save("texts", pd.DataFrame({"text_row": range(250), "row": range(250), "field": "x", "text": TEXTS}))
        marks = [(Mark(10, 18, "PERSON"),) if row < 150 else (Mark(0, 4, "PLACE"),) if row >= 240 else () for row in range(250)]
        rows = [(row, Reason.FLAGGED if own else Reason.SAMPLE, own) for row, own in enumerate(marks)]
        running.also(lambda connection: add_items(connection, WAVE, rows))
        running.also(
            lambda connection: safeguarding_flags.add_flags(connection, sqlite_store.ring, WAVE, [(1, "suicide"), (7, "violence")])
        )
    return sqlite_store


def test_three_of_them_settle_everything_and_differ_now_and_then(scanned: SecureStore) -> None:
    made = read_everything(scanned, WAVE, PLANTED)
    counts = review.counts(scanned, WAVE)
    assert review.waiting(scanned, WAVE) == 0
    assert 0 < counts[ReviewState.RESOLVED] < 40
    assert made == 2 * len(TEXTS) + counts[ReviewState.RESOLVED]
    settled = {item.text_row: item.decided for item in review.items(scanned, WAVE)}
    caught = sum(settled[row] == (Mark(10, 18, "PERSON"),) for row in range(200))
    assert 180 < caught <= 200
    assert not any(settled[row] for row in range(200, 250)), "what was proposed for nothing is taken away"


def test_interrupted_they_go_on_and_end_the_same(scanned: SecureStore) -> None:
    texts = {int(row): str(text) for row, text in enumerate(TEXTS)}
    first = next(item for item in review.items(scanned, WAVE) if item.text_row == 0)
    review.read(scanned, first.id, first.proposed, READERS[0], len(texts[0]))
    read_everything(scanned, WAVE, PLANTED)
    assert read_everything(scanned, WAVE, PLANTED) == 0
    assert review.waiting(scanned, WAVE) == 0


def test_the_scripted_lead_closes_every_flag(scanned: SecureStore) -> None:
    assert [close_flags(scanned, WAVE), close_flags(scanned, WAVE)] == [2, 0]
    assert safeguarding_flags.waiting(scanned, WAVE) == 0
