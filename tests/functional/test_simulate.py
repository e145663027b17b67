"""Invented children at a real door: they come from several addresses, and wait when they are asked to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from api import pace
from api.child import create_app
from api.pace import WINDOW, What
from forms.survey import Survey
from pipeline.directory import Directory
from pipeline.simulate import own_address, simulate
from pipeline.simulated_child import Child, Cohort
from tests.functional.door import Wave, child_door, open_wave, serving
from tests.permits import permitted

AT_ONCE = 3


@pytest.fixture
def own_wave(tmp_path: Path) -> Wave:
    return open_wave(tmp_path / "home")


@pytest.fixture(scope="module")
def children(survey: Survey) -> list[Child]:
    return list(Cohort(survey.forms, 11, Directory.embedded()).children(6))


def test_a_door_that_asks_to_wait_gets_every_answer_once(
    own_wave: Wave, survey: Survey, children: list[Child], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A14, from the other side. The wait itself is cut short, by letting the door take everything from then on."""
    waited, sleep = [], asyncio.sleep

    async def no_longer_than_asked(seconds: float) -> None:
        if seconds == WINDOW:
            waited.append(seconds)
            monkeypatch.undo()
        else:
            await sleep(seconds)

    monkeypatch.setitem(pace.LIMITS, What.POST, 2)
    monkeypatch.setattr(asyncio, "sleep", no_longer_than_asked)
    with child_door(own_wave, survey) as door:
        simulate(door, children, tmp_path / "diary", at_once=1)
    assert waited == [WINDOW]
    assert len(own_wave.responses()) == len(children)


def test_those_who_answer_at_once_come_from_addresses_of_their_own(
    own_wave: Wave, survey: Survey, children: list[Child], tmp_path: Path
) -> None:
    seen = set()
    permitted(own_wave.zone, survey)
    app = create_app(own_wave.zone, survey)

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            seen.add(scope["client"][0])
        await app(scope, receive, send)

    with serving(noting) as door:
        expected = {own_address(door, number) or "127.0.0.1" for number in range(AT_ONCE)}
        simulate(door, children, tmp_path / "diary", at_once=AT_ONCE)
    assert seen == expected
    assert len(own_wave.responses()) == len(children)
