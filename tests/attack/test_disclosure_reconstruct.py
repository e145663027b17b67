"""Records of a small population from its tables alone: given back by what is unprotected, and by nothing that is protected."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
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
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.reconstruct import reconstruct, reconstructible
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
PAIRS: list[tuple[int, ...]] = list(combinations(range(3), 2))


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


ALPHA, BETA = (Dimension.flat(name, [f"{name}{k}" for k in range(1, n + 1)]) for name, n in (("alpha", 3), ("beta", 4)))


def only_by_programs(left: int, more: int = 0) -> PublishedTable:
    """Two rows less two columns leave alpha2, beta3 as `left`, or up to `more` fewer: no sum by itself tells."""
    inner = np.array([[30, 40, 50, 0], [30, 40, left, 0], [60, 70, 80, more]])
    values = np.zeros((4, 5), np.int64)
    values[1:, 1:] = inner
    values[0, 1:], values[1:, 0], values[0, 0] = inner.sum(axis=0), inner.sum(axis=1), inner.sum()
    for place in ((0, 0), (0, 3), (1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 0), (3, 3), *([(2, 4), (3, 4)] if more else [])):
        values[place] = WITHHELD
    status = np.where(values < 0, Status.SECONDARY.value, Status.PUBLISHED.value)
    return PublishedTable("t", (ALPHA, BETA), values, status, np.zeros_like(values))


TARGET = {"alpha": "alpha2", "beta": "beta3"}


@pytest.mark.parametrize(
    ("left", "more", "width", "told"),
    [
        (0, 0, 1, False), (1, 0, 1, True), (9, 0, 1, True), (10, 0, 1, False), (9, 1, 1, False), (9, 1, 2, True), (2, 1, 2, True),
        (1, 1, 2, False), (10, 1, 2, False), (9, 2, 2, False), (9, 2, 3, True),
    ],
)  # fmt: skip
def test_a_small_record_that_linear_programs_alone_tell_is_found(left: int, more: int, width: int, told: bool) -> None:
    found = reconstruct([only_by_programs(left, more)], replace(ONS, minimum_width=width), small=True)
    assert found.records == (((TARGET, left - more),) if told else ())
    assert found.pinned == (left - more if told else 0)


def test_all_records_that_are_certain_are_found_where_all_are_wanted() -> None:
    found = reconstruct([only_by_programs(15, 3)], ONS)
    known = {tuple(codes.values()): count for codes, count in found.records}
    told = {("alpha1", "beta3"): 50, ("alpha2", "beta3"): 12, ("alpha3", "beta1"): 60, ("alpha3", "beta2"): 70}
    assert known == {**told, ("alpha1", "beta2"): 10, ("alpha2", "beta2"): 10}  # of 70, at most 60 are beta1


@pytest.mark.parametrize(("small", "programs"), [(False, 4), (True, 2)])
def test_each_part_is_asked_by_itself_and_how_far_it_is_is_told(small: bool, programs: int) -> None:
    area = Dimension.tree("area", {"n": "", "s": "", "n1": "n", "n2": "n", "s1": "s", "s2": "s"})
    values = np.array([90, 40, 50, -1, -1, -1, -1])
    status = np.where(values < 0, Status.SECONDARY.value, Status.PUBLISHED.value)
    told: list[tuple[float, str]] = []
    table = PublishedTable("t", (area,), values, status, np.zeros_like(values))
    found = reconstruct([table], ONS, small=small, progress=lambda share, what: told.append((share, what)))
    assert (found.records, found.linear_programs) == ((), programs)
    assert told == [(0.5, "reconstructing records"), (1.0, "reconstructing records")]


@pytest.mark.parametrize(("status", "told"), [(Status.PRIMARY, True), (Status.SECONDARY, False)])
def test_what_rounding_withholds_is_small_if_nothing_was_withheld_beside_it(status: Status, told: bool) -> None:
    """48 to 52 less 43 to 47: 1 to 9, or to 7 if it is small."""
    nhs = replace(load_policy("nhs-1-7-round-5"), minimum_width=7)
    states = np.array(["published", status.value, "published"])
    home = Dimension.flat("home", ["a", "b"])
    near = PublishedTable("t", (home,), np.array([50, -1, 45]), states, np.array([0, 1, 0]), method=Method.SMALL_COUNT_ROUNDING, base=5)
    found = reconstruct([near], nhs, small=True)
    assert found.records == ((({"home": "a"}, 1),) if told else ())


def test_tables_of_a_later_wave_are_of_that_wave() -> None:
    tables = [replace(openly(table), population="2027") for table in tables_of(CHILDREN, PAIRS)]
    assert reconstruct(tables, ONS).pinned == len(CHILDREN)


def test_options_are_no_part_of_a_record_and_stand_in_no_ones_way() -> None:
    counts = np.array([40, 25, 15, 30, 10])
    likes = PublishedTable("o", (Dimension.multiple("likes", ["x", "y"]),), counts, np.full(5, "published"), np.zeros(5, np.int64))
    places = np.outer([1, 1], counts)
    both = PublishedTable(
        "b", (likes.dimensions[0], Dimension.flat("home", ["a"])), places.T, np.full((5, 2), "published"), np.zeros((5, 2), np.int64)
    )
    assert reconstruct([both], ONS).records == (({"home": "a"}, 40),)
    with pytest.raises(DisclosureError, match="or none"):
        reconstruct([likes], ONS)


def test_so_many_combinations_are_reconstructed_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    table = openly(tables_of(CHILDREN, [(0, 1)])[0])
    monkeypatch.setattr("disclosure.reconstruct.MOST_CELLS", table.values.size)
    assert reconstruct([table], ONS).pinned == len(CHILDREN)
    monkeypatch.setattr("disclosure.reconstruct.MOST_CELLS", table.values.size - 1)
    with pytest.raises(DisclosureError, match=f"more than {table.values.size - 1} combinations"):
        reconstruct([table], ONS)


def test_tables_are_put_together_as_far_as_they_share_variables_and_fit() -> None:
    pairs, moods = [openly(table) for table in tables_of(CHILDREN, [(0, 1), (1, 2)])], openly(tables_of(CHILDREN, [(2,)])[0])
    apart = PublishedTable("apart", (Dimension.flat("wish", ["x"]),), np.array([9, 9]), np.full(2, "published"), np.zeros(2, np.int64))
    older = openly(tables_of([("7", "a", "good")], [(0,)], (Dimension.flat("age", ["7", "8"]), HOME, MOOD))[0])
    tables = [apart, moods, *pairs]  # of 2, 3, 12 and 9 cells: by age and home, by home and mood

    def sets(most: int, *given: PublishedTable) -> list[list[str]]:
        return [[table.id for table in together] for together in reconstructible(given, most)]

    assert sets(36, *tables) == [["age-home", "home-mood"], ["mood", "home-mood"], ["apart"]]
    assert sets(35, *tables) == [["age-home"], ["home-mood", "mood"], ["apart"]]
    assert sets(9, *tables) == [["home-mood", "mood"], ["apart"]]
    assert sets(8, *tables) == [["mood"], ["apart"]]
    assert sets(100, pairs[0], replace(older, id="older")) == [["age-home"], ["older"]]
    assert [len(together) for together in reconstructible(tables)] == [2, 2, 1]
