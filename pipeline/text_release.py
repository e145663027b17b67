"""Which cleaned texts may leave as a file, by the rules of quotes (A21): scrubbed, read, few enough missed, an age band that many share
and nothing rarer; through the release's three people and its door.

A text is left out, and nobody is told which, where the machine finds something in it once more, where it is long enough to tell a
story, where it was ever put before the safeguarding lead or would be as it is now, and where too few children of its age band
answered the question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from forms.load import load_survey
from governance.step_gates import require_texts
from pipeline import gate
from pipeline.quotes import AGE, SHOWN, bands_of
from pipeline.release_quotes import fits_a_cell
from pipeline.release_texts import ReleaseText
from pipeline.residual import require_bound
from pipeline.review_policy import load_review_policy
from pipeline.safeguarding_rules import rule_of
from pipeline.scrub.scrubber import Scrubber
from pipeline.steps.release import draft
from pipeline.themes import specs_of
from retention import releases
from retention.ledger import Entry
from retention.quotes import LONGEST
from retention.releases import Release
from retention.safeguarding_flags import flagged_rows
from retention.secure_store import SecureStore, StepRefused

WHAT = "The text data set"


def publish(
    store: SecureStore, wave_id: str, release_id: str, questions: Sequence[str], person: str, scrubber: Scrubber | None = None
) -> tuple[Release, int]:
    """Draft a release with the wave's tables and its cleaned texts of these questions. Returns it and how many texts it holds; one
    that is drafted already is returned as it is, with none.

    Raises StepRefused, GateShut, ReleaseRefused, ReleaseInvalid.
    """
    drafted = next((one for one in releases.releases(store, wave_id) if one.id == release_id), None)
    if drafted is not None:
        return drafted, 0
    ready = to_release(store, wave_id, questions, scrubber or Scrubber())
    with store.record(Entry(person, "texts-release", wave_id, {"release": release_id, "texts": len(ready)})):
        pass  # first: no text leaves without the ledger knowing
    return draft(store, wave_id, release_id, person, texts=ready), len(ready)


def to_release(store: SecureStore, wave_id: str, questions: Sequence[str], scrubber: Scrubber) -> list[ReleaseText]:
    """The texts that may leave, every gate asked. Raises StepRefused if there are none, GateShut, KeyDestroyed."""
    policy = load_review_policy()
    found = require_bound(store, wave_id, WHAT, policy)
    survey = load_survey(store.wave(wave_id).survey)
    require_texts(gate.record_of(survey.id, store.zone), questions, SHOWN, found.upper)
    clean = store.vault.read(store.asset(wave_id, "texts_clean").stored)
    clean = clean.assign(field=clean["field"].map({question.text_field: question.id for form in survey for question in form.questions}))
    clean = clean[clean["field"].isin(set(questions))]
    clean = clean.assign(text=[" ".join(str(text).split()) for text in clean["text"]])
    flagged = flagged_rows(store, wave_id)
    kept = clean[[place not in flagged and _short(words) for place, words in zip(clean.index, clean["text"], strict=True)]]
    kept = kept[[not spans and rule_of(words, "[" in words) is None for words, spans in _scanned(kept["text"].tolist(), scrubber)]]
    band_of = shared_bands(kept, bands_of(store, wave_id, kept), policy.quote_threshold)
    labels = specs_of(store, wave_id, survey).variables[AGE].labels
    ready = [
        ReleaseText(question, labels[band_of[place]], words)
        for place, question, words in zip(kept.index, kept["field"], kept["text"], strict=True)
        if place in band_of
    ]
    if not ready:
        raise StepRefused(f"No text of wave '{wave_id}' may leave: too few children of one age band answered these questions.")
    return ready


def _short(words: str) -> bool:
    return len(words) <= LONGEST and fits_a_cell(words)


def _scanned(texts: Sequence[str], scrubber: Scrubber) -> list[tuple[str, int]]:
    """Each text, and how much the machine still finds in it."""
    return [(text, len(spans)) for text, spans in zip(texts, scrubber.find_many(texts), strict=True)]


def shared_bands(texts: pd.DataFrame, bands: dict[int, tuple[str, ...]], least: int) -> dict[int, str]:
    """For the place of each text the finest of its age bands that at least so many children share for its question; texts of fewer
    climb to the wider band together with others that must, and have no entry where even the widest is too small.

    `texts`: row and field, by place in the data set. `bands`: of each place, finest first.
    """
    left = {int(place): 0 for place in texts.index}  # how far each text has climbed
    chosen: dict[int, str] = {}
    children = dict(zip(texts.index, zip(texts["field"], texts["row"], strict=True), strict=True))
    while left:
        groups: dict[tuple[str, str], set[int]] = {}
        for place, level in left.items():
            field, row = children[place]
            groups.setdefault((field, bands[place][level]), set()).add(int(row))
        small = Counter({group: len(rows) for group, rows in groups.items() if len(rows) < least})
        climbing: dict[int, int] = {}
        for place, level in left.items():
            if (children[place][0], bands[place][level]) not in small:
                chosen[place] = bands[place][level]
            elif level + 1 < len(bands[place]):
                climbing[place] = level + 1
        left = climbing
    return chosen
