"""Files in, files out: protects tables kept as CSV, and attacks any published set of such tables.

Inner cells come as one column for each variable and `n` (a missing row is 0); a hierarchy as `code,parent`. What leaves is
every cell, totals included, with `n` blank where withheld, and `status`. `report.json` beside it is for the office: it
names the policy, the hierarchies, what was done, what the attack found, and each withheld count's bounds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from disclosure.audit import AuditReport, Progress, audit
from disclosure.policy import Policy
from disclosure.protect import Protected, protect
from disclosure.relations import dimension_from_json, dimension_to_json
from disclosure.table import TOTAL, WITHHELD, Dimension, DisclosureError, PublishedTable, Status, Table

REPORT = "report.json"


def protect_files(
    paths: Sequence[Path],
    hierarchies: Mapping[str, Path],
    policy: Policy,
    out: Path,
    *,
    progress: Progress | None = None,
) -> Protected:
    """Protects the tables in these files together and writes each, and the report, into `out`.

    Raises DisclosureError in one sentence if a file is bad or the tables cannot be protected; then nothing is written.
    """
    frames = {_name(path): _read(path) for path in paths}
    if not frames or len(frames) != len(paths):
        raise DisclosureError("give at least one file, and no two files of the same name")
    if any((out / path.name).resolve() == path.resolve() for path in paths):
        raise DisclosureError("the results would overwrite the files given: choose another folder")
    variables = {name: list(frame.columns.drop("n", errors="ignore")) for name, frame in frames.items()}
    trees = _trees(hierarchies, {name for names in variables.values() for name in names})
    flat: dict[str, dict[str, None]] = {}
    for name, frame in frames.items():
        if "n" not in frame.columns:
            raise DisclosureError(f"'{name}.csv' has no column 'n'")
        for variable in variables[name]:
            flat.setdefault(variable, {}).update(dict.fromkeys(frame[variable]))
    tables = []
    for name, frame in frames.items():
        dimensions = [_dimension(name, v, list(flat[v]), frame[v].unique().tolist(), trees.get(v)) for v in variables[name]]
        tables.append(Table.from_inner(name, dimensions, frame))
    result = protect(tables, policy, progress=progress)
    out.mkdir(parents=True, exist_ok=True)
    for table in result.tables:
        table.to_frame().to_csv(out / f"{table.id}.csv", index=False)
    (out / REPORT).write_text(json.dumps(_report(result), indent=1), encoding="utf-8")
    return result


def audit_files(paths: Sequence[Path], hierarchies: Mapping[str, Path], policy: Policy, *, progress: Progress | None = None) -> AuditReport:
    """Attacks published tables together: CSV files, or folders of them. Hierarchies are taken from a folder's report too.

    A blank `n` is a withheld count; a missing row is a count that was never published. Raises DisclosureError if a file
    is bad or the tables contradict themselves.
    """
    files: list[Path] = []
    known: dict[str, list[Dimension]] = {}
    zeros: dict[str, list[int]] = {}
    for path in paths:
        files += sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if path.is_dir() and (path / REPORT).is_file():
            for entry in _json(path / REPORT).get("structure", ()):
                known[entry["id"]] = [dimension_from_json(d) for d in entry["dimensions"]]
                zeros[entry["id"]] = entry["withheld_zeros"]
    frames = {_name(path): _read(path) for path in files}
    if not frames or len(frames) != len(files):
        raise DisclosureError("there is no published table to attack, or two files have the same name")
    trees = _trees(hierarchies, {str(column) for frame in frames.values() for column in frame.columns})
    tables = [_published(name, frame, known.get(name), trees, zeros.get(name, [])) for name, frame in frames.items()]
    try:
        return audit(tables, policy, progress=progress)
    except DisclosureError:
        if known:
            raise
    unsure = [replace(table, floor=np.zeros_like(table.floor)) for table in tables]  # another office may withhold zeros
    return audit(unsure, policy, progress=progress)


def _name(path: Path) -> str:
    return path.stem


def _read(path: Path, *, check_codes: bool = True) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise DisclosureError(f"there is no file '{path.name}'") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError):
        raise DisclosureError(f"'{path.name}' cannot be read as a CSV file in UTF-8") from None
    frame.columns = [str(column).strip() for column in frame.columns]
    if len(set(frame.columns)) != len(frame.columns) or frame.empty:
        raise DisclosureError(f"'{path.name}' has no rows, or a column twice")
    for column in frame.columns:
        frame[column] = frame[column].str.strip()
        if check_codes and column not in ("n", "status") and (frame[column] == "").any():
            raise DisclosureError(f"'{path.name}' has an empty code in column '{column}'")
    return frame


def _json(path: Path) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        raise DisclosureError(f"'{path.name}' cannot be read as JSON") from None
    return loaded


def _trees(hierarchies: Mapping[str, Path], variables: set[str]) -> dict[str, dict[str, str]]:
    """Each variable's hierarchy, code to parent."""
    trees = {}
    for variable, path in hierarchies.items():
        if variable not in variables:
            raise DisclosureError(f"a hierarchy is given for '{variable}', which is no column of any table")
        frame = _read(path, check_codes=False)
        if list(frame.columns) != ["code", "parent"]:
            raise DisclosureError(f"'{path.name}' must have the columns code and parent")
        if frame["code"].duplicated().any():
            code = frame["code"][frame["code"].duplicated()].iloc[0]
            raise DisclosureError(f"'{path.name}' gives the code '{code}' two parents")
        trees[variable] = dict(zip(frame["code"], frame["parent"], strict=True))
    return trees


