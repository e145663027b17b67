"""A child whom neither the release nor the table builder gives away, and both together do; and what is withheld for that child's sake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from disclosure.approximate import bounds_of
from disclosure.audit import Exposure
from disclosure.counted_in import counted_in
from disclosure.differencing import attack_together
from disclosure.dimension import Dimension
from disclosure.policy import load_policy
from disclosure.protect import Protected, protect
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.suppression import Wishes
from disclosure.table import Table
from pipeline.builder_answer import Answer, Builder
from pipeline.builder_held import as_released, lists_of, protect_beside
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_query import Query
from pipeline.derive import NOT_ASKED
from tests.builder_samples import WAVE, builder, codes, truth

POLICY = load_policy("ons-threshold-10")
CHILDREN, SEED = 300, 9017  # in one such world of a few thousand, the counts of two answers are moved as far as can be, the same way
BOY = {"gender": "boy", "life": "sad"}


@pytest.fixture(scope="module")
def world() -> Builder:
    return builder(CHILDREN, SEED, replace(load_builder_policy(), most_small=1.0))


def released(world: Builder, wishes: Wishes) -> Protected:
    """How children are, by gender: true counts, the small ones withheld."""
    axes = Query(WAVE, (("gender", "group"), ("life", ""))).axes
    table = Table("life-by-gender", tuple(map(world.matrix.dimension, axes)), world.matrix.with_margins(axes)[0], population=WAVE)
    return protect([table], POLICY, wishes=wishes)


def answered(world: Builder) -> list[PublishedTable]:
    """The same, perturbed, of children in care; and of those with their parents."""
    asked = [Query(WAVE, (("gender", "group"), ("life", "")), where=("home", home)) for home in ("care", "parents")]
    found = [world.ask(query, suggest=False) for query in asked]
    variables = world.matrix.variables
    tables = [as_released(one.published(world.policy), variables) for one in found if isinstance(one, Answer)]
    return [*tables, *lists_of(tables, variables)]


def read(table: PublishedTable) -> tuple[int | None, range]:
    """What a table says of sad boys: the count as shown, and those that may be behind it."""
    place = tuple(d.index[BOY[d.name]] for d in table.dimensions)
    bounds = bounds_of(table, POLICY, secondary=True)
    shown = int(table.values[place])
    return (None if shown == WITHHELD else shown), range(int(bounds.low[place]), min(int(bounds.high[place]), CHILDREN) + 1)


def test_a_child_in_care_is_found_by_both_together_and_by_neither_alone(world: Builder) -> None:
    protected, answers = released(world, Wishes()), answered(world)
    (everyone, _), (_, in_care), (_, at_home) = map(read, [*protected.tables, *answers[:2]])
    assert everyone == 34
    assert len(in_care) >= 10
    assert len(at_home) >= 10
    assert [(care, home) for care, home in product(in_care, at_home) if care + home == everyone] == [(1, 33)]
    assert truth(codes(CHILDREN, SEED), **BOY, home="care") == 1
    assert not attack_together(protected.tables, [], POLICY).exposed
    assert not attack_together(answers, [], POLICY, not_answers=(NOT_ASKED,)).exposed
    found = attack_together([*protected.tables, *answers], [], POLICY, not_answers=(NOT_ASKED,)).exposed
    assert ({**BOY, "home": "care"}, 1, 1) in [(one.cell, one.low, one.high) for one in found]


def test_the_count_that_tells_of_the_child_is_not_released(world: Builder) -> None:
    answers = answered(world)
    found = protect_beside(lambda wishes: released(world, wishes), POLICY, answers)
    assert read(found.tables[0])[0] is None
    assert not attack_together([*found.tables, *answers], [], POLICY, not_answers=(NOT_ASKED,)).exposed


GENDERS, LIVES, REACH, SMALL = ("girl", "boy"), ("happy", "sad"), 2, 4
TINY = replace(POLICY, rules={**POLICY.rules}, threshold=SMALL, minimum_withheld_sum=0, group_disclosure=type(POLICY.group_disclosure).NONE)


def perturbed(name: str, dimensions: tuple[Dimension, ...], true: np.ndarray, where: tuple[tuple[str, str], ...]) -> PublishedTable:
    rng = np.random.default_rng(int(true.sum()) + len(name))
    moved = np.maximum(true + rng.integers(-REACH, REACH + 1, true.shape), 0)
    shown = np.where(true == 0, 0, moved)
    status = np.full(shown.shape, Status.PUBLISHED, dtype="<U9")
    return PublishedTable(name, dimensions, shown, status, np.zeros(shown.shape, np.int64), "", "w", where, Method.CELL_KEY, REACH)


def tables_of(counts: np.ndarray, small_too: bool) -> list[PublishedTable]:
    """True counts (gender, life): life of everyone and the genders as they are, but for small ones; and answers of girls, and of boys."""
    gender, life = Dimension.flat("gender", GENDERS), Dimension.flat("life", LIVES)
    found = []
    for name, dimension, axis in (("by-gender", gender, 1), ("by-life", life, 0)):
        inner = counts.sum(axis=axis)
        true = np.array([inner.sum(), *inner])
        hidden = (true > 0) & (true < SMALL) | (small_too & (np.arange(3) == 2))
        status = np.where(hidden, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
        found.append(PublishedTable(name, (dimension,), np.where(hidden, WITHHELD, true), status, hidden & (true > 0), "", "w"))
    for k, one in enumerate(GENDERS):
        true = np.array([counts[k].sum(), *counts[k]])
        found.append(perturbed(f"life of {one}s", (life,), true, (("gender", one),)))
    return found


def possible(tables: Sequence[PublishedTable], most: int) -> np.ndarray:
    """Every table of whole numbers (gender, life), flat, that all these tables are true of."""
    every = np.array(list(product(range(most + 1), repeat=4)))
    grid = every.reshape(-1, 2, 2)
    full = np.concatenate([grid.sum(axis=1, keepdims=True), grid], axis=1)
    full = np.concatenate([full.sum(axis=2, keepdims=True), full], axis=2)
    fits = np.ones(len(every), bool)
    for table in tables:
        bounds = bounds_of(table, TINY, secondary=True)
        where = dict(table.where)
        at = 1 + GENDERS.index(where["gender"]) if where else 0
        mine = full[:, :, 0] if table.dimensions[0].name == "gender" else full[:, at, :]
        fits &= ((mine >= bounds.low) & (mine <= bounds.high)).all(axis=1)
    return every[fits]


def told(exposed: Sequence[Exposure]) -> list[tuple[str, str]]:
    return [(e.cell["gender"], e.cell["life"]) for e in exposed if e.cell.get("gender") in GENDERS and e.cell.get("life") in LIVES]


@pytest.mark.parametrize("small_too", [False, True])
def test_answers_of_parts_and_a_release_of_the_whole_are_attacked_as_brute_force_would(small_too: bool) -> None:
    rng = np.random.default_rng(20210921)
    together = alone = 0
    for _ in range(60):
        counts = rng.integers(0, 6, (2, 2))
        tables = tables_of(counts, small_too)
        fits = possible(tables, 14)
        assert (fits == counts.reshape(-1)).all(axis=1).any()
        low, high = fits.min(axis=0), fits.max(axis=0)
        names = list(product(GENDERS, LIVES))
        certain = {names[k] for k in range(4) if low[k] == high[k] and 0 < low[k] < SMALL}
        found = attack_together(tables, [], TINY).exposed
        inner = set(told(found))
        assert inner == certain
        together += len(certain)
        alone += len(told(attack_together(tables[2:], [], TINY).exposed))
    assert together > alone


def test_what_a_cell_is_counted_in_is_found_through_hierarchies_and_filters() -> None:
    area = Dimension.tree("area", {"north": "", "south": "", "n1": "north", "n2": "north", "s1": "south", "s2": "south"})
    region, age = Dimension.flat("area", ("north", "south")), Dimension.flat("age", ("9", "10"))
    status = np.full(3, Status.PUBLISHED, dtype="<U9")
    of_nine = PublishedTable("nine", (region,), np.array([50, 30, 20]), status, np.zeros(3, np.int64), where=(("age", "9"),))
    of_ten = replace(of_nine, id="ten", where=(("age", "10"),))
    hidden = np.where(np.arange(3) == 2, Status.SECONDARY, status).astype(np.str_)
    ages = PublishedTable("ages", (age,), np.array([90, 50, WITHHELD]), hidden, np.zeros(3, np.int64))
    found = {(n, table.id) for n, table, _ in counted_in({"area": "n1", "age": "9"}, [of_nine, of_ten, ages], [area, region, age])}
    assert found == {(50, "nine"), (30, "nine"), (90, "ages"), (50, "ages")}
    assert not list(counted_in({"age": "9", "population": "other"}, [of_nine, ages], [age]))
