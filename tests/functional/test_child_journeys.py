"""Every form, answered over real HTTP as a browser without JavaScript does it, and what the door says to everything else."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import httpx
import pytest

from api.form_post import LARGEST_BODY, MOST_FIELDS
from forms.answers import Locator
from forms.load import load_survey
from forms.survey import Survey
from tests.functional.door import DAY, Wave, child_door, open_wave
from tests.functional.html_form import read_page
from tests.functional.walking import FORM_HEADERS, ORDINARY_HOME, Pairs, answers_for, send, start, walk

FORMS = list(load_survey().forms)
SECURE = [
    (form.id, option.code)
    for form in load_survey()
    for question in form.questions
    if question.id == "where_live"
    for option in question.options
    if option.code not in {"parents", "foster_parents", "relatives", "childrens_home"} and (option.secure or option.exclusive)
]


@pytest.mark.parametrize("form_id", FORMS)
def test_a_whole_form_is_answered_and_opened_again_with_the_private_keys(
    client: httpx.Client, wave: Wave, survey: Survey, form_id: str
) -> None:
    form = survey.forms[form_id]
    before = wave.responses()
    page, last, given = walk(client, form, seed=7)
    reply = send(client, form_id, page.post("next", *last))
    assert (reply.status_code, reply.headers["location"]) == (303, f"/{form_id}/thank-you")
    assert client.get(reply.headers["location"]).status_code == 200
    (response,) = [response for response in wave.responses() if response not in before]
    assert response.version == form.version
    given += last
    kept = {(name, code) for name, codes in response.choices.items() for code in codes} | set(response.texts.items())
    located = {question.id for question in form.questions if question.is_locator}
    assert kept == {(name, value) for name, value in given if name.split(".")[0] not in located}
    if located:
        assert response.locator == Locator("SW1A 1AA", "Nowhere School", dict(given)["council"], True)
    else:
        assert response.locator == Locator()


@pytest.mark.parametrize(("form_id", "home"), SECURE)
def test_a_secure_setting_is_never_asked_for_a_place_and_a_forged_one_is_dropped(
    client: httpx.Client, wave: Wave, survey: Survey, form_id: str, home: str
) -> None:
    form = survey.forms[form_id]
    page, last, given = walk(client, form, seed=3, fixed={"where_live": home})
    asked = {name.split(".")[0] for name, _ in [*given, *last]}
    assert not asked & {"postcode", "school", "council"}
    forged = [("postcode.text", "SW1A 1AA"), ("school.text", "Nowhere School"), ("council", "E06000001")]
    before = wave.responses()
    assert send(client, form_id, page.post("next", *last, *forged)).status_code == 303
    (response,) = [response for response in wave.responses() if response not in before]
    assert response.locator == Locator()
    assert "SW1A" not in response.body().decode()


def test_a_postcode_typed_before_the_home_changed_is_forgotten_at_once(client: httpx.Client, survey: Survey) -> None:
    form = survey.forms["13-17"]
    page, _, _ = walk(client, form, seed=5)
    assert ("postcode.text", "SW1A 1AA") in page.hidden
    while page.value("page") != "where_live":
        page = read_page(send(client, form.id, page.post_unchanged("back")).text)
    reply = send(client, form.id, page.post("next", ("where_live", "secure_childrens_home")))
    assert "SW1A" not in reply.text
    assert "Nowhere School" not in reply.text


@pytest.mark.parametrize("form_id", FORMS)
def test_back_to_the_start_and_forward_again_keeps_every_answer(client: httpx.Client, survey: Survey, form_id: str) -> None:
    form = survey.forms[form_id]
    page, last, _ = walk(client, form, seed=11)
    complete = sorted([*page.hidden, *last])
    page = read_page(send(client, form_id, page.post("back", *last)).text)
    while "back" in page.actions:
        page = read_page(send(client, form_id, page.post_unchanged("back")).text)
    assert page.value("page") == form.pages[0].id
    while page.value("page") != dict(complete)["page"]:
        page = read_page(send(client, form_id, page.post_unchanged("next")).text)
    again = page.post_unchanged("next")
    again.remove(("action", "next"))
    assert sorted((name, value.replace("\r\n", "\n")) for name, value in again if value) == complete


@pytest.mark.parametrize("form_id", FORMS)
def test_a_page_with_problems_comes_back_with_everything_that_was_typed(client: httpx.Client, survey: Survey, form_id: str) -> None:
    form = survey.forms[form_id]
    page = start(client, form_id)
    seen = 0
    chance = random.Random(2)
    while page.value("page") != form.pages[-1].id:
        shown = form.page(page.value("page"))
        question = shown.questions[0]
        if question.max_chars is not None and question.kind != "choices":
            wrong: Pairs = [(str(question.text_field), "ä" * (question.max_chars + 1))]
            if question.other is not None:
                wrong.append((question.id, "other"))
        elif question.limit is not None:
            wrong = [(question.id, option.code) for option in question.options]
        else:
            wrong = []
        reply = send(client, form_id, page.post("next", *wrong))
        again = read_page(reply.text)
        assert reply.status_code == 422, page.value("page")
        assert again.errors
        assert 'class="govuk-error-summary"' in reply.text
        assert again.hidden == page.hidden
        for name, value in wrong:
            assert value in again.chosen.get(name, [again.written.get(name)])
        page = read_page(send(client, form_id, page.post("next", *answers_for(form, page, chance))).text)
        seen += 1
    assert seen == len(form.pages) - 1 or form.questions[-1].is_locator


def test_the_same_nonce_stores_one_response_and_says_so(client: httpx.Client, wave: Wave, survey: Survey) -> None:
    page, last, _ = walk(client, survey.forms["4-5"], seed=1)
    before = wave.store.count()
    first = send(client, "4-5", page.post("next", *last))
    second = send(client, "4-5", page.post("next", *last))
    changed = send(client, "4-5", page.post("next", ("parent_important", "opt_out")))
    assert first.headers["location"] == "/4-5/thank-you"
    assert second.headers["location"] == changed.headers["location"] == "/4-5/already-sent"
    assert wave.store.count() == before + 1
    assert client.get("/4-5/already-sent").status_code == 200


def bad_bodies() -> list[tuple[str, bytes, int]]:
    good = b"action=next&page=like_home&nonce=" + b"0" * 32 + b"&version="
    form = load_survey().forms["4-5"]
    good += form.version.replace("+", "%2B").encode()
    return [
        ("nothing", b"", 400),
        ("no action", b"page=like_home", 400),
        ("unknown action", b"action=jump", 400),
        ("unknown field", good + b"&name=x", 400),
        ("unknown code", good + b"&like_home=x", 400),
        ("unknown page", good.replace(b"like_home", b"like_rome"), 400),
        ("short nonce", good.replace(b"0" * 32, b"0" * 31), 400),
        ("nonce in capitals", good.replace(b"0" * 32, b"A" * 32), 400),
        ("no version", good.split(b"&version=")[0], 409),
        ("another version", good + b"x", 409),
        ("page twice", good + b"&page=like_home", 400),
        ("text twice", good + b"&parent_future.text=a&parent_future.text=b", 400),
        ("broken escape", good + b"&parent_future.text=%zz", 400),
        ("half an escape", good + b"&parent_future.text=%e", 400),
        ("broken UTF-8", good + b"&parent_future.text=%ff%fe", 400),
        ("a surrogate", good + b"&parent_future.text=%ed%a0%80", 400),
        ("raw bytes", good + "&parent_future.text=ä".encode(), 400),
        ("NUL", good + b"&parent_future.text=a%00b", 400),
        ("no pairs", b"\x00\x01\x02", 400),
        ("json", b'{"action":"start"}', 400),
        ("too many fields", good + b"&like_home=pets" * MOST_FIELDS, 400),
        ("too large", good + b"&parent_future.text=" + b"a" * LARGEST_BODY, 413),
        ("far too large", b"a" * 10_000_000, 413),
    ]


@pytest.mark.parametrize(("body", "status"), [pytest.param(body, status, id=name) for name, body, status in bad_bodies()])
def test_a_post_that_no_page_can_send_gets_a_clear_page(client: httpx.Client, wave: Wave, survey: Survey, body: bytes, status: int) -> None:
    before = wave.store.count()
    reply = client.post("/4-5", content=body, headers=FORM_HEADERS)
    assert reply.status_code == status
    assert survey.forms["4-5"].words["malformed_title"] in reply.text
    assert wave.store.count() == before


def test_a_body_of_unknown_length_is_cut_off_too(client: httpx.Client) -> None:
    reply = client.post("/4-5", content=iter([b"a" * 40_000] * 3), headers=FORM_HEADERS)
    assert reply.status_code == 413


@pytest.mark.parametrize(
    "media_type",
    ["multipart/form-data; boundary=x", "application/json", "text/plain", "", "application/x-www-form-urlencoded; charset=utf-16"],
)
def test_other_types_than_a_form_are_refused(client: httpx.Client, media_type: str) -> None:
    assert client.post("/4-5", content=b"action=start", headers={"content-type": media_type}).status_code == 415


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no-such-form", 404),
        ("POST", "/no-such-form", 404),
        ("GET", "/9-12/", 404),
        ("GET", "/static/0/child.css", 404),
        ("GET", "/static/../child.py", 404),
        ("GET", "/static/%2e%2e/child.py", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("PUT", "/9-12", 405),
        ("DELETE", "/9-12", 405),
    ],
)
def test_other_addresses_and_methods_get_a_clear_page(client: httpx.Client, survey: Survey, method: str, path: str, status: int) -> None:
    reply = client.request(method, path)
    assert reply.status_code == status
    assert survey.words["not_found_title"] in reply.text


def test_every_page_beside_the_questions_is_there(client: httpx.Client) -> None:
    for path in ("/", "/parents", "/teachers", "/help", "/exit", "/robots.txt", "/health/live", "/health/ready"):
        assert client.get(path).status_code == 200, path
    for form_id in FORMS:
        for page in ("", "/parents", "/help", "/thank-you", "/already-sent", "/exit"):
            assert client.get(f"/{form_id}{page}").status_code == 200, (form_id, page)


def test_a_closed_wave_is_noticed_by_a_running_door(tmp_path: Path, survey: Survey) -> None:
    wave = open_wave(tmp_path / "home")
    with child_door(wave, survey) as address, httpx.Client(base_url=address) as client:
        page, last, _ = walk(client, survey.forms["4-5"], seed=1)
        wave.store.close(DAY)
        reply = send(client, "4-5", page.post("next", *last))
        assert reply.status_code == 410
        assert survey.forms["4-5"].words["closed_title"] in reply.text
        assert "0800 1111" in reply.text
        assert wave.store.count() == 0
        assert client.get("/4-5").status_code == 410
        assert client.get("/health/ready").status_code == 503


def test_while_the_store_fails_every_answer_stays_in_the_page_and_is_stored_later(tmp_path: Path, survey: Survey) -> None:
    wave = open_wave(tmp_path / "home")
    form = survey.forms["6-8"]
    database = wave.zone.folder / "responses.sqlite"
    with child_door(wave, survey) as address, httpx.Client(base_url=address) as client:
        page, last, given = walk(client, form, seed=4)
        rename(database, "slot", "lost")
        failed = send(client, form.id, page.post("next", *last))
        waiting = read_page(failed.text)
        assert failed.status_code == 503
        assert form.words["unavailable_text"].replace("'", "&#39;") in failed.text
        assert sorted(waiting.hidden) == sorted([*page.hidden, *last])
        assert send(client, form.id, waiting.post("next")).status_code == 503
        rename(database, "lost", "slot")
        assert send(client, form.id, waiting.post("next")).headers["location"] == f"/{form.id}/thank-you"
    (response,) = wave.responses()
    assert response.texts["make_better.text"] == dict(given)["make_better.text"]


def rename(database: Path, table: str, name: str) -> None:
    """What a broken store looks like from outside: its table is gone."""
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {name}")
    connection.close()


def test_a_server_without_a_wave_is_closed_not_broken(tmp_path: Path, survey: Survey) -> None:
    wave = open_wave(tmp_path / "home", survey_id="another_survey")
    with child_door(wave, survey) as address, httpx.Client(base_url=address) as client:
        assert client.get("/4-5").status_code == 410
        assert send(client, "4-5", [("action", "start")]).status_code == 410
        assert client.get("/health/ready").status_code == 503
        assert client.get("/health/live").text == "live\n"


def test_lost_public_keys_keep_the_answers_in_the_page(tmp_path: Path, survey: Survey) -> None:
    wave = open_wave(tmp_path / "home")
    (wave.zone.keys / "w-body.pub").unlink()
    with child_door(wave, survey) as address, httpx.Client(base_url=address) as client:
        assert client.get("/health/ready").status_code == 503
        page, last, _ = walk(client, survey.forms["4-5"], seed=1, fixed=ORDINARY_HOME)
        failed = send(client, "4-5", page.post("next", *last))
        assert failed.status_code == 503
        assert sorted(read_page(failed.text).hidden) == sorted([*page.hidden, *last])
        assert wave.store.count() == 0
