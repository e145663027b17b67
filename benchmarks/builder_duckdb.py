"""DuckDB's share of `benchmarks.builder`: the same groups counted from a table in memory, by all processors. Run by its Python alone."""

import json
import sys
import time
from pathlib import Path

import duckdb

folder = Path(sys.argv[1])
base = duckdb.connect()
base.execute(f"CREATE TABLE children AS SELECT * FROM '{folder / 'codes.parquet'}'")  # noqa: S608 - our own folder
times = []
for columns in json.loads((folder / "columns.json").read_text()):
    names = ", ".join(columns)
    began = time.perf_counter()
    base.execute(f"SELECT {names}, count(*) FROM children GROUP BY {names}").fetchall()  # noqa: S608 - our own names
    times.append(1000 * (time.perf_counter() - began))
print(json.dumps(times))
