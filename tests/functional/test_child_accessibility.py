"""WCAG 2.2 AA by axe: every page of every form, empty, with errors and filled in; light and dark, narrow and wide."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from api.journey import Show
from api.render import page_of_form, question_page, unavailable
from forms.answers import Answers, path
from forms.load import load_survey
from forms.survey import Form, Kind, Survey
from tests.functional.axe import violations
from tests.functional.html_form import read_page
from tests.functional.pseudo_translation import longer, pseudo_translation, right_to_left
from tests.functional.walking import FORM_HEADERS, Pairs, answers_for, send

FORMS = list(load_survey().forms)
HOME = Answers({"where_live": ("parents",), "ethnic_group": ("white",)})
LOOKS = [("light", 1200), ("dark", 320)]  # turn by turn, so that every form is seen in both


@pytest.fixture(scope="module")
def looks(chromium: Browser, door: str) -> Iterator[list[Page]]:
    """A page in each look, on the door's own origin, so that HTML put into it finds its styles and pictures."""
    contexts = [
        chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True, java_script_enabled=True)
        for scheme, width in LOOKS
    ]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        page.goto(f"{door}/robots.txt")
    yield pages
    for context in contexts:
        context.close()


def states(client: httpx.Client, form: Form) -> Iterator[tuple[str, str]]:
    """(name, HTML) of every page of a form: as it comes, with its error summary, and filled in."""
    html = send(client, form.id, [("action", "start")]).text
    chance = random.Random(1)
    while True:
        page = read_page(html)
        yield f"{page.value('page')} empty", html
        answers = answers_for(form, page, chance)
        wrong = send(client, form.id, page.post("next", *mistakes(form, page.value("page"))))
        if wrong.status_code == 422:
            yield f"{page.value('page')} with errors", wrong.text
        onward = send(client, form.id, page.post("next", *answers))
        if onward.status_code == 303:
            return
        following = read_page(onward.text)
        filled = send(client, form.id, following.post("back"))
        yield f"{page.value('page')} filled", filled.text
        html = onward.text


def mistakes(form: Form, page_id: str) -> Pairs:
    """An answer to this page that comes back with an error."""
    question = form.page(page_id).questions[0]
    if question.kind in (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL):
        return [(str(question.text_field), "x" * 1001)]
    if question.kind is Kind.CHOICES:
        return [(question.id, option.code) for option in question.options]
    return []


@pytest.mark.parametrize("form_id", FORMS)
def test_no_page_of_a_form_has_a_violation_in_any_state(door: str, looks: list[Page], survey: Survey, form_id: str) -> None:
    wrong = []
    with httpx.Client(base_url=door) as client:
        for number, (name, html) in enumerate(states(client, survey.forms[form_id])):
            page = looks[number % len(looks)]
            page.set_content(html, wait_until="domcontentloaded")
            wrong += [f"{name} {page.viewport_size}: {violation}" for violation in violations(page)]
            wrong += [f"{name}: {problem}" for problem in (cramped(page) + sideways(page) if name.endswith("empty") else [])]
    assert not wrong


def cramped(page: Page) -> list[str]:
    """Words of answers that go on in the next line, and ways not to answer that look smaller than an answer."""
    page.wait_for_function("document.styleSheets.length > 0")
    found: list[str] = page.evaluate(CRAMPED)
    return found


CRAMPED = """() => {
    const found = [];
    const seen = selector => root => [...root.querySelectorAll(selector)].filter(element => element.checkVisibility());
    for (const { firstChild: label } of seen(".card__text")(document)) {
        for (const word of label.data.matchAll(/[^\\s-]+/g)) {
            const range = document.createRange();
            range.setStart(label, word.index);
            range.setEnd(label, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map(line => line.top)).size > 1) found.push(`torn: ${word[0]}`);
        }
    }
    for (const refusal of seen(".card--opt_out")(document)) {
        const own = refusal.getBoundingClientRect();
        const others = seen(".card:not(.card--opt_out)")(refusal.closest("fieldset")).map(card => card.getBoundingClientRect());
        if (others.some(card => Math.abs(card.width - own.width) > 1)) found.push("the refusal is not as wide as an answer");
        if (others.every(card => card.height > own.height + 1) && others.length) found.push("the refusal is not as high as an answer");
    }
    return found;
}"""


def sideways(page: Page) -> list[str]:
    """What makes a reader scroll from side to side, at this width or with text of twice the size (WCAG 1.4.4, 1.4.10)."""
    page.wait_for_function("document.styleSheets.length > 0")
    found = []
    for size in ("100%", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"text runs over the edge of the screen with text at {size}")
    return found


@pytest.mark.parametrize("path", ["/", "/parents", "/teachers", "/help", "/robots.txt-not-there", "/exit"])
def test_no_page_beside_the_forms_has_a_violation(door: str, looks: list[Page], path: str) -> None:
    html = httpx.get(door + path).text
    for page in looks:
        page.set_content(html, wait_until="domcontentloaded")
        assert not violations(page) + sideways(page)


