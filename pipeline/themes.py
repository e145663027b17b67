"""Themes of one wave: drawing texts to code, learning from what was coded, and turning themes into answers that tables can count.

Nothing learnt is kept: the codings, the frame and the seed are on record, and the same classifiers come of them every time.
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from forms.survey import Survey
from pipeline.progress import Progress, silent
from pipeline.review_policy import ReviewPolicy, load_review_policy
from pipeline.table_specs import TableSpecs, load_table_specs
from pipeline.theme_frame import NO_TEXT, NONE, Frame, ThemeError, read_frame
from pipeline.theme_model import Quality, Topic, learn, measure, propose
from pipeline.theme_tables import field_of, with_tables
from retention import themes
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb
from retention.themes import Coding, Training


def frame_of(store: SecureStore, frame_id: str, version: int | None = None) -> Frame:
    """A registered version of a frame, by default the latest. Raises StepRefused."""
    known = {number: document for number, document, _ in themes.frames(store, frame_id)}
    if not known or (version is not None and version not in known):
        raise StepRefused(f"There is no such version of code frame '{frame_id}': register it with `bigask themes frame FILE`.")
    return read_frame(known[version if version is not None else max(known)])


def register(store: SecureStore, document: str, survey: Survey, person: str) -> Frame:
    """Check a frame against its survey's questions and tables, and keep it. Raises ThemeError, StepRefused, TableSpecError."""
    frame = read_frame(document)
    if frame.survey != survey.id or not any(frame.field == question.text_field for form in survey for question in form.questions):
        raise ThemeError(f"Frame '{frame.id}' is of a survey or a question that is not there.")
    with_tables(load_table_specs(survey), frame, frame.codes)
    themes.register_frame(store, frame.id, frame.version, document, person)
    return frame


def texts_of(store: SecureStore, wave_id: str, field: str) -> pd.DataFrame:
    """Cleaned texts of one question: `row` of the child and `text`, indexed by their place in the data set.

    Raises StepRefused before the review has ended.
    """
    clean = store.vault.read(store.asset(wave_id, "texts_clean").stored)
    return clean.loc[clean["field"] == field, ["row", "text"]]


def proposals(store: SecureStore, wave_id: str, field: str, topics: int, seed: int) -> list[Topic]:
    """Topics of the cleaned answers to a question. Raises StepRefused if there is too little to find any."""
    try:
        return propose(texts_of(store, wave_id, field)["text"].tolist(), topics, seed)
    except ValueError:
        raise StepRefused(f"Too few answers of wave '{wave_id}' share words for {topics} topics: ask for fewer.") from None


def draw(store: SecureStore, wave_id: str, frame: Frame, size: int, person: str) -> int:
    """Put a random sample of texts that nobody was asked to code up for coding; returns how many. Raises StepRefused."""
    _require_open(store, wave_id)
    known = {coding.text for coding in themes.codings(store, wave_id, frame.id, frame.version)}
    left = sorted(set(texts_of(store, wave_id, frame.field).index) - known)
    seed = secrets.token_hex(16)
    chosen = random.Random(seed).sample(left, min(size, len(left)))  # noqa: S311 - to be drawn again, not to be guessed
    themes.add_codings(store, wave_id, frame.id, frame.version, chosen, seed, person)
    return len(chosen)


def train(
    store: SecureStore,
    wave_id: str,
    frame: Frame,
    person: str,
    seed: int = 0,
    progress: Progress = silent,
    policy: ReviewPolicy | None = None,
) -> list[Quality]:
    """Measure each theme by cross-validation on what people coded, and put it on record. Raises StepRefused."""
    _require_open(store, wave_id)
    policy = policy or load_review_policy()
    coded = [one for one in themes.codings(store, wave_id, frame.id, frame.version) if one.codes is not None]
    if not coded:
        raise StepRefused(f"Nobody has coded a text by version {frame.version} of frame '{frame.id}' yet: `bigask themes code` draws some.")
    texts = texts_of(store, wave_id, frame.field)["text"]
    answers = [str(texts[one.text]) for one in coded]
    found = []
    for done, theme in enumerate(frame.codes, start=1):
        found.append(measure(answers, _flags(coded, theme), theme, seed))
        progress(done, len(frame.codes))
    document = json.dumps([asdict(quality) | {"good": quality.good(policy)} for quality in found])
    made = Training(wave_id, frame.id, frame.version, seed, themes.codings_hash(coded), document)
    themes.add_training(store, made, len(found), sum(quality.good(policy) for quality in found), person)
    return found


