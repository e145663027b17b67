"""Second tables, near and far: each that is found fits, each shows something new, and together they show all that is open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

import disclosure.afar as afar_module
import disclosure.walk as walk_module
from disclosure.afar import Afar
from disclosure.axes import Axis, axes
from disclosure.dimension import Dimension
from disclosure.inference import equations, parts, tighten
from disclosure.published_table import WITHHELD, PublishedTable
from disclosure.search import Search
from disclosure.tied import tied
from disclosure.walk import Walk
from tests.property.brute_force import random_table

TREE = Dimension.tree("place", {f"r{k}": "Total" for k in range(4)} | {f"p{k}": f"r{k % 4}" for k in range(16)})
ANSWER = Dimension.flat("answer", [f"a{k}" for k in range(6)])


@dataclass(eq=False)
class Known:
    """A part of a system, its axes, and what tables that were found show of it."""

    cells: npt.NDArray[np.int64]
    search: Search
    table: npt.NDArray[np.int64]
    axes: list[Axis]

    def __post_init__(self) -> None:
        self.least, self.most = self.table.copy(), self.table.copy()
        self.seen: list[npt.NDArray[np.int64]] = []
        self.rng = np.random.default_rng(1)

    def short(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.most == self.least)

    def pull(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.rng.choice([-1.0, 1.0], len(self.cells)))

    def see(self, tables: object) -> None:
        for table in tables:  # type: ignore[attr-defined]
            assert self.search.fits(table)
            self.seen.append(table.copy())
            self.least, self.most = np.minimum(self.least, table), np.maximum(self.most, table)

    @property
    def open(self) -> npt.NDArray[np.bool_]:
        return np.array([self.search.extreme(k, 1)[0] > self.search.extreme(k, -1)[0] + 1e-6 for k in range(len(self.cells))])

    def walk(self) -> Walk:
        return Walk(self.search.matrix, self.table, self.search.low, self.search.high, self.axes, self.cells, np.ones_like(self.table))

    def afar(self, axis: bool = True) -> Afar:
        one = self.axes[0] if axis else None
        ties = tied(self.search.matrix)
        return Afar(ties, self.table, self.search.low, self.search.high, one, self.cells, np.ones_like(self.table))


@pytest.fixture
def known() -> Callable[..., Known]:
    def make(seed: int = 12, share: float = 0.5) -> Known:
        rng = np.random.default_rng(seed)
        truth = random_table("t", (TREE, ANSWER), rng, 9)
        hidden = (truth.counts > 0) & (rng.random(truth.counts.shape) < share)
        hidden[0, 0] = False
        status = np.where(hidden, "secondary", "published")
        shown = PublishedTable("t", truth.dimensions, np.where(hidden, WITHHELD, truth.counts), status, hidden.astype(np.int64))
        system = equations([shown])
        tighten(system)
        cells, matrix, sums = max(parts(system), key=lambda part: len(part[0]))
        values = np.zeros(len(system.keys), np.int64)
        values[system.cells[0][hidden.ravel()]] = truth.counts[hidden]
        return Known(cells, Search(matrix, sums, system.low[cells], system.high[cells]), values[cells], axes(system))

    return make


@pytest.mark.parametrize("seed", [12, 13])
def test_a_walk_of_a_few_codes_at_a_time_shows_most_that_is_open(
    known: Callable[..., Known], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = known(seed)
    monkeypatch.setattr(walk_module, "ONCE", 0)
    walk = part.walk()
    part.see(walk.tables(part.short, part.pull))
    assert 0 < len(part.seen) <= walk.solved < 400
    assert part.short().sum() <= 0.25 * part.open.sum() + (~part.open).sum()
    assert (walk.table == part.seen[-1]).all()
    steps = [np.count_nonzero(a != b) for a, b in zip([part.table, *part.seen], part.seen, strict=False)]
    assert max(steps) < len(part.cells)  # a few codes at a time
    again = known(seed)
    again.see(again.walk().tables(again.short, again.pull))
    assert [each.tolist() for each in again.seen] == [each.tolist() for each in part.seen]


def test_few_counts_and_counts_that_are_shown_to_be_open_need_no_walk(known: Callable[..., Known], monkeypatch: pytest.MonkeyPatch) -> None:
    part = known()
    for once, walks in ((len(part.cells), False), (len(part.cells) - 1, True)):
        monkeypatch.setattr(walk_module, "ONCE", once)
        walk = part.walk()
        assert (next(walk.tables(part.short, part.pull), None) is not None) is walks
    walk = part.walk()
    assert list(walk.tables(lambda: np.zeros(len(part.cells), bool), part.pull)) == []
    assert walk.solved == 0
    monkeypatch.setattr(walk_module, "MOST", 0)
    assert list(part.walk().tables(part.short, part.pull)) == []


def test_only_around_what_is_not_shown_to_be_open_a_walk_is_made(known: Callable[..., Known], monkeypatch: pytest.MonkeyPatch) -> None:
    part = known()
    monkeypatch.setattr(walk_module, "ONCE", 0)
    one = np.zeros(len(part.cells), bool)
    one[int(np.flatnonzero(part.open)[0])] = True
    walk = part.walk()
    for number, _ in enumerate(walk.tables(lambda: one, part.pull)):
        if number == 20:
            break
    groups = 8 + 3  # of sixteen and of six codes, two at once
    assert walk.solved < 21 * groups / 2


def test_a_walk_that_shows_nothing_new_lets_more_codes_go_and_ends(known: Callable[..., Known], monkeypatch: pytest.MonkeyPatch) -> None:
    part = known(share=0.9)
    monkeypatch.setattr(walk_module, "ONCE", 0)
    walk = part.walk()
    found = list(walk.tables(lambda: np.ones(len(part.cells), bool), part.pull))
    assert 0 < len(found) <= walk.solved
    # Of sixteen places and six answers, 2, 3, 4 (of 4.5), 7 (of 6.75) and 7 at once; of six, seven are all.
    assert walk.solved == (8 + 3) + (5 + 2) + (4 + 2) + 2 + 2


@pytest.mark.parametrize(("ties", "largest", "axis"), [(1, 0, True), (10**6, 10**6, True), (1, 10**6, False)])
def test_tables_that_are_far_show_what_is_open(
    known: Callable[..., Known], ties: int, largest: int, axis: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = known()
    for name, value in (("TIES", ties), ("LARGEST", largest), ("TRIES", 3), ("GAIN", 0)):
        monkeypatch.setattr(afar_module, name, value)
    afar = part.afar(axis)
    part.see(afar.tables(part.short, part.pull))
    assert 0 < len(part.seen) <= afar.solved < 400
    assert part.short().sum() <= 0.25 * part.open.sum() + (~part.open).sum()
    again = known()
    again.see(again.afar(axis).tables(again.short, again.pull))
    assert [each.tolist() for each in again.seen] == [each.tolist() for each in part.seen]
    ways = [np.sign(each - part.table) for each in part.seen]
    assert any((way > 0).any() for way in ways)
    assert any((way < 0).any() for way in ways)


def test_the_nearest_tables_show_each_count_to_be_open_that_is(known: Callable[..., Known]) -> None:
    part = known()
    afar = part.afar()
    part.see(afar.nearest(part.short, part.pull))
    assert (part.short() == ~part.open).all()
    assert len(part.seen) <= part.open.sum()
    assert afar.solved >= len(part.seen)
    before = len(part.seen)
    part.see(part.afar().nearest(part.short, part.pull))  # what is not open is asked again, and stays
    assert len(part.seen) == before


@pytest.mark.parametrize("pulled", [1.0, -1.0])
def test_what_cannot_go_the_way_it_is_pulled_goes_the_other(known: Callable[..., Known], pulled: float) -> None:
    free = known(share=0.9)
    chance, search = np.random.default_rng(3).random(len(free.cells)), free.search
    low, high = np.where(chance > 0.7, free.table, search.low), np.where(chance < 0.3, free.table, search.high)
    part = Known(free.cells, Search(search.matrix, search.known, low, high), free.table, free.axes)
    up, down = (np.array([abs(part.search.extreme(k, way)[0] - part.table[k]) > 0.5 for k in range(len(part.cells))]) for way in (1, -1))
    one_way = up != down
    assert (up & one_way).sum() > 3
    assert (down & one_way).sum() > 3
    part.see(part.afar().nearest(lambda: part.short() & one_way, lambda: np.full(len(part.cells), pulled)))
    assert not (part.short() & one_way).any()


def test_where_nothing_more_is_shown_the_search_ends(known: Callable[..., Known], monkeypatch: pytest.MonkeyPatch) -> None:
    part = known()
    afar, every = part.afar(), np.ones(len(part.cells), bool)
    monkeypatch.setattr(afar_module, "TIES", 10**6)
    list(afar.tables(lambda: every, part.pull))
    assert afar.solved == 3 * (1 + int(np.log2((afar.tied.of >= 0).sum())))  # of all, of a half, of a quarter ...
    monkeypatch.setattr(afar_module, "mend", lambda *_, **__: None)
    assert list(part.afar().tables(lambda: every, part.pull)) == []


def test_where_nothing_is_left_to_be_shown_nothing_is_asked(known: Callable[..., Known]) -> None:
    part = known()
    afar, none = part.afar(), np.zeros(len(part.cells), bool)
    assert list(afar.tables(lambda: none, part.pull)) == []
    assert list(afar.nearest(lambda: none, part.pull)) == []
    assert afar.solved == 0


def test_counts_move_as_far_as_they_have_to(known: Callable[..., Known], monkeypatch: pytest.MonkeyPatch) -> None:
    """Some have to move by three: less shows nothing of them."""
    part = known(share=0.9)
    far = np.full_like(part.table, 3)
    afar = Afar(tied(part.search.matrix), part.table, part.search.low, part.search.high, None, part.cells, far)
    part.see(afar.nearest(lambda: np.asarray(part.most - part.least < 3), part.pull))
    moved = np.array([np.abs(each - part.table).max() for each in part.seen])
    assert (moved >= 3).all()
    wide = [k for k in range(len(part.cells)) if part.search.extreme(k, 1)[0] - part.table[k] >= 3]
    assert np.mean([part.most[k] - part.least[k] >= 3 for k in wide]) > 0.9
