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
def wave_open(
    wave: Annotated[str, typer.Argument()],
    person: Person,
    survey: str = "big_ask",
    holder: Annotated[list[str] | None, typer.Option(help="Somebody who gets a share of the wave's lock; give it again for each.")] = None,
    needed: Annotated[int, typer.Option(min=2, help="So many holders open the wave.")] = 2,
    shares: Annotated[Path, typer.Option(help="A folder for the shares, which are then given away.")] = Path("shares"),
    expected: Annotated[
        int, typer.Option(min=0, help="Children who may answer. SQLite makes room for them now; for more, it stops for a while to make it.")
    ] = 0,
) -> None:
    """Ask the opening gate, make the keys of a new wave, and start to collect. With holders, its answers open with their shares alone."""
    from forms.load import load_survey
    from pipeline.gate import open_survey
    from retention.collection_store import connect_collection
    from retention.shares import Holders

    settings, store = open_store()
    holders = Holders(tuple(holder), needed, shares) if holder else None
    collection = connect_collection(settings.collection)
    opened = open_survey(store, collection, settings.collection, wave, load_survey(survey), person, holders, expected)
    if holder:
        words = f"{needed} of {len(holder)} holders open it: give each their share from {shares}, keep none, and name them in BIGASK_SHARES"
        console.print(f"{words} for locate and scrub.", highlight=False, soft_wrap=True)
    console.print(f"Wave {opened.id} is open. Its private keys stay here; the collection server has the public ones.")


@staff_app.command("add")
def staff_add(name: Annotated[str, typer.Argument()], role: Annotated[str, typer.Option()], person: Person) -> None:
    """Make an account; the password is asked for, never given on the command line."""
    from retention.staff import Role, StaffError, accounts, add_member

    if role not in set(Role):
        raise typer.BadParameter(f"the roles are {', '.join(Role)}", param_hint="--role")
    store = open_store()[1]
    if role != Role.ADMINISTRATOR and not accounts(store):
        raise StaffError("The first account is an administrator's, who makes the others: --role administrator.")
    member = add_member(store, name, Role(role), getpass.getpass(f"New password of {name}: "), by=person)
    console.print(f"{member.name} is a {member.role}.")


@staff_app.command("list")
def staff_list() -> None:
    """Every account with its role."""
    from retention.staff import accounts

    for one in accounts(open_store()[1]):
        factor = "second factor set" if one.second_factor else "no second factor yet"
        console.print(f"{one.member.name:24} {one.member.role:26} since {one.added_on}  {factor}", highlight=False, soft_wrap=True)


@staff_app.command("role")
def staff_role(name: Annotated[str, typer.Argument()], role: Annotated[str, typer.Option()], person: Person) -> None:
    """Give somebody else another role, instead of the one they have."""
    from retention.staff import Role, change_role

    if role not in set(Role):
        raise typer.BadParameter(f"the roles are {', '.join(Role)}", param_hint="--role")
    member = change_role(open_store()[1], name, Role(role), person)
    console.print(f"{member.name} is a {member.role}.")


@staff_app.command("reset")
def staff_reset(name: Annotated[str, typer.Argument()], person: Person) -> None:
    """Take somebody else's lost second factor away: they set a new one when they sign in next."""
    from retention.second_factor import reset

    reset(open_store()[1], name, person)
    console.print(f"{name} sets a new second factor at the next sign-in.")


@staff_app.command("remove")
def staff_remove(name: Annotated[str, typer.Argument()], person: Person) -> None:
    """Close somebody else's account."""
    from retention.staff import remove_member

    remove_member(open_store()[1], name, person)
    console.print(f"The account of {name} is closed.")


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


@ledger_app.command("show")
def ledger_show(
    wave: Annotated[str | None, typer.Option(help="Only this wave, or `office`.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    verb: Annotated[str | None, typer.Option(help="Only this, for example destroy-texts.")] = None,
) -> None:
    """Who did what, on which day, to what, and by which authority; the ledger is verified first."""
    store = open_store()[1]
    store.verify_ledger()
    for signed in store.ledger():
        one = signed.entry
        if all(wanted in (None, given) for wanted, given in ((wave, one.wave), (actor, one.actor), (verb, one.verb))):
            counts = " ".join(f"{name}={value}" for name, value in one.counts.items())
            words = f"{signed.seq:6} {signed.day} {one.actor:20} {one.verb:24} {one.wave:16} {counts}"
            console.print(words, highlight=False, soft_wrap=True, markup=False)


@ledger_app.command("export")
def ledger_export(out: Annotated[Path, typer.Argument(help="Where to write it, for example ledger.jsonl.")], person: Person) -> None:
    """Write the ledger as a file for an auditor, with its signed end. That it was taken is its last entry."""
    from retention.ledger import Entry
    from retention.ledger_file import write_ledger

    settings, store = open_store()
    store.verify_ledger()
    with store.record(Entry(person, "ledger-export", "office")):
        pass
    count = write_ledger(out, store.ledger(), settings.secure.folder / "ledger.head")
    console.print(
        f"{count} entries. To verify them anywhere: this file and the office's public key, ledger.pub.", highlight=False, soft_wrap=True
    )


@ledger_app.command("head")
def ledger_head() -> None:
    """The end of the ledger today, to be noted on paper and kept elsewhere: it tells later whether the whole zone was put back."""
    from retention.ledger import SIGNING_KEY, LedgerError, verify_chain

    store = open_store()[1]
    store.verify_ledger()
    hashes = verify_chain(store.ledger(), store.ring.public(SIGNING_KEY))
    if not hashes:
        raise LedgerError("The ledger is empty: there is no end to note yet.")
    latest = max(hashes)
    console.print(f"{latest}:{hashes[latest]}", highlight=False, soft_wrap=True)


@ledger_app.command("verify")
def ledger_verify(
    noted: Annotated[str | None, typer.Option("--head", help="An end that was noted earlier: what `bigask ledger head` printed.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file that `export` wrote, instead of the ledger itself.")] = None,
    key: Annotated[Path | None, typer.Option(help="The office's public key, ledger.pub: nothing else is needed with a file.")] = None,
) -> None:
    """Check the ledger's chain, signatures and end."""
    if (file is None) != (key is None):
        raise typer.BadParameter("give both --file and --key, or neither")
    if file is not None and key is not None:
        from retention.ledger_file import verified

        hashes = verified(file, key)
    else:
        from retention.ledger import SIGNING_KEY, verify_chain

        store = open_store()[1]
        store.verify_ledger()
        hashes = verify_chain(store.ledger(), store.ring.public(SIGNING_KEY))
    if noted is not None:
        from retention.ledger import verify_noted

        console.print(f"Entry {verify_noted(noted, hashes)} stands as it was noted.", highlight=False)
    console.print(f"{len(hashes)} entries, all in order.")
