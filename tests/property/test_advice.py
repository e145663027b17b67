"""What is advised really helps: whoever follows it gets tables that can be protected, with less withheld where they could be before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.advice import QUICK, Advice, Outcome, Suggestion, _Trial, _without_needless, in_words, suggest
from disclosure.blocks import Budget
from disclosure.dimension import TOTAL, Dimension
from disclosure.error import Unprotected
from disclosure.merging import LeaveOut, PutTogether, merged
from disclosure.policy import Policy, load_policy
from disclosure.protect import protect
from disclosure.secondary import never
from disclosure.table import Table
from tests.property.brute_force import random_table
from tests.property.test_protect import check, check_sums

STRICT = replace(load_policy("strict"), threshold=5, minimum_withheld_sum=5, identifying_variables=frozenset())
PLACE = Dimension.tree("place", {"N": TOTAL, "S": TOTAL, "a": "N", "b": "N", "c": "S", "d": "S"})
ANSWER = Dimension.flat("answer", ["x", "y", "z"])
AGE = Dimension.flat("age", ["9", "13"])


def linked(seed: int, most: int) -> list[Table]:
    full = random_table("full", (PLACE, ANSWER, AGE), np.random.default_rng(seed), most).counts
    return [
        Table("full", (PLACE, ANSWER), full[:, :, 0]),
        Table("places", (PLACE,), full[:, 0, 0]),
        Table("ages", (AGE, ANSWER), full[0].T),
    ]


def followed(tables: list[Table], suggestion: Suggestion) -> list[Table]:
    for merging in suggestion.mergings:
        tables = list(merged(tables, merging))
    return tables


def refused(tables: list[Table], policy: Policy) -> bool:
    try:
        protect(tables, policy, budget=Budget(QUICK))
    except Unprotected:
        return True
    return False


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), most=st.integers(2, 12))
def test_whoever_follows_advice_can_protect_the_tables(seed: int, most: int) -> None:
    tables = linked(seed, most)
    found = suggest(tables, STRICT)
    assert (found.before.withheld is None) == refused(tables, STRICT)
    for suggestion in found.suggestions:
        after = followed(tables, suggestion)
        result = protect(after, STRICT)
        check(result.tables, after, STRICT, extra=6)
        check_sums(result.tables, after, 5)
        quick = protect(after, STRICT, budget=Budget(QUICK)).tables
        assert suggestion.outcome == Outcome(sum(t.counts.size for t in after), sum(int(t.withheld.sum()) for t in quick))
        if found.before.withheld is not None:
            assert suggestion.outcome.share < found.before.share


def seven(*more: int) -> Table:
    """So many answers of one child each that their total, known to be under ten, is narrowed down too far."""
    counts = [1] * 7 + list(more)
    return Table("wishes", (Dimension.flat("wish", [f"w{k}" for k in range(len(counts))]),), np.array([sum(counts), *counts]))


def test_tables_that_cannot_be_protected_are_made_so_at_least_cost() -> None:
    policy = load_policy("strict")
    found = suggest([seven()], policy)
    assert found.before == Outcome(8, None, 8)
    assert found.suggestions[0].mergings == (PutTogether(("wishes",), "wish", ("w0", "w1")),)
    assert not any(refused(followed([seven()], suggestion), policy) for suggestion in found.suggestions)
    told = in_words(found)
    assert told[0] == "As they are, these tables of 8 cells cannot be protected: 8 are in the way."
    assert told[1] == "put 'w0' and 'w1' of 'wish' together, in the table 'wishes': 7 cells, 7 withheld (100%)."


def test_needless_mergings_are_not_advised() -> None:
    """Two tables, each of which must change: no suggestion has a merging that could be spared."""
    policy = load_policy("strict")
    tables = [seven(), replace(seven(), id="others", population="others")]
    found = suggest(tables, policy)
    assert found.suggestions
    for suggestion in found.suggestions:
        for spared in suggestion.mergings:
            rest = tuple(merging for merging in suggestion.mergings if merging != spared)
            assert refused(followed(tables, Suggestion(rest, suggestion.outcome)), policy)


def test_where_nothing_helps_nothing_is_advised() -> None:
    """Two children who chose differently: each is at most eight of at most nine."""
    table = Table("t", (Dimension.flat("wish", ["a", "b"]),), np.array([2, 1, 1]))
    found = suggest([table], replace(load_policy("strict"), minimum_width=8))
    assert found == Advice(Outcome(3, None, 3), ())
    assert in_words(found)[1] == "No merging that was tried makes the tables protectable."


def test_of_tables_that_withhold_nothing_nothing_is_advised() -> None:
    table = Table("t", (ANSWER,), np.array([60, 20, 20, 20]))
    found = suggest([table], load_policy("strict"))
    assert found == Advice(Outcome(4, 0), ())
    assert in_words(found) == ("As they are: 4 cells, 0 withheld (0%).", "No merging that was tried leaves less withheld.")


def test_without_time_the_tables_are_tried_as_they_are_and_no_more() -> None:
    tried = []
    found = suggest([seven()], load_policy("strict"), spent=lambda: True, progress=lambda: tried.append(1))
    assert (found.suggestions, len(tried)) == ((), 1)


def test_a_merging_that_an_earlier_release_makes_useless_is_not_advised() -> None:
    """What was released of the same children stands beside whatever is released now."""
    policy = load_policy("ons-threshold-10")
    whole = Table("whole", (PLACE, ANSWER), random_table("t", (PLACE, ANSWER), np.random.default_rng(3), 60).counts)
    before = protect([Table("before", (ANSWER,), whole.counts[0])], policy).tables
    for suggestion in suggest([whole], policy, earlier=before).suggestions:
        assert not any(isinstance(merging, PutTogether) and merging.variable == "answer" for merging in suggestion.mergings)
        protect(followed([whole], suggestion), policy, earlier=before)


@pytest.mark.parametrize("policy", ["dfe-round-10", "census-cell-key"])
def test_other_methods_are_tried_by_their_own_rules(policy: str) -> None:
    rules = load_policy(policy)
    table = Table("t", (PLACE, ANSWER), random_table("t", (PLACE, ANSWER), np.random.default_rng(1), 12).counts)
    inner = table.counts[np.ix_(*([d.index[leaf] for leaf in d.leaves] for d in table.dimensions))]
    keys = {"t": inner * 31 % rules.cell_keys} if rules.cell_keys else {}
    found = suggest([table], rules, keys=keys)
    if not rules.cell_keys:
        for suggestion in found.suggestions:
            protect(followed([table], suggestion), rules)
    assert found.before.withheld is not None or found.suggestions


def test_kinds_of_mergings_are_all_tried() -> None:
    places = Table("t", (PLACE, ANSWER), random_table("t", (PLACE, ANSWER), np.random.default_rng(2), 60).counts)
    found = suggest([places, replace(seven(), population="others")], load_policy("strict"))
    kinds = {type(merging) for suggestion in found.suggestions for merging in suggestion.mergings}
    assert {PutTogether, LeaveOut} <= kinds


def test_a_merging_that_a_later_one_makes_needless_is_spared() -> None:
    """Either of two pairs is enough: of both, one is left."""
    trial = _Trial(load_policy("strict"), (), never, lambda: None)
    start = trial.of([seven()], {})
    one, other = (PutTogether(("wishes",), "wish", pair) for pair in (("w0", "w1"), ("w2", "w3")))
    first = trial.after(start, one)
    assert first is not None
    both = trial.after(first, other)
    assert both is not None
    assert both.mergings == (one, other)
    assert _without_needless(trial, start, both).mergings == (other,)
