"""Quotes (A21): drawn from cleaned texts, never a rare combination, two approvals, registered, and released with an age band alone."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from api.researcher import create_app as public_door
from disclosure.policy import load_policy
from disclosure.protect import protect
from disclosure.relations import to_relations
from forms.load import load_survey
from pipeline import approval
from pipeline import quotes as module
from pipeline.quotes import combinations, propose, publish, to_release
from pipeline.release_description import ReleaseInvalid
from pipeline.release_files import build_release
from pipeline.release_quotes import QUOTES, ReleaseQuote, as_csv
from pipeline.residual import Residual
from pipeline.scrub import Scrubber
from pipeline.scrub.spans import Span
from pipeline.steps.protect import to_frame
from pipeline.steps.tabulate import make_tables
from pipeline.themes import draw, register, specs_of, theme_answers, train
from retention import quotes, releases
from retention.destroy import destroy
from retention.quotes import Quote, QuoteState
from retention.secure_store import SecureStore, StepRefused
from retention.settings import ReleaseZone
from retention.steps import Verb, step
from tests.integration.test_themes import DOCUMENT, SURVEY, WAVE, code_all, written
from tests.release_samples import description, quick_passphrases, release_table, secure_zone
from tests.secure_waves import new_wave, run_before
from tests.staff_samples import zone_in

VERSION = load_survey().forms["9-12"].version
OPEN = Residual(5000, 500, 500, 0, 1, 0.975)


class Nothing(Scrubber):
    """A scrubber that finds nothing, without loading what it would need."""

    def __init__(self) -> None:
        pass

    def find(self, text: str) -> tuple[Span, ...]:
        return (Span(0, 3, "PERSON", 0.9, "learnt"),) if "homework" in text else ()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quotes") / "secure"
    with pytest.MonkeyPatch.context() as patch:
        quick_passphrases(patch)
        make_protected(SecureStore(secure_zone(folder)))
    return folder


@pytest.fixture
def protected(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    """A copy of the wave for one test."""
    quick_passphrases(monkeypatch)
    monkeypatch.setattr(module, "require_bound", lambda *_: OPEN)
    shutil.copytree(template, tmp_path / "secure")
    return SecureStore(zone_in(tmp_path / "secure"))


def make_protected(store: SecureStore) -> None:
    """A wave with 300 children aged 9 to 12 who wrote, and protected tables of what they wrote about."""
    wave = new_wave(store, survey="big_ask")
    run_before(store, wave, Verb.SCRUB)
    texts, about = written(300)
    responses = pd.DataFrame({"row": range(300), "form": "9-12", "version": VERSION})
    answers = pd.DataFrame(
        [(row, field, code) for row in range(300) for field, code in (("age", "10"), ("gender", "girl" if row % 2 else "boy"))],
        columns=["row", "field", "code"],
    )
    with step(store, wave, Verb.SCRUB, "tester") as running:
        for kind in ("texts", "spans"):
            running.save(kind, texts)
        running.save("responses", responses)
        running.save("answers", answers)
    destroy(store, wave, "bodies", "tester", "schedule.test")
    with step(store, wave, Verb.REVIEW, "tester") as running:
        running.save("texts_clean", texts)
    frame = register(store, DOCUMENT, SURVEY, "ann")
    draw(store, WAVE, frame, 150, "ann")
    code_all(store, frame, about)
    train(store, WAVE, frame, "ann")
    for kind in ("texts", "spans"):
        destroy(store, wave, kind, "tester", "schedule.test")
    specs = specs_of(store, WAVE, SURVEY)
    kept = {name: specs.variables[name] for name in ("age_band", "gender", "themes_barriers")}
    few = replace(specs, variables=kept, tables=specs.tables[-1:])
    located = pd.DataFrame({"row": range(300), "lad25cd": "E09000001", "nation": "England"})
    every = pd.concat([answers, *theme_answers(store, WAVE, SURVEY, responses)], ignore_index=True)
    made = make_tables(SURVEY, few, responses, every, located, WAVE)
    with step(store, wave, Verb.TABULATE, "tester") as running:
        running.save("tables", texts)
    result = protect(made, load_policy("ons-threshold-10"))
    about_it = {"policy": "ons-threshold-10", "relations": [to_relations(table) for table in result.tables], "report": result.report()}
    with step(store, wave, Verb.PROTECT, "tester") as running:
        running.save("protected", to_frame(result.tables))
        running.save("attack", pd.DataFrame({"document": [json.dumps(about_it)]}))


def proposed(store: SecureStore, count: int = 3) -> list[Quote]:
    return propose(store, WAVE, "barriers", "money", count, "ann", Nothing())


def test_drawn_quotes_speak_of_their_theme_and_hold_nothing_the_machine_finds(protected: SecureStore) -> None:
    made = proposed(protected, 8)
    assert len(made) == 8
    assert {(one.age_band, one.frame, one.theme, one.proposer, one.state) for one in made} == {
        ("9-17", "barriers", "money", "ann", QuoteState.PROPOSED)
    }
    words = [quotes.words_of(protected, one.id) for one in made]
    texts = set(protected.vault.read(protected.asset(WAVE, "texts_clean").stored)["text"])
    assert set(words) <= texts
    assert len(set(words)) == 8, "the same words are not quoted twice, whoever wrote them"
    assert not any("homework" in one for one in words), "what the scrubber finds again is left out"
    with pytest.raises(StepRefused, match="was good enough to be tabulated"):
        propose(protected, WAVE, "barriers", "online", 1, "ann", Nothing())


def test_the_register_and_the_ledger_hold_no_words(protected: SecureStore) -> None:
    (one,) = proposed(protected, 1)
    words = quotes.words_of(protected, one.id)
    content = b"".join(path.read_bytes() for path in protected.zone.folder.rglob("*") if path.is_file())
    assert words.encode() not in content
    said = [signed.entry for signed in protected.ledger()][-1]
    assert (said.verb, dict(said.counts)) == ("quote-propose", {"quote": one.id})


def test_two_others_approve_and_only_then_a_quote_leaves(protected: SecureStore) -> None:
    first, second, third = proposed(protected, 3)
    with pytest.raises(StepRefused, match="did not propose"):
        quotes.approve(protected, first.id, "ann")
    assert quotes.approve(protected, first.id, "ben").state is QuoteState.APPROVED_ONCE
    with pytest.raises(StepRefused, match="each once"):
        quotes.approve(protected, first.id, "ben")
    with pytest.raises(StepRefused, match="Only approved quotes"):
        to_release(protected, WAVE, [quotes.quote(protected, first.id)])
    assert quotes.approve(protected, first.id, "cleo").state is QuoteState.APPROVED
    assert quotes.refuse(protected, second.id, "ben").state is QuoteState.REFUSED
    for move in (quotes.approve, quotes.refuse):
        with pytest.raises(StepRefused, match="refused cannot take this step"):
            move(protected, second.id, "dan")
    (ready,) = to_release(protected, WAVE, quotes.quotes(protected, WAVE, QuoteState.APPROVED))
    assert ready == ReleaseQuote(quotes.words_of(protected, first.id), "9 to 17")
    assert quotes.quote(protected, third.id).state is QuoteState.PROPOSED


def test_a_combination_that_is_rare_in_what_is_published_does_not_leave(protected: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = module.load_review_policy()
    counted = next(one.children for one in module._allowed(protected, WAVE, "themes_barriers", policy) if one.theme == "money")
    (one,) = proposed(protected, 1)
    for person in ("ben", "cleo"):
        quotes.approve(protected, one.id, person)
    approved = [quotes.quote(protected, one.id)]
    monkeypatch.setattr(module, "load_review_policy", lambda: replace(policy, quote_threshold=counted))
    assert len(to_release(protected, WAVE, approved)) == 1
    monkeypatch.setattr(module, "load_review_policy", lambda: replace(policy, quote_threshold=counted + 1))
    with pytest.raises(StepRefused, match="too rare"):
        to_release(protected, WAVE, approved)
    assert propose(protected, WAVE, "barriers", "money", 3, "ann", Nothing()) == []


def test_no_quote_is_proposed_or_released_while_the_bound_does_not_hold(protected: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = proposed(protected, 1)
    for person in ("ben", "cleo"):
        quotes.approve(protected, one.id, person)

    def shut(*_: object) -> None:
        raise StepRefused("A quote cannot leave.")

    monkeypatch.setattr(module, "require_bound", shut)
    for attempt in (lambda: proposed(protected, 1), lambda: publish(protected, WAVE, "with-quotes", "ann")):
        with pytest.raises(StepRefused, match="A quote cannot leave"):
            attempt()
    assert quotes.quote(protected, one.id).state is QuoteState.APPROVED


def test_the_register_knows_of_a_quote_before_its_release_is_drafted(protected: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = proposed(protected, 1)
    with pytest.raises(StepRefused, match="No quote of wave"):
        publish(protected, WAVE, "with-quotes", "ann")
    for person in ("ben", "cleo"):
        quotes.approve(protected, one.id, person)
    given: list[list[ReleaseQuote]] = []

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "draft", killed)
    with pytest.raises(KeyboardInterrupt):
        publish(protected, WAVE, "with-quotes", "ann")
    assert (quotes.quote(protected, one.id).state, quotes.quote(protected, one.id).release) == (QuoteState.IN_RELEASE, "with-quotes")
    monkeypatch.setattr(module, "draft", lambda *arguments: given.append(arguments[4]))
    publish(protected, WAVE, "with-quotes", "ann")
    assert [[quote.words for quote in batch] for batch in given] == [[quotes.words_of(protected, one.id)]]


def test_combinations_are_read_where_all_else_is_at_its_total(protected: SecureStore) -> None:
    specs = specs_of(protected, WAVE, SURVEY)
    tables = module.tables_of(protected, WAVE)
    found = {one.theme: one.children for one in combinations(tables, specs, "themes_barriers")}
    pairs = theme_answers(protected, WAVE, SURVEY, protected.vault.read(protected.asset(WAVE, "responses").stored))[0]
    true = pairs["code"].value_counts().to_dict()
    assert found == {theme: true.get(theme, 0) for theme in found}
    assert {"money", "school"} <= set(found)
    assert combinations(tables, specs, "worries") == []


def test_longer_words_or_none_are_refused(protected: SecureStore) -> None:
    for words in ("", "   ", "a " * 251):
        with pytest.raises(StepRefused, match="at most 500 letters"):
            quotes.propose(protected, WAVE, "q", words, "9-17", "barriers", "money", "ann")
    quotes.propose(protected, WAVE, "q", "é" * 500, "9-17", "barriers", "money", "ann")
    assert quotes.words_of(protected, "q") == "é" * 500


# -- the file of a release -----------------------------------------------------------------------------------------------


def test_a_release_with_quotes_lists_their_file_and_one_without_has_none(tmp_path: Path) -> None:
    given = [ReleaseQuote('more, "parks" please', "9 to 17"), ReleaseQuote("[name 1] was mean to me", "9 to 17")]
    build_release(tmp_path / "with", description(), [release_table()], quotes=given)
    with (tmp_path / "with" / QUOTES).open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["quote", "age_group"],
            ["[name 1] was mean to me", "9 to 17"],
            ['more, "parks" please', "9 to 17"],
        ]
    metadata = json.loads((tmp_path / "with" / "release.json").read_text(encoding="utf-8"))
    assert (metadata["quotes"]["file"], metadata["quotes"]["count"]) == (QUOTES, 2)
    build_release(tmp_path / "without", description(), [release_table()])
    assert not (tmp_path / "without" / QUOTES).exists()
    assert "quotes" not in json.loads((tmp_path / "without" / "release.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("words", ["=1+1", "+44", "-x", "@me", "two\nlines", "a\tb", "", "  "])
def test_a_quote_that_a_spreadsheet_would_run_or_break_is_refused(words: str) -> None:
    with pytest.raises(ReleaseInvalid, match="cannot be released"):
        ReleaseQuote(words, "9 to 17")


def test_the_same_quote_twice_is_refused() -> None:
    with pytest.raises(ReleaseInvalid, match="each quote once"):
        as_csv([ReleaseQuote("more parks", "9 to 17"), ReleaseQuote("more parks", "6 to 8")])


def test_a_released_quote_can_be_read_at_the_public_door_and_nowhere_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_passphrases(monkeypatch)
    store, zone = SecureStore(secure_zone(tmp_path / "secure")), ReleaseZone(tmp_path / "release")
    new_wave(store, "w", survey="big_ask")
    given = [ReleaseQuote("more parks for [name 1]", "9 to 17")]
    digest = build_release(approval.draft_folder(store.zone, "autumn-2026"), description(), [release_table()], quotes=given)
    releases.draft(store, "autumn-2026", "w", "ann", digest)
    with TestClient(public_door(zone)) as door:
        approval.check(store, "autumn-2026", "chris")
        assert door.get(f"/releases/autumn-2026/files/{QUOTES}").status_code == 404
        approval.approve(store, "autumn-2026", "ali", zone)
        html = door.get("/releases/autumn-2026").text
        assert "In their own words" in html
        assert f"/releases/autumn-2026/files/{QUOTES}" in html
        answer = door.get(f"/releases/autumn-2026/files/{QUOTES}")
        assert answer.text == "quote,age_group\nmore parks for [name 1],9 to 17\n"
        assert answer.headers["content-type"].startswith("text/csv")
