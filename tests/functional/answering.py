"""Answers a form in a real browser as a child does: page by page, with the same word in every box."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page, expect


def answering(page: Page, door: str, form_id: str, word: str) -> Iterator[str]:
    """Answer a whole form. Yields what the button says when a page is filled in, before it is pressed; ends on the page that thanks."""
    page.goto(f"{door}/{form_id}")
    page.click("button[value=start]")
    while True:
        expect(page.locator("progress, .govuk-panel")).to_be_visible()
        if page.locator(".govuk-panel").is_visible():
            return
        if page.locator("input[type=radio][name=where_live]").count():
            page.check("input[type=radio][value=parents]")
        else:
            for other in page.locator("input[value=other]:not([type=hidden])").all():
                other.check()
            for box in page.locator("textarea, input[type=text]").all():
                box.fill(word)
            for name in {radio.get_attribute("name") for radio in page.locator("input[type=radio]").all()}:
                page.locator(f"input[type=radio][name='{name}']").last.check()
            if not page.locator("textarea, input[type=text], input[type=radio]").count():
                page.locator("input[type=checkbox]").last.check()
        yield page.locator("button[value=next]").inner_text()
        before = page.title()
        page.click("button[value=next]")
        expect(page).not_to_have_title(before)
        expect(page).not_to_have_title("")  # which the page has that is being left


def nonce_of(page: Page) -> str:
    """The secret that every page of this journey carries: wherever it is found, there the answers may be, too."""
    return str(page.locator("input[name=nonce]").get_attribute("value"))
