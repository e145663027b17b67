"""Tau-Argus' modular method on one benchmark table, in an environment of its own: run by benchmarks/suppression.py.

Usage: python tau_argus.py FOLDER TABLE THRESHOLD WIDTH

A WIDTH above 1 is asked for by protection levels in an a priori file, which there are for the cells that its rules withhold. Those
withheld beside them have none. Nearest to a rule on known sums is the last option of its method (MinFreq), which is on.
Needs pytauargus and nothing of this project. Prints JSON: CPU seconds, and the codes of each withheld cell ("" for a total).
"""

import csv
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from pytauargus import protect
from pytauargus.engine import run_batch
from pytauargus.result import TableResult


def hierarchy(folder: Path, variable: str) -> Iterator[str]:
    """The lines of a hierarchy file: codes below the total, one "@" more for each level further down."""
    with (folder / f"hier_{variable}.csv").open(encoding="utf-8", newline="") as file:
        parents = {row["code"]: row["parent"] for row in csv.DictReader(file)}
    root = next(code for code, parent in parents.items() if not parent)

    def below(parent: str, depth: int) -> Iterator[str]:
        for code in (code for code, above in parents.items() if above == parent):
            yield "@" * depth + code
            yield from below(code, depth + 1)

    yield from below(root, 0)


def levels(folder: Path, variables: list[str], rows: list[dict[str, str]], threshold: int, width: int) -> Iterator[str]:
    """The lines of an a priori file: how far below and above its count each small cell must stay possible, together the width."""
    paths: list[dict[str, list[str]]] = []
    for variable in variables:
        with (folder / f"hier_{variable}.csv").open(encoding="utf-8", newline="") as file:
            parents = {row["code"]: row["parent"] for row in csv.DictReader(file)}
        path = {code: [code] for code, parent in parents.items()}
        for above in path.values():
            while parents[above[-1]]:
                above.append(parents[above[-1]])
            above[-1] = ""
        paths.append(path)
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        for cell in product(*(path[row[variable]] for variable, path in zip(variables, paths, strict=True))):
            counts[cell] += int(row["n"])
    yield ";".join([*[""] * len(variables), "C", str(counts[("",) * len(variables)])])  # its first line may hold one number only
    for cell, count in counts.items():
        if 0 < count < threshold:
            below = min(count - 1, width // 2)
            yield ";".join([*cell, "PL", str(below), str(width - below)])


def main() -> None:
    """Reads the inner cells, one row for each child, and has them protected."""
    folder, name, threshold, width = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    variables = [column for column in rows[0] if column != "n"]
    children = {variable: [row[variable] for row in rows for _ in range(int(row["n"]))] for variable in variables}
    children["n"] = [1] * len(children[variables[0]])
    with tempfile.TemporaryDirectory() as work:
        trees = {}
        for variable in variables:
            lines = list(hierarchy(folder, variable))
            if any(line.startswith("@") for line in lines):
                trees[variable] = f"{work}/{variable}.hrc"
                Path(trees[variable]).write_text("\n".join(lines) + "\n", encoding="utf-8")
        start = time.process_time()
        asked = protect(
            children,
            variables,
            "n",
            safety_rules=f"FREQ({threshold},0)",
            suppress="MOD(1,10,1,1,1)",
            hrc=trees or None,
            hierleadstring="@" if trees else None,
            workdir=f"{work}/run",
            run=False,
        )
        batch = Path(asked.files["arb"])
        if width > 1:
            apriori = Path(f"{work}/levels.hst")
            apriori.write_text("\n".join(levels(folder, variables, rows, threshold, width)) + "\n", encoding="utf-8")
            given = batch.read_text(encoding="utf-8")
            batch.write_text(given.replace("<SUPPRESS>", f'<APRIORI> "{apriori}",1,";",0,0\n<SUPPRESS>'), encoding="utf-8")
        run_batch(str(batch))
        table = TableResult(path=asked.files["tab1"], exp_vars=variables, response="n", is_freq=False)
        seconds = time.process_time() - start
        shown, cells = table.safe(None), table.rows
        names = {code.lower(): "" for code in ("Total", "T", "")}
        withheld = [
            [names.get(str(cell[variable]).strip().lower(), str(cell[variable]).strip()) for variable in variables]
            for cell, value in zip(cells, shown, strict=True)
            if value is None and float(cell["n"] or 0) > 0
        ]
    print(json.dumps({"seconds": seconds, "withheld": withheld}))


if __name__ == "__main__":
    main()
