"""`bigask release`: drafted by one person, checked by a second, approved by a third."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from pipeline.cli_geography import layers
from pipeline.cli_options import Person, WaveName, bar, console, open_store, store_for_step

app = typer.Typer(no_args_is_help=True, help="Releases: drafted by one person, checked by a second, approved by a third.")
ReleaseName = Annotated[str, typer.Argument(help="The release, as `bigask status` names it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence: it is kept, and shown.")]


@app.command()
def draft(
    release: ReleaseName,
    wave: WaveName,
    person: Person,
    replaces: Annotated[str | None, typer.Option(help="The release that this is a new version of.")] = None,
    change: Annotated[list[str] | None, typer.Option(help="What changed since that one, in a sentence; once for each.")] = None,
) -> None:
    """Build the files of a release from the protected tables, with maps if boundaries were added (`bigask geography add`)."""
    from pipeline.steps.release import draft as step

    with ExitStack() as stack:
        tell = bar("attack", stack)
        store = store_for_step()[1]
        drafted = step(store, wave, release, person, layers=layers(), replaces=replaces, changes=change or (), progress=tell)
    console.print(f"{drafted.id} is {drafted.state}: manifest {drafted.sha256}", highlight=False, soft_wrap=True)


@app.command()
def check(release: ReleaseName, person: Person) -> None:
    """Say that you, not its author, have looked at every table of a draft."""
    from pipeline import approval

    console.print(f"{release} is {approval.check(open_store()[1], release, person).state}.")


@app.command()
def approve(release: ReleaseName, person: Person) -> None:
    """Release a checked draft; you are neither its author nor its checker."""
    from pipeline import approval

    settings, store = open_store()
    console.print(f"{release} is {approval.approve(store, release, person, settings.release).state}.")


@app.command()
def publish() -> None:
    """Bring the public zone in line with what was approved and withdrawn, after an interruption."""
    from pipeline import approval

    settings, store = open_store()
    console.print(f"Published: {', '.join(approval.publish_released(store, settings.release)) or 'nothing'}.", soft_wrap=True)


@app.command()
def refuse(release: ReleaseName, person: Person, reason: Reason) -> None:
    """Stop a draft, with a reason."""
    from retention import releases

    console.print(f"{release} is {releases.refuse(open_store()[1], release, person, reason).state}.")


@app.command()
def withdraw(release: ReleaseName, person: Person, reason: Reason) -> None:
    """Take a release back; its page will show the reason."""
    from pipeline import approval

    settings, store = open_store()
    console.print(f"{release} is {approval.withdraw(store, release, person, reason, settings.release).state}.")
