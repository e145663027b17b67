"""The command line: one verb per step. Nothing is decided here; each verb calls the step of its name, and loads it only then."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import ExitStack
from typing import Annotated

import typer

from pipeline import (
    cli_builder,
    cli_collection,
    cli_disclosure,
    cli_extracts,
    cli_forms,
    cli_geography,
    cli_governance,
    cli_keys,
    cli_lists,
    cli_office,
    cli_policy,
    cli_quality,
    cli_quotes,
    cli_release,
    cli_residual,
    cli_retention,
    cli_safeguarding,
    cli_themes,
)
from pipeline.cli_options import Person, WaveName, bar, console, open_store, print_counts, store_for_step
from pipeline.failures import exit_code, sentence

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(cli_office.wave_app, name="wave")
app.add_typer(cli_release.app, name="release")
app.add_typer(cli_office.staff_app, name="staff")
app.add_typer(cli_office.certificates_app, name="certificates")
app.add_typer(cli_office.ledger_app, name="ledger")
app.add_typer(cli_collection.app, name="collection")
app.add_typer(cli_geography.app, name="geography")
app.add_typer(cli_lists.app, name="lists")
app.add_typer(cli_quality.app, name="quality")
app.add_typer(cli_extracts.app, name="extracts")
app.add_typer(cli_quotes.app, name="quotes")
app.add_typer(cli_residual.app, name="residual")
app.add_typer(cli_keys.app, name="keys")
app.add_typer(cli_retention.app, name="retention")
app.add_typer(cli_safeguarding.app, name="safeguarding")
app.add_typer(cli_themes.app, name="themes")
app.add_typer(cli_disclosure.app, name="disclosure")
app.add_typer(cli_builder.app, name="builder")
app.add_typer(cli_policy.app, name="policy")
app.add_typer(cli_forms.app, name="forms")
cli_governance.mount(app)

INTERRUPTED = 130
LOOK_AGAIN_AFTER = 60 * 60.0  # seconds between two looks at whether what runs is what was assessed
Children = Annotated[int, typer.Option(min=1, help="How many.")]
SetAside = Annotated[int | None, typer.Option(min=0, help="Go on although so many sealed records cannot be read.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; by default as many as there are processors.")]
PolicyName = Annotated[str | None, typer.Option("--policy", help="Another policy than the declared one; its tables cannot be released.")]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="A Dask cluster's scheduler, tls://HOST:PORT, instead of processes.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same children.")]


@app.command()
def run(children: Children = 2000, seed: Seed = 2021) -> None:
    """The main job: invented children answer, and every step runs to the released tables."""
    from pipeline.run import prepare
    from pipeline.run import run as main_job
    from pipeline.run_summary import print_summary
    from retention.settings import load_settings

    print_summary(main_job(prepare(load_settings()), children, seed, console), console)


@app.command()
def serve(port: Annotated[int, typer.Option(min=0, max=65533)] = 8001) -> None:
    """Open the three doors on loopback ports (child, staff and researcher, from PORT on) until interrupted."""
    from pipeline.doors import DOORS, open_door
    from retention.collection_store import NoWave, WaveState, connect_collection
    from retention.settings import load_settings

    with ExitStack() as stack:
        for number, door in enumerate(DOORS):
            address = stack.enter_context(open_door(door, port + number if port else 0))
            console.print(f"{door:11} {address}/", highlight=False, soft_wrap=True)
        try:
            collecting = connect_collection(load_settings().collection).wave().state is WaveState.OPEN
        except NoWave:
            collecting = False
        if not collecting:
            console.print(
                "No wave is open, so the child door says that it is closed. To try it: "
                "bigask dpia demonstrate --as YOU, then bigask wave open trial --as YOU",
                soft_wrap=True,
            )
        console.print("Ctrl-C closes the doors.")
        try:
            while True:
                if collecting:
                    _recheck()
                threading.Event().wait(LOOK_AGAIN_AFTER)
        except KeyboardInterrupt:
            console.print("Closed.")


def _recheck() -> None:
    """What a timer does where the doors are run by a service manager."""
    from forms.load import load_survey
    from pipeline.gate import recheck

    settings, store = open_store()
    for missing in recheck(store, settings.collection, load_survey()).missing:
        console.print(str(missing), highlight=False, soft_wrap=True)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Where every wave and release stands."""
    from pipeline import status as standing
    from retention.collection_store import connect_collection

    settings, store = open_store()
    found = standing.status(store, connect_collection(settings.collection))
    sys.stdout.write(json.dumps(found, indent=1) if as_json else standing.as_text(found))
    sys.stdout.write("\n")


