"""A researcher with a real browser: finds the release, reads a table, downloads it, and needs neither script nor account."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from api.researcher import create_app
from pipeline import approval
from pipeline.release_files import build_release
from retention import releases
from retention.ledger import Entry
from retention.secure_store import SecureStore, Wave
from retention.settings import ReleaseZone
from tests.functional.door import serving
from tests.release_samples import description, release_table, secure_zone

REASON = "One council was counted twice in every table."


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> ReleaseZone:
    folder = tmp_path_factory.mktemp("office")
    store = SecureStore(secure_zone(folder / "secure"))
    store.add_wave(Wave("w", "big_ask", "body-w", "locator-w"), Entry("ann", "wave-open", "w"))
    zone = ReleaseZone(folder / "release")
    for release_id in ("autumn-2026", "spring-2026"):
        digest = build_release(approval.draft_folder(store.zone, release_id), description(release_id), [release_table()])
        releases.draft(store, release_id, "w", "ann", digest)
        approval.check(store, release_id, "chris")
        approval.approve(store, release_id, "ali", zone)
    approval.withdraw(store, "spring-2026", "ann", REASON, zone)
    return zone


@pytest.fixture(scope="module")
def address(zone: ReleaseZone) -> Iterator[str]:
    with serving(create_app(zone)) as found:
        yield found


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(base_url=address, java_script_enabled=False, accept_downloads=True)
    yield context.new_page()
    context.close()


def test_from_the_list_to_a_downloaded_table_without_script(page: Page, zone: ReleaseZone, tmp_path: Path) -> None:
    page.goto("/")
    with page.expect_navigation():
        page.get_by_role("link", name="What children told us, autumn 2026").first.click()
    assert "About 2,540 children" in page.inner_text("main")
    assert "not a random sample" in page.inner_text("main")
    with page.expect_navigation():
        page.get_by_role("link", name="How children feel about life, by place", exact=True).click()
    row = page.get_by_role("row", name="Northfield")
    assert row.get_by_role("cell").all_inner_texts() == ["464", "410", "[c]", "[c]"]
    page.get_by_label("Figures").select_option("Percentages")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    assert page.get_by_role("row", name="The South").get_by_role("cell").all_inner_texts() == ["100", "69", "22", "9"]
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV (").click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    assert saved.name == "autumn-2026-life-by-place.csv"
    assert saved.read_bytes() == (zone.folder / "autumn-2026/tables/life-by-place.csv").read_bytes()
    with saved.open(encoding="utf-8") as file:
        assert sum(row["shorthand"] == "[c]" for row in csv.DictReader(file)) == 4
    assert page.context.cookies() == []


def test_a_table_can_be_narrowed_without_script_and_says_so_in_its_address(page: Page) -> None:
    page.goto("/releases/autumn-2026/tables/life-by-place")
    page.get_by_label("Place", exact=True).select_option(label="– The North")
    page.get_by_label("Life as a whole", exact=True).select_option(label="– Happy")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    table = page.get_by_role("table")
    assert table.get_by_role("rowheader").all_inner_texts() == ["The North", "Northtown", "Northfield"]
    assert table.get_by_role("cell").all_inner_texts() == ["1,050", "640", "410"]
    assert "rgn=north" in page.url
    assert page.get_by_label("Place", exact=True).input_value() == "north"


def test_every_cell_of_a_table_has_its_headers(page: Page) -> None:
    page.goto("/releases/autumn-2026/tables/life-by-place")
    table = page.get_by_role("table", name="Number of children: How children feel about life, by place")
    assert table.get_by_role("columnheader").all_inner_texts() == [
        "Place", "Life as a whole", "All who answered", "Happy", "In between", "Unhappy",
    ]  # fmt: skip
    assert table.get_by_role("rowheader").all_inner_texts() == ["England", "The North", "Northtown", "Northfield", "The South"]


def test_the_withdrawn_release_says_why(page: Page) -> None:
    page.goto("/releases/spring-2026")
    assert REASON in page.inner_text("main")
    assert page.get_by_role("table").count() == 0


def test_axe_finds_nothing_on_any_page_and_nothing_scrolls_sideways_on_a_phone(chromium: Browser, address: str) -> None:
    context = chromium.new_context(base_url=address, bypass_csp=True, viewport={"width": 320, "height": 800})
    page = context.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    for path in (
        "/",
        "/releases/autumn-2026",
        "/releases/autumn-2026/tables/life-by-place",
        "/releases/autumn-2026/tables/life-by-place?show=percentages",
        "/releases/autumn-2026/tables/life-by-place?rgn=north&life=&show=counts",
        "/releases/spring-2026",
        "/nothing",
    ):
        page.goto(path)
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        found = Axe().run(page).response["violations"]
        assert [(path, one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert failed == []
    context.close()
