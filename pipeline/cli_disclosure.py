"""`bigask disclosure`: protect any tables of counts, and attack any published ones, ours or not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_options import bar, console
from pipeline.progress import Progress as Tell

if TYPE_CHECKING:
    from disclosure.advice import Advice
    from disclosure.audit import AuditReport
    from disclosure.policy import Policy

app = typer.Typer(no_args_is_help=True, help="Disclosure control of any tables of counts, from files to files.")
Tables = Annotated[list[Path], typer.Argument(exists=True, help="CSV files: a column for each variable, and `n`.")]
Hierarchies = Annotated[list[str] | None, typer.Option("--hierarchy", help="VARIABLE=FILE, a CSV of `code,parent` and perhaps `label`.")]
PolicyName = Annotated[str, typer.Option("--policy", help="A policy's name, or its YAML file.")]
PINNED_DOWN = 7


def _hierarchies(given: list[str] | None) -> dict[str, Path]:
    return _named_files(given, "--hierarchy")


def _named_files(given: list[str] | None, option: str) -> dict[str, Path]:
    found = {}
    for item in given or []:
        variable, equals, path = item.partition("=")
        if not (variable and equals and Path(path).is_file()):
            raise typer.BadParameter(f"'{item}' is not VARIABLE=FILE with a file that is there", param_hint=option)
        found[variable] = Path(path)
    return found


def _percent(tell: Tell) -> Callable[[float, str], None]:
    return lambda share, _step: tell(round(share * 100), 100)


@app.command()
def protect(
    tables: Tables,
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the protected tables and report.json.")],
    hierarchy: Hierarchies = None,
    policy: PolicyName = "ons-threshold-10",
    wishes: Annotated[Path | None, typer.Option(exists=True, help="CSV of cells to `show` or `hide`, or their `cost`.")] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Search no longer for what is cheapest to withhold; then withhold more. Refuse after three times as long and a minute.",
        ),
    ] = None,
) -> None:
    """Protect tables of inner cells together, attack the result, and write it only if it withstands."""
    from disclosure.blocks import Budget
    from disclosure.error import Unprotected
    from disclosure.files import protect_files
    from disclosure.policy import load_policy

    start, seconds = monotonic(), inf if minutes is None else 60 * minutes
    trees = _hierarchies(hierarchy)
    rules = load_policy(policy)
    try:
        with ExitStack() as stack:
            tell = bar("protect", stack)
            budget = Budget(spent=lambda: monotonic() - start >= seconds, over=lambda: monotonic() - start >= 3 * seconds + 60)
            result = protect_files(tables, trees, rules, out, wishes=wishes, budget=budget, progress=_percent(tell))
    except Unprotected:
        if wishes is None:
            _advise(tables, trees, rules, minutes=1)
        raise
    for entry in result.summary:
        hidden = int(entry["primary"]) + int(entry["secondary"])
        console.print(f"{entry['id']:36} {entry['cells']:6} cells, {hidden:5} withheld", highlight=False, soft_wrap=True, markup=False)
    if hurried := sum(int(entry.get("withheld_for_lack_of_time", 0)) for entry in result.summary):
        console.print(f"{hurried} of them only because there was no time for a cheaper way.", highlight=False)
    console.print(f"Written to {out}; report.json is for the office alone.", highlight=False, soft_wrap=True)


@app.command()
def suggest(
    tables: Tables,
    hierarchy: Hierarchies = None,
    policy: PolicyName = "ons-threshold-10",
    minutes: Annotated[float, typer.Option(min=0, help="Try mergings no longer than this.")] = 2.0,
) -> None:
    """Say which categories to merge, or what to leave out, so that tables can be protected or less is withheld; merges nothing.

    Each suggestion was tried by protecting what it leaves, in a quick search: protecting it in earnest withholds no more than about that.
    Exit code 7 if the tables cannot be protected and nothing that was tried helps.
    """
    from disclosure.policy import load_policy

    found = _advise(tables, _hierarchies(hierarchy), load_policy(policy), minutes)
    if found.before.withheld is None and not found.suggestions:
        raise typer.Exit(PINNED_DOWN)


def _advise(tables: list[Path], hierarchies: dict[str, Path], policy: Policy, minutes: float) -> Advice:
    from disclosure.advice import in_words
    from disclosure.files import suggest_files

    start, seconds = monotonic(), 60 * minutes
    with ExitStack() as stack:
        tell = bar("try mergings", stack)

        def tried() -> None:
            tell(min(round(monotonic() - start), round(seconds)), round(seconds))

        found = suggest_files(tables, hierarchies, policy, spent=lambda: monotonic() >= start + seconds, progress=tried)
    for line in in_words(found):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    return found


@app.command()
def audit(tables: Tables, hierarchy: Hierarchies = None, policy: PolicyName = "ons-threshold-10") -> None:
    """Attack published tables (CSV files, or folders of them); exit code 7 if any withheld count is pinned down."""
    from disclosure.files import audit_files
    from disclosure.policy import load_policy

    with ExitStack() as stack:
        tell = bar("attack", stack)
        rules = load_policy(policy)
        found = audit_files(tables, _hierarchies(hierarchy), rules, progress=_percent(tell))
    _tell_exposed(found)


def _tell_exposed(found: AuditReport) -> None:
    for exposed in found.exposed:
        where = ", ".join(f"{name} {code}" for name, code in exposed.cell.items())
        words = f"{exposed.table}: {where}: {exposed.low} to {exposed.high} ({exposed.how})"
        console.print(words, highlight=False, soft_wrap=True, markup=False)
    console.print(f"{len(found.exposed)} of {found.withheld} withheld counts are pinned down.", highlight=False)
    if found.exposed:
        raise typer.Exit(PINNED_DOWN)


@app.command("read-back")
def read_back(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Published CSV or JSON files, or charts' data.")],
    variable: Annotated[list[str], typer.Option("--variable", help="A column of categories, with Total for the total.")],
    of: Annotated[str, typer.Option(help="The variable whose total is 100 %, or the base of rates and means.")] = "",
    count: Annotated[str, typer.Option(help="The column of counts.")] = "n",
    rounded_to: Annotated[int, typer.Option(min=1, help="What counts are rounded to.")] = 1,
    percent: Annotated[str, typer.Option(help="The column of percentages; needs --of.")] = "",
    rate: Annotated[str, typer.Option(help="The column of rates; needs --of.")] = "",
    per: Annotated[int, typer.Option(min=1, help="What rates are per.")] = 1000,
    mean: Annotated[str, typer.Option(help="The column of means; needs --scores.")] = "",
    scores: Annotated[tuple[int, int] | None, typer.Option(help="Least and largest score that means are of.")] = None,
    score: Annotated[str, typer.Option(help="The variable whose codes are the scores.")] = "",
    base: Annotated[str, typer.Option(help="The column of bases.")] = "",
    length: Annotated[str, typer.Option(help="The column of lengths drawn to scale.")] = "",
    hierarchy: Hierarchies = None,
    policy: PolicyName = "ons-threshold-10",
) -> None:
    """Attack percentages, rates, means, bases and drawn lengths as they stand in published files; exit code 7 if a count comes back."""
    from disclosure.clothes import Columns
    from disclosure.files import read_back_files
    from disclosure.policy import load_policy

    columns = Columns(count, rounded_to, percent, rate, per, mean, base, length, of, scores, score)
    _tell_exposed(read_back_files(files, variable, _hierarchies(hierarchy), columns, load_policy(policy)))


@app.command()
def report(
    tables: Tables,
    out: Annotated[Path, typer.Option(dir_okay=False, help="The HTML page to write.")],
    hierarchy: Hierarchies = None,
    labels: Annotated[
        list[str] | None, typer.Option("--labels", help="VARIABLE=FILE, a CSV of `code,label`; a hierarchy may have a column `label` too.")
    ] = None,
    policy: Annotated[list[str] | None, typer.Option("--policy", help="A policy's name or YAML file; several are compared.")] = None,
) -> None:
    """Draw what each policy makes of the same tables: withheld cells, what is lost, how wide bounds are. For the office alone."""
    from disclosure.compare import compare_files
    from disclosure.labels import read_labels
    from disclosure.policy import load_policy
    from disclosure.report import report_page

    with ExitStack() as stack:
        tell = bar("protect", stack)
        rules = [load_policy(name) for name in policy or ["ons-threshold-10"]]
        trees, words = _hierarchies(hierarchy), _named_files(labels, "--labels")
        page = report_page(compare_files(tables, trees, rules, progress=_percent(tell)), read_labels(trees, words))
    out.write_text(page, encoding="utf-8")
    console.print(f"Written to {out}, for the office alone: it tells which counts are small.", highlight=False, soft_wrap=True)
