"""The leads' desk walked through with the switch on: two signatures, nothing more than council and region, and every look in the ledger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api import staff_safeguarding
from api.staff import create_app
from governance import safeguarding_join
from governance.safeguarding import load_policy, queue
from retention.ledger import Entry
from retention.review_tables import safeguarding_flag
from retention.safeguarding_flags import add_flags
from retention.safeguarding_records import records
from retention.secure_store import SecureStore, today
from tests.release_samples import quick_passphrases
from tests.staff_samples import WAVE, csrf_of, make_office, sign_in, zone_in

BASE = "http://127.0.0.1"
REASON = "The child names a place and a day, and it is tomorrow."
ANSWERS = {question.code: f"Considered: {question.code}." for question in load_policy().questions}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "secure"
    store = make_office(folder)
    places = {"row": [7, 8, 9], "lad25cd": ["E06000001", "E08000003", "E09000002"], "rgn": ["E12000001", "E12000002", "E12000007"]}
    located = store.vault.write(pd.DataFrame(places))
    with store.record(Entry("ann", "scrub", WAVE)) as connection:
        store.add_asset(connection, WAVE, "located", located)
        add_flags(connection, store.ring, WAVE, [(0, "suicide")])
    return folder


@pytest.fixture
def store(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    shutil.copytree(template, tmp_path / "secure")
    return SecureStore(zone_in(tmp_path / "secure"))


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = replace(load_policy(), join_located_in_emergency=True)
    for module in (staff_safeguarding, safeguarding_join):
        monkeypatch.setattr(module, "load_policy", lambda _path=None: policy)


@contextmanager
def signed_in(store: SecureStore, name: str) -> Iterator[tuple[TestClient, str]]:
    """A browser of one's own, and the address of the text that waits."""
    with TestClient(create_app(store.zone), base_url=BASE, follow_redirects=False) as client:
        assert sign_in(client, name)
        yield client, f"/safeguarding/{queue(store)[0].flag.id}"


def press(client: TestClient, page: str, action: str, **fields: str) -> tuple[int, str]:
    """Press a button of a page, if it is there."""
    html = client.get(page).text
    assert f'action="{action}"' in html, f"no form leads to {action}"
    answer = client.post(action, data={"csrf": csrf_of(html), **fields})
    return answer.status_code, unescape(answer.text)


def verbs(store: SecureStore) -> list[tuple[str, str]]:
    return [(one.entry.actor, one.entry.verb) for one in store.ledger() if one.entry.verb.startswith("safeguarding")]


def emergency(client: TestClient, text: str) -> None:
    assert press(client, text, text, **ANSWERS, urgency="emergency", outcome="assessed", reason=REASON)[0] == 303


@pytest.mark.usefixtures("switched_on")
def test_both_leads_sign_and_then_either_sees_council_and_region_and_nothing_else(store: SecureStore) -> None:
    with signed_in(store, "lea") as (lea, text):
        code, html = press(lea, text, f"{text}/join", reason=REASON)
        assert (code, "Only an emergency may be joined" in html) == (409, True)
        emergency(lea, text)
        assert press(lea, text, f"{text}/join", reason="too short")[0] == 409
        assert press(lea, text, f"{text}/join", reason=REASON)[0] == 303
        assert press(lea, text, f"{text}/join", reason=REASON)[0] == 303, "twice by the same is once"
        page = lea.get(text).text
        assert "Signed so far: lea" in page
        assert "Show the areas" not in page
        assert lea.post(f"{text}/joined", data={"csrf": csrf_of(page)}).status_code == 409, "nor without the button"
    with signed_in(store, "leo") as (leo, text):
        assert press(leo, text, f"{text}/join", reason=REASON)[0] == 303
        code, html = press(leo, text, f"{text}/joined")
        assert code == 200
        assert "Hartlepool (E06000001)" in html
        assert "North East (E12000001)" in html
        assert not any(place in html for place in ("E08000003", "E09000002", "Quillfeather", "Larkmeadow"))
        assert "That was not done" not in html
    assert verbs(store)[-1] == ("leo", "safeguarding-joined")
    assert [verb for verb in verbs(store) if verb[1] == "safeguarding-join"] == [("lea", "safeguarding-join"), ("leo", "safeguarding-join")]


def test_with_the_switch_off_there_is_no_button_and_no_way_past_it(store: SecureStore) -> None:
    with signed_in(store, "lea") as (lea, text):
        emergency(lea, text)
        page = lea.get(text).text
        assert "Children were promised that nobody can find out who wrote something" in page
        for action in ("join", "joined"):
            assert f"{text}/{action}" not in page
            answer = lea.post(f"{text}/{action}", data={"csrf": csrf_of(page), "reason": REASON})
            assert (answer.status_code, "Children were promised" in answer.text) == (409, True)
    assert "safeguarding-joined" not in {verb for _, verb in verbs(store)}


@pytest.mark.parametrize("left_out", ["whom", "shared", "told_on"])
def test_nothing_is_shared_silently_and_no_word_is_lost(store: SecureStore, left_out: str) -> None:
    given = {"whom": "The council's front door", "shared": "The words, without the school", "told_on": today().isoformat()}
    with signed_in(store, "lea") as (lea, text):
        code, html = press(lea, text, text, **ANSWERS, urgency="urgent", outcome="shared", reason=REASON, **{**given, left_out: ""})
        assert code == 409
        assert "Nothing is shared silently" in html
        assert REASON in html
        assert queue(store), "it still waits"
        assert press(lea, text, text, **ANSWERS, urgency="urgent", outcome="shared", reason=REASON, **given)[0] == 303
    assert queue(store) == []
    flag = text.rpartition("/")[2]
    (kept,) = records(store, WAVE, flag)
    assert {name: kept.content[name] for name in given} == given


def test_nothing_is_closed_without_a_reason(store: SecureStore) -> None:
    with signed_in(store, "lea") as (lea, text):
        code, html = press(lea, text, text, **ANSWERS, urgency="standard", outcome="not_shared", reason="no")
        assert (code, "nothing is decided without one" in html) == (409, True)
    assert len(queue(store)) == 1


@pytest.mark.parametrize(("days", "says"), [(1, "Waits"), (2, "Overdue"), (3, "the data protection officer sees it")])
def test_the_clock_runs_and_the_officer_is_told_a_number(store: SecureStore, days: int, says: str) -> None:
    """Flagged so many days ago: a day for the first look, and one more before it goes up."""
    with store.record(Entry("tester", "earlier", WAVE)) as connection:
        connection.execute(update(safeguarding_flag).values(flagged_on=today() - timedelta(days=days)))
    with signed_in(store, "lea") as (lea, _):
        assert says in lea.get("/safeguarding").text
    with signed_in(store, "dora") as (dora, text):
        html = dora.get("/safeguarding").text
        assert f"1 text waits for the safeguarding leads; {1 if days == 3 else 0} for longer than they may" in " ".join(html.split())
        assert text not in html
        assert dora.get(text).status_code == 403
