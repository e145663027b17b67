"""Disclosure control on benchmark tables: what is withheld, how long it takes, and what the attack still finds.

Usage: python -m benchmarks.suppression FOLDER SET [SET ...] [--policy P] [--width N] [--sum N] [--attack] [--leak N] [--peer PYTHON]

A SET is a table's name, or several joined by "+" to be protected together (T5a+T5b+T5c). FOLDER holds each table's inner
cells (NAME.csv: one column for each variable, n) and each variable's hierarchy (hier_VARIABLE.csv: code, parent).
`--width` and `--sum` replace two of the policy's numbers: the least distance between a withheld count's bounds, and the least
known sum of withheld counts. `--attack` also attacks the published tables from scratch, without the proofs; `--leak` attacks
them once more with so many of the counts published that are withheld beside small ones, drawn by chance. `--peer` is the
Python of an environment made from requirements-bench.lock: its pytauargus protects each SET of a single table of up to 5,000
cells in the same run, and what it gives is attacked in the same way; a width is asked of it too, for the cells under the
threshold. Seconds are CPU seconds, those of all processes, from the true table to the certified one (the proofs are checked by
the attack), unless they say by the clock; without the rule on groups, which is not among the peer's rules.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import numpy as np
import pandas as pd

from disclosure.audit import audit
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Group, Policy, load_policy
from disclosure.protect import protect
from disclosure.published_table import WITHHELD, PublishedTable, Status
from disclosure.table import Table

PEER = Path(__file__).parent / "tau_argus.py"
PEER_CELLS = 5_000


def read(folder: Path, name: str) -> Table:
    """A table from the folder."""
    frame = pd.read_csv(folder / f"{name}.csv")
    dimensions = []
    for variable in frame.columns.drop("n"):
        tree = pd.read_csv(folder / f"hier_{variable}.csv", keep_default_na=False)
        dimensions.append(Dimension.tree(str(variable), dict(zip(tree["code"], tree["parent"], strict=True))))
    return Table.from_inner(name, dimensions, frame)


def seconds() -> float:
    """CPU seconds of this process and of those it has waited for."""
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def measure(tables: list[Table], policy: Policy, attack: bool, leak: int) -> Iterator[str]:
    """One set's figures, as cells of a line."""
    start, clock = seconds(), monotonic()
    result = protect(tables, policy)
    yield f"{seconds() - start:.2f} s, {monotonic() - clock:.1f} s by the clock"
    cells = {(frozenset(place), int(n)) for place, n in _withheld(tables, result.tables)}
    yield f"{sum(table.counts.size for table in tables)} cells, {sum(int(entry['primary']) for entry in result.summary)} primary"
    yield f"{len(cells)} withheld / {sum(n for _, n in cells)} children"
    yield f"{result.proofs.changes.shape[0]} proofs, checked: none narrower than {result.audit.narrowest}"
    if attack:
        yield f"attack from scratch {attacked(result.tables, policy)}"
    if leak:
        yield f"of {leak} more published {attacked(leaking(tables, result.tables, leak), policy)}"
    yield f"{max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024} MB"


def attacked(published: Sequence[PublishedTable], policy: Policy) -> str:
    """What the attack without proofs finds, and what it costs."""
    start, clock = seconds(), monotonic()
    found = audit(published, policy)
    cost = f"{seconds() - start:.2f} s, {monotonic() - clock:.1f} s by the clock"
    return f"{cost}: {len(found.exposed)} exposed, {found.linear_programs} programs"


def leaking(tables: list[Table], published: Sequence[PublishedTable], number: int) -> list[PublishedTable]:
    """The same tables with so many of their secondary counts published."""
    places = [(k, *at) for k, table in enumerate(published) for at in np.argwhere(table.status == Status.SECONDARY).tolist()]
    values, status = [table.values.copy() for table in published], [table.status.copy() for table in published]
    for chosen in np.random.default_rng(20211108).permutation(len(places))[:number]:
        k, *at = places[chosen]
        values[k][tuple(at)], status[k][tuple(at)] = tables[k].counts[tuple(at)], Status.PUBLISHED
    return [replace(table, values=v, status=s) for table, v, s in zip(published, values, status, strict=True)]


def _withheld(tables: list[Table], published: Sequence[PublishedTable]) -> Iterator[tuple[list[tuple[str, str]], int]]:
    """Each withheld cell of each table: its codes, totals left out, and its true count. Linked tables may name one twice."""
    for table, shown in zip(tables, published, strict=True):
        for at in np.argwhere(shown.withheld).tolist():
            yield [(d.name, d.codes[k]) for d, k in zip(table.dimensions, at, strict=True) if k], int(table.counts[tuple(at)])


def measure_peer(python: Path, folder: Path, table: Table, policy: Policy) -> Iterator[str]:
    """The same of pytauargus' modular method, attacked by this project."""
    command = [str(python.absolute()), str(PEER), str(folder.resolve()), table.id, str(policy.threshold), str(policy.minimum_width)]
    with TemporaryDirectory() as work:  # it leaves files behind, where it runs and among temporary ones
        where = {**os.environ, "TMPDIR": work}
        run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=work, env=where)
    if run.returncode:
        missing = "pytauargus is not installed there: uv pip install -r requirements-bench.lock"
        yield missing if "No module named 'pytauargus'" in run.stderr else run.stderr.strip().splitlines()[-1]
        return
    answer = json.loads(run.stdout)
    hidden = np.zeros(table.counts.shape, bool)
    for codes in answer["withheld"]:
        hidden[tuple(d.index[code or d.total] for d, code in zip(table.dimensions, codes, strict=True))] = True
    yield f"pytauargus: {answer['seconds']:.2f} s to choose"
    yield f"{int(hidden.sum())} withheld / {int(table.counts[hidden].sum())} children"
    status = np.where(hidden, np.where(table.counts < policy.threshold, Status.PRIMARY, Status.SECONDARY), Status.PUBLISHED).astype(np.str_)
    published = PublishedTable(table.id, table.dimensions, np.where(hidden, WITHHELD, table.counts), status, hidden.astype(np.int64))
    try:
        exposed = audit([published], policy).exposed
    except DisclosureError as error:
        yield str(error)
        return
    counts = [int(table.counts[tuple(d.index[each.cell.get(d.name, d.total)] for d in table.dimensions)]) for each in exposed]
    yield f"{len(exposed)} exposed, {sum(count < policy.threshold for count in counts)} of them under the threshold"


def main() -> None:
    """Measures each set given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--policy", default="ons-threshold-10")
    parser.add_argument("--width", type=int)
    parser.add_argument("--sum", type=int)
    parser.add_argument("--attack", action="store_true")
    parser.add_argument("--leak", type=int, default=0)
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    policy = replace(load_policy(arguments.policy), group_disclosure=Group.NONE)
    if arguments.width is not None:
        policy = replace(policy, minimum_width=arguments.width)
    if arguments.sum is not None:
        policy = replace(policy, minimum_withheld_sum=arguments.sum)
    for names in arguments.sets:
        tables = [read(arguments.folder, name) for name in names.split("+")]
        print(names, *measure(tables, policy, arguments.attack, arguments.leak), sep=" | ", flush=True)
        if arguments.peer and len(tables) == 1 and tables[0].counts.size <= PEER_CELLS:
            print(names, *measure_peer(arguments.peer, arguments.folder, tables[0], policy), sep=" | ", flush=True)


if __name__ == "__main__":
    main()
