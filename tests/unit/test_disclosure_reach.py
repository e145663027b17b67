"""What no pattern can protect is told before one is looked for: never of a cell that could be, and at the exact boundary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import suppression
from disclosure.blocks import Budget, suppress_in_blocks
from disclosure.dimension import Dimension
from disclosure.error import Unprotected
from disclosure.policy import Attacker, Group, load_policy
from disclosure.primary import primary
from disclosure.protect import protect
from disclosure.reach import beyond_protection, reach
from disclosure.secondary import Effort
from disclosure.suppression import Wishes, floor
from disclosure.system import link
from disclosure.table import Table
from tests.property.brute_force import SHAPES, random_table

STRICT = replace(load_policy("strict"), group_disclosure=Group.NONE, minimum_withheld_sum=0, identifying_variables=frozenset())
SEED = st.integers(0, 2**32 - 1)


def row_of(*counts: int) -> Table:
    return Table("t", (Dimension.flat("wish", [f"w{k}" for k in range(len(counts))]),), np.array([sum(counts), *counts]))


def quietly(_share: float) -> None:
    """Nobody listens."""


def never(*_given: object) -> None:
    raise AssertionError("a pattern was looked for")


@pytest.mark.parametrize(("ones", "possible"), [(6, True), (7, False), (8, False)])
def test_a_small_total_keeps_its_width_or_no_pattern_is_looked_for(ones: int, possible: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A total that is known to be under ten, of so many answers that somebody gave: of seven, it is 7, 8 or 9."""
    table = row_of(*[1] * ones)
    if possible:
        assert protect([table], STRICT).audit.narrowest == STRICT.minimum_width
        return
    monkeypatch.setattr(suppression, "suppress_in_blocks", never)
    with pytest.raises(Unprotected, match=f"{ones + 1} cells cannot be protected") as refused:
        protect([table], STRICT)
    assert sorted(cell.get("wish", "") for cell in refused.value.cells) == ["", *(f"w{k}" for k in range(ones))]


@settings(max_examples=60, deadline=None)
@given(shape=st.sampled_from(SHAPES), seed=SEED, most=st.integers(1, 6), width=st.integers(1, 3), known=st.booleans())
def test_what_is_told_beforehand_the_search_cannot_protect_either(
    shape: tuple[Dimension, ...], seed: int, most: int, width: int, known: bool
) -> None:
    """No move that it finds leaves the reach, and every cell that is told has no proof when it ends."""
    policy = replace(STRICT, threshold=5, minimum_width=width, attacker=Attacker.STATUS_KNOWN if known else Attacker.ZEROS_PUBLISHED)
    tables = [random_table("t", shape, np.random.default_rng(seed), most)]
    system = link(tables)
    rules = primary(system, policy)
    problem = suppression._problem(system, rules, floor(system.x, rules, policy), policy, tables, (), Wishes())
    pattern = suppress_in_blocks(system, problem, quietly, Budget(Effort(starts=1, prune=False)))
    low, high = reach(problem)
    moves = pattern.moves.toarray()
    assert (moves >= low).all()
    assert (moves <= high).all()
    assert (pattern.unproven | ~beyond_protection(problem)).all()
