"""Tau-Argus' modular method on one benchmark table, in an environment of its own: run by benchmarks/suppression.py.

Usage: python tau_argus.py FOLDER TABLE THRESHOLD

Needs pytauargus and nothing of this project. Prints JSON: CPU seconds, and the codes of each withheld cell ("" for a total).
"""

import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pytauargus import protect


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


def main() -> None:
    """Reads the inner cells, one row for each child, and has them protected."""
    folder, name, threshold = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
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
        table = protect(
            children,
            variables,
            "n",
            safety_rules=f"FREQ({threshold},0)",
            suppress="MOD(1,10,1,1,1)",
            hrc=trees or None,
            hierleadstring="@" if trees else None,
            workdir=f"{work}/run",
        ).tables[0]
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
