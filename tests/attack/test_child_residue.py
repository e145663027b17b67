"""What is left on the device: a child answers with a canary in every box, stops, and every byte of the browser's profile is searched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from forms.load import load_survey
from tests.functional.browser import QUIET, executable
from tests.functional.door import child_door, open_wave

CANARY = "Zquorvexil"
NEUTRAL = "https://www.bbc.co.uk/**"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    wave = open_wave(tmp_path_factory.mktemp("wave") / "home")
    with child_door(wave, load_survey()) as address:
        yield address


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def answer(page: Page, door: str) -> Iterator[str]:
    """Answer the form for 6 to 8 page by page, with a canary in every box; says where the browser is after each page."""
    page.goto(f"{door}/6-8")
    page.click("button[value=start]")
    while True:
        expect(page.locator("progress, .govuk-panel")).to_be_visible()
        if page.locator(".govuk-panel").is_visible():
            yield "end"
            return
        if page.locator("input[type=radio][name=where_live]").count():
            page.check("input[type=radio][value=parents]")
        elif page.locator("textarea, input[type=text]").count():
            for other in page.locator("input[value=other]:not([type=hidden])").all():
                other.check()
            for box in page.locator("textarea, input[type=text]").all():
                box.fill(CANARY)
        else:
            page.locator("input[type=radio], input[type=checkbox]").last.check()
        yield page.locator("button[value=next]").inner_text()
        before = page.title()
        page.click("button[value=next]")
        expect(page).not_to_have_title(before)


def traces(profile: Path) -> list[str]:
    """Files of the profile that hold the canary in any encoding a browser uses."""
    forms = (CANARY.encode(), CANARY.encode("utf-16-le"))
    return [path.name for path in profile.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in forms)]


@pytest.mark.parametrize("java_script", [True, False], ids=["with-js", "without-js"])
@pytest.mark.parametrize("stop", ["finish", "leave", "close"])
def test_a10_a11_no_byte_of_what_was_typed_stays_in_the_profile(
    playwright: Playwright, door: str, tmp_path: Path, stop: str, java_script: bool
) -> None:
    profile = tmp_path / "profile"
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=executable(playwright), args=list(QUIET), java_script_enabled=java_script
    )
    page = context.new_page()
    page.route(NEUTRAL, lambda route: route.fulfill(body="<title>Weather</title>"))
    for where in answer(page, door):
        if where == "end" or (stop != "finish" and where.startswith("Send")):
            break
    if stop == "leave":
        page.click("[data-leave]")
        page.wait_for_url(NEUTRAL)
    elif stop == "close":
        page.close()
    context.close()
    assert (profile / "Default").is_dir()
    assert traces(profile) == []
