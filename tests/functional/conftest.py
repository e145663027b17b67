"""Doors and browsers for functional tests. One of each serves a whole module or session, since starting them takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from forms.load import load_survey
from forms.survey import Survey
from tests.functional.browser import launch
from tests.functional.door import Wave, child_door, open_wave


@pytest.fixture(scope="session")
def survey() -> Survey:
    return load_survey()


@pytest.fixture(scope="module")
def wave(tmp_path_factory: pytest.TempPathFactory) -> Wave:
    """An open wave of the real survey, shared by one module."""
    return open_wave(tmp_path_factory.mktemp("wave") / "home")


@pytest.fixture(scope="module")
def door(wave: Wave, survey: Survey) -> Iterator[str]:
    """Address of a running child door for `wave`."""
    with child_door(wave, survey) as address:
        yield address


@pytest.fixture
def client(door: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=door) as client:
        yield client


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real Chromium, for one module: while Playwright runs, its event loop keeps every other test's from starting."""
    with sync_playwright() as playwright, launch(playwright.chromium) as browser:
        yield browser
