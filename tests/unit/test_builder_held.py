"""A new release beside what the builder answered: a count that both together pin down is not released like that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from disclosure.differencing import attack_together
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import load_policy
from disclosure.protect import Protected, protect
from disclosure.published_table import Method, PublishedTable, Status
from disclosure.suppression import Wishes
from disclosure.table import Table
from pipeline.builder_held import as_released, protect_beside
from pipeline.builder_matrix import CHOSEN, NOT_CHOSEN, Variable
from pipeline.derive import NOT_ASKED

POLICY = replace(load_policy("ons-threshold-10"), minimum_withheld_sum=0)
REACH = load_policy("census-cell-key").perturbation_maximum


def table(**counts: int) -> Table:
    place = Dimension.flat("place", counts)
    return Table("places", (place,), np.array([sum(counts.values()), *counts.values()]), population="wave")


NEW = table(a=9, b=12, c=15, d=200)  # a is small, b is withheld beside it: 1 to 20, as far as the release tells


def answer(reach: int = REACH, **shown: int) -> PublishedTable:
    """Perturbed counts of some places, the rest withheld."""
    codes = NEW.dimensions[0].codes
    values = np.array([shown.get(code, -1) for code in codes])
    status = np.where(values < 0, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    return PublishedTable("q", NEW.dimensions, values, status, np.zeros(5, np.int64), "", "wave", (), Method.CELL_KEY, reach)


def protected(wishes: Wishes) -> Protected:
    return protect([NEW], POLICY, wishes=wishes)


def withheld(found: Protected) -> set[str]:
    return {code for code, hidden in zip(NEW.dimensions[0].codes, found.tables[0].withheld, strict=True) if hidden}


def test_what_the_answers_and_the_release_pin_down_together_gets_more_withheld_beside_it() -> None:
    alone = protected(Wishes())
    assert withheld(alone) == {"a", "b"}
    answers = [answer(a=9 + REACH, b=12 + REACH)]  # a is at least 9, b at least 12, and both are 21
    (pinned, *_) = attack_together([*alone.tables, *answers], [], POLICY).exposed
    assert (pinned.cell, pinned.low, pinned.high) == ({"place": "a"}, 9, 9)
    found = protect_beside(protected, POLICY, answers)
    assert withheld(found) == {"a", "c"}
    assert not attack_together([*found.tables, *answers], [], POLICY).exposed


@pytest.mark.parametrize(("a", "b"), [(9 + REACH - 1, 12 + REACH), (9 + REACH, 12 + REACH - 1), (9, 12), (4, 6)])
def test_one_child_more_or_less_in_either_reading_leaves_two_counts_possible(a: int, b: int) -> None:
    assert withheld(protect_beside(protected, POLICY, [answer(a=a, b=b)])) == {"a", "b"}


def test_an_answer_of_other_children_changes_nothing() -> None:
    other = replace(answer(a=9 + REACH, b=12 + REACH), population="another wave")
    assert withheld(protect_beside(protected, POLICY, [other])) == {"a", "b"}


def test_an_answer_of_some_of_the_children_says_how_many_there_are_at_least() -> None:
    girls = replace(answer(a=9 + REACH, b=12 + REACH), where=(("gender", "girl"),))
    found = protect_beside(protected, POLICY, [girls])
    assert withheld(found) > {"a"}
    assert not attack_together([*found.tables, girls], [], POLICY).exposed
    assert attack_together([*protected(Wishes()).tables, girls], [], POLICY).exposed


def test_nothing_is_released_where_withholding_more_does_not_help() -> None:
    with pytest.raises(DisclosureError, match=r"what the table builder answered, 1 cells are narrowed down too far, the first of place"):
        protect_beside(lambda _: protected(Wishes()), POLICY, [answer(a=9 + REACH, b=12 + REACH)])


def test_answers_that_contradict_the_tables_stop_the_release() -> None:
    with pytest.raises(DisclosureError, match="no table of whole numbers fits"):
        protect_beside(protected, POLICY, [answer(d=200 + REACH + 1)])


def test_an_option_is_named_as_in_a_release() -> None:
    option = Variable("wants-toys", "", Dimension.flat("wants-toys", (CHOSEN, NOT_CHOSEN, NOT_ASKED)), {}, of="wants")
    status = np.full(4, Status.PUBLISHED, dtype="<U9")
    shown = PublishedTable("q", (option.dimension,), np.array([9, 3, 6, 0]), status, np.zeros(4, np.int64), "", "", (), Method.CELL_KEY, 6)
    (dimension,) = as_released(shown, {"wants-toys": option}).dimensions
    assert dimension.name == "wants"
    assert dimension.codes == ("Total", "toys", "not toys", NOT_ASKED)
    assert set(Dimension.multiple("wants", ["toys"]).codes) < set(dimension.codes)
