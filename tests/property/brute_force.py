"""Every whole-number table that fits what was published, found by trying them all: the slow truth that attacks are held to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from disclosure.dimension import Dimension
from disclosure.policy import Attacker, Policy
from disclosure.published_table import PublishedTable, Status
from disclosure.table import Table

Cell = frozenset[tuple[str, str]]


def cells(table: PublishedTable | Table) -> list[Cell]:
    """Names of a table's cells in the order of its counts, totals left out."""
    axes = [[(d.name, code) if k else None for k, code in enumerate(d.codes)] for d in table.dimensions]
    return [frozenset(part for part in combination if part) for combination in product(*axes)]


def sums(tables: Sequence[PublishedTable]) -> list[tuple[Cell, tuple[Cell, ...]]]:
    """(parent, children) of every sum of every table."""
    found = []
    for table in tables:
        for cell in cells(table):
            codes = dict(cell)
            for dimension in table.dimensions:
                for parent, children in dimension.partitions:
                    if codes.get(dimension.name, dimension.total) == parent:
                        rest = {part for part in cell if part[0] != dimension.name}
                        found.append((cell, tuple(frozenset(rest | {(dimension.name, child)}) for child in children)))
    return found


def possible_values(published: Sequence[PublishedTable], policy: Policy, limit: int, enough: int | None = None) -> dict[Cell, set[int]]:
    """Values of each withheld cell over all tables that fit, no count beyond `limit`.

    With `enough`, stops once every cell has values so far apart: what is left cannot change that.
    """
    fixed: dict[Cell, int] = {}
    bounds: dict[Cell, tuple[int, int]] = {}
    for table in published:
        for cell, value, status, floor in zip(cells(table), table.values.ravel(), table.status.ravel(), table.floor.ravel(), strict=True):
            if value >= 0:
                fixed[cell] = int(value)
            else:
                low, high = int(floor), limit
                if policy.attacker is Attacker.STATUS_KNOWN:
                    if status == Status.PRIMARY:
                        high = policy.threshold - 1
                    elif floor:
                        low = policy.threshold
                bounds[cell] = (low, high)
    unknown = [cell for cell in bounds if cell not in fixed]
    rows = []
    for parent, children in sums(published):
        terms = [(cell, sign) for cell, sign in ((parent, -1), *((child, 1) for child in children))]
        known = -sum(sign * fixed[cell] for cell, sign in terms if cell in fixed)
        open_ = [(unknown.index(cell), sign) for cell, sign in terms if cell not in fixed]
        if open_:
            rows.append((open_, known))
    seen: dict[Cell, set[int]] = {cell: set() for cell in unknown}
    for values in _solutions([bounds[cell] for cell in unknown], rows):
        for cell, number in zip(unknown, values, strict=True):
            seen[cell].add(number)
        if enough is not None and all(max(each) - min(each) >= enough for each in seen.values()):
            break
    return seen


def _solutions(bounds: list[tuple[int, int]], rows: list[tuple[list[tuple[int, int]], int]]) -> Iterator[list[int]]:
    low, high = [b[0] for b in bounds], [b[1] for b in bounds]

    def narrow(low: list[int], high: list[int]) -> bool:
        changed = True
        while changed:
            changed = False
            for terms, known in rows:
                least = sum(s * (low[k] if s > 0 else high[k]) for k, s in terms)
                most = sum(s * (high[k] if s > 0 else low[k]) for k, s in terms)
                if least > known or most < known:
                    return False
                for k, s in terms:
                    mine_least = s * (low[k] if s > 0 else high[k])
                    mine_most = s * (high[k] if s > 0 else low[k])
                    a, b = known - (most - mine_most), known - (least - mine_least)
                    new_low, new_high = (a, b) if s > 0 else (-b, -a)
                    if new_low > low[k] or new_high < high[k]:
                        low[k], high[k] = max(low[k], new_low), min(high[k], new_high)
                        changed = True
                        if low[k] > high[k]:
                            return False
        return True

    def search(low: list[int], high: list[int]) -> Iterator[list[int]]:
        low, high = low.copy(), high.copy()
        if not narrow(low, high):
            return
        open_ = [k for k in range(len(low)) if low[k] < high[k]]
        if not open_:
            yield low
            return
        k = min(open_, key=lambda k: high[k] - low[k])
        for value in range(low[k], high[k] + 1):
            a, b = low.copy(), high.copy()
            a[k] = b[k] = value
            yield from search(a, b)

    yield from search(low, high)


SHAPES: tuple[tuple[Dimension, ...], ...] = (
    (Dimension.flat("place", ["a", "b", "c"]), Dimension.flat("answer", ["x", "y"])),
    (Dimension.flat("place", ["a", "b", "c"]), Dimension.flat("answer", ["x", "y", "z"])),
    (Dimension.tree("place", {"N": "Total", "S": "Total", "a": "N", "b": "N", "c": "S", "d": "S"}), Dimension.flat("answer", ["x", "y"])),
    (Dimension.flat("place", ["a", "b"]), Dimension.flat("answer", ["x", "y"]), Dimension.flat("age", ["1", "2"])),
    (Dimension.flat("place", ["a", "b"]), Dimension.multiple("wish", ["play", "rest"])),
    (Dimension.flat("place", ["a", "b", "c", "d"]),),
)


def random_table(table_id: str, dimensions: Sequence[Dimension], rng: np.random.Generator, most: int) -> Table:
    """A small table with many zeros and small counts."""
    import pandas as pd

    multiple = [d for d in dimensions if len({parent for parent, _ in d.partitions}) < len(d.partitions)]
    plain = [d for d in dimensions if d not in multiple]
    shape = tuple(len(d.leaves) for d in plain)
    inner: npt.NDArray[np.int64] = rng.integers(0, most + 1, shape) * (rng.random(shape) < 0.75)
    rows = []
    for at in np.ndindex(shape):
        base = {d.name: d.leaves[k] for d, k in zip(plain, at, strict=True)}
        n = int(inner[at])
        if not multiple:
            rows.append({**base, "n": n})
        for d in multiple:
            for option, without in (children for _, children in d.partitions):
                chosen = int(rng.integers(0, n + 1))
                rows += [{**base, d.name: option, "n": chosen}, {**base, d.name: without, "n": n - chosen}]
    return Table.from_inner(table_id, dimensions, pd.DataFrame(rows))
