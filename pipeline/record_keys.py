"""Record keys of a wave, for the cell key: from one secret, for releases and the table builder alike.

Whoever counts the same children so moves the count alike, whichever door it leaves by. A key exists only inside the data sets that
need it (the wave's `tables`, as sums over cells, and the builder's codes) and is destroyed with them by the schedule; it is derived
and not drawn, so that counting again moves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from disclosure.cell_key import record_keys
from disclosure.error import DisclosureError
from disclosure.policy import Policy
from retention.keys import KeyKind, KeyMissing
from retention.secure_store import SecureStore
from retention.steps import Verb

SECRET = "cell-keys"  # noqa: S105 - the name of a key in the ring: as long as it is the same, so is every cell
KEYS = 2**16  # sums are kept modulo this: any policy whose number of keys divides it can use them
SWAPPING = "record swapping"
KEYED = "record_keys"  # in a step's counts: so many records were counted under a key
BUILDER = "builder_codes"


def keys_of_records(store: SecureStore, wave_id: str, rows: Iterable[int]) -> pd.Series[int]:
    """The record key (0 to 65535) of each row of a wave. Raises KeyMissing."""
    index = list(rows)
    keys = record_keys((f"{wave_id}:{row}".encode() for row in index), secret(store), KEYS)
    return pd.Series(keys.tolist(), index=index, dtype=np.int64)


def require_divisor(policy: Policy) -> None:
    """Raises DisclosureError for a policy of cell keys that a wave's sums cannot serve."""
    if policy.cell_keys and KEYS % policy.cell_keys:
        raise DisclosureError(f"policy '{policy.name}' has {policy.cell_keys} cell keys: of a wave, their number must divide {KEYS}")


def chance(store: SecureStore, wave_id: str) -> np.random.Generator:
    """The chance by which a wave's records are swapped: the same whenever it is counted. Raises KeyMissing."""
    digest = hashlib.blake2b(f"{SWAPPING}:{wave_id}".encode(), digest_size=16, key=secret(store)[:64]).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))


def secret(store: SecureStore) -> bytes:
    """The secret of all record keys, made once. Raises KeyMissing if it is gone although cells were counted under it."""
    if not store.ring.exists(SECRET):
        if any(_keyed(store, wave.id) for wave in store.waves()):
            raise KeyMissing("The secret of the cell keys is gone: restore it from its backup. Under a new one every cell would change.")
        store.ring.create(SECRET, KeyKind.SYMMETRIC)
    return store.ring.private(SECRET)


def _keyed(store: SecureStore, wave_id: str) -> bool:
    return KEYED in store.steps(wave_id).get(Verb.TABULATE, {}) or any(asset.kind == BUILDER for asset in store.assets(wave_id))
