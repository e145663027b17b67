"""Record swapping: who moves, what stays, and what it does to a table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.error import DisclosureError
from disclosure.swapping import Swapped, swap


def population(seed: int, records: int = 600) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    area = rng.choice(12, records, p=np.arange(1, 13) / 78)
    return area, area // 4, rng.integers(0, 3, records), rng.choice(6, records, p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.02])


def swapped(seed: int, share: float) -> tuple[tuple[np.ndarray, ...], Swapped]:
    people = population(seed)
    return people, swap(*people, share, np.random.default_rng(seed))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.02, 0.1, 0.5, 1.0]))
def test_records_change_places_in_pairs_and_keep_their_profiles(seed: int, share: float) -> None:
    (area, larger, matched, _), result = swapped(seed, share)
    source = result.source
    assert (source[source] == np.arange(len(area))).all()
    moved = source != np.arange(len(area))
    assert (matched[source] == matched).all()
    assert (area[source] != area)[moved].all()
    assert result.moved == moved.sum()
    assert result.moved_wide == (larger[source] != larger).sum()
    for profile in range(3):  # what is matched keeps its count in every area
        assert (np.bincount(area[source][matched == profile], minlength=12) == np.bincount(area[matched == profile], minlength=12)).all()


def test_the_rarest_records_of_each_area_are_chosen() -> None:
    (area, _, _, risk), result = swapped(4, 0.05)
    alike = np.array([(risk[area == a] == r).sum() for a, r in zip(area, risk, strict=True)])
    moved = result.source != np.arange(len(area))
    assert np.median(alike[moved]) < np.median(alike[~moved]) / 2
    for each in range(12):
        wanted = int(np.ceil(0.05 * (area == each).sum()))
        rarest = np.sort(alike[area == each])[:wanted]
        rarer = moved[(area == each) & (alike < rarest.max())]
        assert rarer.sum() >= 0.6 * len(rarer)


def test_small_areas_choose_their_partners_first() -> None:
    """One like record in a larger area: the smaller of two areas gets it."""
    area = np.array([0, 1, 1, 1, 2, 2, 2, 2, 2])
    risk = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0])
    matched = np.array([0, 0, 1, 1, 0, 2, 2, 2, 2])
    result = swap(area, np.zeros(9, np.int64), matched, risk, 0.2, np.random.default_rng(1))
    assert result.source[0] != 0
    assert result.unmatched == 1


def test_nobody_moves_at_a_share_of_nought_and_the_effect_grows_with_the_share() -> None:
    effects = [swapped(9, share)[1] for share in (0.0, 0.05, 0.3)]
    assert effects[0].moved == 0
    assert effects[0].mean_change == 0
    assert effects[0].mean_change < effects[1].mean_change < effects[2].mean_change
    assert effects[1].moved >= 600 * 0.05


def test_a_like_record_nearby_is_preferred() -> None:
    _, result = swapped(2, 0.05)
    assert result.moved_wide < result.moved / 4


def test_a_record_without_its_like_stays() -> None:
    result = swap(np.array([0, 1]), np.array([0, 0]), np.array([0, 1]), np.array([0, 0]), 1.0, np.random.default_rng(0))
    assert result.source.tolist() == [0, 1]
    assert result.unmatched == 2


def test_the_same_random_numbers_swap_alike() -> None:
    assert (swapped(3, 0.1)[1].source == swapped(3, 0.1)[1].source).all()


@pytest.mark.parametrize(("share", "area"), [(-0.1, [0, 1]), (1.1, [0, 1]), (0.1, [0]), (0.1, [0, -1])])
def test_what_does_not_fit_is_refused(share: float, area: list[int]) -> None:
    two = np.zeros(2, np.int64)
    with pytest.raises(DisclosureError, match="record swapping"):
        swap(np.array(area), two, two, two, share, np.random.default_rng(0))


def test_no_records_are_no_trouble() -> None:
    none = np.zeros(0, np.int64)
    assert swap(none, none, none, none, 0.5, np.random.default_rng(0)).moved == 0


def whole(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_two_alike_in_two_areas_change_places_and_the_third_has_nobody_to_change_with() -> None:
    """Four counts of the table area by risk have changed by one each, of five that are not empty; one of six is."""
    result = swap(whole(0, 1, 0), whole(0, 0, 0), whole(5, 5, 7), whole(0, 1, 2), 1.0, np.random.default_rng(1))
    assert result.source.tolist() == [1, 0, 2]
    assert (result.records, result.moved, result.moved_wide, result.unmatched) == (3, 2, 0, 1)
    assert result.mean_change == pytest.approx(4 / 5)


def test_where_nothing_is_asked_nothing_changes() -> None:
    for people, share in ((population(1), 0.0), ((whole(),) * 4, 0.5)):
        result = swap(*people, share, np.random.default_rng(1))
        assert result.source.tolist() == list(range(len(people[0])))
        assert (result.records, result.moved, result.moved_wide, result.unmatched, result.mean_change) == (len(people[0]), 0, 0, 0, 0.0)


@pytest.mark.parametrize("unknown", range(4))
def test_an_unknown_area_larger_area_profile_or_risk_is_refused(unknown: int) -> None:
    people = [each.copy() for each in population(1)]
    people[unknown][3] = -1
    with pytest.raises(DisclosureError, match="to be known"):
        swap(*people, 0.1, np.random.default_rng(1))


def test_areas_may_come_in_any_order_instead_of_the_smallest_first() -> None:
    people = population(2)
    orders = [swap(*people, 0.3, np.random.default_rng(5), first).source.tolist() for first in (True, False)]
    assert orders[0] != orders[1]
    assert orders[0] == swap(*people, 0.3, np.random.default_rng(5)).source.tolist()
