"""What goes to people: every text that the machine is not sure of, and a random sample of all that nobody would read otherwise.

The sample is drawn with the queue, before anyone has looked, from a seed that is on record: whoever doubts it draws it again.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.review_policy import ReviewPolicy, load_review_policy
from pipeline.scrub.spans import Span
from retention import review_draws
from retention.ledger import Entry
from retention.review import Reason, add_items, items
from retention.review_draws import Draw
from retention.review_marks import Mark, ReviewError
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb

Row = tuple[int, Reason, tuple[Mark, ...]]


@dataclass(frozen=True)
class Queue:
    """What is to be read of a wave whose texts have just been scanned, and how its sample was drawn."""

    rows: tuple[Row, ...]
    draw: Draw
    counts: dict[str, int | str]


def fill(wave_id: str, found: Sequence[Sequence[Span]], policy: ReviewPolicy | None = None) -> Queue:
    """The queue of a wave from the proposals for each text (in the order of `text_row`)."""
    policy = policy or load_review_policy()
    marks = [tuple(Mark(span.start, span.end, span.label) for span in spans) for spans in found]
    doubtful = [row for row, spans in enumerate(found) if must_be_read(spans, policy)]
    others = sorted(set(range(len(found))) - set(doubtful))
    seed = secrets.token_hex(16)
    sample = drawn(others, policy.first_draw, seed)
    rows = [*((row, Reason.FLAGGED, marks[row]) for row in doubtful), *((row, Reason.SAMPLE, marks[row]) for row in sample)]
    counts: dict[str, int | str] = {
        "texts_flagged": sum(bool(spans) for spans in found), "texts_to_read": len(doubtful),
        "texts_unread": len(others), "texts_sampled": len(sample), "sample_seed": seed,
    }  # fmt: skip
    return Queue(tuple(rows), Draw(wave_id, 1, seed, len(others), len(sample)), counts)


def must_be_read(spans: Sequence[Span], policy: ReviewPolicy) -> bool:
    """True if the machine proposes something that it is not sure of by the policy."""
    return any(span.layer not in policy.sure_layers or span.score < policy.sure_from for span in spans)


def drawn(unread: Sequence[int], size: int, seed: str) -> list[int]:
    """A simple random sample of so many text rows, or all; the same for the same seed."""
    return random.Random(seed).sample(sorted(unread), min(size, len(unread)))  # noqa: S311 - to be drawn again, not to be guessed


def read_more(store: SecureStore, wave_id: str, texts: int, actor: str) -> int:
    """Draw so many more texts into the queue, before the review ends; returns how many there were left to draw.

    Raises StepRefused when there are no texts to read any more, ReviewError if earlier draws were not made from their seeds.
    """
    if Verb.REVIEW in store.steps(wave_id):
        raise StepRefused(f"The review of wave '{wave_id}' has ended and its texts are destroyed: nothing more can be read.")
    unread = verify_draws(store, wave_id)
    spans = store.vault.read(store.asset(wave_id, "spans").stored)
    seed = secrets.token_hex(16)
    sample = drawn(unread, texts, seed)
    made = Draw(wave_id, len(review_draws.draws(store, wave_id)) + 1, seed, len(unread), len(sample))
    proposed: dict[int, list[Mark]] = {row: [] for row in sample}
    for row, start, end, label in zip(spans["text_row"], spans["start"], spans["end"], spans["label"], strict=True):
        if int(row) in proposed:
            proposed[int(row)].append(Mark(int(start), int(end), str(label)))
    told: dict[str, int | str] = {"draw": made.number, "texts_unread": made.unread, "texts_sampled": made.drawn, "sample_seed": seed}
    with store.record(Entry(actor, "review-draw", wave_id, told)) as connection:
        review_draws.add_draw(connection, made)
        add_items(connection, wave_id, [(row, Reason.SAMPLE, tuple(marks)) for row, marks in proposed.items()])
    return len(sample)


def verify_draws(store: SecureStore, wave_id: str) -> list[int]:
    """Draw every sample of a wave again; returns the text rows that nobody was asked to read. Raises ReviewError, StepRefused."""
    told = store.steps(wave_id).get(Verb.SCRUB)
    if told is None:
        raise StepRefused(f"The texts of wave '{wave_id}' have not been scanned yet: run `bigask scrub` first.")
    queue = items(store, wave_id)
    unread = sorted(set(range(int(told["texts"]))) - {item.text_row for item in queue if item.reason is Reason.FLAGGED})
    sampled: set[int] = set()
    for draw in review_draws.draws(store, wave_id):
        if draw.unread != len(unread):
            raise ReviewError(f"Sample {draw.number} of wave '{wave_id}' was drawn from other texts than those that nobody had to read.")
        sample = drawn(unread, draw.drawn, draw.seed)
        sampled |= set(sample)
        unread = sorted(set(unread) - set(sample))
    if sampled != {item.text_row for item in queue if item.reason is Reason.SAMPLE}:
        raise ReviewError(f"The sample of wave '{wave_id}' in the queue is not the one that its seeds draw.")
    return unread
