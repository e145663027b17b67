"""The learnt combination: a small network that weighs the attributes of a word and its neighbours (and, if given, the language model's
reading of it) and says of each word whether it belongs to a person, school, place, street or username.

    hidden = relu(b + sum over neighbours d = -3..3 and their attributes a of E[d, a] + reading @ R)
    p = softmax(hidden @ O + c)

Because the sum over attributes of one word form is always the same, it is kept: a known word costs one look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, BinaryIO

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

    def save(self, target: BinaryIO, precision: type[np.floating[Any]] = np.float16) -> None:
        """Compressed, by default in half precision; the same weights make the same bytes."""
        arrays = {name: getattr(self, name).astype(precision) for name in ("embed", "reading", "bias", "out", "out_bias")}
        np.savez_compressed(target, names=np.array("\n".join(self.names)), allow_pickle=False, **arrays)


def join(members: Sequence[Weights]) -> Weights:
    """One network that says what its members say on average: their hidden units side by side, each member's scores with an equal say.

    The softmax of mean scores is the geometric mean of what the members would have said alone; where they err differently, they err
    less together. Raises ValueError for none, or for members of which some read the language model and some do not.
    """
    if not members or len({len(m.reading) for m in members}) != 1:
        raise ValueError("only networks with the same kind of input can be joined")
    names = tuple(sorted({name for m in members for name in m.names}))
    row = {name: i for i, name in enumerate(names)}
    embeds = []
    for m in members:
        embed = np.zeros((2 * REACH + 1, len(names), len(m.bias)), np.float32)
        embed[:, [row[name] for name in m.names]] = m.embed
        embeds.append(embed)
    reading, bias = np.concatenate([m.reading for m in members], axis=1), np.concatenate([m.bias for m in members])
    share = np.float32(1 / len(members))
    out, out_bias = np.concatenate([m.out for m in members]) * share, np.sum([m.out_bias for m in members], axis=0) * share
    return Weights(names, np.concatenate(embeds, axis=2), reading, bias, out, out_bias.astype(np.float32))


def read_weights(source: BinaryIO) -> Weights:
    """Weights as `Weights.save` wrote them."""
    with np.load(source, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float32) for name in ("embed", "reading", "bias", "out", "out_bias")}
        return Weights(tuple(str(stored["names"]).split("\n")), **arrays)


# One text as the network sees it: for each word, the attributes of its form, and those of its place.
Described = tuple[Sequence[tuple[str, ...]], Sequence[Sequence[str]]]
_TOGETHER = 64  # texts weighed in one go: enough to spread numpy's own cost, few enough to stay in the processor's cache


class Network:
    """Applies the weights."""

    def __init__(self, weights: Weights) -> None:
        # one attribute's numbers side by side, so that summing a word's is reading a few stretches of memory
        rows = np.ascontiguousarray(weights.embed.swapaxes(0, 1))
        self._weights = replace(weights, embed=rows.swapaxes(0, 1))
        self._rows = rows.reshape(len(weights.names), -1)
        self._index = {name: i for i, name in enumerate(weights.names)}
        self._sum = lru_cache(maxsize=20_000)(self._summed)  # 3.5 KB each

    @property
    def needs_reading(self) -> bool:
        """Whether the weights expect the language model's reading of every word."""
        return len(self._weights.reading) > 0

    def _summed(self, of_form: tuple[str, ...], of_place: tuple[str, ...] = ()) -> Floats:
        if of_place:
            both: Floats = self._sum(of_form) + self._sum(of_place)
            return both
        known = [self._index[a] for a in of_form if a in self._index]
        total: Floats = self._rows[known].sum(axis=0)
        return total

    def probabilities(self, texts: Sequence[Described], readings: Sequence[Floats] | None = None) -> list[Floats]:
        """For each text, (words, classes) probabilities. `readings`: of each text, (words, width).

        Raises ValueError if readings are needed and missing, or the reverse.
        """
        if (readings is not None) != self.needs_reading:
            raise ValueError("this network was trained with another kind of input: give the reading it needs, and none if it needs none")
        found: list[Floats] = []
        for first in range(0, len(texts), _TOGETHER):
            chosen = slice(first, first + _TOGETHER)
            found += self._weigh(texts[chosen], None if readings is None else readings[chosen])
        return found

    def _weigh(self, texts: Sequence[Described], readings: Sequence[Floats] | None) -> list[Floats]:
        # all texts in one row of words, with empty words between them, so that no text's words are neighbours of another's
        gap: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ())] * REACH
        row, starts = list(gap), []
        for by_word, by_place in texts:
            starts.append(len(row) - REACH)
            row += [(own, tuple(place)) for own, place in zip(by_word, by_place, strict=True)]
            row += gap
        number = {word: i for i, word in enumerate(dict.fromkeys(row))}  # many stand there more than once
        sums = np.array([self._sum(*word) for word in number]).reshape(len(number), 2 * REACH + 1, -1)
        which = np.array([number[word] for word in row])
        count = len(row) - 2 * REACH
        total = np.tile(self._weights.bias, (count, 1))
        for d in range(2 * REACH + 1):
            total += sums[which[d : d + count], d]
        if readings is not None:
            read = np.concatenate(readings) @ self._weights.reading
            own = np.concatenate([np.arange(start, start + len(by_word)) for start, (by_word, _) in zip(starts, texts, strict=True)])
            total[own] += read
        scores = np.maximum(total, 0) @ self._weights.out + self._weights.out_bias
        exp = np.exp(scores - scores.max(axis=1, keepdims=True))
        result = exp / exp.sum(axis=1, keepdims=True)
        return [result[start : start + len(by_word)] for start, (by_word, _) in zip(starts, texts, strict=True)]
