"""A5 over the whole chain: who answered when cannot be told from anything that any zone keeps, the data sets included."""

from __future__ import annotations

from itertools import pairwise

import httpx
import pytest
from scipy.stats import combine_pvalues, spearmanr

from pipeline.steps.locate import locate
from pipeline.steps.scrub import scrub
from pipeline.steps.transfer import transfer
from retention import review
from tests.attack.whole_chain import ACTOR, WAVE, Installation, form_of, last_post, send

CHILDREN = 150
SURE = 1e-4  # a true order would give less than 1e-100; chance gives less than this once in ten thousand runs


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """For each thing that is kept: the children's arrival numbers in the order in which it holds them."""
    installation = Installation(tmp_path_factory.mktemp("order") / "home")
    form = form_of("4-5")
    with installation.door() as address, httpx.Client(base_url=address, timeout=60) as client:
        for number in range(CHILDREN):
            assert send(client, form, last_post(form, f"arrival {number}"))
    store = installation.store
    transfer(store, installation.collection, WAVE, ACTOR)
    locate(store, WAVE, ACTOR)
    scrub(store, WAVE, ACTOR)
    texts = store.vault.read(store.asset(WAVE, "texts").stored).sort_values("text_row")
    arrival = [int(text.split()[1]) for text in texts["text"]]
    queue = [arrival[item.text_row] for item in review.items(store, WAVE)]
    return {"rows of the data sets": arrival, "the review queue": queue}


def test_a5_every_child_is_there_once(orders: dict[str, list[int]]) -> None:
    assert sorted(orders["rows of the data sets"]) == list(range(CHILDREN))


def test_a5_no_kept_order_correlates_with_arrival(orders: dict[str, list[int]]) -> None:
    chances = [float(spearmanr(range(len(order)), order).pvalue) for order in orders.values() if len(order) > 10]
    assert len(chances) == 2
    assert combine_pvalues(chances).pvalue > SURE


def test_a5_neighbours_in_a_data_set_did_not_arrive_together(orders: dict[str, list[int]]) -> None:
    order = orders["rows of the data sets"]
    together = sum(abs(first - second) == 1 for first, second in pairwise(order))
    assert together <= 12, "about 2 of 149 neighbours arrive one after the other by chance"


def test_the_test_would_see_an_order() -> None:
    assert spearmanr(range(CHILDREN), range(CHILDREN)).pvalue < SURE
