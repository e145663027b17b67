"""Records of a small population from its tables alone: given back by what is unprotected, and by nothing that is protected."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import load_policy
from disclosure.protect import protect
from disclosure.published_table import PublishedTable, Status
from disclosure.reconstruct import reconstruct
from disclosure.table import Table

ONS = load_policy("ons-threshold-10")
AGE, HOME, MOOD = Dimension.flat("age", ["4", "5", "6"]), Dimension.flat("home", ["a", "b"]), Dimension.flat("mood", ["good", "bad"])
VARIABLES = (AGE, HOME, MOOD)
Record = tuple[str, ...]


def tables_of(records: list[Record], by: list[tuple[int, ...]], variables: tuple[Dimension, ...] = VARIABLES) -> list[Table]:
    made = []
    for axes in by:
        counts = Counter(tuple(record[k] for k in axes) for record in records)
        rows = [(*codes, n) for codes, n in counts.items()]
        frame = pd.DataFrame(rows, columns=[*(variables[k].name for k in axes), "n"])
        made.append(Table.from_inner("-".join(variables[k].name for k in axes), [variables[k] for k in axes], frame))
    return made


def openly(table: Table) -> PublishedTable:
    return PublishedTable(
        table.id, table.dimensions, table.counts, np.full(table.counts.shape, Status.PUBLISHED.value), np.zeros_like(table.counts)
    )


CHILDREN: list[Record] = [
    *[("4", "a", "good")] * 12, *[("5", "a", "good")] * 9, *[("5", "b", "good")] * 2, ("4", "b", "bad"), ("6", "b", "bad"),
    *[("6", "a", "good")] * 11,
]  # fmt: skip
PAIRS = list(combinations(range(3), 2))


def test_unprotected_tables_of_pairs_give_whole_records_back() -> None:
    found = reconstruct([openly(table) for table in tables_of(CHILDREN, PAIRS)], ONS)
    known = {tuple(codes[d.name] for d in VARIABLES): count for codes, count in found.records}
    true = Counter(CHILDREN)
    assert all(count <= true[record] for record, count in known.items())
    assert known["4", "b", "bad"] == 1
    assert known["6", "b", "bad"] == 1
    assert found.pinned == len(CHILDREN)


def test_protected_tables_of_the_same_children_give_no_small_record_back() -> None:
    shown = protect(tables_of(CHILDREN, [(0,), (1,), (2,)]), ONS).tables
    found = reconstruct(shown, ONS)
    true = Counter(CHILDREN)
    assert all(true[tuple(codes[d.name] for d in VARIABLES)] >= ONS.threshold for codes, _ in found.records)
    rounded = protect(tables_of(CHILDREN, PAIRS), load_policy("dfe-round-10")).tables
    given_back = reconstruct(rounded, load_policy("dfe-round-10")).records
    assert all(true[tuple(codes[d.name] for d in VARIABLES)] >= ONS.threshold for codes, _ in given_back)


def brute_force(records: list[Record], by: list[tuple[int, ...]]) -> dict[Record, int]:
    """The least number of each record in every population that has these tables."""
    cells = list(product(*(d.leaves for d in VARIABLES)))
    wanted = [Counter(tuple(record[k] for k in axes) for record in records) for axes in by]
    least: dict[Record, int] = {}

    def extend(at: int, left: list[Counter[Record]], taken: dict[Record, int]) -> None:
        if at == len(cells):
            if not any(any(part.values()) for part in left):
                for cell in cells:
                    least[cell] = min(least.get(cell, len(records)), taken.get(cell, 0))
            return
        keys = [tuple(cells[at][k] for k in axes) for axes in by]
        for count in range(min(part[key] for part, key in zip(left, keys, strict=True)) + 1):
            rest = [Counter({**part, key: part[key] - count}) for part, key in zip(left, keys, strict=True)]
            extend(at + 1, rest, {**taken, cells[at]: count})

    extend(0, wanted, {})
    return {cell: count for cell, count in least.items() if count}


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(*(st.sampled_from(d.leaves) for d in VARIABLES)), min_size=1, max_size=5),
    st.sampled_from([[(0, 1), (2,)], [(0, 1), (1, 2)], PAIRS]),
)
def test_nothing_is_said_to_be_certain_that_another_population_belies(records: list[Record], by: list[tuple[int, ...]]) -> None:
    certain = brute_force(records, by)
    found = reconstruct([openly(table) for table in tables_of(records, by)], ONS)
    for codes, count in found.records:
        assert count <= certain.get(tuple(codes[d.name] for d in VARIABLES), 0)
    if len(by) == 2:  # no circle among the tables: reals have no more to choose from than whole numbers
        assert found.pinned == sum(certain.values())


def test_a_filter_is_part_of_the_record() -> None:
    here = [record for record in CHILDREN if record[1] == "b"]
    table = tables_of(here, [(0, 2)])[0]
    found = reconstruct([PublishedTable(**{**vars(openly(table)), "where": (("home", "b"),)})], ONS)
    assert ({"age": "4", "home": "b", "mood": "bad"}, 1) in found.records
    assert found.pinned == len(here)


def test_what_cannot_be_reconstructed_is_refused() -> None:
    table = openly(tables_of(CHILDREN, [(0, 1)])[0])
    with pytest.raises(DisclosureError, match="one population"):
        reconstruct([], ONS)
    with pytest.raises(DisclosureError, match="one population"):
        reconstruct([table, PublishedTable(**{**vars(table), "population": "2025"})], ONS)
    other = tables_of([("7", "a", "good")], [(0,)], (Dimension.flat("age", ["7", "8"]), HOME, MOOD))[0]
    with pytest.raises(DisclosureError, match="cut 'age' differently"):
        reconstruct([table, openly(other)], ONS)


@pytest.mark.parametrize("seed", range(6))
def test_a_large_part_is_asked_anew_and_answers_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    records = [tuple(str(rng.choice(variable.codes[1:])) for variable in VARIABLES) for _ in range(9)]
    tables = [openly(table) for table in tables_of(records, [(0, 1), (1, 2), (0, 2)])]
    before = reconstruct(tables, ONS, small=True)
    monkeypatch.setattr("disclosure.search.LARGE", 1)
    assert reconstruct(tables, ONS, small=True) == before
