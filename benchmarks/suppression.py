"""Disclosure control on benchmark tables: what is withheld, how long it takes, and what the attack still finds.

Usage: python benchmarks/suppression.py FOLDER SET [SET ...] [--policy P] [--attack]

A SET is a table's name, or several joined by "+" to be protected together (T5a+T5b+T5c). FOLDER holds each table's inner
cells (NAME.csv: one column for each variable, n) and each variable's hierarchy (hier_VARIABLE.csv: code, parent).
`--attack` also attacks the published tables from scratch, without the proofs. Seconds are CPU seconds of this process.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from disclosure.audit import audit
from disclosure.policy import Policy, load_policy
from disclosure.protect import protect
from disclosure.system import link
from disclosure.table import Dimension, Table


def read(folder: Path, name: str) -> Table:
    """A table from the folder."""
    frame = pd.read_csv(folder / f"{name}.csv")
    dimensions = []
    for variable in frame.columns.drop("n"):
        tree = pd.read_csv(folder / f"hier_{variable}.csv", keep_default_na=False)
        dimensions.append(Dimension.tree(str(variable), dict(zip(tree["code"], tree["parent"], strict=True))))
    return Table.from_inner(name, dimensions, frame)


def measure(tables: list[Table], policy: Policy, attack: bool) -> Iterator[str]:
    """One set's figures, as cells of a line."""
    start = time.process_time()
    result = protect(tables, policy)
    yield f"{time.process_time() - start:.2f} s"
    system = link(tables)
    hidden = np.zeros(len(system.x), bool)
    for at, table in zip(system.entries, result.tables, strict=True):
        hidden[at] |= table.withheld.reshape(-1)
    primary = (system.x > 0) & (system.x < policy.threshold)
    yield f"{len(system.x)} cells, {int(primary.sum())} primary"
    yield f"{int(hidden.sum())} withheld / {int(system.x[hidden].sum())} children"
    yield f"narrowest {result.audit.narrowest}, {result.proofs.changes.shape[0]} proofs"
    if attack:
        start = time.process_time()
        found = audit(result.tables, policy)
        yield f"attack from scratch {time.process_time() - start:.2f} s: {len(found.exposed)} exposed"
    yield f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"


def main() -> None:
    """Measures each set given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--policy", default="ons-threshold-10")
    parser.add_argument("--attack", action="store_true")
    arguments = parser.parse_args()
    policy = load_policy(arguments.policy)
    for names in arguments.sets:
        tables = [read(arguments.folder, name) for name in names.split("+")]
        print(names, *measure(tables, policy, arguments.attack), sep=" | ", flush=True)


if __name__ == "__main__":
    main()
