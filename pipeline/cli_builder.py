"""`bigask builder`: prepare what the table builder answers from, open its door, and write its answers to publish."""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_options import Person, WaveName, bar, console, open_store, print_counts, store_for_step

app = typer.Typer(no_args_is_help=True, help="Tables that researchers ask for: protected whatever is asked, in whatever order.")
Waves = Annotated[list[str], typer.Option("--wave", help="A wave, as `bigask status` names it; give it again for more.")]


@app.command()
def prepare(wave: Waves, person: Person) -> None:
    """Turn a wave's data sets into the encrypted codes that the builder reads, and nothing else of them."""
    from pipeline.builder_prepare import prepare as make

    _, store = store_for_step()
    for one in wave:
        print_counts(make(store, one, person))


@app.command()
def draft(
    release: Annotated[str, typer.Argument(help="A name for the release: small letters, digits and hyphens.")],
    wave: WaveName,
    person: Person,
    asked: Annotated[
        Path | None, typer.Option("--asked", help="Which tables: a YAML list of questions; by default those that come with the project.")
    ] = None,
) -> None:
    """Answer an allow-list of questions and draft the answers as a release: `bigask release check` and `approve` let it leave."""
    from pipeline.builder_release import draft_answers
    from pipeline.cli_geography import layers

    _, store = store_for_step()
    with ExitStack() as stack:
        drafted, refused = draft_answers(store, wave, release, person, asked, layers(), bar("answer", stack))
    console.print(f"{drafted.id} is {drafted.state}: manifest {drafted.sha256}", highlight=False, soft_wrap=True)
    for one in refused:
        console.print(f"Not answered: {one.query.definition()} ({one.rule}). {one.says}", highlight=False, soft_wrap=True, markup=False)


@app.command()
def audit(wave: WaveName) -> None:
    """Make every table again that was ever answered, and attack them together."""
    from pipeline.builder_audit import audit as attack

    _, store = open_store()
    print_counts(attack(store, wave))


@app.command()
def serve(port: Annotated[int, typer.Option(min=0, max=65535)] = 8010) -> None:
    """Open the builder's door on a loopback port of the secure zone until interrupted.

    Its process is handed the prepared codes' key alone; this one keeps the log of what was answered.
    """
    from pipeline.builder_handed import open_builder

    _, store = open_store()
    with open_builder(store, port) as address:
        console.print(f"builder     {address}/\nCtrl-C closes it.", highlight=False, soft_wrap=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


@app.command()
def bound(wave: WaveName) -> None:
    """What the strongest reader can learn of one child, and the rules with their sources and reasons."""
    from forms.load import load_survey
    from pipeline.builder_bound import readings, require_bound
    from pipeline.builder_matrix import variables_of
    from pipeline.builder_policy import load_builder_policy
    from pipeline.table_specs import load_table_specs

    _, store = open_store()
    variables, policy = variables_of(load_table_specs(load_survey(store.wave(wave).survey))), load_builder_policy()
    found, most = require_bound(variables, policy), readings(variables, policy)
    console.print(f"In one council: at most {most} different counts of a child, one guess right with at most {found:.3f}.", soft_wrap=True)
    for name, rule in policy.reasons.items():
        console.print(f"\n{name}\n  Why: {rule['reason']}\n  Source: {rule['source']}", highlight=False, soft_wrap=True, markup=False)
