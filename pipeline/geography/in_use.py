"""Which directories `locate` reads: the newest official file that was added, or else the embedded one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.councils import Councils
from pipeline.directory import Directory
from pipeline.geography.catalogue import Record, added
from pipeline.geography.deprivation import COLUMN, LSOA
from pipeline.geography.layout import POSTCODE_PRODUCTS, Product
from pipeline.postcode import normalise
from pipeline.schools import SchoolDirectory


def directory_in_use(home: Path) -> Directory:
    """The newest postcode directory under `home`, or the embedded one, with the deprivation of its own LSOAs.

    IMD 2019 joins LSOAs of 2011 only, IoD 2025 those of 2021 only. At the same vintage ONSPD comes before NSPL, whose areas
    are best fits of whole output areas.
    """
    records = added(home)
    candidates = [record for record in records if record.product in POSTCODE_PRODUCTS]
    if candidates:
        newest = max(candidates, key=lambda record: (record.vintage, -POSTCODE_PRODUCTS.index(record.product)))
        directory = Directory.load(home / newest.id)
    else:
        directory = Directory.embedded()
    for record in records:
        if record.product in COLUMN:
            directory = _with_deprivation(directory, record, pd.read_parquet(home / record.id / "table.parquet"))
    return directory


def _with_deprivation(directory: Directory, record: Record, table: pd.DataFrame) -> Directory:
    lsoa, column = LSOA[record.product], COLUMN[record.product]
    if lsoa not in directory.places or not bool(directory.places[lsoa].notna().any()):
        return directory
    deciles = directory.places[lsoa].map(table.set_index(lsoa)[column]).astype("Int8")
    if column in directory.places:  # the directory's own, from its rank, where the LSOA itself is not in it
        deciles = deciles.fillna(directory.places[column])
    origin = directory.origin
    joined = replace(origin, sources={**origin.sources, record.file: record.sha256}, licence=f"{origin.licence} {record.licence}")
    return replace(directory, origin=joined, places=directory.places.assign(**{column: deciles}))


def schools_in_use(home: Path, directory: Directory) -> SchoolDirectory | None:
    """The newest list of schools under `home`, each school in the council of its postcode; None if there is none."""
    candidates = [record for record in added(home) if record.product is Product.GIAS]
    if not candidates:
        return None
    newest = max(candidates, key=lambda record: record.vintage)
    schools = pd.read_parquet(home / newest.id / "table.parquet")
    located = directory.lookup(schools["pcd7"].fillna("").to_numpy(dtype="S7"))["lad25cd"]
    councils = Councils.of_2025()
    stated = schools["lad"].map({**{code: code for code in councils.names}, **councils.successors}).astype("str")
    placed = schools.assign(lad25cd=located.where(located.notna(), stated))
    return SchoolDirectory(f"{newest.product.value} {newest.vintage}", placed, newest.sha256)


def lookup(path: Path, directory: Directory) -> pd.DataFrame:
    """For checking: one row per line of a file, with the outcome and the places of the postcode in its first column."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    written = [line.split(",")[0].strip().strip('"') for line in lines]
    readings = [normalise(text) for text in written]
    frame = directory.lookup(np.array([reading.postcode for reading in readings], dtype="S7"))
    outcome = pd.Series([reading.outcome.value if reading.outcome else None for reading in readings], dtype="str")
    frame["outcome"] = outcome.where(outcome.notna(), frame["outcome"])
    frame.insert(0, "postcode", pd.Series(written, dtype="str"))
    return frame