@app.command()
def simulate(wave: WaveName, children: Children = 200, seed: Seed = 2021) -> None:
    """Let invented children answer an open wave through a child door that is opened for them."""
    from forms.load import load_survey
    from pipeline.directory import Directory
    from pipeline.doors import open_door
    from pipeline.simulate import simulate as answer
    from pipeline.simulated_child import Cohort
    from retention.collection_store import WaveClosed, WaveState, connect_collection
    from retention.secure_store import StepRefused
    from retention.settings import load_settings

    settings = load_settings()
    there = connect_collection(settings.collection).wave()
    if there.id != wave:
        raise StepRefused(f"The collection server holds wave '{there.id}', not '{wave}'.")
    if there.state is not WaveState.OPEN:
        raise WaveClosed(f"Wave '{wave}' is {there.state}: it takes no more answers.")
    cohort = Cohort(load_survey(there.survey).forms, seed, Directory.embedded()).children(children)
    with ExitStack() as stack:
        diary = settings.home / "simulation" / wave / f"finished-{seed}-{children}"
        answer(stack.enter_context(open_door("child")), cohort, diary, bar("answering", stack))


@app.command()
def transfer(wave: WaveName, person: Person) -> None:
    """Close the wave, carry the sealed records over, verify them, wipe the collection server."""
    from pipeline.steps.transfer import transfer as step
    from retention.collection_store import connect_collection

    settings, store = store_for_step()
    with ExitStack() as stack:
        counts = step(store, connect_collection(settings.collection), wave, person, bar("transfer", stack))
    print_counts(counts)


@app.command()
def locate(wave: WaveName, person: Person, set_aside: SetAside = None) -> None:
    """Postcodes and schools become statistics; then their key is destroyed."""
    from pipeline.cli_geography import geography_folder
    from pipeline.geography.in_use import directory_in_use, schools_in_use
    from pipeline.steps.locate import locate as step

    directory = directory_in_use(geography_folder())
    schools = schools_in_use(geography_folder(), directory)
    with ExitStack() as stack:
        counts = step(store_for_step()[1], wave, person, bar("locate", stack), directory, schools, set_aside)
    print_counts(counts)


@app.command()
def scrub(wave: WaveName, person: Person, set_aside: SetAside = None, workers: Workers = None, scheduler: Scheduler = None) -> None:
    """Propose redactions in free text and fill the review queue; then the key of the sealed answers is destroyed."""
    from pipeline.steps.scrub import scrub as step

    with ExitStack() as stack:
        told = bar("scrub", stack)
        counts = step(store_for_step()[1], wave, person, told, set_aside=set_aside, workers=workers, scheduler=scheduler)
    print_counts(counts)


@app.command()
def review(wave: WaveName, person: Person) -> None:
    """Finish the review once every queued text is decided; then the raw texts are destroyed."""
    from pipeline.steps.review import review as step

    print_counts(step(store_for_step()[1], wave, person))


@app.command()
def tabulate(wave: WaveName, person: Person, policy: PolicyName = None) -> None:
    """Make the declared tables, after record swapping where the policy asks for it."""
    from pipeline.steps.tabulate import tabulate as step

    with ExitStack() as stack:
        counts = step(store_for_step()[1], wave, person, bar("tabulate", stack), policy)
    print_counts(counts)


@app.command()
def protect(wave: WaveName, person: Person, policy: PolicyName = None) -> None:
    """Disclosure control of all tables together, and the attack on the result."""
    from pipeline.steps.protect import protect as step

    with ExitStack() as stack:
        counts = step(store_for_step()[1], wave, person, bar("protect", stack), policy)
    print_counts(counts)


@app.command("scrub-text")
def scrub_text(workers: Workers = 1, scheduler: Scheduler = None) -> None:
    """Find personal data in JSON lines: {"id", "text"} from standard input to {"id", "spans", "text"} on standard output."""
    from pipeline.cli_lists import lists_folder
    from pipeline.scrub import scrub_stream
    from pipeline.scrub.executors import executor
    from pipeline.scrub.lists_in_use import lists_in_use
    from pipeline.scrub.scrubber import Setting

    with executor(Setting(lists_in_use(lists_folder())), workers, scheduler) as run:
        scrub_stream(sys.stdin, sys.stdout, run)


def main() -> None:
    """Run a verb. A failure is one sentence on standard error and an exit code by kind (pipeline.failures), never a traceback."""
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            sys.stderr.write("Interrupted: run it again, it goes on where it stopped.\n")
        raise
    except Exception as error:
        sys.stderr.write(sentence(error) + "\n")
        raise SystemExit(exit_code(error)) from None
