"""Where responses lie among the slots: which responses there are decides it, and nothing else does (A5).

An *ordered* hash table (Amble and Knuth, "Ordered hash tables", The Computer Journal 17(2), 1974): each id has a home slot, and
goes on to the next while it meets smaller ids; a larger one makes room and goes on itself. Whatever the order of arrival, the
same ids end in the same slots, so no order can be read off them; in the words of Blelloch and Golovin ("Strongly
history-independent hashing with applications", FOCS 2007) the table is strongly history-independent.

A random free slot would not do: whoever came late found more slots taken, and how many of its possible slots are taken in the
end tells late from early (rank correlation 0.1 with the order of arrival over 5,000 responses in 8,192 slots).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def home(response_id: bytes, salt: bytes, capacity: int) -> int:
    """The slot in [0, capacity) at which an id is looked for first. The salt keeps a stranger from choosing ids that collide."""
    return int.from_bytes(hashlib.blake2b(response_id, key=salt, digest_size=8).digest(), "big") % capacity


def is_crowded(stored: int, capacity: int) -> bool:
    """True if `stored` responses are too many for so many slots: above two thirds, runs of taken slots grow long."""
    return 3 * stored > 2 * capacity


def slots_for(responses: int) -> int:
    """The fewest slots that are not too few for so many responses."""
    return (3 * responses + 1) // 2


def arrange(ids: Iterable[bytes], salt: bytes, capacity: int) -> dict[bytes, int]:
    """The slot of every id, all at once: smaller ids choose first. `ids` must be fewer than `capacity`."""
    taken: dict[int, bytes] = {}
    for response_id in sorted(ids):
        place = home(response_id, salt, capacity)
        while place in taken:
            place = (place + 1) % capacity
        taken[place] = response_id
    return {response_id: place for place, response_id in taken.items()}


def make_room(response_id: bytes, slots: Iterable[tuple[int, bytes | None]]) -> list[int] | None:
    """The slots among which a new response is fitted in, or None if it is there already.

    `slots`: slot numbers and the ids in them (None for a free one), from its home on. The response goes to the first slot
    returned, what was there to the second, and so on; the last one is free.
    """
    chain: list[int] = []
    carried = response_id
    for place, occupant in slots:
        if occupant is None:
            return [*chain, place]
        if occupant == response_id:
            return None
        if carried < occupant:
            chain.append(place)
            carried = occupant
    raise RuntimeError("Every slot is taken: the store grows before this can happen.")
