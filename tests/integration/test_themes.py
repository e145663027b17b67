"""Themes from cleaned texts to protected tables: coded by hand, learnt, measured, counted, and only what is good enough."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pandas as pd
import pytest

from forms.load import load_survey
from pipeline import themes as module
from pipeline.table_specs import load_table_specs
from pipeline.theme_frame import NO_TEXT, NONE, Frame, ThemeError, read_frame
from pipeline.theme_tables import field_of, with_tables
from pipeline.themes import draw, frame_of, register, specs_of, texts_of, theme_answers, train
from retention import themes
from retention.destroy import destroy
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb, step
from tests.secure_waves import new_wave, run_before, run_step

WAVE = "2026-spring"
SURVEY = load_survey()
BUNDLED = Path(module.__file__).parent / "data" / "themes" / "big_ask-barriers.yaml"
DOCUMENT = BUNDLED.read_text(encoding="utf-8")
MONEY = ["clubs cost too much money", "we cannot afford trips", "everything is expensive", "prices of things", "no money for food"]
SCHOOL = ["too much homework", "teachers do not listen", "exams are stressful", "lessons are boring", "more help in class"]
OTHER = ["i want a dog", "more parks please", "nothing really", "being kind", "less litter"]


def written(children: int) -> tuple[pd.DataFrame, list[set[str]]]:
    """Cleaned texts of `barriers.text`, one of each child, in two of three forms; what each is about."""
    draw = random.Random(9)
    rows, about = [], []
    for row in range(children):
        groups = draw.choice([["money"], ["school"], ["money", "school"], []])
        parts = [draw.choice({"money": MONEY, "school": SCHOOL}[group]) for group in groups] or [draw.choice(OTHER)]
        rows.append((row, "barriers.text", " and ".join(parts)))
        about.append(set(groups))
    return pd.DataFrame(rows, columns=["row", "field", "text"]), about


@pytest.fixture
def reviewed(sqlite_store: SecureStore) -> tuple[SecureStore, list[set[str]]]:
    """A wave whose review has ended, with 300 texts of children who were asked and wrote."""
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.REVIEW)
    texts, about = written(300)
    with step(sqlite_store, wave, Verb.REVIEW, "tester") as running:
        running.save("texts_clean", texts)
    return sqlite_store, about


def code_all(store: SecureStore, frame: Frame, about: list[set[str]], person: str = "ann") -> None:
    for coding in themes.codings(store, WAVE, frame.id, frame.version):
        if coding.codes is None:
            themes.code(store, coding.id, sorted(about[coding.text]), person)


def test_from_coding_to_answers_that_tables_can_count(reviewed: tuple[SecureStore, list[set[str]]]) -> None:
    store, about = reviewed
    frame = register(store, DOCUMENT, SURVEY, "ann")
    assert draw(store, WAVE, frame, 160, "ann") == 160
    assert themes.waiting(store, WAVE) == [("barriers", 1, 160)]
    code_all(store, frame, about)
    assert themes.waiting(store, WAVE) == []
    found = {quality.theme: quality for quality in train(store, WAVE, frame, "ann")}
    assert set(found) == set(frame.codes)
    (training,) = themes.trainings(store, WAVE)
    good = module.good_themes(training)
    assert set(good) == {"money", "school"}, "themes that nobody wrote about are not tabulated"
    specs = specs_of(store, WAVE, SURVEY)
    assert [table.id for table in specs.tables][-1] == "themes-barriers-by-gender"
    assert set(specs.variables["themes_barriers"].labels) == {"money", "school", NONE, NO_TEXT}
    responses = pd.DataFrame({"row": range(303), "form": ["9-12"] * 300 + ["13-17", "6-8", "easy-9-17"], "version": "x"})
    (answers,) = theme_answers(store, WAVE, SURVEY, responses)
    assert set(answers["field"]) == {field_of(frame)}
    said = answers.groupby("row")["code"].agg(set)
    assert set(said.index) == {*range(300), 300, 302}, "who was not asked has no theme, not even none"
    assert said[300] == said[302] == {NO_TEXT}
    coded = {one.text for one in themes.codings(store, WAVE, "barriers", 1)}
    assert all(said[row] == (about[row] or {NONE}) for row in coded), "what a person coded counts as coded"
    right = sum(said[row] == (about[row] or {NONE}) for row in range(300))
    assert right > 285
    again = theme_answers(store, WAVE, SURVEY, responses)[0]
    pd.testing.assert_frame_equal(answers, again)


def test_coding_after_the_training_asks_for_another(reviewed: tuple[SecureStore, list[set[str]]]) -> None:
    store, about = reviewed
    frame = register(store, DOCUMENT, SURVEY, "ann")
    draw(store, WAVE, frame, 60, "ann")
    code_all(store, frame, about)
    train(store, WAVE, frame, "ann")
    draw(store, WAVE, frame, 1, "ann")
    code_all(store, frame, about)
    responses = pd.DataFrame({"row": range(300), "form": "9-12", "version": "x"})
    with pytest.raises(StepRefused, match="run `bigask themes train` again"):
        theme_answers(store, WAVE, SURVEY, responses)
    train(store, WAVE, frame, "ann")
    theme_answers(store, WAVE, SURVEY, responses)
    assert len(themes.trainings(store, WAVE)) == 1


def test_without_a_training_nothing_changes(reviewed: tuple[SecureStore, list[set[str]]]) -> None:
    store, _ = reviewed
    assert specs_of(store, WAVE, SURVEY) == load_table_specs(SURVEY)
    assert theme_answers(store, WAVE, SURVEY, pd.DataFrame({"row": [0], "form": ["9-12"]})) == []


def test_once_tables_are_made_themes_stay_as_they_were(reviewed: tuple[SecureStore, list[set[str]]]) -> None:
    store, about = reviewed
    frame = register(store, DOCUMENT, SURVEY, "ann")
    draw(store, WAVE, frame, 60, "ann")
    code_all(store, frame, about)
    for kind in ("texts", "spans"):
        destroy(store, store.wave(WAVE), kind, "tester", "schedule.test")
    run_step(store, store.wave(WAVE), Verb.TABULATE)
    with pytest.raises(StepRefused, match="stay as they were"):
        train(store, WAVE, frame, "ann")
    with pytest.raises(StepRefused, match="stay as they were"):
        draw(store, WAVE, frame, 5, "ann")


def test_a_text_is_coded_once_and_none_before_the_review_ends(reviewed: tuple[SecureStore, list[set[str]]]) -> None:
    store, _ = reviewed
    frame = register(store, DOCUMENT, SURVEY, "ann")
    draw(store, WAVE, frame, 3, "ann")
    first = themes.codings(store, WAVE, "barriers", 1)[0]
    themes.code(store, first.id, [], "ann")
    with pytest.raises(StepRefused, match="has been coded in the meantime"):
        themes.code(store, first.id, ["money"], "ben")
    assert draw(store, WAVE, frame, 999, "ann") == 297
    other = new_wave(store, "2027-spring")
    with pytest.raises(StepRefused, match="no 'texts_clean' yet"):
        texts_of(store, other.id, "barriers.text")


def test_a_frame_s_version_is_kept_for_good(sqlite_store: SecureStore) -> None:
    register(sqlite_store, DOCUMENT, SURVEY, "ann")
    register(sqlite_store, DOCUMENT, SURVEY, "ann")
    changed = DOCUMENT.replace("Lessons,", "Lessons and")
    with pytest.raises(StepRefused, match="raise `version`"):
        register(sqlite_store, changed, SURVEY, "ann")
    register(sqlite_store, changed.replace("version: 1", "version: 2"), SURVEY, "ann")
    with pytest.raises(StepRefused, match="raise `version`"):
        register(sqlite_store, changed.replace("by: [gender.group]", "by: [home]"), SURVEY, "ann")
    assert [version for version, _, _ in themes.frames(sqlite_store, "barriers")] == [1, 2]
    assert frame_of(sqlite_store, "barriers").version == 2
    assert frame_of(sqlite_store, "barriers", 1).document == DOCUMENT
    assert themes.frame_ids(sqlite_store) == ["barriers"]
    with pytest.raises(StepRefused, match="no such version"):
        frame_of(sqlite_store, "barriers", 3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: barriers", "id: Bar riers", "an id of small letters"),
        ("version: 1", "version: 0", "a number from 1 up"),
        ("reason: A", "reasons: A", "holds exactly"),
        ("field: barriers.text", "field: diary.text", "a question that is not there"),
        ("survey: big_ask", "survey: small_ask", "a survey or a question that is not there"),
        ("by: [gender.group]", "by: [shoe_size]", "no variable or level"),
        ("by: [gender.group]", "by: [gender.shade]", "no variable or level"),
        ("by: [gender.group]", "by: [age_band]", "no variable or level"),
        ("where: {age_band: 9-17}", "where: {age_band: 9-99}", "an unknown population"),
        ("  money: {", "  none_of_these: {", "none of those kept"),
        ("  money: {label: Money and the cost of things,", "  money: {label: '',", "needs a label"),
        ("themes:", "themes: 7\nx:", "holds exactly"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused_before_anything_is_kept(sqlite_store: SecureStore, old: str, new: str, said: str) -> None:
    assert old in DOCUMENT
    with pytest.raises(ThemeError, match=said):
        register(sqlite_store, DOCUMENT.replace(old, new, 1), SURVEY, "ann")
    assert themes.frame_ids(sqlite_store) == []


def test_the_bundled_frame_fits_its_survey_and_its_tables() -> None:
    frame = read_frame(DOCUMENT)
    specs = with_tables(load_table_specs(SURVEY), frame, frame.codes)
    variable = specs.variables["themes_barriers"]
    assert variable.multiple
    assert variable.dimension.codes[0] == "Total"
    assert json.dumps(list(variable.labels)) == json.dumps([*frame.codes, NONE, NO_TEXT])
