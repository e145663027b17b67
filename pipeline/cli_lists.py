"""`bigask lists`: names, places and schools that the scrubber is to know beside those that come with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_options import console

app = typer.Typer(no_args_is_help=True, help="Lists for the scrubber: baby names (ONS), schools (GIAS), or a table of your own.")
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
Identity = Annotated[str, typer.Argument(help="A list, as `bigask lists list` names it.")]


def lists_folder() -> Path:
    """Where added lists are kept: in the secure zone, where `scrub` runs."""
    from retention.settings import load_settings

    return load_settings().secure.folder / "lists"


@app.command()
def add(file: File) -> None:
    """Read a file as downloaded (xlsx, ods or CSV) and keep what it lists; the next `scrub` knows it."""
    from pipeline.scrub import lists_in_use

    found = lists_in_use.add(file, lists_folder())
    console.print(f"{found.id}: {found.counts()}.", highlight=False, soft_wrap=True)


@app.command("list")
def list_added() -> None:
    """What has been added."""
    from pipeline.scrub import lists_in_use

    for found in lists_in_use.added(lists_folder()):
        console.print(f"{found.id:40} {found.counts()}", highlight=False, soft_wrap=True)


@app.command()
def remove(identity: Identity) -> None:
    """Take one list away again."""
    from pipeline.scrub import lists_in_use

    console.print(f"{lists_in_use.remove(identity, lists_folder()).id} is removed.", highlight=False)
