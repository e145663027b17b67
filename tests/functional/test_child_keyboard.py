"""By keyboard alone to the thank-you page, seen at every step; what is announced; and who sees with few or forced colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from forms.survey import Survey
from tests.functional.axe import violations
from tests.functional.door import Wave

# Where the focus is: what it is, whether it comes after the one before, is seen whole, on top, and marked.
FOCUSED = """() => {
    const at = document.activeElement;
    const ring = element => {
        const style = getComputedStyle(element);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
    };
    const shown = at.matches("input") && at.closest(".card") ? at.closest(".card") : at;
    const box = shown.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, innerHeight / 2));
    const before = window.focusedBefore;
    window.focusedBefore = at;
    return {
        tag: at.tagName, type: at.type ?? "", name: at.name ?? "", value: at.value ?? "", checked: at.checked ?? false,
        after: !before?.isConnected || Boolean(before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING),
        inside: box.top >= -1 && box.left >= -1 && box.right <= innerWidth + 1 && box.top < innerHeight - 20,
        onTop: Boolean(top) && (shown.contains(top) || top.contains(shown)),
        marked: ring(shown) || ring(at) || getComputedStyle(at).backgroundColor === "rgb(255, 210, 63)",
    };
}"""


def answer_by_keyboard(page: Page) -> None:
    """One page from its heading (or its top) to its button, pressing Tab, Space, Enter and letters, and nothing else."""
    answered: set[str] = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        assert at["after"], f"the focus went back, to {at}"
        assert at["inside"], f"the focus is outside the screen, at {at}"
        assert at["onTop"], f"something lies over {at}"
        assert at["marked"], f"nothing shows that the focus is at {at}"
        if at["value"] == "opt_out" or (at["type"] == "radio" and at["name"] not in answered):
            page.keyboard.press("Space")
            answered.add(at["name"])
        elif at["tag"] == "SELECT":
            page.keyboard.type("Lee")
            answered.add(at["name"])
        elif at["value"] == "next":
            page.keyboard.press("Enter")
            return
    raise AssertionError("the button that leads on was never reached")


@pytest.mark.parametrize(("form_id", "java_script"), [("6-8", True), ("13-17", True), ("4-5", False)])
def test_a_whole_form_by_keyboard_alone(chromium: Browser, door: str, wave: Wave, survey: Survey, form_id: str, java_script: bool) -> None:
    stored = wave.store.count()
    with chromium.new_context(java_script_enabled=java_script, viewport={"width": 900, "height": 700}) as context:
        page = context.new_page()
        page.goto(f"{door}/{form_id}")
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate(FOCUSED)["value"] == "start":
                break
        page.keyboard.press("Enter")
        seen = []
        for _ in range(len(survey.forms[form_id].pages)):
            expect(page.locator("progress")).to_be_visible()
            title = page.title()
            seen.append(title)
            if java_script and len(seen) > 1:
                expect(page.locator("h1")).to_be_focused()
            answer_by_keyboard(page)
            if page.url.endswith("/thank-you"):
                break
            expect(page).not_to_have_title(title)
            expect(page).not_to_have_title("")  # which the page has that is being left
            if page.url.endswith("/thank-you"):
                break
        page.wait_for_url(f"{door}/{form_id}/thank-you")
    assert len(seen) == len(set(seen)) >= 4
    assert wave.store.count() == stored + 1


def begin(page: Page, door: str, form_id: str) -> None:
    page.goto(f"{door}/{form_id}")
    page.click("button[value=start]")
    expect(page.locator("progress")).to_be_visible()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with chromium.new_context() as context:
        yield context.new_page()


# Everything that a screen reader would speak by itself, in order: what appears in a live region, or as one.
LISTEN = """() => {
    window.said = [];
    const live = node => node.nodeType === 1 ? node.closest("[role=status], [role=alert], [aria-live]") : live(node.parentElement);
    new MutationObserver(changes => {
        for (const { target, addedNodes } of changes) {
            const added = [...addedNodes].filter(node => node.nodeType === 1);
            const alert = added.map(node => (node.matches("[role=alert]") ? node : node.querySelector("[role=alert]"))).find(Boolean);
            const region = live(target) ?? alert;
            const text = region?.textContent.trim();
            if (text) window.said.push(text);
        }
    }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
}"""


def said(page: Page) -> list[str]:
    return list(page.evaluate("window.said"))


def test_how_many_are_picked_is_announced_each_time(page: Page, door: str, survey: Survey) -> None:
    begin(page, door, "6-8")
    page.evaluate(LISTEN)
    for number, value in enumerate(("happy", "sad", "calm"), start=1):
        page.check(f"input[value={value}]")
        assert said(page)[-1] == survey.forms["6-8"].words["chosen_count"].format(chosen=number, limit=3)
    assert len(said(page)) == 3


def test_errors_are_announced_with_what_to_do(page: Page, door: str, survey: Survey) -> None:
    begin(page, door, "6-8")
    page.evaluate(LISTEN)
    page.click("button[value=next]")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    words = survey.forms["6-8"].words
    assert len(said(page)) == 1
    assert words["error_summary_title"] in said(page)[0]
    assert words["error_choose"] in said(page)[0]
    assert page.title().startswith(words["error_prefix"])


def test_characters_are_announced_in_a_pause_and_not_at_every_key(page: Page, door: str, survey: Survey) -> None:
    page.clock.install()
    begin(page, door, "4-5")
    for _ in range(3):
        title = page.title()
        page.check("input[value=opt_out]:not([type=hidden])")
        page.click("button[value=next]")
        expect(page).not_to_have_title(title)
        expect(page).not_to_have_title("")  # which the page has that is being left
    page.evaluate(LISTEN)
    page.locator("textarea").press_sequentially("a word")
    assert not said(page)
    page.clock.fast_forward(2000)
    assert said(page) == [survey.forms["4-5"].words["characters_left"].format(count=994)]


def test_a_server_that_is_away_is_announced_once(page: Page, door: str, survey: Survey) -> None:
    page.clock.install()
    begin(page, door, "9-12")
    page.evaluate(LISTEN)
    page.route("**/9-12", lambda route: route.abort())
    page.click("button[value=next]")
    expect(page.locator(".unreachable")).to_be_visible()
    page.clock.fast_forward(120_000)
    heard = [text for text in said(page) if survey.forms["9-12"].words["unavailable_title"] in text]
    assert len(heard) == 1


@pytest.mark.parametrize("form_id", ["4-5", "6-8", "9-12", "easy-9-17"])
def test_not_saying_is_as_large_a_choice_as_any_other(page: Page, door: str, form_id: str) -> None:
    """And every choice is large enough for a small hand: 44 pixels both ways."""
    begin(page, door, form_id)
    groups: list[dict[str, Any]] = page.evaluate(
        """() => [...document.querySelectorAll(".cards")].map(cards => [...cards.querySelectorAll(".card")].map(card => {
            const { width, height } = card.getBoundingClientRect();
            const label = getComputedStyle(card.querySelector("label"));
            return { width, height, font: label.fontSize, weight: label.fontWeight, refuses: card.matches(".card--opt_out") };
        }))"""
    )
    assert any(card["refuses"] for cards in groups for card in cards)
    for cards in groups:
        (refusing,) = [card for card in cards if card["refuses"]]
        for card in cards:
            assert refusing["width"] >= card["width"] - 1
            assert (refusing["font"], refusing["weight"]) == (card["font"], card["weight"])
            assert min(card["width"], card["height"]) >= 44
        assert refusing["height"] >= min(card["height"] for card in cards) - 1


@pytest.mark.parametrize(
    "seen_with",
    [
        {"forced_colors": "active", "color_scheme": "dark"},
        {"forced_colors": "active", "color_scheme": "light"},
        {"contrast": "more", "color_scheme": "light"},
        {"contrast": "more", "color_scheme": "dark"},
    ],
)
@pytest.mark.parametrize("form_id", ["6-8", "13-17"])
def test_what_is_chosen_and_what_has_the_focus_is_seen_with_other_colours(
    chromium: Browser, door: str, form_id: str, seen_with: dict[str, Any]
) -> None:
    with chromium.new_context(bypass_csp=True, viewport={"width": 800, "height": 900}, **seen_with) as context:
        page = context.new_page()
        begin(page, door, form_id)
        # axe reads a button's own colours where the person's own are shown, so it cannot judge contrast then
        assert not [one for one in violations(page) if not ("forced_colors" in seen_with and one.startswith("color-contrast"))]
        cards = page.locator(".card")
        plain = cards.nth(1).screenshot()
        page.locator(".card input").nth(1).check()
        page.locator("h1, h2").first.evaluate("heading => { heading.tabIndex = -1; heading.focus(); }")
        chosen = cards.nth(1).screenshot()
        assert chosen != plain
        if "forced_colors" in seen_with:  # grounds and shadows are gone: the border must tell, not the tick alone
            assert cards.nth(1).evaluate("card => getComputedStyle(card).borderTopWidth") == "4px"
        page.locator(".card input").nth(1).focus()
        assert cards.nth(1).screenshot() != chosen


def test_more_contrast_is_more_contrast(chromium: Browser, door: str) -> None:
    """Text and edges on their ground: at least 7 to 1 for whoever asks for more (WCAG 1.4.6)."""
    from tests.functional.test_child_accessibility import READ_COLOURS, contrast

    pairs = [
        ("--govuk-text-colour", "--govuk-body-background-colour"),
        ("--govuk-secondary-text-colour", "--govuk-body-background-colour"),
        ("--govuk-link-colour", "--govuk-body-background-colour"),
        ("--govuk-error-colour", "--govuk-body-background-colour"),
        ("--card-edge", "--card"),
        ("--button-text", "--button"),
        ("--leave-text", "--leave"),
    ]
    for scheme in ("light", "dark"):
        with chromium.new_context(bypass_csp=True, color_scheme=scheme, contrast="more") as context:
            page = context.new_page()
            page.goto(f"{door}/9-12")
            colours = page.evaluate(READ_COLOURS, sorted({name for pair in pairs for name in pair}))
            for front, back in pairs:
                assert contrast(colours[front], colours[back]) >= 7, (scheme, front, back)
