"""A real Chromium: the system's if there is one, Playwright's own otherwise. None is an error that says what to install."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, BrowserType, Playwright

from tests import needs

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


def executable(chromium: BrowserType) -> str:
    """Path of a Chromium. Raises RuntimeError if this machine has none."""
    found = needs.chromium() or chromium.executable_path
    if not Path(found).exists():
        raise RuntimeError(
            "The browser tests need Chromium: install it with `apt-get install chromium`, or with `.venv/bin/playwright install chromium`."
        )
    return found


# Playwright switches off the cache that Back and Forward come from, which everybody's browser has.
AS_PEOPLE_HAVE_IT = ["--disable-back-forward-cache"]


def launch(chromium: BrowserType, as_people_have_it: bool = False) -> Browser:
    """A browser without a profile. Raises RuntimeError if there is none on this machine."""
    ignored = AS_PEOPLE_HAVE_IT if as_people_have_it else None
    return chromium.launch(executable_path=executable(chromium), args=list(QUIET), ignore_default_args=ignored)


def launch_on(playwright: Playwright, profile: Path, *arguments: str, java_script: bool = True) -> BrowserContext:
    """A browser as people have it, with its profile on the disk. Raises RuntimeError if there is none on this machine."""
    return playwright.chromium.launch_persistent_context(
        profile,
        executable_path=executable(playwright.chromium),
        args=[*QUIET, *arguments],
        java_script_enabled=java_script,
        ignore_default_args=AS_PEOPLE_HAVE_IT,
    )
