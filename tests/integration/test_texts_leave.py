"""Words on their way out, through the real chain: themes coded and learnt, quotes approved and released, and the file of cleaned texts."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from api.researcher import create_app as public_door
from forms.answers import Response
from governance.gates import GateShut
from governance.record import RECORDS, load_record
from governance.step_gates import require_texts
from pipeline import approval, text_release
from pipeline.quotes import propose
from pipeline.quotes import publish as publish_quotes
from pipeline.release_description import ReleaseInvalid
from pipeline.release_quotes import QUOTES
from pipeline.release_texts import TEXTS, ReleaseText, as_csv
from pipeline.scrub import Scrubber, lists
from pipeline.text_release import shared_bands
from pipeline.themes import draw, register, train
from retention import quotes, releases
from retention.quotes import QuoteState
from retention.releases import ReleaseState
from retention.safeguarding_flags import flagged_rows, raise_flag
from retention.secure_store import StepRefused
from retention.steps import Verb
from tests.integration.chain import ANALYST, WAVE, Office, responses, scrubber
from tests.integration.test_themes import DOCUMENT, SURVEY, written
from tests.release_samples import quick_passphrases

CHILDREN = 150
FIELD = "barriers.text"
NAMED = "my best friend Oluwaseun moved away and clubs cost too much money"
LONG = "and then " * 60 + "the end"
HARM = "my dad hits me when he is drunk"
MISSED = "i left money tree because clubs cost too much"  # private only to those who know of a school of this name
ODD = {1: MISSED, 3: NAMED, 5: LONG, 7: HARM, 9: "=1+1 is all we learn"}


def _answered() -> tuple[Response, ...]:
    """So many children of 9 to 17 who wrote what stops children; a few wrote what may not leave as it is."""
    texts = written(CHILDREN)[0]["text"].tolist()
    for row, words in ODD.items():
        texts[row] = words
    older = [one for one in responses(4 * CHILDREN, 7) if one.form in ("9-12", "13-17")][:CHILDREN]
    assert len(older) == CHILDREN
    return tuple(replace(one, texts={FIELD: words}) for one, words in zip(older, texts, strict=True))


def _allowing(folder: Path) -> None:
    """An assessment of the office's own in which the texts of this question may leave as a file."""
    shutil.copytree(RECORDS / "big_ask", folder)
    variables, processing = folder / "variables.yaml", folder / "processing.yaml"
    said = variables.read_text(encoding="utf-8").replace("release: quote_only}", "release: cleaned_text}")
    variables.write_text(said, encoding="utf-8")
    said = processing.read_text(encoding="utf-8")
    said = said.replace("data: [answers, responses, located,", "data: [texts_clean, answers, responses, located,")
    processing.write_text(said, encoding="utf-8")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("leave") / "home"
    with pytest.MonkeyPatch.context() as patch:
        quick_passphrases(patch)
        _allowing(home / "secure" / "assessment")
        office = Office.at(home)
        office.open_wave(_answered())
        for verb in (Verb.TRANSFER, Verb.LOCATE, Verb.SCRUB):
            office.run(verb)
        raise_flag(office.store, WAVE, _row_of(office, "more parks please"), "re.viewer")
        office.decide()
        office.run(Verb.REVIEW)
        frame = register(office.store, DOCUMENT, SURVEY, ANALYST)
        draw(office.store, WAVE, frame, 120, ANALYST)
        _code(office)
        train(office.store, WAVE, frame, ANALYST)
        office.run(Verb.TABULATE)
        office.run(Verb.PROTECT)
    return home


def _row_of(office: Office, words: str) -> int:
    texts = office.store.vault.read(office.store.asset(WAVE, "texts").stored)
    return int(texts.loc[texts["text"] == words, "text_row"].iloc[0])


def _code(office: Office) -> None:
    """Code what was drawn by what was written."""
    from retention import themes

    clean = office.store.vault.read(office.store.asset(WAVE, "texts_clean").stored)["text"]
    for coding in themes.codings(office.store, WAVE, "barriers", 1):
        words = str(clean[coding.text])
        about = {"money": ("money", "afford", "expensive", "prices"), "school": ("homework", "teachers", "exams", "lessons", "class")}
        themes.code(office.store, coding.id, sorted(code for code, cues in about.items() if any(cue in words for cue in cues)), "co.der")


