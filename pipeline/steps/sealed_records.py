"""The sealed records of a wave, opened one at a time. A bundle that is not the one that was transferred is not opened at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from retention.bundle import BundleError, read_bundle
from retention.destroy import BUNDLES
from retention.seal import SealError, open_sealed
from retention.secure_store import SecureStore
from retention.vault import file_hash

Content = TypeVar("Content")


def opened(store: SecureStore, wave_id: str, kind: str, key_id: str, read: Callable[[bytes], Content]) -> Iterator[Content]:
    """What `read` makes of each record of the wave's "bodies" or "locators", in order.

    Raises BundleError unless the file's hash is the registered one (a bundle's own digest can be made anew by whoever alters it),
    SealError for a record that does not open, or holds something else than our forms send.
    """
    stored = store.asset(wave_id, kind).stored
    path = store.vault.folder / stored.name
    if not path.is_file() or file_hash(path) != stored.sha256:
        raise BundleError(
            f"The sealed {kind} of wave '{wave_id}' are not those that were transferred: restore the file '{stored.name}' from its backup."
        )
    key = store.ring.private(key_id)
    for box in read_bundle(path, kind, BUNDLES[kind]):
        content = open_sealed(box, key)
        try:
            found = read(content)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SealError(
                f"One of the {kind} of wave '{wave_id}' comes from none of our forms: find out who else sealed to its key."
            ) from None
        yield found
