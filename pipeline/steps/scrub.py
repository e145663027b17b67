"""Open the answers once: codes to one data set, free text to another; propose redactions; fill the review queue.

Then the key of the sealed answers is destroyed: what is left is codes without text, and text without codes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pandas as pd

from forms.answers import Response
from forms.load import load_survey
from pipeline.progress import Progress, silent
from pipeline.quality import counts, flag
from pipeline.quality_rules import load_rules
from pipeline.received import response_reader
from pipeline.scrub import Scrubber, Span
from pipeline.steps.sealed_records import Bundle, Why
from retention.destroy import destroy
from retention.memory import undumpable
from retention.review import Mark, Reason, add_items
from retention.secure_store import SecureStore
from retention.steps import Verb, step

SAMPLE = 200  # texts that looked clean and are read by a person all the same, to estimate what the machine misses


def scrub(
    store: SecureStore,
    wave_id: str,
    actor: str,
    progress: Progress = silent,
    scrubber: Scrubber | None = None,
    set_aside: int | None = None,
) -> dict[str, int | str]:
    """Split, scan, queue, commit; then destroy the sealed answers. Returns the step's counts.

    `set_aside`: how many unreadable records to put up with (see `sealed_records.Bundle.set_aside`). Raises StepRefused (the
    locators' certificate must be there), BundleError, SealError.
    """
    wave = store.wave(wave_id)
    if Verb.SCRUB not in store.steps(wave_id):
        survey = load_survey(wave.survey)
        read, rules = response_reader(survey), load_rules(survey)
        with step(store, wave, Verb.SCRUB, actor) as running, undumpable():
            bundle = Bundle.of(store, wave_id, "bodies")
            responses, answers, texts, unreadable = _open_bodies(bundle, store.ring.private(wave.body_key), read)
            if unreadable:
                running.save("bodies_set_aside", bundle.set_aside(unreadable, set_aside))
            flags = flag(rules, survey, responses, answers, texts, running.load("located"))
            running.save("quality", flags)
            running.counts.update(counts(rules, flags))
            found = (scrubber or Scrubber()).find_many(texts["text"].tolist(), progress)
            running.save("responses", responses)
            running.save("answers", answers)
            running.save("texts", texts)
            running.save("spans", _spans_frame(found))
            flagged = [(row, Reason.FLAGGED, _marks(spans)) for row, spans in enumerate(found) if spans]
            clean = [row for row, spans in enumerate(found) if not spans]
            sample = random.SystemRandom().sample(clean, min(SAMPLE, len(clean)))
            queue = [*flagged, *((row, Reason.SAMPLE, ()) for row in sample)]
            running.also(lambda connection: add_items(connection, wave_id, queue))
            running.counts.update(
                responses=len(responses), texts=len(texts), texts_flagged=len(flagged), texts_sampled=len(sample),
                spans=sum(len(spans) for spans in found), set_aside=len(unreadable),
            )  # fmt: skip
    destroy(store, wave, "bodies", actor, authority="schedule.bodies.until_step")
    return dict(store.steps(wave_id)[Verb.SCRUB])


def _open_bodies(
    bundle: Bundle, key: bytes, read: Callable[[bytes], Response]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[int, Why]]:
    """Frames `responses` (row, form, version), `answers` (row, field, code) and `texts` (text_row, row, field, text); the rows that
    could not be read, and why.
    """
    responses: list[tuple[int, str, str]] = []
    answers: list[tuple[int, str, str]] = []
    texts: list[tuple[int, str, str]] = []
    unreadable: dict[int, Why] = {}
    for row, response in enumerate(bundle.opened(key, read)):
        if isinstance(response, Why):
            unreadable[row] = response
            continue
        responses.append((row, response.form, response.version))
        answers += [(row, name, code) for name, codes in response.choices.items() for code in codes]
        texts += [(row, name, text) for name, text in response.texts.items()]
    text_frame = pd.DataFrame(texts, columns=["row", "field", "text"])
    text_frame.insert(0, "text_row", range(len(text_frame)))
    return (
        pd.DataFrame(responses, columns=["row", "form", "version"]),
        pd.DataFrame(answers, columns=["row", "field", "code"]),
        text_frame,
        unreadable,
    )


def _marks(spans: Sequence[Span]) -> tuple[Mark, ...]:
    return tuple(Mark(span.start, span.end, span.label) for span in spans)


def _spans_frame(found: Sequence[Sequence[Span]]) -> pd.DataFrame:
    rows = [(row, span.start, span.end, span.label, span.score, span.layer) for row, spans in enumerate(found) for span in spans]
    return pd.DataFrame(rows, columns=["text_row", "start", "end", "label", "score", "layer"])
