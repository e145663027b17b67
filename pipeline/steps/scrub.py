"""Open the answers once: codes to one data set, free text to another; flag what is doubtful; propose redactions; fill the queue.

Then the key of the sealed answers is destroyed: what is left is codes without text, and text without codes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from forms.answers import Response
from forms.load import load_survey
from pipeline import review_queue, safeguarding_rules
from pipeline.progress import Progress, silent
from pipeline.quality import counts, flag
from pipeline.quality_rules import load_rules
from pipeline.received import response_reader
from pipeline.scrub import Scrubber, Span
from pipeline.steps.scrub_texts import find_all, remove_parts
from pipeline.steps.sealed_records import Bundle, Why
from retention.destroy import destroy
from retention.memory import undumpable
from retention.review import add_items
from retention.review_draws import add_draw
from retention.safeguarding_flags import add_flags
from retention.secure_store import SecureStore
from retention.steps import Verb, step


def scrub(
    store: SecureStore,
    wave_id: str,
    actor: str,
    progress: Progress = silent,
    scrubber: Scrubber | None = None,
    set_aside: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> dict[str, int | str]:
    """Split, scan, queue, commit; then destroy the sealed answers. Returns the step's counts.

    `set_aside`: how many unreadable records to put up with (see `sealed_records.Bundle.set_aside`). `scrubber`, `workers`, `scheduler`:
    where texts are read (see `scrub_texts.find_all`). A step that was killed goes on where it was. Raises StepRefused (the
    locators' certificate must be there), BundleError, SealError, ScanStopped, UnsafeCluster, ListError.
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
            found = find_all(store, wave, texts["text"].tolist(), progress, scrubber, workers, scheduler)
            running.save("responses", responses)
            running.save("answers", answers)
            running.save("texts", texts)
            running.save("spans", _spans_frame(found))
            queue = review_queue.fill(wave_id, found)
            for_the_lead = safeguarding_rules.flags(texts["text"].tolist(), found)
            running.also(lambda connection: add_items(connection, wave_id, queue.rows))
            running.also(lambda connection: add_draw(connection, queue.draw))
            running.also(lambda connection: add_flags(connection, store.ring, wave_id, for_the_lead))
            running.counts.update(queue.counts)
            running.counts.update(
                responses=len(responses), texts=len(texts), spans=sum(len(spans) for spans in found),
                for_the_lead=len(for_the_lead), set_aside=len(unreadable),
            )  # fmt: skip
    destroy(store, wave, "bodies", actor, authority="schedule.bodies.until_step")
    remove_parts(store, wave)
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


def _spans_frame(found: Sequence[Sequence[Span]]) -> pd.DataFrame:
    rows = [(row, span.start, span.end, span.label, span.score, span.layer) for row, spans in enumerate(found) for span in spans]
    return pd.DataFrame(rows, columns=["text_row", "start", "end", "label", "score", "layer"])
