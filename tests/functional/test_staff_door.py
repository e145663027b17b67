"""Staff with a real browser: an analyst, a reviewer with and without script, and two output checkers who let a release leave."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from api.staff import create_app
from governance.cases import open_case
from governance.safeguarding import queue
from retention import review, second_factor
from retention.ledger import Entry
from retention.review import Reading
from retention.review_marks import Mark
from retention.safeguarding_flags import add_flags
from retention.secure_store import SecureStore, today
from retention.settings import ReleaseZone
from tests.functional.door import serving
from tests.release_samples import quick_passphrases
from tests.second_factors import next_code
from tests.staff_samples import PASSWORD, PROPOSED, TEXTS, WAVE, make_office, zone_in


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "secure"
    make_office(folder)
    return folder


@pytest.fixture
def office(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    shutil.copytree(template, tmp_path / "secure")
    return SecureStore(zone_in(tmp_path / "secure"))


@pytest.fixture
def address(office: SecureStore, tmp_path: Path) -> Iterator[str]:
    with serving(create_app(office.zone, ReleaseZone(tmp_path / "release"))) as found:
        yield found


def press(page: Page, name: str, role: Literal["button", "link"] = "button") -> None:
    """Press what leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.get_by_role(role, name=name, exact=True).click()


def sign_in(context: BrowserContext, name: str) -> Page:
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code of your app").fill(next_code())
    press(page, "Sign in")
    expect(page.get_by_role("button", name=f"Sign out {name}")).to_be_visible()
    return page


def read_until(page: Page, words: str) -> None:
    """Save texts as proposed until the one with these words is there."""
    page.goto(f"/review/{WAVE}")
    for _ in TEXTS:
        if words in page.locator("#text").inner_text():
            return
        press(page, "Save and next")
    raise AssertionError("the text never came")


def readings(office: SecureStore, row: int) -> list[Reading]:
    found = next(item for item in review.items(office, WAVE) if item.text_row == row)
    return review.readings(office, WAVE, found.id)


@pytest.mark.parametrize("script", [True, False])
def test_a_reviewer_keeps_adds_removes_and_undoes(chromium: Browser, office: SecureStore, address: str, script: bool) -> None:
    context = chromium.new_context(base_url=address, java_script_enabled=script)
    page = sign_in(context, "rita")
    read_until(page, "Quillfeather")
    page.get_by_text("Zofia", exact=True).click()  # missed by the machine
    for word in ("Larkmeadow", "Primary"):  # proposed, but let us say it may stay
        page.get_by_text(word, exact=True).click()
    press(page, "Save and next")
    expect(page.get_by_role("button", name="Undo my last")).to_be_visible()
    zofia = TEXTS[0].index("Zofia")
    assert [reading.marks for reading in readings(office, 0)] == [(PROPOSED[0][0], Mark(zofia, zofia + 5, "PERSON"))]
    press(page, "Undo my last")
    assert "Quillfeather" in page.locator("#text").inner_text()
    assert readings(office, 0) == []
    press(page, "Save and next")
    expect(page.get_by_role("button", name="Undo my last")).to_be_visible()
    assert [reading.marks for reading in readings(office, 0)] == [PROPOSED[0]]
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_third_settles_what_two_saw_differently(chromium: Browser, office: SecureStore, address: str, script: bool) -> None:
    for name in ("rita", "ron"):
        context = chromium.new_context(base_url=address, java_script_enabled=script)
        page = sign_in(context, name)
        page.goto(f"/review/{WAVE}")
        for _ in TEXTS:
            if name == "ron" and "Quillfeather" in page.locator("#text").inner_text():
                page.get_by_text("Zofia", exact=True).click()
            press(page, "Save and next")
        context.close()
    context = chromium.new_context(base_url=address, java_script_enabled=script)
    page = sign_in(context, "rose")
    page.goto(f"/review/{WAVE}")
    expect(page.get_by_text("differ where the colour is striped")).to_be_visible()
    assert page.locator(".proposed--disputed").all_inner_texts() == ["Zofia Name"]
    expect(page.get_by_text("One reader hid it, the other did not")).to_be_visible()
    press(page, "Save and next")
    zofia = TEXTS[0].index("Zofia")
    found = next(item for item in review.items(office, WAVE) if item.text_row == 0)
    assert (found.state, found.decided) == ("resolved", (*PROPOSED[0], Mark(zofia, zofia + 5, "PERSON")))
    assert review.waiting(office, WAVE) == 0
    context.close()


def test_keys_show_a_whole_piece_again_choose_the_kind_and_take_a_tick_back(chromium: Browser, office: SecureStore, address: str) -> None:
    context = chromium.new_context(base_url=address)
    page = sign_in(context, "rita")
    read_until(page, "Quillfeather")
    page.get_by_role("checkbox", name="Primary").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("checkbox", name="Larkmeadow")).not_to_be_checked()
    page.keyboard.press("z")
    expect(page.get_by_role("checkbox", name="Larkmeadow")).to_be_checked()
    page.keyboard.press("3")
    page.get_by_role("checkbox", name="sad").focus()
    page.keyboard.press("Space")
    page.get_by_role("checkbox", name="teacher").focus()
    page.keyboard.press("Space")
    page.keyboard.press("z")
    expect(page.get_by_role("checkbox", name="teacher")).not_to_be_checked()
    with page.expect_navigation():
        page.keyboard.press("s")
    sad = TEXTS[0].index("sad")
    assert [reading.marks for reading in readings(office, 0)] == [(*PROPOSED[0], Mark(sad, sad + 3, "PLACE"))]
    context.close()


