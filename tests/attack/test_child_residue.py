"""What is left on the device: a child answers with a canary in every box, stops in one way or another, and whoever comes next looks
for it: in the tabs that come back, behind Back and Forward, in the source, and in every byte of the browser's profile.

A second canary is the nonce. Every page and every post of the journey carries it beside all answers, chosen ones too, so that nothing
of the journey can be kept anywhere without it.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Playwright, sync_playwright

from api.child import NEUTRAL_PAGE
from tests.functional.answering import answering, nonce_of
from tests.functional.browser import launch_on

CANARY = "Zquorvexil"
ASKS = 3000  # milliseconds: where the browser asks whether to send a form again, nothing comes however long one waits
STORES = """async () => ({
    local: localStorage.length, session: sessionStorage.length, databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length, workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


def traces(profile: Path, canaries: Sequence[str]) -> list[str]:
    """Files of the profile that hold a canary in any encoding a browser uses."""
    wanted = [form for canary in canaries for form in (canary.encode(), canary.encode("utf-16-le"))]
    return [path.name for path in profile.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in wanted)]


def browsers(profile: Path) -> list[int]:
    """Processes of the browser that has this profile."""
    return [
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and f"--user-data-dir={profile}".encode() in _command(process)
    ]


def _command(process: Path) -> list[bytes]:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def end(context: BrowserContext, page: Page, profile: Path, how: str) -> None:
    """How a child stops."""
    if how == "leave":
        page.click("[data-leave]")
        page.wait_for_url(NEUTRAL_PAGE)
    elif how == "close the tab":
        page.close()
    elif how == "kill the browser":
        for process in browsers(profile):
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        while any(_command(Path(f"/proc/{process}")) for process in browsers(profile)):
            os.sched_yield()
    with suppress(Error):  # of a browser that is dead already
        context.close()


def seen_by_the_next(playwright: Playwright, profile: Path, door: str, java_script: bool) -> list[str]:
    """Everything that whoever opens the browser again gets to see: the tabs it brings back, and what Back, Forward and the source show."""
    context = launch_on(playwright, profile, "--restore-last-session", "--hide-crash-restore-bubble", java_script=java_script)
    context.route(f"{NEUTRAL_PAGE}**", lambda route: route.fulfill(body="<title>Weather</title>"))
    context.set_default_navigation_timeout(ASKS)
    found = []
    for page in list(context.pages):
        for move in (None, page.go_back, page.go_back, page.go_forward, page.go_forward, page.reload):
            with suppress(Error):  # the browser's own page, which asks whether to send a form again
                if move is not None:
                    move()
            with suppress(Error):
                found.append(page.content())
    page = context.new_page()
    for address in (f"{door}/9-12", f"view-source:{door}/9-12"):
        with suppress(Error):
            page.goto(address)
        found.append(page.content())
    page.goto(f"{door}/9-12", timeout=60_000)
    if java_script:
        assert page.evaluate(STORES) == {"local": 0, "session": 0, "databases": 0, "caches": 0, "workers": 0}
    assert context.cookies() == []
    context.close()
    return found


def offered_to_fill_in(profile: Path) -> int:
    """Words that the browser has kept to fill boxes in with."""
    with closing(sqlite3.connect(profile / "Default" / "Web Data")) as database:
        return int(database.execute("SELECT count(*) FROM autofill").fetchone()[0])


ENDINGS = [
    pytest.param("finish", marks=pytest.mark.long),
    "finish and go back",
    "leave",
    pytest.param("close the tab", marks=pytest.mark.long),
    "kill the browser",
]


@pytest.mark.parametrize("form_id", ["4-5", pytest.param("9-12", marks=pytest.mark.long)])
@pytest.mark.parametrize("java_script", [True, False], ids=["with-js", "without-js"])
@pytest.mark.parametrize("how", ENDINGS)
def test_a10_a11_whoever_comes_next_finds_nothing_on_the_screen_and_no_byte_on_the_disk(
    playwright: Playwright, door: str, tmp_path: Path, how: str, java_script: bool, form_id: str
) -> None:
    profile = tmp_path / "profile"
    context = launch_on(playwright, profile, java_script=java_script)
    context.route(f"{NEUTRAL_PAGE}**", lambda route: route.fulfill(body="<title>Weather</title>"))
    page, nonce = context.pages[0], ""
    for button in answering(page, door, form_id, CANARY):
        nonce = nonce_of(page)
        if button.startswith("Send") and not how.startswith("finish"):
            break
    assert len(nonce) == 32
    if how == "finish and go back":
        for move in (page.go_back, page.go_back, page.go_forward, page.go_back):
            with suppress(Error):  # without script: the browser's own page, which asks whether to send a form again
                move(timeout=ASKS)
            assert CANARY not in page.content()
            assert nonce not in page.content()
    end(context, page, profile, how)
    canaries = (CANARY, nonce)
    assert traces(profile, canaries) == []
    for shown in seen_by_the_next(playwright, profile, door, java_script):
        assert CANARY not in shown
        assert nonce not in shown
    assert traces(profile, canaries) == []
    assert offered_to_fill_in(profile) == 0


def test_the_search_finds_what_an_ordinary_page_leaves(playwright: Playwright, tmp_path: Path) -> None:
    """The same browser and the same search, on a page that takes no care: so the search can see."""
    profile = tmp_path / "profile"
    context = launch_on(playwright, profile)
    context.route("https://ordinary.example/**", lambda route: route.fulfill(content_type="text/html", body=ORDINARY))
    page = context.pages[0]
    page.goto("https://ordinary.example/")
    page.fill("input", CANARY)
    page.click("button")
    page.wait_for_url("**/next")
    end(context, page, profile, "finish")  # a browser that is killed has not always written yet
    assert traces(profile, [CANARY])


ORDINARY = "<title>Ordinary</title><form method=post action=/next><input name=word><button>Send</button></form>"
