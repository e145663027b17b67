"""`bigask forms`: the forms beside the website. Printed, typed in from paper, read from files of institutions, and measured."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forms.setting import Setting
from pipeline.cli_options import console

if TYPE_CHECKING:
    from forms.survey import Form
    from pipeline.intake import Intake
    from pipeline.keying import Paper

app = typer.Typer(no_args_is_help=True, help="The forms on paper, as files, and how hard they are to read.")

FormName = Annotated[str, typer.Option("--form", help="The form, such as 9-12.")]
Where = Annotated[Setting, typer.Option("--setting", help="`secure` asks for no school, postcode or council.")]
MOST_FAULTS = 50  # printed of one file
CLEAR = "\x1b[2J\x1b[3J\x1b[H"  # the screen and what was scrolled away


def _form(name: str) -> Form:
    from forms.load import load_survey

    forms = load_survey().forms
    if name not in forms:
        raise typer.BadParameter(f"the forms are {', '.join(forms)}", param_hint="--form")
    return forms[name]


def _intake() -> Intake:
    """The way into the open wave, past the same gate as the child door."""
    from forms.load import load_survey
    from governance.permit import standing_at_the_door
    from pipeline.intake import Intake
    from retention.collection_store import connect_collection
    from retention.settings import load_settings

    zone, survey = load_settings().collection, load_survey()
    standing_at_the_door(zone, survey).require()
    return Intake(zone, connect_collection(zone), survey.id)


@app.command("print")
def print_forms(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    form: Annotated[str, typer.Option("--form", help="One form; all of them if none is named.")] = "",
    layout: Annotated[str, typer.Option("--layout", help="normal, large or easy; all that suit the form if none is named.")] = "",
    setting: Where = Setting.ANY,
) -> None:
    """Make a tagged PDF of each form, in each layout that suits it."""
    from forms.load import load_survey
    from pipeline.paper import Layout, layouts_of, print_form

    if layout and layout not in list(Layout):
        raise typer.BadParameter(f"the layouts are {', '.join(Layout)}", param_hint="--layout")
    out.mkdir(parents=True, exist_ok=True)
    for one in [_form(form)] if form else load_survey():
        for each in [Layout(layout)] if layout and form else [suits for suits in layouts_of(one) if layout in ("", suits)]:
            path = out / f"{one.id}{'-secure' if setting is Setting.SECURE else ''}-{each}.pdf"
            path.write_bytes(print_form(one, each, setting))
            console.print(str(path), highlight=False, soft_wrap=True)


@app.command()
def enter(form: FormName, setting: Where = Setting.ANY) -> None:
    """Type paper forms in, one after the other, into the open wave. Ctrl-C ends; a paper that is not confirmed is not stored."""
    from pipeline.keying import Paper

    chosen, intake = _form(form), _intake()
    stored = 0
    typer.echo("Type the numbers of the ticked boxes, or what is written. Enter alone: nothing there. < : back.")
    try:
        while True:
            paper = Paper(chosen, setting)
            _type_in(paper, lambda label: str(typer.prompt(label, default="", show_default=False)))
            if typer.confirm("As on the paper? Store it"):
                intake.put_one(paper.response())
                stored += 1
            if sys.stdout.isatty():
                typer.echo(CLEAR, nl=False)  # the next person at this screen must not read a child's answers
            typer.echo(f"Stored: {stored}")
            if not typer.confirm("Another paper", default=True):
                break
    except (typer.Abort, EOFError, KeyboardInterrupt):
        typer.echo("")
    typer.echo(f"{stored} papers stored. Destroy the papers now: the form promises it.")


def _type_in(paper: Paper, ask: Callable[[str], str]) -> None:
    from pipeline.keying import NotUnderstood

    while (entry := paper.next_entry()) is not None:
        typer.echo(f"\n{entry.label}. {entry.asked}")
        if not entry.is_text:
            typer.echo("   " + "   ".join(f"{number} {option.label}" for number, option in entry.printed.boxes))
        typed = ask("written" if entry.is_text else "boxes")
        if typed.strip() == "<":
            paper.back()
            continue
        try:
            paper.type(typed)
        except NotUnderstood as problem:
            typer.echo(str(problem))
    typer.echo("\nPlease compare:")
    for label, values in paper.summary():
        typer.echo(f"{label:>4}  {values}")


@app.command()
def layout(
    form: FormName, out: Annotated[Path, typer.Option("--out", help="Folder for the two files.")], setting: Where = Setting.ANY
) -> None:
    """Write an empty file for an institution to fill in, and a second one with the codes. Each layout is good for one file."""
    from forms.sheet import code_list, empty_sheet

    chosen = _form(form)
    out.mkdir(parents=True, exist_ok=True)
    name = f"{form}{'-secure' if setting is Setting.SECURE else ''}"
    for path, content in ((out / f"{name}.csv", empty_sheet(chosen, setting)), (out / f"{name}-codes.csv", code_list(chosen, setting))):
        path.write_text(content, encoding="utf-8-sig", newline="")  # the mark at the front tells spreadsheets that it is UTF-8
        console.print(str(path), highlight=False, soft_wrap=True)


@app.command("import")
def import_file(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], form: FormName, setting: Where = Setting.ANY) -> None:
    """Take a filled-in layout into the open wave: every row, or none. The same file again changes nothing."""
    from forms.sheet import SheetError, read_sheet
    from retention.collection_store import Receipt

    chosen, intake = _form(form), _intake()
    try:
        responses = read_sheet(chosen, setting, file.read_bytes())
    except SheetError as error:
        for fault in error.faults[:MOST_FAULTS]:
            console.print(str(fault), highlight=False, markup=False, soft_wrap=True)
        raise
    receipts = intake.put(responses)
    stored = receipts.count(Receipt.STORED)
    console.print(f"{stored} responses stored, {len(receipts) - stored} were there already. Destroy the file now, and every copy of it.")


@app.command()
def check() -> None:
    """How hard each form is to read, the terms that are excepted and why. Fails if a text misses its target."""
    from forms.load import load_survey
    from forms.readability import grades, shortcomings, shortcomings_around
    from forms.reading_list import reading_list
    from forms.survey import SurveyError

    survey, lists = load_survey(), reading_list()
    wrong = shortcomings_around(survey)
    for form in survey:
        for reader, grade, target in grades(form):
            console.print(f"{form.id:10} read by {reader:6} grade {grade:4.1f}, at most {target:g}", highlight=False)
        wrong += [f"{form.id}: {one}" for one in shortcomings(form)]
    console.print("\nExcepted, because there is no simpler word:")
    for exempt in lists.exempt:
        console.print(f"- {exempt.term}: {exempt.reason}", highlight=False, markup=False, soft_wrap=True)
    for one in wrong:
        console.print(one, highlight=False, markup=False, soft_wrap=True)
    if wrong:
        raise SurveyError(f"{len(wrong)} texts are harder to read than their readers can be expected to read: simplify them.")