def _dimension(table: str, variable: str, codes: list[str], used: list[str], tree: Mapping[str, str] | None) -> Dimension:
    """A flat dimension of all codes that any table uses, or the hierarchy, cut off below the codes this table uses."""
    if tree is None:
        if TOTAL in codes:
            raise DisclosureError(f"'{table}.csv': '{TOTAL}' in column '{variable}' is a total, but only inner cells belong here")
        return Dimension.flat(variable, codes)
    full = Dimension.tree(variable, tree)
    above: dict[str, str] = {child: parent for parent, children in full.partitions for child in children}

    def ancestors(code: str) -> set[str]:
        found: set[str] = set()
        while code in above:
            code = above[code]
            found.add(code)
        return found

    if unknown := [code for code in used if code not in full.index]:
        raise DisclosureError(f"'{table}.csv': '{unknown[0]}' in column '{variable}' is an unknown code")
    totals = {ancestor for code in used for ancestor in ancestors(code)}
    if mixed := [code for code in used if code in totals]:
        raise DisclosureError(f"'{table}.csv': '{mixed[0]}' in column '{variable}' is a total, but only inner cells belong here")
    kept = [code for code in full.codes if not ancestors(code) & set(used)]
    return Dimension.tree(variable, {code: above.get(code, "") for code in kept})


def _published(
    name: str, frame: pd.DataFrame, known: list[Dimension] | None, trees: Mapping[str, Mapping[str, str]], zeros: list[int]
) -> PublishedTable:
    if "n" not in frame.columns:
        raise DisclosureError(f"'{name}.csv' has no column 'n'")
    variables = [column for column in frame.columns if column not in ("n", "status")]
    if known is not None and [d.name for d in known] == variables:
        dimensions = known
    else:
        dimensions = [_published_dimension(name, v, frame[v].unique().tolist(), trees.get(v)) for v in variables]
    position = np.zeros(len(frame), np.int64)
    for dimension in dimensions:
        found = frame[dimension.name].map(dimension.index)
        if found.isna().any():
            code = frame[dimension.name][found.isna()].iloc[0]
            raise DisclosureError(f"'{name}.csv': '{code}' in column '{dimension.name}' is an unknown code")
        position = position * len(dimension.codes) + found.to_numpy(np.int64)
    if len(np.unique(position)) != len(position):
        raise DisclosureError(f"'{name}.csv' has the same cell in two rows")
    blank = (frame["n"] == "").to_numpy()
    n = pd.to_numeric(frame["n"].where(~blank, "0"), errors="coerce").to_numpy(float)
    if not np.isfinite(n).all() or (n < 0).any() or (n != np.floor(n)).any():
        raise DisclosureError(f"'{name}.csv': column 'n' must hold whole numbers from 0 up, or nothing where a count is withheld")
    shape = tuple(len(dimension.codes) for dimension in dimensions)
    size = int(np.prod(shape))
    values, floor = np.full(size, WITHHELD, np.int64), np.zeros(size, np.int64)
    status = np.full(size, Status.SECONDARY, dtype="<U9")
    values[position] = np.where(blank, WITHHELD, n.astype(np.int64))
    stated = frame["status"].to_numpy(str) if "status" in frame.columns else np.where(blank, Status.SECONDARY, Status.PUBLISHED)
    if "status" in frame.columns and (blank == (stated == Status.PUBLISHED)).any():
        raise DisclosureError(f"'{name}.csv': a row is blank but 'published', or holds a count but is not")
    status[position] = np.where(stated == "withheld", Status.SECONDARY, stated)
    floor[position] = blank
    floor[zeros] = 0
    return PublishedTable(name, tuple(dimensions), values.reshape(shape), status.reshape(shape), floor.reshape(shape))


def _published_dimension(table: str, variable: str, codes: list[str], tree: Mapping[str, str] | None) -> Dimension:
    if tree is None:
        if TOTAL not in codes:
            raise DisclosureError(f"'{table}.csv' has no '{TOTAL}' in column '{variable}': give its hierarchy")
        return Dimension.flat(variable, [code for code in codes if code != TOTAL])
    full = Dimension.tree(variable, tree)
    if unknown := [code for code in codes if code not in full.index]:
        raise DisclosureError(f"'{table}.csv': '{unknown[0]}' in column '{variable}' is an unknown code")
    inner = [(parent, children) for parent, children in full.partitions if set(children) & set(codes)]
    kept = {full.total, *(code for group in inner for code in (group[0], *group[1]))}
    return Dimension(variable, tuple(code for code in full.codes if code in kept), tuple(inner))


def _report(result: Protected) -> dict[str, Any]:
    structure = [
        {
            "id": table.id,
            "dimensions": [dimension_to_json(d) for d in table.dimensions],
            "withheld_zeros": np.flatnonzero(table.withheld.reshape(-1) & (table.floor.reshape(-1) == 0)).tolist(),
        }
        for table in result.tables
    ]
    rules = {key: {"value": r.value, "source": r.source, "reason": r.reason} for key, r in result.policy.rules.items()}
    return {
        "note": "For the office. Do not publish: kinds of withheld cells, and sums of them, help whoever wants to undo this.",
        **result.report(),
        "rules": rules,
        "structure": structure,
        "certificate": result.certificate(),
    }
