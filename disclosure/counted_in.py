"""Published counts that a given group of children is counted in: without them, less can be told of the group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from disclosure.differencing import POPULATION
from disclosure.dimension import Dimension
from disclosure.published_table import PublishedTable

Place = tuple[int, ...]


def counted_in(
    cell: Mapping[str, str], tables: Sequence[PublishedTable], dimensions: Sequence[Dimension]
) -> Iterator[tuple[int, PublishedTable, Place]]:
    """Counts above 0 of `tables` that include all children of a cell (a code for each variable that is fixed): count, table, place.

    `dimensions`: whatever says which code is a part of which, of any table. The cell itself is one of them, where it is published.
    """
    above = {name: codes_above(name, code, dimensions) for name, code in cell.items()}
    for table in tables:
        others = cell.get(POPULATION, table.population) != table.population
        if others or any(code not in above.get(name, ()) for name, code in table.where):
            continue
        codes = [
            [dimension.index[code] for code in (dimension.total, *above.get(dimension.name, ())) if code in dimension.index]
            for dimension in table.dimensions
        ]
        for place in dict.fromkeys(product(*codes)):
            if table.values[place] > 0:
                yield int(table.values[place]), table, place


def codes_above(name: str, code: str, dimensions: Sequence[Dimension]) -> tuple[str, ...]:
    """A code and all that it is a part of, the nearest first; totals of everyone left out."""
    found = {code: None}
    waiting = [code]
    while waiting:
        part = waiting.pop(0)
        for dimension in dimensions:
            for parent, children in dimension.partitions if dimension.name == name else ():
                if part in children and parent != dimension.total and parent not in found:
                    found[parent] = None
                    waiting.append(parent)
    return tuple(found)
