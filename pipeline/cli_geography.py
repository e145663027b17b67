"""`bigask geography`: the official files that `locate` reads beside what comes with the program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_options import console

if TYPE_CHECKING:
    from pipeline.release_map import Boundaries

app = typer.Typer(no_args_is_help=True, help="Official geography files: postcodes, lookups, deprivation, schools, names and boundaries.")
Product = Annotated[str, typer.Argument(help="A product, as `bigask geography list` names it.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def geography_folder() -> Path:
    """Where added files are kept: in the secure zone, where `locate` runs."""
    from retention.settings import load_settings

    return load_settings().secure.folder / "geography"


def layers() -> list[Boundaries]:
    """Boundaries that were added, the finest first, for the maps of a release."""
    from pipeline.geography.boundaries import Level, boundaries

    return [layer for level in (Level.COUNCIL, Level.REGION) if (layer := boundaries(geography_folder(), level)) is not None]


@app.command()
def add(file: File) -> None:
    """Read an official file as downloaded, zip or CSV, and keep it; product and vintage are recognised from its content."""
    from pipeline.geography import catalogue

    record = catalogue.add(file, geography_folder())
    console.print(f"{record.id}: {record.rows} rows; {record.whole}. {record.licence}", highlight=False, soft_wrap=True)


@app.command("list")
def list_added() -> None:
    """What has been added."""
    from pipeline.geography import catalogue

    for record in catalogue.added(geography_folder()):
        console.print(f"{record.id:32} {record.vintage}  {record.rows:9} rows", highlight=False, soft_wrap=True)


@app.command()
def show(product: Product) -> None:
    """Where one product came from: file, SHA-256, vintage, rows, columns, licence."""
    from dataclasses import asdict

    from pipeline.geography import catalogue

    for name, value in asdict(catalogue.show(product, geography_folder())).items():
        words = ", ".join(f"{column} as {read}" for read, column in value.items()) if isinstance(value, dict) else value
        console.print(f"{name:10} {words}", highlight=False, soft_wrap=True, markup=False)


@app.command()
def remove(product: Product) -> None:
    """Take one product away again."""
    from pipeline.geography import catalogue

    console.print(f"{catalogue.remove(product, geography_folder()).id} is removed.", highlight=False)


@app.command()
def lookup(file: File) -> None:
    """For checking: what the directory in use says of the postcodes in a file's first column, as CSV."""
    import sys

    from pipeline.geography.in_use import directory_in_use
    from pipeline.geography.in_use import lookup as look_up

    look_up(file, directory_in_use(geography_folder())).to_csv(sys.stdout, index=False)
