"""Audits a page with axe-core, in the browser that shows it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

# Every rule of WCAG 2.0, 2.1 and 2.2 at levels A and AA, and axe's best practices.
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds wrong: rule, what it says, and the first element. Needs a context with bypass_csp=True."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found = page.evaluate("async options => (await axe.run(document, options)).violations", OPTIONS)
    return [f"{one['id']}: {one['help']} at {one['nodes'][0]['target']} ({len(one['nodes'])} in all)" for one in found]
