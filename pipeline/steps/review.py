"""Once every queued text has been decided: write the cleaned texts, then destroy the raw ones and their proposals."""

from __future__ import annotations

import pandas as pd

from pipeline.scrub.redact import redact
from pipeline.scrub.spans import Span
from retention.destroy import destroy
from retention.review import Reason, ReviewItem, ReviewState, items
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb, step


def review(store: SecureStore, wave_id: str, actor: str) -> dict[str, int | str]:
    """Finish the review of a wave. Returns the step's counts.

    `sample_missed`: of the texts that looked clean and were read all the same, in how many a person found something.
    Raises StepRefused while a text waits to be decided.
    """
    wave = store.wave(wave_id)
    if Verb.REVIEW not in store.steps(wave_id):
        with step(store, wave, Verb.REVIEW, actor) as running:
            queue = items(store, wave_id)
            waiting = sum(item.state is ReviewState.PENDING for item in queue)
            if waiting:
                raise StepRefused(f"{waiting} texts of wave '{wave_id}' wait to be read: open the staff door (`make serve`).")
            clean = _redacted(running.load("texts"), queue)
            running.save("texts_clean", clean)
            sampled = [item for item in queue if item.reason is Reason.SAMPLE]
            running.counts.update(
                texts=len(clean),
                texts_read=len(queue),
                texts_changed=sum(item.state is ReviewState.CHANGED for item in queue),
                sample=len(sampled),
                sample_missed=sum(bool(item.decided) for item in sampled),
            )
    for kind in ("texts", "spans"):
        destroy(store, wave, kind, actor, authority=f"schedule.{kind}.until_step")
    return dict(store.steps(wave_id)[Verb.REVIEW])


def _redacted(texts: pd.DataFrame, queue: list[ReviewItem]) -> pd.DataFrame:
    """The texts with what was decided taken out; placeholders agree within one response."""
    decided = {item.text_row: item.decided or () for item in queue}
    cleaned: dict[int, str] = {}
    for _, response in texts.groupby("row", sort=False):
        originals = {str(row): text for row, text in zip(response["text_row"], response["text"], strict=True)}
        spans = {key: [Span(mark.start, mark.end, mark.label, 1.0, "review") for mark in decided.get(int(key), ())] for key in originals}
        cleaned |= {int(key): text for key, text in redact(originals, spans).items()}
    result = texts[["row", "field"]].copy()
    result["text"] = [cleaned[row] for row in texts["text_row"]]
    return result
