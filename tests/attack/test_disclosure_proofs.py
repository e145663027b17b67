"""What a defence says of its own tables is taken for true only where every count of it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from disclosure.error import DisclosureError
from disclosure.inference import equations
from disclosure.proofs import Proofs
from disclosure.published_table import PublishedTable
from disclosure.table import Table
from tests.attack.test_disclosure_audit import PLACE, SQUARE, TABLE, full, hide

AX, AY, BX, BY = 5, 6, 9, 10  # places of the withheld counts among the sixteen
SHOWN = hide(TABLE, *SQUARE)
TRUE = TABLE.counts.reshape(-1)


def changes(*rows: Mapping[int, int], columns: int = 16) -> sparse.csr_matrix:
    found = np.zeros((len(rows), columns), np.int64)
    for row, steps in zip(found, rows, strict=True):
        row[list(steps)] = list(steps.values())
    return sparse.csr_matrix(found)


def square(step: int, start: int = 0) -> dict[int, int]:
    return {start + AX: step, start + AY: -step, start + BX: -step, start + BY: step}


def seen(
    rows: Sequence[Mapping[int, int]], published: Sequence[PublishedTable] = (SHOWN,), high: int | None = None
) -> list[tuple[int, int]]:
    """Least and most of each unknown; `high`: a bound of the first."""
    system = equations(published)
    if high is not None:
        system.high[0] = high
    base = [TRUE] * len(published)
    values, least, most = Proofs(tuple(base), changes(*rows, columns=16 * len(published))).seen(published, system)
    assert values.tolist() == [3, 20, 25, 40]
    return list(zip(least.tolist(), most.tolist(), strict=True))


NOTHING = [(3, 3), (20, 20), (25, 25), (40, 40)]


def test_each_count_is_seen_as_far_as_the_changes_that_fit_take_it() -> None:
    assert seen([]) == NOTHING
    assert seen([square(2)]) == seen([square(2), square(1), {}]) == [(3, 5), (18, 20), (23, 25), (40, 42)]
    assert seen([square(2), square(-1), square(1)]) == [(2, 5), (18, 21), (23, 26), (39, 42)]


@pytest.mark.parametrize(("step", "fits"), [(-1, True), (-2, True), (-3, False), (6, True), (7, False)])
def test_a_change_beyond_a_bound_shows_nothing_and_one_up_to_it_does(step: int, fits: bool) -> None:
    """The first count is at least 1, as all that are withheld, and here at most 9."""
    found = seen([square(step)], high=9)
    assert found == (
        [(min(n, n + s), max(n, n + s)) for n, s in zip((3, 20, 25, 40), (step, -step, -step, step), strict=True)] if fits else NOTHING
    )


@pytest.mark.parametrize("row", [{AX: 1, AY: -1}, {AX: 1, AY: -1, BX: -1, BY: 2}, {**square(1), 15: 1}, {**square(1), 0: 1}, {15: 1}])
def test_a_change_that_breaks_a_sum_or_touches_what_is_published_shows_nothing(row: dict[int, int]) -> None:
    assert seen([row]) == NOTHING
    assert seen([row, square(1)]) == seen([square(1)])
    assert seen([square(1), row]) == seen([square(1)])


def test_a_count_in_two_tables_changes_in_both_or_in_none() -> None:
    two = (SHOWN, replace(SHOWN, id="u"))
    assert seen([{**square(1), **square(1, 16)}], two) == seen([square(1)])
    for half in (square(1), square(1, 16), {**square(1), **square(2, 16)}, {**square(2), **square(1, 16)}):
        assert seen([half], two) == NOTHING


def test_proofs_of_other_tables_are_refused() -> None:
    system = equations([SHOWN])
    for base, columns in ((TRUE[1:], 15), (TRUE, 15), (TRUE[1:], 16), (TRUE, 17)):
        with pytest.raises(DisclosureError, match="belong to other tables"):
            Proofs((base,), changes(columns=columns)).seen([SHOWN], system)


@pytest.mark.parametrize(
    ("cell", "why"), [(15, "not the one that was published"), (0, "not the one that was published"), (AX, "does not fit")]
)
def test_a_start_that_is_not_the_published_table_is_refused(cell: int, why: str) -> None:
    wrong = TRUE.copy()
    wrong[cell] += 1
    with pytest.raises(DisclosureError, match=why):
        Proofs((wrong,), changes(square(1))).seen([SHOWN], equations([SHOWN]))


def test_a_start_beyond_its_bounds_is_refused() -> None:
    for side, cell, bound in (("low", 0, 4), ("high", 3, 39)):
        system = equations([SHOWN])
        getattr(system, side)[cell] = bound
        with pytest.raises(DisclosureError, match="does not fit"):
            Proofs((TRUE,), changes()).seen([SHOWN], system)
        getattr(system, side)[cell] = (3, 40)[cell > 0]
        assert Proofs((TRUE,), changes()).seen([SHOWN], system)[0].tolist() == [3, 20, 25, 40]


def test_what_is_in_no_table_moves_with_what_it_is_left_of() -> None:
    """All places less two of them are the third, which nobody published by its answers."""
    table = full([[3, 20, 30], [25, 40, 18], [31, 22, 27]])
    every = Table("every", (table.dimensions[1],), table.counts[0])
    places = Table("places", (PLACE,), table.counts[:, 0])
    own = [Table(code, (table.dimensions[1],), table.counts[PLACE.index[code]], where=(("place", code),)) for code in "ab"]
    shown = []
    for each, hidden in ((every, ()), (places, ()), (own[0], (1, 2)), (own[1], (1, 2))):
        withheld = np.isin(np.arange(len(each.counts)), hidden)
        status = np.where(withheld, "secondary", "published")
        shown.append(
            PublishedTable(each.id, each.dimensions, np.where(withheld, -1, each.counts), status, withheld.astype(int), where=each.where)
        )
    system = equations(shown)
    assert len(system.keys) == 7  # four that are withheld, and the three answers of the third place
    start = tuple(each.counts for each in (every, places, *own))
    moved = {4 + 4 + 1: 1, 4 + 4 + 2: -1}
    values, least, most = Proofs(start, changes(moved, columns=16)).seen(shown, system)
    assert values.tolist() == [3, 20, 25, 40, 31, 22, 27]
    assert (most - values).tolist() == [1, 0, 0, 0, 0, 1, 0]
    assert (values - least).tolist() == [0, 1, 0, 0, 1, 0, 0]
