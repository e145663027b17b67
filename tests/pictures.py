"""Takes the README's pictures of the build at hand: `make pictures`, after `make run`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from forms.load import load_survey
from pipeline.directory import Directory
from pipeline.doors import open_door
from pipeline.gate import demonstrate, open_survey
from pipeline.run import prepare
from pipeline.simulate import simulate
from pipeline.simulated_child import Cohort
from pipeline.steps.locate import locate
from pipeline.steps.scrub import scrub
from pipeline.steps.transfer import transfer
from retention import second_factor
from retention.collection_store import connect_collection
from retention.second_factor import Enrolment
from retention.secure_store import SecureStore
from retention.settings import load_settings
from retention.staff import Role, add_member
from tests.functional.browser import launch
from tests.second_factors import SECRET

FOLDER = Path(__file__).parent.parent / "api" / "pictures"
SIZE = {"width": 900, "height": 980}
PASSWORD = "only-for-a-picture"


def main() -> None:
    """Child and staff from a small wave of their own; researcher from what `make run` released."""
    FOLDER.mkdir(exist_ok=True)
    home = load_settings().home
    with sync_playwright() as playwright, launch(playwright.chromium) as browser:
        with _home(Path(tempfile.mkdtemp(prefix="bigask-pictures-"))):
            _child_and_staff(browser)
        with _home(home), open_door("researcher") as door, _page(browser) as page:
            page.goto(door)
            page.get_by_role("link", name="what children said").last.click()
            page.get_by_role("link", name="Happiness with life overall by gender, ages 9 to 12").first.click()
            _take(page, "researcher")
    Console().print(f"Pictures taken: {', '.join(sorted(path.name for path in FOLDER.iterdir()))}")


def _child_and_staff(browser: Browser) -> None:
    settings = prepare(load_settings())
    store, survey = SecureStore(settings.secure), load_survey()
    collection = connect_collection(settings.collection)
    demonstrate(store, settings.collection, survey.id, "pictures")
    wave = open_survey(store, collection, settings.collection, "pictures", survey, "pictures")
    with open_door("child") as door, _page(browser) as page:
        page.goto(f"{door}/6-8")
        page.locator("button[value=start]").click()
        page.get_by_role("checkbox", name="Happy").check()
        page.locator("button[value=next]").click()
        page.get_by_role("radio", name="Happy", exact=True).check()
        _take(page, "child")
        cohort = Cohort(survey.forms, 4, Directory.embedded()).children(60)
        with ThreadPoolExecutor(1) as thread:  # the browser's event loop has this one
            thread.submit(simulate, door, cohort, settings.home / "finished").result()
    transfer(store, collection, wave.id, "pictures")
    locate(store, wave.id, "pictures")
    scrub(store, wave.id, "pictures")
    add_member(store, "robin", Role.REVIEWER, PASSWORD, by="pictures")
    robin = Enrolment("robin", SECRET)
    second_factor.confirm(store, robin, pyotp.TOTP(SECRET).now(), time.time())
    with open_door("staff") as door, _page(browser) as page:
        page.goto(door)
        page.get_by_label("Name").fill("robin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Code of your app").fill(pyotp.TOTP(SECRET).now())
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"{door}/review/{wave.id}")
        while not page.locator("select").nth(1).is_visible():  # a kind to choose: something is proposed in this text
            page.get_by_role("button", name="Save and next").click()
        _take(page, "staff")


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    before = os.environ.get("BIGASK_HOME")
    os.environ["BIGASK_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("BIGASK_HOME")
        if before is not None:
            os.environ["BIGASK_HOME"] = before


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": SIZE["width"], "height": SIZE["height"]})
    try:
        yield context.new_page()
    finally:
        context.close()


def _take(page: Page, name: str) -> None:
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