@pytest.fixture
def office(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A copy of the protected wave for one test."""
    quick_passphrases(monkeypatch)
    return Office.at(Path(shutil.copytree(template, tmp_path / "home")))


def _leave(office: Office, release_id: str) -> TestClient:
    approval.check(office.store, release_id, "che.cker")
    approved = approval.approve(office.store, release_id, "ap.prover", office.settings.release)
    assert approved.state is ReleaseState.RELEASED
    return TestClient(public_door(office.settings.release))


def test_quotes_go_all_the_way_from_themes_to_the_public_door(office: Office) -> None:
    made = propose(office.store, WAVE, "barriers", "money", 3, ANALYST, scrubber())
    assert len(made) == 3
    for one in made[:2]:
        for person in ("che.cker", "ap.prover"):
            quotes.approve(office.store, one.id, person)
    drafted, count = publish_quotes(office.store, WAVE, "with-quotes", ANALYST)
    assert (drafted.state, count) == (ReleaseState.DRAFTED, 2)
    assert publish_quotes(office.store, WAVE, "with-quotes", ANALYST) == (drafted, 2), "asked again, it is the same draft"
    words = {quotes.words_of(office.store, one.id) for one in made[:2]}
    with _leave(office, "with-quotes") as door:
        rows = list(csv.reader(io.StringIO(door.get(f"/releases/with-quotes/files/{QUOTES}").text)))
        assert "themes-barriers-by-gender" in door.get("/releases/with-quotes").text
    assert {row[0] for row in rows[1:]} == words
    assert {quotes.quote(office.store, one.id).state for one in made[:2]} == {QuoteState.IN_RELEASE}


def test_cleaned_texts_leave_with_their_question_and_age_band_alone(office: Office) -> None:
    drafted, count = text_release.publish(office.store, WAVE, "with-texts", [FIELD.removesuffix(".text")], ANALYST, scrubber())
    assert (drafted.state, text_release.publish(office.store, WAVE, "with-texts", [], ANALYST)) == (ReleaseState.DRAFTED, (drafted, 0))
    assert [signed.entry.counts for signed in office.store.ledger() if signed.entry.verb == "texts-release"] == [
        {"release": "with-texts", "texts": count}
    ]
    with _leave(office, "with-texts") as door:
        assert "What children wrote" in door.get("/releases/with-texts").text
        rows = list(csv.reader(io.StringIO(door.get(f"/releases/with-texts/files/{TEXTS}").text)))
    assert rows[0] == ["question", "age_group", "text"]
    assert len(rows) - 1 == count
    assert rows[1:] == sorted(rows[1:]), "their order says nothing"
    assert {row[0] for row in rows[1:]} == {"barriers"}
    left = [row[2] for row in rows[1:]]
    clean = office.store.vault.read(office.store.asset(WAVE, "texts_clean").stored)["text"].tolist()
    assert set(left) <= set(clean)
    assert not any("Oluwaseun" in words for words in left)
    assert not {LONG.strip(), HARM, ODD[9]} & set(left), "a story, a harm and a formula stay"
    assert left.count("more parks please") == clean.count("more parks please") - 1, "what a reader put before the lead stays"
    assert count > CHILDREN / 2


def test_what_the_machine_finds_when_it_looks_once_more_stays(office: Office) -> None:
    knowing = Scrubber(lists.load().with_added(schools=["Money Tree"]))
    before, after = (
        [one.words for one in text_release.to_release(office.store, WAVE, ["barriers"], machine)] for machine in (scrubber(), knowing)
    )
    assert MISSED in before
    assert MISSED not in after
    assert len(after) == len(before) - 1


def test_the_assessment_as_it_comes_lets_no_text_leave_as_a_file(office: Office) -> None:
    shutil.rmtree(office.settings.secure.folder / "assessment")
    with pytest.raises(GateShut, match="has no purpose that covers 'texts_clean'"):
        text_release.to_release(office.store, WAVE, ["barriers"], scrubber())
    assert not releases.releases(office.store, WAVE)


def test_no_text_leaves_while_the_bound_does_not_hold(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def shut(*_: object) -> None:
        raise StepRefused("The text data set cannot leave.")

    monkeypatch.setattr(text_release, "require_bound", shut)
    with pytest.raises(StepRefused, match="cannot leave"):
        text_release.publish(office.store, WAVE, "with-texts", ["barriers"], ANALYST, scrubber())
    assert not any(signed.entry.verb == "texts-release" for signed in office.store.ledger())


def test_flagged_texts_are_known_after_the_lead_closed_them(office: Office) -> None:
    texts = office.store.vault.read(office.store.asset(WAVE, "texts_clean").stored)["text"]
    flagged = flagged_rows(office.store, WAVE)
    assert {str(texts[row]) for row in flagged} >= {HARM, "more parks please"}


# -- the gate and the age bands by themselves ----------------------------------------------------------------------------


def test_each_question_needs_a_release_rule_that_lets_its_texts_leave(tmp_path: Path) -> None:
    _allowing(tmp_path / "own")
    record = load_record(tmp_path / "own")
    require_texts(record, ["barriers", "make_better"], ["age_band"], 1.0)
    for questions, shown, missed, said in (
        (["barriers", "where_live"], ["age_band"], 1.0, "Texts of 'where_live' may not leave as a file"),
        (["nothing_like_it"], ["age_band"], 1.0, "their release rule in variables.yaml is 'none'"),
        (["barriers"], ["age_band", "gender"], 1.0, "leave out 'gender'"),
        (["barriers"], ["age_band"], None, "No bound on what was missed"),
        (["barriers"], ["age_band"], record.assessment.quotes_missed_per_thousand + 0.1, "read more"),
    ):
        with pytest.raises(GateShut, match=said):
            require_texts(record, questions, shown, missed)


@pytest.mark.parametrize("younger", [9, 10, 11])
def test_an_age_band_is_shown_from_so_many_children_on(younger: int) -> None:
    rows = [*range(younger), *range(100, 112)]
    texts = pd.DataFrame({"row": rows, "field": "barriers"}, index=range(len(rows)))
    bands = {place: ("9-12" if row < 100 else "13-17", "9-17", "6-17") for place, row in enumerate(rows)}
    found = shared_bands(texts, bands, 10)
    if younger < 10:
        assert set(found) == set(range(younger, len(rows))), "nine alone would be nine in every wider band as well: they stay"
        assert set(found.values()) == {"13-17"}
    else:
        assert len(found) == len(rows)
        assert set(found.values()) == {"9-12", "13-17"}


def test_small_bands_climb_together_and_children_are_counted_not_texts() -> None:
    texts = pd.DataFrame({"row": [*range(6), *range(100, 106), *[7] * 20], "field": ["a"] * 12 + ["b"] * 20}, index=range(32))
    bands = {place: ("9-12" if place < 6 else "13-17", "9-17") for place in range(12)} | dict.fromkeys(range(12, 32), ("9-12", "9-17"))
    found = shared_bands(texts, bands, 10)
    assert found == dict.fromkeys(range(12), "9-17"), "twenty texts of one child hide nobody"


@pytest.mark.parametrize(
    "bad", [("Barriers", "9 to 17", "x y"), ("barriers", "", "x y"), ("barriers", "9 to 17", "@me"), ("a", "b", "x\ny")]
)
def test_a_text_that_breaks_a_spreadsheet_is_refused(bad: tuple[str, str, str]) -> None:
    with pytest.raises(ReleaseInvalid, match="cannot be released"):
        ReleaseText(*bad)


def test_the_same_texts_make_the_same_file_in_any_order() -> None:
    texts = [ReleaseText("barriers", "9 to 17", words) for words in ("b", "a", "a")]
    assert as_csv(texts) == as_csv(texts[::-1]) == b"question,age_group,text\nbarriers,9 to 17,a\nbarriers,9 to 17,a\nbarriers,9 to 17,b\n"
