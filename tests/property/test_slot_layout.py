"""The layout of the slots is a function of which ids there are: every order of arrival, in groups of any size, ends in the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.slot_layout import arrange, home, is_crowded, make_room, slots_for

few_ids = st.lists(st.binary(min_size=1, max_size=2), unique=True, max_size=20)


def insert_one_by_one(ids: list[bytes], salt: bytes, capacity: int) -> dict[bytes, int]:
    slots: dict[int, bytes] = {}

    def from_home(response_id: bytes) -> Iterator[tuple[int, bytes | None]]:
        first = home(response_id, salt, capacity)
        for place in [*range(first, capacity), *range(first)]:
            yield place, slots.get(place)

    for response_id in ids:
        chain = make_room(response_id, from_home(response_id))
        assert chain is not None
        for place, beyond in reversed(list(itertools.pairwise(chain))):
            slots[beyond] = slots[place]
        slots[chain[0]] = response_id
        assert make_room(response_id, from_home(response_id)) is None
    for response_id in ids:
        assert make_room(response_id, from_home(response_id)) is None, "a retry would be stored twice"
    return {response_id: place for place, response_id in slots.items()}


@given(few_ids, st.binary(min_size=1, max_size=16), st.integers(1, 30), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(ids: list[bytes], salt: bytes, spare: int, shuffle: object) -> None:
    capacity = len(ids) + spare
    mixed = list(ids)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    assert insert_one_by_one(ids, salt, capacity) == insert_one_by_one(mixed, salt, capacity) == arrange(mixed, salt, capacity)


@given(few_ids, st.binary(min_size=1, max_size=16), st.integers(1, 30))
def test_every_id_has_a_slot_of_its_own(ids: list[bytes], salt: bytes, spare: int) -> None:
    capacity = len(ids) + spare
    layout = arrange(ids, salt, capacity)
    assert set(layout) == set(ids)
    assert len(set(layout.values())) == len(ids)
    assert all(0 <= place < capacity for place in layout.values())


def test_a_full_table_is_an_error_and_no_endless_search() -> None:
    with pytest.raises(RuntimeError, match="Every slot is taken"):
        make_room(b"z", [(0, b"a"), (1, b"b")])


def test_slots_are_crowded_above_two_thirds() -> None:
    assert [is_crowded(stored, 6) for stored in (3, 4, 5)] == [False, False, True]


@given(st.integers(1, 10**7))
def test_the_slots_for_so_many_are_neither_too_few_nor_more_than_needed(expected: int) -> None:
    assert not is_crowded(expected, slots_for(expected))
    assert is_crowded(expected, slots_for(expected) - 1)
    assert is_crowded(expected + 1, slots_for(expected))
