"""Forms on paper: every word and box of the form, the way through it, and a file that a screen reader can read."""

from __future__ import annotations

import builtins
import itertools
import re
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from weasyprint import HTML

from forms.load import load_survey
from forms.setting import Setting
from forms.survey import Form, Kind
from pipeline.paper import STATIC, Layout, PaperError, as_html, layouts_of, print_form, printed_questions
from tests.functional.pseudo_translation import pseudo_translation, right_to_left

SURVEY = load_survey()
CHILDLINE = "0800\N{NO-BREAK SPACE}1111"
FORMS = list(SURVEY)
EACH = [(form, layout) for form in FORMS for layout in layouts_of(form)]
# One of each kind of page: pictures, a wide table, easy words, a secure setting.
FILES = [("4-5", Layout.NORMAL, Setting.ANY), ("9-12", Layout.NORMAL, Setting.SECURE), ("easy-6-8", Layout.EASY, Setting.ANY)]


def names(pair: tuple[Form, Layout]) -> str:
    return f"{pair[0].id} {pair[1]}"


@pytest.mark.parametrize("pair", EACH, ids=names)
def test_every_question_line_and_answer_is_on_the_paper_in_the_forms_own_words(pair: tuple[Form, Layout]) -> None:
    form, layout = pair
    paper = unescape(as_html(form, layout, Setting.ANY))
    for question in form.questions:
        council = question.kind is Kind.COUNCIL
        shown = [option.label for option in question.options if not council or option.exclusive]
        for words in (question.text, question.hint, *(row.label for row in question.rows), *shown):
            assert words in paper
    assert paper.count("<h1>") == 1
    assert CHILDLINE in paper
    assert ("CC BY-SA 4.0" in paper) == form.pictures  # the licence of the pictures asks to be named wherever they go
    assert "{" not in re.sub(r"<style>.*?</style>", "", paper, flags=re.DOTALL)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_the_paper_of_a_secure_setting_never_asks_for_a_place(form: Form) -> None:
    for layout in layouts_of(form):
        paper = unescape(as_html(form, layout, Setting.SECURE))
        told = [form.words["paper_place"], form.words["postcode_box_label"], form.words["paper_council_label"]]
        told += [question.text for question in form.questions if question.is_locator]
        assert not [words for words in told if f">{words}<" in paper or f". {words}<" in paper]
        assert not [one for one in printed_questions(form, Setting.SECURE) if one.question.is_locator]


def test_whoever_is_not_asked_is_told_where_to_go_on() -> None:
    printed = {one.question.id: one for one in printed_questions(SURVEY.forms["9-12"], Setting.ANY)}
    number = {name: one.number for name, one in printed.items()}
    route = printed["ethnic_white"].route
    assert f"box 1 in question {number['ethnic_group']}" in route
    assert f"go to question {number['ethnic_mixed']}" in route
    homes = {option.code: box for box, option in printed["where_live"].boxes}
    for name in ("school", "postcode", "council"):
        boxes = {int(digits) for digits in re.findall(r"\d+", printed[name].route.split("in question")[0])}
        assert boxes == {homes[code] for code in (printed[name].question.ask_if or pytest.fail("no condition")).any_of}
        assert not boxes & {box for box, option in printed["where_live"].boxes if option.secure or option.exclusive}
        assert printed[name].route.endswith("you are done.")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.id)
def test_following_the_paper_asks_what_the_website_asks(form: Form) -> None:
    """By its words alone: numbers of boxes, of the question they stand in, and of the one to go on with."""
    for setting in Setting:
        printed = printed_questions(form, setting)
        by_number = {one.number: one for one in printed}
        assert [one.number for one in printed] == list(range(1, len(printed) + 1))
        for one, (source, option) in product(printed, _sources(form)):
            condition = one.question.ask_if
            if condition is None:
                assert not one.route
            elif condition.question == source:
                digits = [int(part) for part in re.findall(r"\d+", one.route)]
                onward = digits.pop() if not one.route.endswith("done.") else len(printed) + 1
                asked_in = by_number[digits.pop()]
                ticked = {by for by, each in asked_in.boxes if each.code == option}
                assert asked_in.question.id == source
                assert bool(ticked & set(digits)) == (option in condition.any_of)
                assert one.number < onward
                assert all(by_number[skipped].question.ask_if == condition for skipped in range(one.number, onward))


