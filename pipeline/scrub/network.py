"""The learnt combination: a small network that weighs the attributes of a word and its neighbours (and, if given, the language model's
reading of it) and says of each word whether it belongs to a person, school, place, street or username.

    hidden = relu(b + sum over neighbours d = -3..3 and their attributes a of E[d, a] + reading @ R)
    p = softmax(hidden @ O + c)

Because the sum over attributes of one word form is always the same, it is kept: a known word costs one look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

CLASSES = ("O", "PERSON", "SCHOOL", "PLACE", "STREET", "HANDLE")
REACH = 3
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """names: attribute names. embed: (2 x REACH + 1, attributes, hidden). reading: (model width, hidden), width 0 if unused.
    bias: (hidden,). out: (hidden, classes). out_bias: (classes,). Raises ValueError if the shapes do not belong together.
    """

    names: tuple[str, ...]
    embed: Floats
    reading: Floats
    bias: Floats
    out: Floats
    out_bias: Floats

    def __post_init__(self) -> None:
        hidden = self.bias.shape[0]
        shapes = (self.embed.shape, self.reading.shape[1:], self.out.shape, self.out_bias.shape)
        if shapes != ((2 * REACH + 1, len(self.names), hidden), (hidden,), (hidden, len(CLASSES)), (len(CLASSES),)):
            raise ValueError("the weights of the learnt combination do not fit together: train them again")

    def save(self, target: BinaryIO) -> None:
        """Half precision, compressed; the same weights make the same bytes."""
        arrays = {name: getattr(self, name).astype(np.float16) for name in ("embed", "reading", "bias", "out", "out_bias")}
        np.savez_compressed(target, names=np.array("\n".join(self.names)), allow_pickle=False, **arrays)


def read_weights(source: BinaryIO) -> Weights:
    """Weights as `Weights.save` wrote them."""
    with np.load(source, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in ("embed", "reading", "bias", "out", "out_bias")}
        return Weights(tuple(str(stored["names"]).split("\n")), **arrays)


class Network:
    """Applies the weights."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._index = {name: i for i, name in enumerate(weights.names)}
        self._of_word = lru_cache(maxsize=60_000)(self._sum)

    @property
    def needs_reading(self) -> bool:
        """Whether the weights expect the language model's reading of every word."""
        return len(self._weights.reading) > 0

    def _sum(self, attributes: tuple[str, ...]) -> Floats:
        known = [self._index[a] for a in attributes if a in self._index]
        total: Floats = (
            self._weights.embed[:, known].sum(axis=1) if known else np.zeros((2 * REACH + 1, len(self._weights.bias)), np.float32)
        )
        return total

    def probabilities(self, by_word: Sequence[tuple[str, ...]], by_place: Sequence[Sequence[str]], reading: Floats | None = None) -> Floats:
        """(words, classes) probabilities. `by_word`, `by_place`: attributes of each word. `reading`: (words, width).

        Raises ValueError if a reading is needed and missing, or the reverse.
        """
        if (reading is not None) != self.needs_reading:
            raise ValueError("this network was trained with another kind of input: give the reading it needs, and none if it needs none")
        count = len(by_word)
        rows = np.stack([self._of_word(a) for a in by_word])
        for i, extra in enumerate(by_place):
            if extra:
                rows[i] += self._of_word(tuple(extra))
        total = np.tile(self._weights.bias, (count, 1))
        for d in range(-REACH, REACH + 1):
            low, high = max(0, -d), min(count, count - d)
            if low < high:
                total[low:high] += rows[low + d : high + d, d + REACH]
        if reading is not None:
            total += reading @ self._weights.reading
        scores = np.maximum(total, 0) @ self._weights.out + self._weights.out_bias
        exp = np.exp(scores - scores.max(axis=1, keepdims=True))
        result: Floats = exp / exp.sum(axis=1, keepdims=True)
        return result
