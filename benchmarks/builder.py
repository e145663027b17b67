"""The table builder on as many children as answered the original survey: its speed at its door, beside pandas and DuckDB.

Usage: python -m benchmarks.builder [--children N] [--queries N] [--users N] [--seconds N] [--peer PYTHON]

Codes are invented (skewed shares, a fixed seed). Queries are random tables of three variables, a geography counted as one of them,
as the builder's policy allows. The same queries are counted by a plain pandas groupby, and with `--peer` by DuckDB: the Python of an
environment made by `uv venv /tmp/bench && uv pip install --python /tmp/bench/bin/python --require-hashes -r requirements-bench.lock`.
Peers count and protect nothing, and find each level of a variable ready in a column of its own. The builder perturbs every margin and
judges the table; "cold" empties what it has counted before each query, "warm" has
counted the same before. At the door, USERS ask at once in closed loop
for SECONDS, the first of all after a start; every answer is logged before it leaves.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from api.builder_answers import address_of
from benchmarks.http_load import Request, load
from forms.load import load_survey
from pipeline.builder_answer import Builder, Refusal
from pipeline.builder_handed import open_builder
from pipeline.builder_matrix import AREA, Axis, Matrix, Variable, variables_of
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_query import COUNCIL, EVERYWHERE, REGION, Query, forbidden
from pipeline.record_keys import BUILDER as DATA_SET
from pipeline.record_keys import SECRET
from pipeline.table_specs import load_table_specs
from retention.keys import KeyKind
from retention.ledger import Entry
from retention.secure_store import SecureStore, Wave
from retention.settings import load_settings

WAVE = "benchmark"
PEER = Path(__file__).with_name("builder_duckdb.py")


def invented(children: int, seed: int = 2021) -> Matrix:
    """A matrix of invented children: shares of categories skewed, councils of different sizes."""
    rng = np.random.default_rng(seed)
    variables = variables_of(load_table_specs(load_survey()))
    codes: dict[str, npt.NDArray[np.uint8] | npt.NDArray[np.uint16]] = {}
    for name, variable in variables.items():
        size = len(variable.dimension.leaves)
        shares = rng.dirichlet(np.full(size, 5.0 if name == AREA else 2.0))
        drawn = rng.choice(size, children, p=shares)
        codes[name] = drawn.astype(np.uint8) if size <= 256 else drawn.astype(np.uint16)
    keys = rng.integers(0, load_builder_policy().disclosure.cell_keys, children)
    return Matrix(WAVE, variables, codes, keys.astype(np.uint16))


def questions(variables: dict[str, Variable], number: int, seed: int) -> list[Query]:
    """Different random tables of three variables that the policy allows."""
    draw, policy = random.Random(seed), load_builder_policy()
    found: dict[str, Query] = {}
    names = [name for name in variables if name != AREA]
    while len(found) < number:
        geography = draw.choice((EVERYWHERE, REGION, COUNCIL))
        chosen = draw.sample(names, 3 if geography == EVERYWHERE else 2)
        query = Query(WAVE, tuple((name, draw.choice(variables[name].levels)) for name in chosen), geography)
        if forbidden(query, variables, policy) is None:
            found[query.definition()] = query
    return list(found.values())


def columns_of(matrix: Matrix, queries: Sequence[Query]) -> tuple[pd.DataFrame, list[list[str]]]:
    """A column for each variable at each level that a query uses, and each query's columns."""
    made: dict[Axis, str] = {}
    for query in queries:
        for axis in query.axes:
            made.setdefault(axis, f"{axis.name}__{axis.level}".replace("-", "_"))
    frame = pd.DataFrame({name: matrix.column(axis) for axis, name in made.items()})
    return frame, [[made[axis] for axis in query.axes] for query in queries]


def timed(action: Callable[[int], object], number: int) -> list[float]:
    """Milliseconds of each call."""
    found = []
    for at in range(number):
        began = time.perf_counter()
        action(at)
        found.append(1000 * (time.perf_counter() - began))
    return found


def line(name: str, times: Sequence[float]) -> None:
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(f"{name:34} median {ordered[len(ordered) // 2]:8.2f} ms   95 % under {p95:8.2f} ms   {len(ordered)} queries", flush=True)


def at_the_door(home: Path, matrix: Matrix, queries: Sequence[Query], users: int, seconds: float) -> None:
    """Serve the matrix from a secure zone in this folder, and let users ask."""
    secret = home / "secure" / "passphrase"
    secret.parent.mkdir(parents=True)
    secret.write_text("a passphrase for a benchmark only\n")
    secret.chmod(0o600)
    store = SecureStore(load_settings({"BIGASK_HOME": str(home)}).secure)
    store.add_wave(Wave(WAVE, "big_ask", "body", "locator"), Entry("benchmark", "wave-open", WAVE))
    store.ring.create(SECRET, KeyKind.SYMMETRIC)
    stored = store.vault.write(matrix.to_frame())
    with store.record(Entry("benchmark", "builder-prepare", WAVE)) as connection:
        store.add_asset(connection, WAVE, DATA_SET, stored)
    builder = Builder(matrix, load_builder_policy())
    asked = []
    for query in queries:
        status = 422 if isinstance(builder.ask(query, suggest=False), Refusal) else 200
        asked.append((Request.make("GET", f"/api/v1/query?{address_of(query)}", status=status),))
    with open_builder(store) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        found = load((host, int(port)), users, seconds, asked, warm_up=0.0)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    line(f"at the door, {users} at a time", [1000 * each for each in found.latencies])
    cost, wrong = 1000 * spent / max(1, found.finished), dict(found.errors) or "none"
    rate = found.finished / found.seconds
    print(f"{'':34} {rate:.0f} answers/s, {cost:.1f} ms of processor each (its start included), errors: {wrong}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--children", type=int, default=557_077)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--peer", type=Path, help="Python of an environment with DuckDB")
    given = parser.parse_args()
    matrix = invented(given.children)
    variables = dict(matrix.variables)
    queries = questions(variables, given.queries, 7)
    frame, columns = columns_of(matrix, queries)
    builder = Builder(matrix, load_builder_policy())
    print(f"{given.children:,} children, {len(variables)} variables, {len(os.sched_getaffinity(0))} processors")

    def cold(at: int) -> object:
        matrix.forget()
        return builder.ask(queries[at], suggest=False)

    line("builder, cold", timed(cold, len(queries)))
    for query in queries:
        builder.ask(query, suggest=False)
    line("builder, warm", timed(lambda at: builder.ask(queries[at], suggest=False), len(queries)))
    line("pandas groupby", timed(lambda at: frame.groupby(columns[at], sort=False).size(), min(60, len(queries))))
    with tempfile.TemporaryDirectory() as folder:
        if given.peer:
            frame.to_parquet(Path(folder) / "codes.parquet")
            (Path(folder) / "columns.json").write_text(json.dumps(columns))
            told = subprocess.run((given.peer, PEER, folder), check=True, stdout=subprocess.PIPE, text=True).stdout
            line("DuckDB", json.loads(told))
        at_the_door(Path(folder) / "home", matrix, questions(variables, 4000, 8), given.users, given.seconds)


if __name__ == "__main__":
    main()
