"""`bigask keys`: the passphrase of the private keys in the hands of several people, of whom so many open the secure zone together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_options import Person, console, open_store

app = typer.Typer(no_args_is_help=True, help="The passphrase of the private keys.")


@app.callback()
def _group() -> None:
    """A group of one verb stays a group."""


@app.command()
def share(
    people: Annotated[list[str], typer.Argument(help="Who gets a share.")],
    person: Person,
    needed: Annotated[int, typer.Option(min=2, help="So many of them open the zone.")] = 2,
    out: Annotated[Path, typer.Option(help="A folder for the shares, which are then given away.")] = Path("shares"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the passphrase file as well: then one person still opens the zone.")] = False,
) -> None:
    """Divide the passphrase among people, and destroy the file that held it. Then set BIGASK_SHARES instead."""
    from retention.keys import overwrite_and_remove
    from retention.ledger import Entry
    from retention.shares import ZONE, keys_of, open_passphrase, share_passphrase

    settings, store = open_store()
    zone = settings.secure
    passphrase = zone.passphrase()
    paths = share_passphrase(passphrase, zone.closed_passphrase, out, people, needed)
    if open_passphrase(zone.closed_passphrase, keys_of(paths[-needed:])[ZONE]) != passphrase:
        raise typer.BadParameter("the shares do not give the passphrase back; nothing was destroyed")
    with store.record(Entry(person, "keys-share", "office", {"people": len(people), "needed": needed})):
        pass
    if not keep and zone.passphrase_file is not None:
        overwrite_and_remove(zone.passphrase_file)
    for path in paths:
        console.print(f"{path}", highlight=False, soft_wrap=True)
    console.print(f"Give each to its holder and keep none: {needed} of {len(people)} open the zone, by BIGASK_SHARES.", highlight=False)
