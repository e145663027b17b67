"""Once every queued text is settled: write the cleaned texts, then destroy the raw ones and their proposals."""

from __future__ import annotations

import pandas as pd

from pipeline.residual import missed
from pipeline.review_queue import verify_draws
from pipeline.scrub.redact import redact
from pipeline.scrub.spans import Span
from retention import safeguarding_flags
from retention.destroy import destroy
from retention.review import Reason, items
from retention.review_marks import Mark
from retention.review_states import SETTLED, ReviewState
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb, step


def review(store: SecureStore, wave_id: str, actor: str) -> dict[str, int | str]:
    """Finish the review of a wave. Returns the step's counts.

    A text that people read is cleaned as they settled it, any other as the machine proposed. `sample_missed`: of the sampled texts,
    in how many people hid something that the machine had not. Raises StepRefused while a text waits to be read, or a flagged one
    for the safeguarding lead: their words are destroyed here. Raises ReviewError if the sample is not the one its seed draws.
    """
    wave = store.wave(wave_id)
    if Verb.REVIEW not in store.steps(wave_id):
        with step(store, wave, Verb.REVIEW, actor) as running:
            queue = items(store, wave_id)
            waiting = sum(item.state not in SETTLED for item in queue)
            if waiting:
                raise StepRefused(f"{waiting} texts of wave '{wave_id}' wait to be read: open the staff door (`make serve`).")
            if safeguarding_flags.waiting(store, wave_id):
                raise StepRefused(f"Texts of wave '{wave_id}' wait for the safeguarding lead: their words would be destroyed unseen.")
            verify_draws(store, wave_id)
            settled = {item.text_row: item.decided or () for item in queue}
            clean = _redacted(running.load("texts"), running.load("spans"), settled)
            running.save("texts_clean", clean)
            sampled = [item for item in queue if item.reason is Reason.SAMPLE]
            running.counts.update(
                texts=len(clean),
                texts_read=len(queue),
                texts_changed=sum(item.decided != item.proposed for item in queue),
                texts_resolved=sum(item.state is ReviewState.RESOLVED for item in queue),
                sample=len(sampled),
                sample_missed=sum(missed(item) for item in sampled),
            )
    for kind in ("texts", "spans"):
        destroy(store, wave, kind, actor, authority=f"schedule.{kind}.until_step")
    return dict(store.steps(wave_id)[Verb.REVIEW])


def _redacted(texts: pd.DataFrame, proposed: pd.DataFrame, settled: dict[int, tuple[Mark, ...]]) -> pd.DataFrame:
    """The texts with what counts taken out; placeholders agree within one response."""
    spans: dict[int, list[Span]] = {int(row): [] for row in texts["text_row"]}
    for row, start, end, label in zip(proposed["text_row"], proposed["start"], proposed["end"], proposed["label"], strict=True):
        spans[int(row)].append(Span(int(start), int(end), str(label), 1.0, "machine"))
    for row, marks in settled.items():
        spans[row] = [Span(mark.start, mark.end, mark.label, 1.0, "review") for mark in marks]
    cleaned: dict[int, str] = {}
    for _, response in texts.groupby("row", sort=False):
        originals = {str(row): text for row, text in zip(response["text_row"], response["text"], strict=True)}
        cleaned |= {int(key): text for key, text in redact(originals, {key: spans[int(key)] for key in originals}).items()}
    result = texts[["row", "field"]].copy()
    result["text"] = [cleaned[row] for row in texts["text_row"]]
    return result
