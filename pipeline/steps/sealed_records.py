"""The sealed records of a wave: opened, or set aside as they are.

A bundle that is not the one that was transferred is not opened at all. A single record that does not open, or holds what no form
of ours sends, must not keep a whole wave from being finished and destroyed: it is counted and kept apart, still sealed. Many such
records are no stranger's prank but a wrong key or other forms, so they stop the step before anything is destroyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import pandas as pd

from pipeline.received import NotOfOurForms
from retention.bundle import BundleError, check_bundle, read_part
from retention.destroy import BUNDLES
from retention.seal import Opener, SealError
from retention.secure_store import SecureStore
from retention.vault import file_hash

Content = TypeVar("Content")
TOLERATED: Final = 10  # unreadable records that stop nothing in a small wave
TOLERATED_IN: Final = 100  # and one in so many in a large one


class Why(StrEnum):
    """Why a record was set aside."""

    DOES_NOT_OPEN = "does_not_open"  # altered, cut, or sealed to another key
    NOT_OF_OUR_FORMS = "not_of_our_forms"  # it opens, and nobody's form sent that


@dataclass(frozen=True)
class Bundle:
    """The sealed records of one kind of one wave, checked: there are `count` of them, each of `size` bytes."""

    path: Path
    kind: str
    size: int
    count: int

    @classmethod
    def of(cls, store: SecureStore, wave_id: str, kind: str) -> Bundle:
        """Raises BundleError unless the file's hash is the registered one: its own digest can be made anew by whoever alters it."""
        stored = store.asset(wave_id, kind).stored
        path = store.vault.folder / stored.name
        if not path.is_file() or file_hash(path) != stored.sha256:
            raise BundleError(
                f"The sealed {kind} of wave '{wave_id}' are not those that were transferred: "
                f"restore the file '{stored.name}' from its backup."
            )
        return cls(path, kind, BUNDLES[kind], check_bundle(path, kind, BUNDLES[kind]))

    def opened(self, key: bytes, read: Callable[[bytes], Content], numbers: range | None = None) -> Iterator[Content | Why]:
        """What `read` makes of each record (or of those with these numbers), in order; or why there is nothing to make."""
        opener = Opener(key)
        for box in read_part(self.path, self.size, numbers if numbers is not None else range(self.count)):
            try:
                yield read(opener.open(box))
            except SealError:
                yield Why.DOES_NOT_OPEN
            except NotOfOurForms:
                yield Why.NOT_OF_OUR_FORMS

    def set_aside(self, unreadable: dict[int, Why], most: int | None = None) -> pd.DataFrame:
        """Those records as they are (columns row, why, sealed). Raises SealError if there are more than `most`.

        By default that is TOLERATED, or one in TOLERATED_IN if that is more, and never every record of several.
        """
        usual = min(max(TOLERATED, self.count // TOLERATED_IN), max(self.count - 1, 1))
        if len(unreadable) > (usual if most is None else most):
            raise SealError(
                f"{len(unreadable)} of {self.count} sealed {self.kind} cannot be read: see whether key and forms are those of this wave. "
                f"If strangers sealed them, run this again with --set-aside {len(unreadable)}. Nothing was destroyed."
            )
        boxes = [next(read_part(self.path, self.size, range(row, row + 1))) for row in unreadable]
        return pd.DataFrame({"row": list(unreadable), "why": [why.value for why in unreadable.values()], "sealed": boxes})