def test_the_keyboard_and_the_mouse_alone_are_enough(chromium: Browser, office: SecureStore, address: str) -> None:
    context = chromium.new_context(base_url=address)
    page = sign_in(context, "rita")
    read_until(page, "homework")
    page.keyboard.press("ArrowRight")  # "more"
    page.keyboard.press("ArrowRight")  # "parks"
    page.get_by_label("Words that I tick are").select_option("PLACE")
    page.keyboard.press("Escape")
    page.get_by_role("checkbox", name="parks").focus()
    page.keyboard.press("Space")
    page.get_by_label("Words that I tick are").select_option("SCHOOL")
    first, last = (page.get_by_text(word, exact=True).bounding_box() for word in ("less", "homework"))
    assert first is not None
    assert last is not None
    page.mouse.move(first["x"] + 2, first["y"] + first["height"] / 2)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] - 2, last["y"] + last["height"] / 2, steps=5)
    page.mouse.up()
    expect(page.get_by_role("checkbox", name="homework")).to_be_checked()
    page.get_by_role("checkbox", name="less").focus()
    with page.expect_navigation():
        page.keyboard.press("s")
    text = TEXTS[1]
    parks, less, end = text.index("parks"), text.index("less"), text.index(" please")
    assert [reading.marks for reading in readings(office, 1)] == [(Mark(parks, parks + 5, "PLACE"), Mark(less, end, "SCHOOL"))]
    with page.expect_navigation():
        page.keyboard.press("u")
    assert readings(office, 1) == []
    context.close()


def test_two_checkers_let_a_release_leave_and_its_author_cannot(
    chromium: Browser, office: SecureStore, address: str, tmp_path: Path
) -> None:
    contexts = {name: chromium.new_context(base_url=address, java_script_enabled=False) for name in ("olga", "chris", "ali")}
    pages = {name: sign_in(context, name) for name, context in contexts.items()}
    for name in ("olga", "chris"):
        page = pages[name]
        press(page, "autumn-2026", "link")
        tried = page.get_by_role("table").first
        expect(tried.get_by_role("row", name="Withheld counts, worked out")).to_contain_text("none of 4 worked out; at least 23 numbers")
        expect(tried.get_by_role("row", name="every release of other waves")).to_contain_text("last-year: nothing narrowed down")
        expect(tried.get_by_role("row", name="table builder")).to_contain_text("12 tables, nothing narrowed down")
        expect(tried.get_by_role("row", name="The files")).to_contain_text("every byte the same")
        press(page, "Open the table How children feel about life, by place", "link")
        expect(page.get_by_role("row", name="Northfield").first.get_by_role("cell")).to_have_text(["464", "410", "[c]", "[c]"])
        press(page, "Back to the release", "link")
        page.get_by_label("I have looked at").check()
        press(page, "Sign as its checker")
        alert = page.get_by_role("alert")
        if name == "olga":
            assert "Three different people release a table" in alert.inner_text()
        else:
            assert alert.count() == 0
            press(page, "Approve and release")
            assert "Three different people release a table" in page.get_by_role("alert").inner_text()
    assert not (tmp_path / "release").exists()
    page = pages["ali"]
    press(page, "autumn-2026", "link")
    press(page, "Approve and release")
    assert "released" in page.get_by_role("heading", level=1).inner_text()
    assert (tmp_path / "release/autumn-2026/tables/life-by-place.csv").exists()
    for context in contexts.values():
        context.close()


def test_axe_finds_nothing_at_any_desk(chromium: Browser, office: SecureStore, address: str) -> None:
    with office.record(Entry("ann", "scrub", WAVE)) as connection:
        add_flags(connection, office.ring, WAVE, [(0, "suicide")])
    open_case(office, "complaint", today(), "Somebody says that the survey was too long.", "ann")
    second_factor.reset(office, "olga", "adam")
    desks = {
        "olga": ("/second-factor",),
        "lea": ("/safeguarding", f"/safeguarding/{queue(office)[0].flag.id}"),
        "dora": ("/retention", "/safeguarding", "/requests", "/assessment", "/record"),
        "adam": ("/accounts", "/retention"),
        "ann": ("/status", f"/review-quality/{WAVE}"),
        "rita": ("/review", f"/review/{WAVE}", "/status"),
        "chris": ("/releases", "/releases/autumn-2026", "/releases/autumn-2026/tables/life-by-place"),
    }
    violations: list[tuple[str, str, str]] = []

    def look(page: Page, path: str) -> None:
        page.goto(path)
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        found = Axe().run(page).response["violations"]
        violations.extend((path, one["id"], one["nodes"][0]["html"]) for one in found)

    for name, paths in desks.items():
        context = chromium.new_context(base_url=address, bypass_csp=True, viewport={"width": 320, "height": 800})
        look(context.new_page(), "/login")
        page = sign_in(context, name)
        for path in paths:
            look(page, path)
        context.close()
    assert violations == []
