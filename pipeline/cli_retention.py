"""`bigask retention`: what is held, what is due, who keeps what longer and why, and destruction of the rest."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_options import Person, bar, console, open_store, store_for_step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retention.holdings import Holding

app = typer.Typer(no_args_is_help=True, help="What is held, until when, and its destruction, which is the default.")
Of = Annotated[str, typer.Option("--wave", help="The wave, or `office` for what belongs to none.")]
Kind = Annotated[str, typer.Argument(help="As `bigask retention status` names it.")]
Reason = Annotated[str, typer.Option(help="A sentence: it is signed, kept and shown.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The new day, to keep it longer.")]


@app.command()
def status() -> None:
    """Everything that is held or was destroyed, what is due first at the front."""
    from retention.holdings import holdings

    _print(holdings(open_store()[1]))


@app.command("due")
def list_due() -> None:
    """What is due for destruction or to be looked at."""
    from retention.holdings import due

    found = due(open_store()[1])
    _print(found)
    console.print(f"{len(found)} due." if found else "Nothing is due.", highlight=False)


@app.command()
def review(kind: Kind, wave: Of, person: Person, reason: Reason, until: Until = None) -> None:
    """Sign for having looked at something; with --until, decide that it is kept longer."""
    from retention.holdings import keep, reviewed

    store = open_store()[1]
    decided = keep(store, wave, kind, until.date(), reason, person) if until else reviewed(store, wave, kind, reason, person)
    console.print(f"Signed by {person}: '{kind}' of '{wave}' is due on {decided.content['until']}.", highlight=False, soft_wrap=True)


@app.command()
def destroy(
    person: Person, yes: Annotated[bool, typer.Option("--yes", help="Destroy; without it only say what would be.")] = False
) -> None:
    """Destroy everything that is due, with a certificate for each. Run again, it goes on where it was stopped."""
    from retention.destroy_due import destroy_due
    from retention.holdings import By, due

    if not yes:
        found = due(open_store()[1])
        _print(found)
        mine = [one for one in found if one.by is not By.HAND]
        words = f"{len(mine)} would be destroyed, {sum(one.records for one in mine)} records in all. Nothing was: say --yes to do it."
        console.print(words, highlight=False, soft_wrap=True)
        return
    with ExitStack() as stack:
        outcome = destroy_due(store_for_step()[1], person, bar("destroying", stack))
    console.print(f"{len(outcome.destroyed)} destroyed and certified, {outcome.records} records in all.", highlight=False)
    for one in outcome.by_hand:
        console.print(f"By hand: {one.kind} of {one.wave}: {one.what}.", highlight=False, soft_wrap=True, markup=False)


@app.command()
def calendar(out: Annotated[Path, typer.Argument(help="Where to write it, for example retention.ics.")]) -> None:
    """Every day on which something is due, as an iCalendar file."""
    from pipeline.retention_calendar import as_calendar
    from retention.holdings import holdings

    found = holdings(open_store()[1])
    out.write_bytes(as_calendar(found))
    console.print(f"{sum(one.destroyed_on is None for one in found)} days written.", highlight=False)


def _print(found: Iterable[Holding]) -> None:
    from retention.secure_store import today

    day = today()
    for one in found:
        standing = f"destroyed {one.destroyed_on}" if one.destroyed_on else f"due {one.due_on}  {one.loudness(day).words}"
        kept = f" (kept longer by {one.kept_by})" if one.kept_by else ""
        console.print(f"{one.wave:16} {one.kind:20} {one.records:8}  {standing}{kept}", highlight=False, soft_wrap=True, markup=False)
