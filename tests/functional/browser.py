"""A real Chromium: the system's if there is one, Playwright's own otherwise. None is an error that says what to install."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Playwright

from tests.needs import chromium

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable(playwright: Playwright) -> str:
    """Path of a Chromium. Raises RuntimeError if this machine has none."""
    found = chromium() or playwright.chromium.executable_path
    if not Path(found).exists():
        raise RuntimeError(
            "The browser tests need Chromium: install it with `apt-get install chromium`, or with `.venv/bin/playwright install chromium`."
        )
    return found


def launch(playwright: Playwright) -> Browser:
    """A browser without a profile. Raises RuntimeError if there is none on this machine."""
    return playwright.chromium.launch(executable_path=executable(playwright), args=list(QUIET))
