"""Blocks that are solved, kept in a folder, so that a long search which was stopped goes on where it was (`Budget.done`).

What is kept says which cells can be changed how, and so much about withheld counts: the folder belongs into the secure zone,
and is to be deleted when the release is made.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from hashlib import sha256
from pathlib import Path

import numpy as np
from scipy import sparse

from disclosure.problem import Pattern


class SolvedBlocks(MutableMapping[str, Pattern]):
    """Patterns by key, each in a file of its own. A file that was not written to its end does not count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _file(self, key: str) -> Path:
        return self.folder / f"{sha256(key.encode()).hexdigest()}.npz"

    def __getitem__(self, key: str) -> Pattern:
        try:
            with np.load(self._file(key), allow_pickle=False) as kept:
                moves = sparse.csr_matrix((kept["steps"], kept["cells"], kept["ends"]), shape=tuple(kept["shape"]))
                return Pattern(kept["hidden"], moves, kept["unproven"])
        except FileNotFoundError:
            raise KeyError(key) from None

    def __setitem__(self, key: str, pattern: Pattern) -> None:
        unfinished = self._file(key).with_suffix(".tmp")
        moves = pattern.moves
        with unfinished.open("wb") as file:
            np.savez_compressed(
                file,
                steps=moves.data,
                cells=moves.indices,
                ends=moves.indptr,
                shape=moves.shape,
                hidden=pattern.hidden,
                unproven=pattern.unproven,
            )
        unfinished.replace(self._file(key))

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._file(key).unlink()

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._file(key).exists()

    def __iter__(self) -> Iterator[str]:
        raise TypeError("the keys of solved blocks are not kept, only what identifies them")

    def __len__(self) -> int:
        return sum(1 for _ in self.folder.glob("*.npz"))
