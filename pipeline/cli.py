"""The command line: one verb per step. Nothing is decided here; each verb calls the step of its name."""

from __future__ import annotations

import getpass
import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.failures import KNOWN, exit_code
from pipeline.progress import Progress as Tell
from retention.collection_store import connect_collection
from retention.secure_store import SecureStore
from retention.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
wave_app = typer.Typer(no_args_is_help=True, help="Collection waves.")
release_app = typer.Typer(no_args_is_help=True, help="Releases: drafted by one person, checked by a second, approved by a third.")
staff_app = typer.Typer(no_args_is_help=True, help="Accounts of the staff door.")
certificates_app = typer.Typer(no_args_is_help=True, help="Certificates of destruction.")
ledger_app = typer.Typer(no_args_is_help=True, help="The ledger.")
for name, group in (
    ("wave", wave_app),
    ("release", release_app),
    ("staff", staff_app),
    ("certificates", certificates_app),
    ("ledger", ledger_app),
):
    app.add_typer(group, name=name)

console = Console()
WaveName = Annotated[str, typer.Option("--wave", help="The wave, as `bigask status` names it.")]
Person = Annotated[str, typer.Option("--as", help="Who does this; it is written into the ledger.")]


def _store() -> tuple[Settings, SecureStore]:
    settings = load_settings()
    return settings, SecureStore(settings.secure)


