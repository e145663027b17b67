"""`bigask wave`, `staff`, `certificates` and `ledger`: what the office sets up and checks around the steps."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_options import Person, console, open_store

wave_app = typer.Typer(no_args_is_help=True, help="Collection waves.")
staff_app = typer.Typer(no_args_is_help=True, help="Accounts of the staff door.")
certificates_app = typer.Typer(no_args_is_help=True, help="Certificates of destruction.")
ledger_app = typer.Typer(no_args_is_help=True, help="The ledger.")


@wave_app.callback()
@staff_app.callback()
@certificates_app.callback()
@ledger_app.callback()
def _group() -> None:
    """A group of one verb stays a group."""


@wave_app.command("open")
def wave_open(wave: Annotated[str, typer.Argument()], person: Person, survey: str = "big_ask") -> None:
    """Ask the opening gate, make the keys of a new wave, and start to collect."""
    from forms.load import load_survey
    from pipeline.gate import open_survey
    from retention.collection_store import connect_collection

    settings, store = open_store()
    opened = open_survey(store, connect_collection(settings.collection), settings.collection, wave, load_survey(survey), person)
    console.print(f"Wave {opened.id} is open. Its private keys stay here; the collection server has the public ones.")


@staff_app.command("add")
def staff_add(name: Annotated[str, typer.Argument()], role: Annotated[str, typer.Option()], person: Person) -> None:
    """Make an account; the password is asked for, never given on the command line."""
    from retention.staff import Role, add_member

    if role not in set(Role):
        raise typer.BadParameter(f"the roles are {', '.join(Role)}", param_hint="--role")
    store = open_store()[1]
    member = add_member(store, name, Role(role), getpass.getpass("Password: "), by=person)
    console.print(f"{member.name} is a {member.role}.")


@certificates_app.command("verify")
def certificates_verify(
    files: Annotated[list[Path], typer.Argument()],
    key: Annotated[Path | None, typer.Option(help="The office's public key, ledger.pub, where its secure folder is not at hand.")] = None,
) -> None:
    """Check certificates of destruction with the office's public key alone, on any machine."""
    from retention.destroy import verify_certificate
    from retention.ledger import SIGNING_KEY
    from retention.settings import load_settings

    folder, name = (key.parent, key.stem) if key is not None else (load_settings().secure.keys, SIGNING_KEY)
    for path in files:
        content = verify_certificate(path, folder, name)
        words = f"{path.name}: {content['records']} {content['what']} of wave {content['wave']}, {content['day']}: true"
        console.print(words, highlight=False, soft_wrap=True)


@ledger_app.command("verify")
def ledger_verify() -> None:
    """Check the ledger's chain, signatures and end."""
    console.print(f"{open_store()[1].verify_ledger()} entries, all in order.")