def _flags(coded: Sequence[Coding], theme: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([theme in (one.codes or ()) for one in coded], dtype=bool)


def _require_open(store: SecureStore, wave_id: str) -> None:
    if Verb.TABULATE in store.steps(wave_id):
        raise StepRefused(f"The tables of wave '{wave_id}' are made: its themes stay as they were then.")


def good_themes(training: Training) -> tuple[str, ...]:
    """Themes that were good enough to be tabulated when they were trained."""
    return tuple(str(entry["theme"]) for entry in json.loads(training.document) if entry["good"])


def specs_of(store: SecureStore, wave_id: str, survey: Survey) -> TableSpecs:
    """The declared tables of a survey, and those of the themes that this wave's training found good. Raises TableSpecError."""
    specs = load_table_specs(survey)
    for training in themes.trainings(store, wave_id):
        if good := good_themes(training):
            specs = with_tables(specs, frame_of(store, training.frame, training.version), good)
    return specs


def theme_answers(store: SecureStore, wave_id: str, survey: Survey, responses: pd.DataFrame) -> list[pd.DataFrame]:
    """Themes as answers (row, field, code), a frame for each code frame.

    Each child who was asked has its good themes, or "none of these", or "wrote nothing".
    What a person coded counts as coded, all else as the machine finds it. Raises StepRefused if somebody has coded since the training.
    """
    parts: list[pd.DataFrame] = []
    for training in themes.trainings(store, wave_id):
        good = good_themes(training)
        frame = frame_of(store, training.frame, training.version)
        coded = [one for one in themes.codings(store, wave_id, frame.id, frame.version) if one.codes is not None]
        if themes.codings_hash(coded) != training.codings:
            raise StepRefused(f"Texts were coded since themes '{frame.id}' were trained: run `bigask themes train` again.")
        if not good:
            continue
        texts = texts_of(store, wave_id, frame.field)
        found = themes_of(texts["text"], coded, good, training.seed)
        pairs = [(row, code) for row, codes in zip(texts["row"], found, strict=True) for code in (codes or (NONE,))]
        asking = {form.id for form in survey if any(question.text_field == frame.field for question in form.questions)}
        silent_rows = set(responses.loc[responses["form"].isin(asking), "row"]) - set(texts["row"])
        pairs += [(row, NO_TEXT) for row in sorted(silent_rows)]
        parts.append(pd.DataFrame({"row": [row for row, _ in pairs], "field": field_of(frame), "code": [code for _, code in pairs]}))
    return parts


def themes_of(texts: pd.Series[str], coded: Sequence[Coding], good: Sequence[str], seed: int) -> list[tuple[str, ...]]:
    """The good themes of each text, in the texts' order. `texts`: by their place in the data set."""
    by_hand = {one.text: one.codes or () for one in coded}
    answers = [str(texts[one.text]) for one in coded]
    distinct = sorted(set(texts.astype(str)))
    place = {text: k for k, text in enumerate(distinct)}
    said = {}
    for theme in good:
        model, threshold = learn(answers, _flags(coded, theme), seed)
        said[theme] = model.predict_proba(distinct)[:, 1] >= threshold
    return [
        tuple(theme for theme in good if (theme in by_hand[at] if at in by_hand else said[theme][place[str(text)]]))
        for at, text in texts.items()
    ]
