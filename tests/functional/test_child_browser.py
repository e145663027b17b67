"""The child door in a real Chromium: with and without JavaScript, by keyboard, offline for a while, and when leaving."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect

from forms.load import load_survey
from tests.functional.door import Wave
from tests.functional.test_child_journeys import rename

VISIBLE = ":not([type=hidden])"


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    with chromium.new_context() as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def begin(page: Page, door: str, form_id: str) -> None:
    page.goto(f"{door}/{form_id}")
    page.click("button[value=start]")
    expect(page.locator("progress")).to_be_visible()


def onward(page: Page) -> None:
    """Press Next and wait for another page, which has another title."""
    title = page.title()
    page.click("button[value=next]")
    expect(page).not_to_have_title(title)
    expect(page).not_to_have_title("")  # which the page has that is being left


def refuse_all(page: Page) -> None:
    for option in page.locator(f"input[value=opt_out]{VISIBLE}").all():
        option.check()


def test_a_form_is_answered_without_javascript(chromium: Browser, door: str, wave: Wave) -> None:
    before = wave.store.count()
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{door}/4-5")
        page.click("button[value=start]")
        page.click("button[value=next]")
        expect(page.locator(".govuk-error-summary")).to_be_visible()
        for _ in range(3):
            page.locator(".card").first.click()
            assert page.locator(f"input{VISIBLE}:checked").count() == 1
            page.click("button[value=next]")
        page.click("button[value=back]")
        assert page.locator(f"input{VISIBLE}:checked").count() == 1
        page.click("button[value=next]")
        page.fill("textarea", "Time together")
        page.locator(".card").first.click()
        page.click("button[value=next]")
        assert page.url == f"{door}/4-5/thank-you"
    assert wave.store.count() == before + 1


def test_a_form_is_answered_in_place_with_javascript(page: Page, door: str, wave: Wave) -> None:
    before = wave.store.count()
    begin(page, door, "4-5")
    for _ in range(3):
        refuse_all(page)
        onward(page)
    page.fill("textarea", "Time together")
    box = page.locator("#q-parent_important-text-box")
    expect(box).to_be_hidden()
    page.check(f"input[value=other]{VISIBLE}")
    expect(box).to_be_visible()
    refuse = page.locator(f"input[name=parent_important][value=opt_out]{VISIBLE}")
    refuse.check()
    expect(box).to_be_hidden()
    page.click("button[value=next]")
    page.wait_for_url(f"{door}/4-5/thank-you")
    assert wave.store.count() == before + 1
    assert page.evaluate("history.length") <= 2  # the blank page a new tab starts with, and ours


@pytest.mark.parametrize("java_script", [True, False])
def test_after_an_error_the_summary_has_the_focus_and_leads_to_the_field(chromium: Browser, door: str, java_script: bool) -> None:
    with chromium.new_context(java_script_enabled=java_script) as context:
        page = context.new_page()
        page.goto(f"{door}/13-17")
        page.click("button[value=start]")
        page.click("button[value=next]")
        summary = page.locator(".govuk-error-summary")
        expect(summary).to_be_focused()
        link = summary.locator("a").nth(2)
        field = str(link.get_attribute("href"))
        link.click()
        if java_script:
            expect(page.locator(field)).to_be_focused()
        else:
            assert page.url.endswith(field)


def test_many_lines_without_an_answer_are_listed_by_their_names_under_one_sentence(page: Page, door: str) -> None:
    words = load_survey().forms["13-17"].words
    begin(page, door, "13-17")
    page.click("button[value=next]")
    summary = page.locator(".govuk-error-summary")
    expect(summary.locator("p")).to_have_text(words["scale_heading"])
    links = summary.locator("a")
    assert links.count() == 13
    expect(links.first).to_have_text("My friendships")
    expect(page.locator(".govuk-error-message").first).to_contain_text(words["error_grid_row"])


def test_the_next_page_is_announced_by_title_and_heading(page: Page, door: str) -> None:
    begin(page, door, "6-8")
    refuse_all(page)
    onward(page)
    expect(page.locator("h1")).to_be_focused()
    assert "2" in page.title()
    assert page.evaluate("scrollY") == 0


def test_a_page_can_be_answered_by_keyboard_alone(page: Page, door: str) -> None:
    begin(page, door, "6-8")
    page.locator("body").press("Tab")
    order = []
    for _ in range(40):
        order.append(page.evaluate("document.activeElement.value || document.activeElement.className || document.activeElement.tagName"))
        if order[-1] == "sad":
            page.keyboard.press("Space")
        if order[-1] == "next":
            break
        page.keyboard.press("Tab")
    assert order.index("happy") < order.index("sad") < order.index("opt_out") < order.index("next")
    assert page.locator(f"input[value=sad]{VISIBLE}").is_checked()
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("2"))


def test_the_first_tab_stop_skips_to_the_question(page: Page, door: str) -> None:
    page.goto(f"{door}/9-12")
    page.keyboard.press("Tab")
    expect(page.locator(".govuk-skip-link")).to_be_focused()


def test_refusing_unticks_the_rest_and_the_count_is_told(page: Page, door: str) -> None:
    begin(page, door, "6-8")
    status = page.locator("[role=status]")
    page.check("input[value=happy]")
    page.check("input[value=sad]")
    expect(status).to_contain_text("2")
    page.check("input[value=opt_out]")
    assert not page.is_checked("input[value=happy]")
    expect(status).to_have_text("")
    page.check("input[value=calm]")
    assert not page.is_checked("input[value=opt_out]")


def test_characters_left_are_shown_with_and_without_javascript(chromium: Browser, door: str) -> None:
    for java_script in (True, False):
        with chromium.new_context(java_script_enabled=java_script) as context:
            page = context.new_page()
            begin(page, door, "4-5")
            for _ in range(3):
                heading = page.locator("h1").inner_text()
                refuse_all(page)
                page.click("button[value=next]")
                expect(page.locator("h1")).not_to_have_text(heading)
            count = page.locator("[id='q-parent_future-text-count']")
            expect(count).to_contain_text("1000")
            page.fill("textarea", "x" * 1003)
            if java_script:
                expect(count).to_contain_text("3")
                expect(count).to_have_class("govuk-hint count count--over")


def test_while_the_server_is_away_nothing_is_lost_and_sending_goes_on_by_itself(page: Page, door: str) -> None:
    page.clock.install()
    begin(page, door, "6-8")
    page.check("input[value=calm]")
    tries = []

    def away(route: Route) -> None:
        if route.request.method == "POST":
            tries.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/*", away)
    page.click("button[value=next]")
    expect(page.locator(".unreachable")).to_be_visible()
    assert page.is_checked("input[value=calm]")
    with page.expect_request(lambda request: request.method == "POST"):
        page.clock.fast_forward(60_000)
    expect(page.locator(".unreachable")).to_be_visible()
    assert len(tries) >= 2
    page.unroute("**/*")
    page.click("[data-try-now]")
    expect(page).to_have_title(re.compile("2"))


PROXYS_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize(("status", "body"), [(502, PROXYS_PAGE), (504, ""), (200, "<h1>Sign in to this network</h1>"), (500, None)])
def test_an_error_of_a_proxy_of_a_network_or_of_ours_does_not_take_the_place_of_the_answers(
    page: Page, door: str, status: int, body: str | None
) -> None:
    page.clock.install()
    begin(page, door, "6-8")
    page.check("input[value=calm]")
    ours = page.content()  # even a page of ours, if it says that something broke
    page.route("**/6-8", lambda route: route.fulfill(status=status, content_type="text/html", body=ours if body is None else body))
    page.click("button[value=next]")
    expect(page.locator(".unreachable")).to_be_visible()
    assert page.is_checked("input[value=calm]")
    page.unroute("**/6-8")
    page.clock.fast_forward(60_000)
    expect(page).to_have_title(re.compile("2"))


def test_a_store_that_fails_at_the_end_is_waited_for_on_a_page_that_sends_by_itself(page: Page, door: str, wave: Wave) -> None:
    before, database = wave.store.count(), wave.zone.folder / "responses.sqlite"
    page.clock.install()
    begin(page, door, "4-5")
    for _ in range(3):
        refuse_all(page)
        onward(page)
    refuse_all(page)
    rename(database, "slot", "lost")
    page.click("button[value=next]")
    expect(page.locator("h1")).to_have_text(load_survey().forms["4-5"].words["unavailable_title"])
    with page.expect_response(lambda response: response.status == 503):
        page.clock.fast_forward(60_000)
    rename(database, "lost", "slot")
    page.clock.fast_forward(120_000)
    page.wait_for_url(f"{door}/4-5/thank-you")
    assert wave.store.count() == before + 1


def test_leaving_goes_to_a_neutral_page_at_once_and_leaves_no_page_of_ours_in_the_history(page: Page, door: str) -> None:
    headers: list[dict[str, str]] = []

    def neutral(route: Route) -> None:
        headers.append(route.request.headers)
        route.fulfill(body="<title>Weather</title>")

    page.route("https://www.bbc.co.uk/**", neutral)
    begin(page, door, "9-12")
    page.click("[data-leave]")
    page.wait_for_url("https://www.bbc.co.uk/weather")
    assert "referer" not in headers[0]
    page.go_back()
    assert page.url == "about:blank"


def test_the_way_out_works_without_javascript(chromium: Browser, door: str) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="<title>Weather</title>"))
        page.goto(f"{door}/6-8")
        page.click("text=Leave this page")
        page.wait_for_url("https://www.bbc.co.uk/weather")


@pytest.mark.parametrize(("voices", "offered"), [([], False), ([False], False), ([False, True], True)])
def test_reading_aloud_is_offered_with_a_voice_of_this_device_only(page: Page, door: str, voices: list[bool], offered: bool) -> None:
    listed = [{"localService": local, "lang": "en-GB", "name": "x"} for local in voices]
    page.add_init_script(f"speechSynthesis.getVoices = () => ({str(listed).replace('True', 'true').replace('False', 'false')});")
    begin(page, door, "6-8")
    button = page.locator("[data-read-aloud]")
    expect(button).to_be_visible() if offered else expect(button).to_be_hidden()


def test_text_may_not_move_sideways_on_a_small_screen_or_at_twice_the_size(context: BrowserContext, page: Page, door: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    for path in ("/", "/parents", "/teachers", "/help", "/6-8", "/9-12/thank-you"):
        page.goto(door + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def send_again(page: Page) -> None:
    """Reload the page that could not be shown, as soon as the browser's own has come into its place."""
    address = page.url
    while page.url == address or page.url.startswith("chrome-error:"):
        with suppress(Error):  # not there yet
            page.reload()


def test_without_javascript_the_last_page_says_what_back_may_ask_and_back_stores_nothing_more(
    chromium: Browser, door: str, wave: Wave
) -> None:
    words = load_survey().forms["9-12"].words["thank_you_back"]
    for java_script in (True, False):
        with chromium.new_context(java_script_enabled=java_script) as context:
            page = context.new_page()
            page.goto(f"{door}/9-12/thank-you")
            expect(page.get_by_text(words)).to_be_visible(visible=not java_script)
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{door}/4-5")
        page.click("button[value=start]")
        while not page.url.endswith("/thank-you"):
            refuse_all(page)
            page.click("button[value=next]")
        stored = wave.store.count()
        with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the browser's own page, which offers to send again
            page.go_back()
        send_again(page)
        assert page.url.endswith("/already-sent")
        assert wave.store.count() == stored
