"""`bigask disclosure`: protect any tables of counts, and attack any published ones, ours or not."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_options import bar, console

app = typer.Typer(no_args_is_help=True, help="Disclosure control of any tables of counts, from files to files.")
Tables = Annotated[list[Path], typer.Argument(exists=True, help="CSV files: a column for each variable, and `n`.")]
Hierarchies = Annotated[list[str] | None, typer.Option("--hierarchy", help="VARIABLE=FILE, a CSV of `code,parent`.")]
PolicyName = Annotated[str, typer.Option("--policy", help="A policy's name, or its YAML file.")]
PINNED_DOWN = 7


def _hierarchies(given: list[str] | None) -> dict[str, Path]:
    found = {}
    for item in given or []:
        variable, equals, path = item.partition("=")
        if not (variable and equals and Path(path).is_file()):
            raise typer.BadParameter(f"'{item}' is not VARIABLE=FILE with a file that is there", param_hint="--hierarchy")
        found[variable] = Path(path)
    return found


@app.command()
def protect(
    tables: Tables,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the protected tables and report.json.")],
    hierarchy: Hierarchies = None,
    policy: PolicyName = "ons-threshold-10",
) -> None:
    """Protect tables of inner cells together, attack the result, and write it only if it withstands."""
    from disclosure.files import protect_files
    from disclosure.policy import load_policy

    with ExitStack() as stack:
        tell = bar("protect", stack)
        result = protect_files(
            tables, _hierarchies(hierarchy), load_policy(policy), out, progress=lambda share, _: tell(round(share * 100), 100)
        )
    for entry in result.summary:
        hidden = int(entry["primary"]) + int(entry["secondary"])
        console.print(f"{entry['id']:36} {entry['cells']:6} cells, {hidden:5} withheld", highlight=False, soft_wrap=True, markup=False)
    console.print(f"Written to {out}; report.json is for the office alone.", highlight=False, soft_wrap=True)


@app.command()
def audit(tables: Tables, hierarchy: Hierarchies = None, policy: PolicyName = "ons-threshold-10") -> None:
    """Attack published tables (CSV files, or folders of them); exit code 7 if any withheld count is pinned down."""
    from disclosure.files import audit_files
    from disclosure.policy import load_policy

    with ExitStack() as stack:
        tell = bar("attack", stack)
        rules = load_policy(policy)
        found = audit_files(tables, _hierarchies(hierarchy), rules, progress=lambda share, _: tell(round(share * 100), 100))
    for exposed in found.exposed:
        where = ", ".join(f"{name} {code}" for name, code in exposed.cell.items())
        words = f"{exposed.table}: {where}: {exposed.low} to {exposed.high} ({exposed.how})"
        console.print(words, highlight=False, soft_wrap=True, markup=False)
    console.print(f"{len(found.exposed)} of {found.withheld} withheld counts are pinned down.", highlight=False)
    if found.exposed:
        raise typer.Exit(PINNED_DOWN)
