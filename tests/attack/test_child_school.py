"""A14: a whole school behind one address is never held up, and a flood is, without losing a word and without being known."""

from __future__ import annotations

import asyncio
import secrets
from urllib.parse import urlencode

import httpx
import pytest

from api import pace
from api.pace import What
from forms.survey import Survey
from tests.functional.door import Wave
from tests.functional.html_form import read_page
from tests.functional.walking import FORM_HEADERS, send, walk

CHILDREN = 1500


def last_post(door: str, survey: Survey, form_id: str) -> bytes:
    """The last post of one child, with a placeholder for the nonce."""
    with httpx.Client(base_url=door) as client:
        page, last, _ = walk(client, survey.forms[form_id], seed=3)
        return urlencode(page.post("next", *last)).encode().replace(page.value("nonce").encode(), b"NONCE")


def test_a14_fifteen_hundred_children_behind_one_address_are_all_thanked(door: str, wave: Wave, survey: Survey) -> None:
    """The last pages of a school, as fast as they come: ten minutes in some seconds."""
    before, body = wave.store.count(), last_post(door, survey, "9-12")

    async def child(client: httpx.AsyncClient, gate: asyncio.Semaphore) -> str:
        async with gate:
            content = body.replace(b"NONCE", secrets.token_hex(16).encode())
            return (await client.post("/9-12", content=content, headers=FORM_HEADERS)).headers.get("location", "refused")

    async def school() -> list[str]:
        gate = asyncio.Semaphore(40)
        async with httpx.AsyncClient(base_url=door, timeout=120) as client:
            return await asyncio.gather(*(child(client, gate) for _ in range(CHILDREN)))

    assert set(asyncio.run(school())) == {"/9-12/thank-you"}
    assert wave.store.count() == before + CHILDREN


@pytest.mark.parametrize("what", list(What))
def test_a14_a_flood_is_held_up_and_keeps_every_answer_until_it_may_go_on(
    door: str, wave: Wave, survey: Survey, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], what: What
) -> None:
    form = survey.forms["9-12"]
    with httpx.Client(base_url=door) as client:
        page, last, _ = walk(client, form, seed=4)
        before = wave.store.count()
        with monkeypatch.context() as flood:
            flood.setitem(pace.LIMITS, what, 0)
            held = send(client, form.id, page.post("next", *last))
            assert held.status_code == 429
            assert int(held.headers["retry-after"]) > 0
            assert "set-cookie" not in held.headers
            assert form.words["unavailable_text"].replace("'", "&#39;") in held.text
            kept = read_page(held.text)
            sent, back = dict(page.post("next", *last)), dict(kept.post(kept.actions[0]))
            assert back == sent | {"action": "next"}
            again = send(client, form.id, kept.post(kept.actions[0]))  # held up again, and nothing has been lost on the way
            assert read_page(again.text).hidden == kept.hidden
            assert wave.store.count() == before
        done = send(client, form.id, read_page(again.text).post("next"))
        assert done.headers["location"] == f"/{form.id}/thank-you"
    assert wave.store.count() == before + 1
    assert capfd.readouterr().err == ""


def test_a14_a_flood_that_only_begins_is_held_up_too(door: str, survey: Survey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pace.LIMITS, What.POST, 0)
    with httpx.Client(base_url=door) as client:
        held = send(client, "6-8", [("action", "start")])
        assert held.status_code == 429
        monkeypatch.undo()
        begun = send(client, "6-8", read_page(held.text).post("start"))
        assert begun.status_code == 200
        assert read_page(begun.text).title.startswith(read_page(send(client, "6-8", [("action", "start")]).text).title[:8])
