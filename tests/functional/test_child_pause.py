"""The opening gate shuts while children are in the middle of a form: nothing is taken, nothing is lost, and all goes on when it opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from api.child import create_app
from forms.load import load_survey
from forms.survey import Survey
from governance.gates import Gate, Missing, Standing
from tests.functional.axe import violations
from tests.functional.door import Wave, open_wave, serving
from tests.functional.html_form import read_page
from tests.functional.walking import TEXT, send, start, walk

OPEN, SHUT = Standing(()), Standing((Missing(Gate.G3, "Something runs that was not assessed."),))


@dataclass
class Guarded:
    """A running door whose gate stands as it is set."""

    wave: Wave
    standing: Standing = OPEN
    address: str = ""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, survey: Survey) -> Iterator[Guarded]:
    door = Guarded(open_wave(tmp_path_factory.mktemp("guarded") / "home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.child_gate.LOOK_AGAIN_AFTER", 0.0)  # seconds: at every request
        with serving(create_app(door.wave.zone, survey, standing=lambda: door.standing)) as door.address:
            yield door


@pytest.mark.parametrize("form_id", list(load_survey().forms))
@pytest.mark.parametrize("action", ["next", "back"])
def test_every_answer_stays_in_the_page_until_the_gate_is_open_again(guarded: Guarded, survey: Survey, form_id: str, action: str) -> None:
    form, before = survey.forms[form_id], guarded.wave.store.count()
    with httpx.Client(base_url=guarded.address) as client:
        page, last, _ = walk(client, form, seed=7)
        guarded.standing = SHUT
        pairs = page.post(action, *last)
        for _ in range(2):
            held = send(client, form_id, pairs)
            waiting = read_page(held.text)
            assert held.status_code == 503
            assert escape(form.words["paused_title"], quote=True) in held.text
            assert escape(form.words["paused_kept_text"].split(".")[0], quote=True) in held.text
            assert sorted(waiting.hidden) == sorted([*page.hidden, *last])
            assert waiting.actions == [action]
            pairs = waiting.post(action)
        assert guarded.wave.store.count() == before
        guarded.standing = OPEN
        onward = send(client, form_id, pairs)
    assert onward.status_code == (303 if action == "next" else 200)
    assert guarded.wave.store.count() == before + (action == "next")


@pytest.mark.parametrize("pairs", [[("action", "start")], [("action", "jump")], [("action", "next"), ("version", "0")], []])
def test_who_only_begins_or_sends_nonsense_is_told_of_the_break(guarded: Guarded, survey: Survey, pairs: list[tuple[str, str]]) -> None:
    guarded.standing = SHUT
    with httpx.Client(base_url=guarded.address) as client:
        reply = send(client, "6-8", pairs)
    assert reply.status_code == 503
    assert escape(survey.forms["6-8"].words["paused_title"], quote=True) in reply.text
    assert "<form" not in reply.text


def test_in_a_secure_setting_a_place_is_not_even_kept(guarded: Guarded) -> None:
    guarded.standing = OPEN
    with httpx.Client(base_url=guarded.address) as client:
        page = start(client, "9-12")
        guarded.standing = SHUT
        place = [("postcode.text", "SW1A 1AA"), ("school.text", "Nowhere School")]
        forged = page.post("next", ("where_live", "secure_childrens_home"), *place)
        held = send(client, "9-12", forged)
    assert held.status_code == 503
    assert "SW1A" not in held.text
    assert "Nowhere" not in held.text


def test_a_child_at_the_screen_waits_and_goes_on(guarded: Guarded, survey: Survey, chromium: Browser, tmp_path: Path) -> None:
    words, before = survey.forms["4-5"].words, guarded.wave.store.count()
    guarded.standing = OPEN
    context = chromium.new_context(base_url=guarded.address, bypass_csp=True)
    page = context.new_page()
    page.clock.install()
    page.goto("/4-5")
    page.click("button[value=start]")
    for number in range(2, 5):
        page.locator(".card--opt_out input").check()
        page.click("button[value=next]")
        expect(page.locator(".progress__text")).to_have_text(words["progress"].format(n=number, total=4))
    page.locator(".card--opt_out input").first.check()
    page.locator("textarea").fill(TEXT)
    guarded.standing = SHUT
    page.click("button[value=next]")
    expect(page.locator("h1")).to_have_text(words["paused_title"])
    assert not violations(page)
    with page.expect_response(lambda response: response.status == 503):
        page.clock.fast_forward(60_000)  # it tries by itself
    guarded.standing = OPEN
    page.click("button[value=next]")
    page.wait_for_url("**/4-5/thank-you")
    context.close()
    assert guarded.wave.store.count() == before + 1
    assert TEXT in [text for response in guarded.wave.responses() for text in response.texts.values()]
