"""`bigask extracts`: copies that the contractor took for maintenance, and the day by which it must attest that they are gone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pipeline.cli_options import Person, WaveName, console, open_store

app = typer.Typer(no_args_is_help=True, help="The contractor's extracts of the collection server, chased until their deletion is attested.")
Number = Annotated[int, typer.Argument(min=1, help="As `bigask extracts list` numbers it.")]
What = Annotated[str, typer.Option(help="What it is, for example nightly-backup.")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="By when deletion must be attested.")]


@app.command()
def add(wave: WaveName, person: Person, holder: Annotated[str, typer.Option(help="Who holds it.")], what: What, due: Day) -> None:
    """Register an extract: a backup, a dump, a disk image."""
    from retention.extracts import register

    number = register(open_store()[1], wave, holder, what, due.date(), person)
    console.print(f"Extract {number} is registered; its deletion is due on {due.date()}.", highlight=False)


@app.command()
def attest(number: Number, person: Person, statement: Annotated[str, typer.Option(help="Where the signed statement is filed.")]) -> None:
    """Record that the holder has attested its deletion."""
    from retention.extracts import attest as record

    record(open_store()[1], number, statement, person)
    console.print(f"Extract {number}: deletion attested.", highlight=False)


@app.command("list")
def list_extracts() -> None:
    """Every extract, those that are overdue first."""
    from retention.extracts import extracts
    from retention.secure_store import today

    now = today()
    for extract in sorted(extracts(open_store()[1]), key=lambda extract: (not extract.overdue(now), extract.due_on, extract.number)):
        console.print(
            f"{extract.number:4} {extract.wave:16} {extract.what:14} {extract.holder:20} due {extract.due_on}  {extract.state(now)}",
            highlight=False, soft_wrap=True, markup=False,
        )  # fmt: skip
