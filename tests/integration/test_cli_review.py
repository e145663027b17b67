"""The verbs around free text: what slips through, themes and quotes, from the command line to what the staff door then shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline import quotes as quotes_module
from pipeline.review_queue import fill
from pipeline.scrub.spans import Span
from pipeline.themes import frame_of
from retention import quotes, themes
from retention.keys import write_private
from retention.review import Reason, ReviewItem, add_items, items, read_all
from retention.review_draws import add_draw
from retention.review_marks import Mark
from retention.secure_store import SecureStore
from retention.settings import load_settings
from retention.steps import Verb, step
from tests.integration.command import Run
from tests.integration.test_quotes import OPEN, Nothing, make_protected
from tests.integration.test_themes import BUNDLED, code_all, written
from tests.secure_waves import new_wave, run_before

pytestmark = pytest.mark.usefixtures("quick")
WAVE = "2026-spring"
ON = ("--wave", WAVE)
ANN = ("--as", "ann")


def opened(home: Path) -> SecureStore:
    if not (home / "secure" / "passphrase").exists():
        write_private(home / "secure" / "passphrase", b"a passphrase for tests only")
    return SecureStore(load_settings({"BIGASK_HOME": str(home)}).secure)


def scanned(home: Path, clean: int) -> SecureStore:
    """A wave with one doubtful text and so many clean ones, its sample read and nothing missed."""
    store = opened(home)
    wave = new_wave(store)
    run_before(store, wave, Verb.SCRUB)
    queue = fill(WAVE, [[Span(0, 5, "PERSON", 0.9, "learnt")], *([] for _ in range(clean))])
    with step(store, wave, Verb.SCRUB, "tester") as running:
        running.save("spans", pd.DataFrame({"text_row": [0], "start": [0], "end": [5], "label": ["PERSON"]}))
        running.also(lambda connection: add_items(connection, WAVE, queue.rows))
        running.also(lambda connection: add_draw(connection, queue.draw))
        running.counts.update(queue.counts)
        running.counts["texts"] = clean + 1
    return store


def test_what_slips_through_is_told_and_more_is_drawn(home: Path, bigask: Run) -> None:
    store = scanned(home, 900)
    code, out, _ = bigask("residual", "show", *ON)
    assert code == 0
    assert re.search(r"drawn, settled, missed +400, 0, 0\n", out)
    missed = {item.id for item in _sample(store)[:2]}
    for reader in ("ben", "cleo"):
        read_all(store, WAVE, reader, lambda item: (Mark(7, 9, "PLACE"),) if item.id in missed else item.proposed)
    out = bigask("residual", "show", *ON)[1]
    assert "upper bound              17.94 of 1,000 (one-sided, 97.50% confidence, look 1)" in out
    assert re.search(r"if 0 more are missed +read 410 more texts\n", out)
    assert bigask("residual", "read-more", *ON, "--texts", "410", *ANN)[:2] == (0, "410 more texts wait to be read at the staff door.\n")
    assert bigask("residual", "verify", *ON)[1] == "The sample is the one that its seeds draw; 90 texts were never drawn.\n"
    assert bigask("residual", "read-more", *ON, "--texts", "0", *ANN)[0] == 2
    code, _, said = bigask("residual", "show", "--wave", "none")
    assert (code, said) == (3, "No sample of wave 'none' has been drawn yet: run `bigask scrub` first.\n")


def _sample(store: SecureStore) -> list[ReviewItem]:
    return [item for item in items(store, WAVE) if item.reason is Reason.SAMPLE]


def test_themes_from_proposals_to_a_report(home: Path, bigask: Run) -> None:
    store = opened(home)
    wave = new_wave(store)
    run_before(store, wave, Verb.REVIEW)
    texts, about = written(240)
    with step(store, wave, Verb.REVIEW, "tester") as running:
        running.save("texts_clean", texts)
    code, out, _ = bigask("themes", "propose", *ON, "--field", "barriers.text", "--topics", "3")
    assert code == 0
    assert len(out.splitlines()) == 3
    assert {"homework", "money"} <= set(re.findall(r"[a-z]+", out))
    code, _, said = bigask("themes", "propose", *ON, "--field", "barriers.text", "--topics", "50")
    assert (code, said) == (3, f"Too few answers of wave '{WAVE}' share words for 50 topics: ask for fewer.\n")
    assert bigask("themes", "train", *ON, "--frame", "barriers", *ANN)[0] == 3
    assert bigask("themes", "frame", str(BUNDLED), *ANN)[1].startswith("Frame barriers, version 1: 8 themes, ")
    assert bigask("themes", "train", *ON, "--frame", "barriers", *ANN)[2].startswith("Nobody has coded a text")
    assert bigask("themes", "code", *ON, "--frame", "barriers", "--texts", "120", *ANN)[1].startswith("120 texts wait to be coded")
    (home / "broken.yaml").write_text(BUNDLED.read_text(encoding="utf-8").replace("version: 1", "version: none"), encoding="utf-8")
    assert bigask("themes", "frame", str(home / "broken.yaml"), *ANN)[0] == 8
    code_all(store, frame_of(store, "barriers"), about)
    code, out, _ = bigask("themes", "train", *ON, "--frame", "barriers", *ANN)
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert lines["money"].endswith("  yes")
    assert lines["online"].endswith("  no")
    assert "not known" in lines["online"]
    told = bigask("themes", "report", *ON)[1]
    assert lines["money"] in told
    data = json.loads(bigask("themes", "report", *ON, "--json")[1])
    assert {entry["theme"] for entry in data["themes"] if entry["good"]} == {"money", "school"}
    assert len(themes.trainings(store, WAVE)) == 1


def test_quotes_from_the_draw_to_the_register(home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    make_protected(opened(home))
    monkeypatch.setattr(quotes_module, "require_bound", lambda *_: OPEN)
    monkeypatch.setattr(quotes_module, "Scrubber", Nothing)
    ask = ("quotes", "propose", *ON, "--frame", "barriers", "--theme", "money", "--count", "2", *ANN)
    assert bigask(*ask)[:2] == (0, "2 quotes wait for two approvals each at the staff door.\n")
    store = opened(home)
    first, second = quotes.quotes(store)
    for person in ("ben", "cleo"):
        quotes.approve(store, first.id, person)
    code, out, _ = bigask("quotes", "list")
    assert code == 0
    assert re.search(rf"{first.id} +approved +9-17 +barriers/money +proposed by ann, approved by ben and cleo; release -\n", out)
    assert re.search(rf"{second.id} +proposed .* approved by nobody; release -\n", out)
    assert quotes.words_of(store, first.id) not in out
    assert bigask("quotes", "list", "--wave", "another")[1] == ""
    drafted: list[int] = []

    class Draft:
        id, state = "with-quotes", "drafted"
        sha256 = "ab" * 32

    def draft(*arguments: object) -> Draft:
        drafted.append(len(arguments[4]))  # type: ignore[arg-type]
        return Draft()

    monkeypatch.setattr(quotes_module, "draft", draft)
    out = bigask("quotes", "publish", *ON, "--release", "with-quotes", *ANN)[1]
    assert (out, drafted) == (f"with-quotes is drafted with 1 quotes: manifest {'ab' * 32}\n", [1])
    assert "release with-quotes (not drafted)" in bigask("quotes", "list")[1]