@pytest.mark.parametrize("form_id", FORMS)
def test_no_page_before_or_after_the_questions_has_a_violation(door: str, looks: list[Page], form_id: str) -> None:
    replies = [httpx.get(f"{door}/{form_id}{path}") for path in ("", "/parents", "/help", "/thank-you", "/already-sent", "/exit")]
    replies.append(httpx.post(f"{door}/{form_id}", content=b"action=jump", headers=FORM_HEADERS))
    wrong = []
    for number, reply in enumerate(replies):
        page = looks[number % len(looks)]
        page.set_content(reply.text, wait_until="domcontentloaded")
        wrong += [f"{reply.url.path}: {violation}" for violation in violations(page) + sideways(page)]
    assert not wrong


def test_the_pages_of_a_closed_wave_and_of_a_lost_store_have_no_violation(looks: list[Page], survey: Survey) -> None:
    form = survey.forms["9-12"]
    waiting = unavailable(form, "0" * 32, Show(form.pages[0], Answers()))
    for html in (waiting, page_of_form("message", form, message="closed", again=None)):
        for page in looks:
            page.set_content(html, wait_until="domcontentloaded")
            assert not violations(page) + sideways(page)


@pytest.mark.parametrize(("language", "direction", "change"), [("cy", "ltr", longer), ("he", "rtl", right_to_left)])
def test_another_language_has_no_violation_and_no_text_over_the_edge(
    looks: list[Page], tmp_path: Path, language: str, direction: str, change: Callable[[str], str]
) -> None:
    survey = load_survey(pseudo_translation(tmp_path, language, direction, change), language)
    wrong = []
    for form in (survey.forms["4-5"], survey.forms["easy-9-17"]):
        for number, shown in enumerate(path(form, HOME)):
            page = looks[number % len(looks)]
            page.set_content(question_page(form, "0" * 32, Show(shown, HOME)), wait_until="domcontentloaded")
            assert page.evaluate("getComputedStyle(document.body).direction") == direction
            wrong += [f"{form.id} {shown.id}: {violation}" for violation in sideways(page)]
            wrong += [f"{form.id} {shown.id}: {violation}" for violation in (violations(page) if number < 6 else [])]
    assert not wrong


WHERE = """number => {
    const [from, to] = number.split(/\\s/u).map(part => part.trim());
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const at = walker.currentNode.data.replaceAll("\\u00a0", " ").indexOf(number);
        if (at < 0) continue;
        const left = (start, length) => {
            const range = document.createRange();
            range.setStart(walker.currentNode, at + start);
            range.setEnd(walker.currentNode, at + start + length);
            return range.getBoundingClientRect();
        };
        const [one, two] = [left(0, from.length), left(number.length - to.length, to.length)];
        return [one.left, two.left, one.top, two.top];
    }
}"""


def test_a_telephone_number_is_read_in_its_order_where_the_text_runs_the_other_way(looks: list[Page], tmp_path: Path) -> None:
    survey = load_survey(pseudo_translation(tmp_path, "he", "rtl", right_to_left), "he")
    form = survey.forms["9-12"]
    pages = [
        question_page(form, "0" * 32, Show(form.pages[0], Answers())),
        page_of_form("thank_you", form),
        page_of_form("help", form),
    ]
    for html in pages:
        for page in looks:
            page.set_content(html, wait_until="domcontentloaded")
            first, second, top, other_top = page.evaluate(WHERE, "0800 1111")
            assert first < second
            assert top == other_top


def test_every_pair_of_colours_has_enough_contrast(looks: list[Page], door: str) -> None:
    """axe cannot judge text over drawn boxes, so the palette itself is measured (WCAG 1.4.3 and 1.4.11)."""
    html = httpx.get(f"{door}/").text
    for page in looks:
        page.set_content(html, wait_until="domcontentloaded")
        page.wait_for_function("document.styleSheets.length > 0")
        colours = page.evaluate(READ_COLOURS, sorted({name for pair in [*TEXT_ON, *EDGE_ON] for name in pair}))
        for front, back in TEXT_ON:
            assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
        for front, back in EDGE_ON:
            assert contrast(colours[front], colours[back]) >= 3.0, (front, back)


BODY, TEXT = "--govuk-body-background-colour", "--govuk-text-colour"
TEXT_ON = [
    (TEXT, BODY), (TEXT, "--card"), (TEXT, "--card-chosen"), (TEXT, "--note"), (TEXT, "--header"), (TEXT, "--second-hover"),
    ("--govuk-secondary-text-colour", BODY), ("--govuk-secondary-text-colour", "--header"),
    ("--govuk-link-colour", BODY), ("--govuk-link-colour", "--footer"), ("--govuk-link-colour", "--card"),
    ("--govuk-error-colour", BODY), ("--govuk-error-colour", "--govuk-surface-background-colour"), ("--govuk-error-colour", "--card"),
    ("--button-text", "--button"), ("--button-text", "--button-hover"), ("--second-text", "--second"),
    ("--second-text", "--second-hover"), ("--leave-text", "--leave"), ("--leave-text", "--leave-hover"),
    ("--govuk-focus-text-colour", "--govuk-focus-colour"),
]  # fmt: skip
EDGE_ON = [("--card-edge", BODY), ("--card-edge", "--card"), ("--card-chosen-edge", "--card-chosen"), ("--bar", "--bar-rest")]
READ_COLOURS = """names => Object.fromEntries(names.map(name => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const colour = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number);
    probe.remove();
    return [name, colour];
}))"""


def contrast(one: list[int], other: list[int]) -> float:
    """Contrast ratio of two sRGB colours as WCAG defines it, 1 to 21."""

    def luminance(colour: list[int]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
