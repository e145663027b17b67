"""Opening times at the door, and the page for teachers: what is shown, what is taken, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from api.child import create_app
from forms.survey import Survey
from forms.window import Window
from tests.functional.axe import violations
from tests.functional.door import Wave, open_wave, serving
from tests.functional.test_child_accessibility import sideways
from tests.functional.walking import send, walk
from tests.permits import permitted

OPENS, CLOSES = datetime.fromisoformat("2026-04-20T09:00+01:00"), datetime.fromisoformat("2026-05-31T17:00+01:00")
MINUTE = timedelta(minutes=1)
ADDRESS = "https://survey.example.org"


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = OPENS

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Wave:
    return open_wave(tmp_path_factory.mktemp("timed") / "home")


@pytest.fixture(scope="module")
def timed_door(timed: Wave, survey: Survey, clock: Clock) -> Iterator[str]:
    """A door that opens, closes, and says where it stands on the internet."""
    timely = replace(survey, window=Window(OPENS, CLOSES, 30))
    permitted(timed.zone, timely)
    app = create_app(replace(timed.zone, address=ADDRESS), timely, clock=clock)
    with serving(app) as address:
        yield address


@pytest.fixture
def client(timed_door: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=timed_door) as client:
        yield client


def test_before_it_opens_a_child_is_told_when_and_nothing_is_taken(client: httpx.Client, clock: Clock, timed: Wave) -> None:
    clock.now = OPENS - MINUTE
    for reply in (client.get("/9-12"), send(client, "9-12", [("action", "start")])):
        assert reply.status_code == 503
        assert reply.headers["retry-after"] == "61"
        assert "20 April 2026 at 9 am" in reply.text
        assert "0800 1111" in reply.text
    assert client.get("/").status_code == client.get("/teachers").status_code == client.get("/help").status_code == 200


def test_while_it_is_open_the_first_page_says_until_when(client: httpx.Client, clock: Clock) -> None:
    clock.now = OPENS
    reply = client.get("/9-12")
    assert reply.status_code == 200
    assert "until 31 May 2026 at 5 pm" in reply.text
    assert "30 minutes" in reply.text


def test_who_began_before_it_closed_can_finish_for_a_while_and_nobody_can_begin(
    client: httpx.Client, clock: Clock, timed: Wave, survey: Survey
) -> None:
    form = survey.forms["9-12"]
    clock.now = CLOSES - MINUTE
    page, answers, _ = walk(client, form, seed=1)
    late, late_answers, _ = walk(client, form, seed=2)

    clock.now = CLOSES
    for reply in (client.get("/9-12"), send(client, "9-12", [("action", "start")])):
        assert reply.status_code == 410
        assert form.words["closed_title"] in reply.text
        assert "0800 1111" in reply.text
    before = timed.store.count()
    clock.now = CLOSES + 30 * MINUTE - timedelta(seconds=1)
    assert send(client, "9-12", page.post("next", *answers)).headers["location"] == "/9-12/thank-you"
    assert timed.store.count() == before + 1

    clock.now = CLOSES + 30 * MINUTE
    assert send(client, "9-12", late.post("next", *late_answers)).status_code == 410
    assert timed.store.count() == before + 1


def test_the_page_of_a_survey_that_is_not_open_yet_has_no_violation(chromium: Browser, timed_door: str, clock: Clock) -> None:
    clock.now = OPENS - MINUTE
    with chromium.new_context(viewport={"width": 320, "height": 900}, bypass_csp=True) as context:
        page = context.new_page()
        for form_id in ("4-5", "easy-9-17", "13-17"):
            page.goto(f"{timed_door}/{form_id}")
            assert not violations(page) + sideways(page)


def test_teachers_get_a_link_and_a_code_for_each_form_from_ourselves(client: httpx.Client, survey: Survey) -> None:
    html = client.get("/teachers", headers={"host": "evil.example"}).text
    assert "evil.example" not in html
    for form in survey:
        assert f"survey.example.org/{form.id}</a>" in html
        code = client.get(f"/teachers/{form.id}.svg")
        assert (code.status_code, code.headers["content-type"]) == (200, "image/svg+xml")
        assert f'src="/teachers/{form.id}.svg" alt="{survey.words["teachers_qr_alt"]}' in html
    assert client.get("/teachers/10-11.svg").status_code == 404


def test_a_code_leads_where_the_link_does(client: httpx.Client, chromium: Browser, tmp_path: Path) -> None:
    """Read back module by module: each drawn code must be the one of its address, and no two the same."""
    import segno

    seen = set()
    for form_id in ("4-5", "13-17"):
        svg = client.get(f"/teachers/{form_id}.svg").text
        with chromium.new_context(viewport={"width": 400, "height": 400}) as context:
            page = context.new_page()
            page.set_content(f"<body style='margin:0'><div style='width:400px'>{svg}</div>")
            wanted = segno.make_qr(f"{ADDRESS}/{form_id}", error="m")
            rows = [list(row) for row in wanted.matrix_iter(border=4)]
            dark = page.evaluate(READ_MODULES, len(rows))
        assert dark == [[bool(module) for module in row] for row in rows]
        seen.add(str(dark))
    assert len(seen) == 2


READ_MODULES = """async size => {
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(document.querySelector("svg").outerHTML);
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size * 8;
    const paper = canvas.getContext("2d");
    paper.drawImage(image, 0, 0, size * 8, size * 8);
    const at = (x, y) => paper.getImageData(x * 8 + 4, y * 8 + 4, 1, 1).data[0] < 128;
    return Array.from({length: size}, (_, y) => Array.from({length: size}, (_, x) => at(x, y)));
}"""


def test_without_an_address_the_page_says_what_to_do_instead(door: str, survey: Survey) -> None:
    html = httpx.get(f"{door}/teachers").text
    assert survey.words["teachers_address_missing"][:40] in html
    assert '<img class="codes__code"' not in html
    assert httpx.get(f"{door}/teachers/9-12.svg").status_code == 404


def test_the_page_for_teachers_has_no_violation_and_prints_one_code_a_sheet(chromium: Browser, timed_door: str, tmp_path: Path) -> None:
    import pikepdf

    with chromium.new_context(viewport={"width": 320, "height": 900}, bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{timed_door}/teachers")
        assert not violations(page) + sideways(page)
        page.evaluate("document.documentElement.style.fontSize = ''")
        page.pdf(path=str(tmp_path / "teachers.pdf"), format="A4")
    with pikepdf.open(tmp_path / "teachers.pdf") as pdf:
        assert 8 <= len(pdf.pages) <= 10  # what to say before and after, and six codes


def test_small_children_find_their_council_by_its_first_letter(chromium: Browser, door: str, survey: Survey) -> None:
    """By keyboard, without a script: open a letter, choose a name; the choice is there again after an error and after Back."""
    with httpx.Client(base_url=door) as client:
        page, _, given = walk(client, survey.forms["6-8"], seed=3)
        assert page.value("page") == "council"
        assert set(page.offered["council"]) == {option.code for option in survey.forms["6-8"].question("council").options}
    with chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 900}) as context:
        browser = context.new_page()
        browser.goto(f"{door}/6-8")
        browser.click("button[value=start]")
        shown = dict(given)
        while browser.locator(".letters").count() == 0:
            for card in browser.locator("input:is([type=radio], [type=checkbox])").all():
                if shown.get(str(card.get_attribute("name"))) == card.get_attribute("value"):
                    card.check()
            browser.click("button[value=next]")
        letter = browser.locator("summary", has_text=re.compile("^L$"))
        letter.focus()
        browser.keyboard.press("Enter")
        browser.keyboard.press("Tab")
        browser.keyboard.press("Space")
        chosen = browser.locator("input[name=council]:checked")
        assert chosen.count() == 1
        code = chosen.get_attribute("value")
        browser.click("button[value=back]")
        browser.click("button[value=next]")
        assert browser.locator("input[name=council]:checked").get_attribute("value") == code
        assert browser.locator("input[name=council]:checked").is_visible()


@pytest.mark.parametrize("path", ["/", "/parents", "/6-8/parents", "/teachers"])
def test_the_licence_of_the_pictures_is_shown(door: str, path: str) -> None:
    assert "OpenMoji.org, CC BY-SA 4.0" in httpx.get(door + path).text