def _sources(form: Form) -> list[tuple[str, str]]:
    sources = {question.ask_if.question for question in form.questions if question.ask_if}
    return [(source, option.code) for source in sources for option in form.question(source).options]


@pytest.mark.parametrize(("form_id", "layout", "setting"), FILES)
def test_a_printed_file_can_be_read_by_a_screen_reader(tmp_path: Path, form_id: str, layout: Layout, setting: Setting) -> None:
    """What PDF/UA-1 asks of a file and a machine can see; `outloud FILE` sees more of it."""
    path = tmp_path / "form.pdf"
    path.write_bytes(print_form(SURVEY.forms[form_id], layout, setting))
    with pikepdf.open(path) as pdf:
        root = pdf.Root
        assert root.MarkInfo.Marked
        assert str(root.Lang) == "en"
        assert root.ViewerPreferences.DisplayDocTitle
        assert str(pdf.docinfo.get("/Title", "")) == f"The Big Ask: {SURVEY.forms[form_id].words['form_label']}"
        assert pdf.open_metadata().get("pdfuaid:part") == "1"
        tags = [str(tag) for tag in _tags(root.StructTreeRoot)]
        assert {"/H1", "/H2", "/L", "/LI", "/P"} <= set(tags)
        assert "/Figure" not in tags  # pictures repeat the words beside them: artefacts, not content
        assert ("/Table" in tags) == (layout is Layout.NORMAL and form_id == "9-12")
        assert tags.count("/H2") >= len(printed_questions(SURVEY.forms[form_id], setting))
        assert len(root.Outlines.First.keys()) > 0
        for page in pdf.pages:
            assert page.obj.get("/Tabs", "/S") == "/S"
            for font in page.Resources.get("/Font", {}).values():
                for inner in font.get("/DescendantFonts", [font]):
                    assert any(key in inner.FontDescriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))


@pytest.mark.parametrize(("form_id", "layout"), [("easy-9-17", Layout.EASY), ("6-8", Layout.LARGE)])
def test_no_sheet_begins_with_answers_to_a_question_on_the_one_before(form_id: str, layout: Layout) -> None:
    """The longest lists there are, with the largest pictures and letters."""
    count = itertools.count()
    html = as_html(SURVEY.forms[form_id], layout, Setting.ANY)
    html = re.sub(r"<(h2|h3|li)\b", lambda tag: f'<{tag[1]} id="{tag[1]}-{next(count):04}"', html)
    sheets = HTML(string=html, base_url=STATIC.as_uri() + "/").render().pages
    first = [min(sheet.anchors, key=lambda anchor: anchor[-4:]) for sheet in sheets]
    assert [anchor for anchor in first if anchor.startswith("li")] == []
    assert sum(len(sheet.anchors) for sheet in sheets) == next(count)


def _tags(node: Any) -> list[Any]:
    found = [node.S] if isinstance(node, pikepdf.Dictionary) and "/S" in node else []
    kids = node.get("/K", []) if isinstance(node, pikepdf.Dictionary) else []
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            found += _tags(kid)
    return found


def test_a_layout_that_does_not_suit_a_form_is_refused() -> None:
    with pytest.raises(PaperError, match="Form 9-12 is printed as normal or large"):
        print_form(SURVEY.forms["9-12"], Layout.EASY)
    assert {form.id: layouts_of(form)[0] for form in FORMS if form.easy_read} == {"easy-6-8": "easy", "easy-9-17": "easy"}


def test_a_machine_without_pango_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return imported(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PaperError, match="apt-get install libpango"):
        print_form(SURVEY.forms["9-12"], Layout.NORMAL)


def test_another_language_is_printed_in_its_own_direction(tmp_path: Path) -> None:
    survey = load_survey(pseudo_translation(tmp_path, "he", "rtl", right_to_left), "he")
    for form in survey:
        paper = as_html(form, layouts_of(form)[0], Setting.ANY)
        assert '<html lang="he" dir="rtl">' in paper
        body = re.sub(r"<style>.*?</style>|<[^>]+>", " ", unescape(paper), flags=re.DOTALL)
        latin = set(re.findall(r"[a-z]{3,}", body.replace(form.id, "").replace(form.version, "").lower()))
        assert latin <= {"childline", "samaritans", "shout", "runaway", "helpline"}  # what help lines are called
