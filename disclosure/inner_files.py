"""Tables to protect, as files: inner cells, hierarchies as `code,parent` and perhaps `label`, and what a user wishes of single cells.

Inner cells: a column for each variable, `n`, and for the cell key `key`, the sum of the cell's record keys. A missing row is 0.
Codes in pairs "x" and "not x" are options of which several may be chosen. Tables given together are linked by the names of
their variables. Every bad file is told in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from disclosure.columns import numbers, positions, read_columns
from disclosure.dimension import NOT, TOTAL, Counts, Dimension
from disclosure.error import DisclosureError
from disclosure.suppression import Wishes
from disclosure.table import Table

KEY, WISH, COST, TABLE, LABEL = "key", "wish", "cost", "table", "label"
SHOW, HIDE = "show", "hide"


@dataclass(frozen=True, eq=False)
class Inner:
    """Tables with their totals, and the cell keys of the inner cells of those that have some, by the table's id."""

    tables: tuple[Table, ...]
    keys: Mapping[str, Counts]


def read_inner(paths: Sequence[Path], hierarchies: Mapping[str, Path]) -> Inner:
    """The tables in these files. Raises DisclosureError in one sentence if a file is bad."""
    frames = {path.stem: read_csv(path) for path in paths}
    if not frames or len(frames) != len(paths):
        raise DisclosureError("give at least one file, and no two files of the same name")
    if lacking := [name for name, frame in frames.items() if "n" not in frame.columns]:
        raise DisclosureError(f"'{lacking[0]}.csv' has no column 'n'")
    variables = {name: [column for column in frame.columns if column not in ("n", KEY)] for name, frame in frames.items()}
    trees = read_trees(hierarchies, {name for names in variables.values() for name in names})
    flat: dict[str, dict[str, None]] = {}
    for name, frame in frames.items():
        for variable in variables[name]:
            flat.setdefault(variable, {}).update(dict.fromkeys(frame[variable].unique()))
    tables, keys = [], {}
    for name, frame in frames.items():
        dimensions = [_dimension(name, v, list(flat[v]), frame[v].unique().tolist(), trees.get(v)) for v in variables[name]]
        table = Table.from_inner(name, dimensions, frame)
        tables.append(table)
        if KEY in frame.columns:
            keys[name] = _keys(table, frame)
    return Inner(tuple(tables), keys)


def _keys(table: Table, frame: pd.DataFrame) -> Counts:
    found = numbers(frame[KEY])
    if not np.isfinite(found).all() or (found < 0).any() or (found != np.floor(found)).any():
        raise DisclosureError(f"'{table.id}.csv': column '{KEY}' must hold the sum of the cell's record keys in every row")
    keys = np.zeros(tuple(len(dimension.leaves) for dimension in table.dimensions), np.int64)
    at = tuple(positions(frame[d.name], {leaf: k for k, leaf in enumerate(d.leaves)}) for d in table.dimensions)
    keys[at] = found.astype(np.int64)
    return keys


def read_wishes(path: Path, tables: Sequence[Table]) -> Wishes:
    """A user's wishes: CSV with `wish` (show: never withhold; hide: never publish), or `cost` of withholding, and a cell.

    A column for each variable that is meant, blank or absent for its total; `table` if not every table with these variables.
    """
    frame = read_csv(path, check_codes=False)
    variables = [column for column in frame.columns if column not in (WISH, COST, TABLE)]
    known = {dimension.name for table in tables for dimension in table.dimensions}
    if unknown := set(variables) - known:
        raise DisclosureError(f"'{path.name}' has the column '{min(unknown)}', which is no variable of any table")
    show, hide = ({table.id: np.zeros(table.counts.shape, bool) for table in tables} for _ in range(2))
    cost = {table.id: np.maximum(table.counts, 1).astype(float) for table in tables}
    for number, row in enumerate(frame.to_dict("records"), start=2):
        meant = {variable: row[variable] for variable in variables if row[variable]}
        wish, price = row.get(WISH, ""), row.get(COST, "")
        if (wish in (SHOW, HIDE)) == bool(price):
            raise DisclosureError(f"'{path.name}', line {number}: give either a wish ('{SHOW}' or '{HIDE}') or a cost")
        cells = [(table, at) for table in tables if row.get(TABLE, "") in ("", table.id) and (at := _cell(table, meant)) is not None]
        if not cells:
            raise DisclosureError(f"'{path.name}', line {number}: no table has this cell")
        for table, at in cells:
            if price:
                cost[table.id][at] = _price(price, path, number)
            else:
                (show if wish == SHOW else hide)[table.id][at] = True
    if any((show[table.id] & hide[table.id]).any() for table in tables):
        raise DisclosureError(f"'{path.name}' asks for the same cell to be shown and to be hidden")
    return Wishes(show, hide, cost if COST in frame.columns else {})


def _cell(table: Table, meant: Mapping[str, str]) -> tuple[int, ...] | None:
    names = {dimension.name for dimension in table.dimensions}
    places = [dimension.index.get(meant.get(dimension.name, dimension.total)) for dimension in table.dimensions]
    return None if not set(meant) <= names or None in places else tuple(place for place in places if place is not None)


def _price(text: str, path: Path, number: int) -> float:
    try:
        price = float(text)
    except ValueError:
        price = 0.0
    if not 0 < price < float("inf"):
        raise DisclosureError(f"'{path.name}', line {number}: a cost must be a number above 0")
    return price


def read_csv(path: Path, *, check_codes: bool = True) -> pd.DataFrame:
    """A CSV file as text, stripped, each column as categories. Raises DisclosureError."""
    try:
        frame = read_columns(path)
    except FileNotFoundError:
        raise DisclosureError(f"there is no file '{path.name}'") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError):
        raise DisclosureError(f"'{path.name}' cannot be read as a CSV file in UTF-8") from None
    if len(set(frame.columns)) != len(frame.columns) or frame.empty:
        raise DisclosureError(f"'{path.name}' has no rows, or a column twice")
    for column in frame.columns:
        if check_codes and column not in ("n", "status", KEY) and (frame[column] == "").any():
            raise DisclosureError(f"'{path.name}' has an empty code in column '{column}'")
    return frame


def read_trees(hierarchies: Mapping[str, Path], variables: set[str]) -> dict[str, dict[str, str]]:
    """Each variable's hierarchy, code to parent; a column of labels is left to `disclosure.labels`. Raises DisclosureError."""
    trees = {}
    for variable, path in hierarchies.items():
        if variable not in variables:
            raise DisclosureError(f"a hierarchy is given for '{variable}', which is no column of any table")
        frame = read_csv(path, check_codes=False)
        if list(frame.columns) not in (["code", "parent"], ["code", "parent", LABEL]):
            raise DisclosureError(f"'{path.name}' must have the columns code and parent, and perhaps {LABEL}")
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
        options = [code for code in codes if not code.startswith(NOT)]
        if any(code.startswith(NOT) and code.removeprefix(NOT) in options for code in codes):
            return Dimension.multiple(variable, options)
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
