"""`bigask collection`: what an administrator does to the collection zone's database."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli_options import console

app = typer.Typer(no_args_is_help=True, help="The collection zone's database.")


@app.callback()
def _group() -> None:
    """A group of one verb stays a group."""


@app.command()
def prepare(role: Annotated[str, typer.Option(help="The PostgreSQL role that the child door connects as.")]) -> None:
    """Bring the PostgreSQL database in BIGASK_COLLECTION_URL to the newest schema, and let ROLE add responses and nothing else."""
    from retention.collection_role import prepare as prepare_database
    from retention.settings import load_settings

    prepare_database(load_settings().collection, role)
    console.print(f"Prepared. '{role}' can add responses and see which wave is open, and do nothing else.")
