"""Files in, files out: protects tables kept as CSV, and attacks any published set of such tables.

Inner cells come as one column for each variable and `n` (a missing row is 0); a hierarchy as `code,parent`. What leaves is
every cell, totals included, with `n` blank where withheld, and `status`. `report.json` beside it is for the office: it
names the policy, the hierarchies, what was done, what the attack found, and each withheld count's bounds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from disclosure.advice import Advice, suggest
from disclosure.audit import AuditReport, Progress
from disclosure.blocks import Budget
from disclosure.clothes import Columns, attack_clothes, dimensions_in
from disclosure.columns import numbers, positions
from disclosure.differencing import attack_together
from disclosure.dimension import TOTAL, Dimension
from disclosure.error import DisclosureError
from disclosure.inner_files import read_csv, read_inner, read_trees, read_wishes
from disclosure.policy import Policy
from disclosure.protect import Protected, protect
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.relations import dimension_from_json, to_relations

REPORT = "report.json"


def protect_files(
    paths: Sequence[Path],
    hierarchies: Mapping[str, Path],
    policy: Policy,
    out: Path,
    *,
    wishes: Path | None = None,
    budget: Budget | None = None,
    progress: Progress | None = None,
) -> Protected:
    """Protects the tables in these files together and writes each, and the report, into `out`.

    `wishes`: a file of wishes. `budget`: what the search for a cheap pattern may cost; the report says what was withheld for
    lack of time.

    Raises DisclosureError in one sentence if a file is bad or the tables cannot be protected; then nothing is written.
    """
    if any((out / path.name).resolve() == path.resolve() for path in paths):
        raise DisclosureError("the results would overwrite the files given: choose another folder")
    inner = read_inner(paths, hierarchies)
    wanted = read_wishes(wishes, inner.tables) if wishes else None
    result = protect(inner.tables, policy, keys=inner.keys, wishes=wanted, budget=budget, progress=progress)
    out.mkdir(parents=True, exist_ok=True)
    for table in result.tables:
        _write(table, out / f"{table.id}.csv")
    (out / REPORT).write_text(json.dumps(_report(result), indent=1), encoding="utf-8")
    return result


def suggest_files(
    paths: Sequence[Path],
    hierarchies: Mapping[str, Path],
    policy: Policy,
    *,
    spent: Callable[[], bool],
    progress: Callable[[], None],
) -> Advice:
    """What to merge in the tables in these files; see `disclosure.advice.suggest`. Raises DisclosureError if a file is bad."""
    inner = read_inner(paths, hierarchies)
    return suggest(inner.tables, policy, keys=inner.keys, spent=spent, progress=progress)


def _write(table: PublishedTable, path: Path) -> None:
    """Every cell, one code of the first variable after the other, so that the text of few rows is held at a time."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(table.frames()):
            frame.to_csv(file, index=False, header=number == 0, lineterminator="\n")


def audit_files(paths: Sequence[Path], hierarchies: Mapping[str, Path], policy: Policy, *, progress: Progress | None = None) -> AuditReport:
    """Attacks published tables together: CSV files, or folders of them. Hierarchies are taken from a folder's report too.

    A blank `n` is a withheld count; a missing row is a count that was never published. Raises DisclosureError if a file
    is bad or the tables contradict themselves.
    """
    files: list[Path] = []
    known: dict[str, list[Dimension]] = {}
    zeros: dict[str, list[int]] = {}
    methods: dict[str, tuple[Method, int]] = {}
    for path in paths:
        files += sorted(path.glob("*.csv")) if path.is_dir() else [path]
        if path.is_dir() and (path / REPORT).is_file():
            for entry in _json(path / REPORT).get("structure", ()):
                known[entry["id"]] = [dimension_from_json(d) for d in entry["dimensions"]]
                methods[entry["id"]] = (Method(entry["method"]), int(entry["base"]))
                zeros[entry["id"]] = entry["withheld_zeros"]
    frames = {path.stem: read_csv(path) for path in files}
    if not frames or len(frames) != len(files):
        raise DisclosureError("there is no published table to attack, or two files have the same name")
    trees = read_trees(hierarchies, {str(column) for frame in frames.values() for column in frame.columns})
    by_policy = (policy.method, policy.rounding_base or policy.perturbation_maximum)
    tables = []
    for name, frame in frames.items():
        method, base = methods.get(name, by_policy)
        tables.append(_published(name, frame, known.get(name), trees, zeros.get(name, []), method, base))
    try:
        return attack_together(tables, [], policy, progress=progress)
    except DisclosureError:
        if known:
            raise
    unsure = [replace(table, floor=np.zeros_like(table.floor)) for table in tables]  # another office may withhold zeros
    return attack_together(unsure, [], policy, progress=progress)


def read_back_files(
    paths: Sequence[Path], variables: Sequence[str], hierarchies: Mapping[str, Path], columns: Columns, policy: Policy
) -> AuditReport:
    """Attacks the percentages, rates, means and drawings in published CSV or JSON files, all with these columns, together.

    Raises DisclosureError if a file is bad, or its numbers contradict each other.
    """
    texts = {}
    for path in paths:
        try:
            texts[path.name] = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise DisclosureError(f"'{path.name}' cannot be read as text in UTF-8") from None
    trees = read_trees(hierarchies, set(variables))
    dimensions = {name: dimensions_in(text, variables, trees) for name, text in texts.items()}
    return attack_clothes(texts, dimensions, dict.fromkeys(texts, columns), policy)


def _json(path: Path) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError):
        raise DisclosureError(f"'{path.name}' cannot be read as JSON") from None
    return loaded


def _published(
    name: str,
    frame: pd.DataFrame,
    known: list[Dimension] | None,
    trees: Mapping[str, Mapping[str, str]],
    zeros: list[int],
    method: Method,
    base: int,
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
        found = positions(frame[dimension.name], dimension.index)
        if (found < 0).any():
            code = frame[dimension.name].iloc[int(found.argmin())]
            raise DisclosureError(f"'{name}.csv': '{code}' in column '{dimension.name}' is an unknown code")
        position = position * len(dimension.codes) + found
    if len(np.unique(position)) != len(position):
        raise DisclosureError(f"'{name}.csv' has the same cell in two rows")
    blank = (frame["n"] == "").to_numpy()
    n = np.where(blank, 0, numbers(frame["n"]))
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
    counts, stated, least = values.reshape(shape), status.reshape(shape), floor.reshape(shape)
    return PublishedTable(name, tuple(dimensions), counts, stated, least, method=method, base=base)


def _published_dimension(table: str, variable: str, codes: list[str], tree: Mapping[str, str] | None) -> Dimension:
    if tree is None:
        if TOTAL not in codes:
            raise DisclosureError(f"'{table}.csv' has no '{TOTAL}' in column '{variable}': give its hierarchy")
        return Dimension.flat(variable, [code for code in codes if code != TOTAL])
    full = Dimension.tree(variable, tree)
    if unknown := [code for code in codes if code not in full.index]:
        raise DisclosureError(f"'{table}.csv': '{unknown[0]}' in column '{variable}' is an unknown code")
    above = {child: parent for parent, children in full.partitions for child in children}
    reached = set(codes)
    for code in codes:
        while (code := above.get(code, "")) and code not in reached:
            reached.add(code)  # a level that the table leaves out stays between those it shows
    inner = tuple((parent, children) for parent, children in full.partitions if reached & set(children))
    kept = {full.total, *(child for _, children in inner for child in children)}
    return Dimension(variable, tuple(code for code in full.codes if code in kept), inner)


def _report(result: Protected) -> dict[str, Any]:
    structure = [
        {
            **to_relations(table),
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
