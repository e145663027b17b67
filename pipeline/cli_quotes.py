"""`bigask quotes`: drawn and proposed by one person, approved by two others at the staff door, released like a table."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli_options import Person, WaveName, console, open_store, store_for_step

app = typer.Typer(no_args_is_help=True, help="What children wrote, on its way out: quotes, each approved, and cleaned texts as a file.")


@app.command()
def propose(
    wave: WaveName,
    frame: Annotated[str, typer.Option(help="The id of a code frame.")],
    theme: Annotated[str, typer.Option(help="One of its themes that was tabulated.")],
    person: Person,
    count: Annotated[int, typer.Option(min=1, max=50, help="How many, at most.")] = 5,
) -> None:
    """Draw cleaned texts on a theme at random and propose those that may be quoted. Two others read them at the staff door."""
    from pipeline.quotes import propose as step

    made = step(open_store()[1], wave, frame, theme, count, person)
    console.print(f"{len(made)} quotes wait for two approvals each at the staff door.", highlight=False)


@app.command()
def texts(
    wave: WaveName,
    release: Annotated[str, typer.Option(help="The name of a new release.")],
    question: Annotated[list[str], typer.Option(help="The question whose texts leave; may be given several times.")],
    person: Person,
) -> None:
    """Draft a release of the wave's tables with the cleaned texts of some questions; it is then checked and approved like any other."""
    from pipeline.text_release import publish as step

    drafted, count = step(store_for_step()[1], wave, release, question, person)
    console.print(f"{drafted.id} is {drafted.state} with {count} texts: manifest {drafted.sha256}", highlight=False, soft_wrap=True)


@app.command("list")
def list_quotes(wave: Annotated[str | None, typer.Option("--wave", help="One wave alone.")] = None) -> None:
    """The register: every quote, who let it leave, and in which release. Not its words: those stand in the release."""
    from retention.quotes import quotes
    from retention.releases import releases

    store = open_store()[1]
    states = {one.id: one.state.value for one in releases(store)}
    for one in quotes(store, wave):
        where = f"{one.release} ({states.get(one.release, 'not drafted')})" if one.release else "-"
        line = f"{one.id}  {one.state:14} {one.age_band:18} {one.frame}/{one.theme}  proposed by {one.proposer}, "
        console.print(f"{line}approved by {' and '.join(one.approvers) or 'nobody'}; release {where}", highlight=False, soft_wrap=True)


@app.command()
def publish(wave: WaveName, release: Annotated[str, typer.Option(help="The name of a new release.")], person: Person) -> None:
    """Draft a release of the wave's tables with every approved quote; it is then checked and approved like any other."""
    from pipeline.quotes import publish as step

    drafted, count = step(store_for_step()[1], wave, release, person)
    console.print(f"{drafted.id} is {drafted.state} with {count} quotes: manifest {drafted.sha256}", highlight=False, soft_wrap=True)