def _bar(title: str, stack: ExitStack) -> Tell:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = stack.enter_context(Progress(*columns, console=console, disable=not console.is_terminal))
    task = progress.add_task(title, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


def _print_counts(counts: dict[str, int | str]) -> None:
    for key, value in counts.items():
        console.print(f"{key:24} {value}", highlight=False)


@app.command()
def run(children: int = 2000, seed: int = 2021) -> None:
    """The main job: invented children answer, and every step runs to the released tables."""
    from pipeline import run as main_job

    main_job.print_summary(main_job.run(main_job.prepare(load_settings()), children, seed, console), console)


@app.command()
def serve(port: int = 8001) -> None:
    """Open the three doors on loopback ports (child, staff and researcher, from PORT on) until interrupted."""
    from pipeline.doors import DOORS, open_door

    with ExitStack() as stack:
        for number, door in enumerate(DOORS):
            console.print(f"{door:11} {stack.enter_context(open_door(door, port + number))}/", highlight=False)
        console.print("Ctrl-C closes the doors.")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            console.print("Closed.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Where every wave and release stands."""
    from pipeline import status as standing

    settings, store = _store()
    found = standing.status(store, connect_collection(settings.collection))
    sys.stdout.write(json.dumps(found, indent=1) if as_json else standing.as_text(found))
    sys.stdout.write("\n")


@app.command()
def simulate(wave: WaveName, children: int = 200, seed: int = 2021) -> None:
    """Let invented children answer an open wave through a child door that is opened for them."""
    from forms.load import load_survey
    from pipeline.directory import Directory
    from pipeline.doors import open_door
    from pipeline.simulate import simulate as answer
    from pipeline.simulated_child import Cohort

    cohort = Cohort(load_survey().forms, seed, Directory.embedded()).children(children)
    with ExitStack() as stack:
        diary = load_settings().home / "simulation" / wave / f"finished-{seed}"
        answer(stack.enter_context(open_door("child")), cohort, diary, _bar("answering", stack))


@wave_app.command("open")
def wave_open(wave: Annotated[str, typer.Argument()], person: Person, survey: str = "big_ask") -> None:
    """Make the keys of a new wave and start to collect."""
    from forms.load import load_survey
    from retention.waves import open_wave

    settings, store = _store()
    opened = open_wave(store, connect_collection(settings.collection), settings.collection, wave, load_survey(survey).id, person)
    console.print(f"Wave {opened.id} is open. Its private keys stay here; the collection server has the public ones.")


@app.command()
def transfer(wave: WaveName, person: Person) -> None:
    """Close the wave, carry the sealed records over, verify them, wipe the collection server."""
    from pipeline.steps.transfer import transfer as step

    settings, store = _store()
    with ExitStack() as stack:
        counts = step(store, connect_collection(settings.collection), wave, person, _bar("transfer", stack))
    _print_counts(counts)


@app.command()
def locate(wave: WaveName, person: Person) -> None:
    """Postcodes and schools become statistics; then their key is destroyed."""
    from pipeline.steps.locate import locate as step

    with ExitStack() as stack:
        counts = step(_store()[1], wave, person, _bar("locate", stack))
    _print_counts(counts)


@app.command()
def scrub(wave: WaveName, person: Person) -> None:
    """Propose redactions in free text and fill the review queue; then the key of the sealed answers is destroyed."""
    from pipeline.steps.scrub import scrub as step

    with ExitStack() as stack:
        counts = step(_store()[1], wave, person, _bar("scrub", stack))
    _print_counts(counts)


@app.command()
def review(wave: WaveName, person: Person) -> None:
    """Finish the review once every queued text is decided; then the raw texts are destroyed."""
    from pipeline.steps.review import review as step

    _print_counts(step(_store()[1], wave, person))


@app.command()
def tabulate(wave: WaveName, person: Person) -> None:
    """Make the declared tables."""
    from pipeline.steps.tabulate import tabulate as step

    with ExitStack() as stack:
        counts = step(_store()[1], wave, person, _bar("tabulate", stack))
    _print_counts(counts)


@app.command()
def protect(wave: WaveName, person: Person, policy: str = "ons-threshold-10") -> None:
    """Disclosure control of all tables together, and the attack on the result."""
    from pipeline.steps.protect import protect as step

    with ExitStack() as stack:
        counts = step(_store()[1], wave, person, _bar("protect", stack), policy)
    _print_counts(counts)


@release_app.command("draft")
def release_draft(release: Annotated[str, typer.Argument()], wave: WaveName, person: Person) -> None:
    """Build the files of a release from the protected tables."""
    from pipeline.steps.release import draft

    drafted = draft(_store()[1], wave, release, person)
    console.print(f"{drafted.id} is {drafted.state}: manifest {drafted.sha256}", highlight=False)


@release_app.command("check")
def release_check(release: Annotated[str, typer.Argument()], person: Person) -> None:
    """Say that you, not its author, have looked at every table of a draft."""
    from pipeline.approval import check

    console.print(f"{release} is {check(_store()[1], release, person).state}.")


@release_app.command("approve")
def release_approve(release: Annotated[str, typer.Argument()], person: Person) -> None:
    """Release a checked draft; you are neither its author nor its checker."""
    from pipeline.approval import approve

    settings, store = _store()
    console.print(f"{release} is {approve(store, release, person, settings.release).state}.")


@release_app.command("refuse")
def release_refuse(release: Annotated[str, typer.Argument()], person: Person, reason: Annotated[str, typer.Option()]) -> None:
    """Stop a draft, with a reason."""
    from retention.releases import refuse

    console.print(f"{release} is {refuse(_store()[1], release, person, reason).state}.")


@release_app.command("withdraw")
def release_withdraw(release: Annotated[str, typer.Argument()], person: Person, reason: Annotated[str, typer.Option()]) -> None:
    """Take a release back; its page will show the reason."""
    from pipeline.approval import withdraw

    settings, store = _store()
    console.print(f"{release} is {withdraw(store, release, person, reason, settings.release).state}.")


@staff_app.command("add")
def staff_add(name: Annotated[str, typer.Argument()], role: Annotated[str, typer.Option()], person: Person) -> None:
    """Make an account; the password is asked for, never given on the command line."""
    from retention.staff import Role, add_member

    if role not in set(Role):
        raise typer.BadParameter(f"the roles are {', '.join(Role)}", param_hint="--role")
    store = _store()[1]
    member = add_member(store, name, Role(role), getpass.getpass("Password: "), by=person)
    console.print(f"{member.name} is a {member.role}.")


@certificates_app.command("verify")
def certificates_verify(files: Annotated[list[Path], typer.Argument()]) -> None:
    """Check certificates of destruction with the office's public key alone."""
    from retention.destroy import verify_certificate

    keys = load_settings().secure.keys
    for path in files:
        content = verify_certificate(path, keys)
        console.print(
            f"{path.name}: {content['records']} {content['what']} of wave {content['wave']}, {content['day']}: true", highlight=False
        )


@ledger_app.command("verify")
def ledger_verify() -> None:
    """Check the ledger's chain, signatures and end."""
    console.print(f"{_store()[1].verify_ledger()} entries, all in order.")


@app.command("scrub-text")
def scrub_text() -> None:
    """Find personal data in JSON lines: {"id", "text"} from standard input to {"id", "spans", "text"} on standard output."""
    from pipeline.scrub import scrub_stream

    scrub_stream(sys.stdin, sys.stdout)


def main() -> None:
    """Run a verb. A known failure is one sentence on standard error and an exit code by kind (pipeline.failures)."""
    try:
        app()
    except KNOWN as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(exit_code(error)) from None
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted: run it again, it goes on where it stopped.\n")
        raise SystemExit(130) from None
