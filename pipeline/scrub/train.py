"""Trains the learnt combination on invented answers, and says how it does on invented answers it has not seen:

    python -m pipeline.scrub.train [--texts 40000] [--passes 5] [--members 3] [--seed 11] [--out FOLDER] [--keep FOLDER]

Two networks are trained: `quick` weighs the attributes alone, `full` adds the language model's reading. Each is several members joined,
of which the first learns from all templates, and each further one, with a seed of its own, leaves out another quarter of them. A third
of the texts is seen with half of the names taken off the lists, so that the networks learn to do without them. Only numpy and scipy
are needed. On one thread, so that the same texts give the same weights however many processors there are.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from pipeline.scrub import handles, lists, patterns
from pipeline.scrub.attributes import OWN_ONLY, Attributes
from pipeline.scrub.invent import Invented, Inventor, Kept, quarter_less
from pipeline.scrub.network import CLASSES, REACH, Floats, Network, Weights, join, read_weights
from pipeline.scrub.rampart import WIDTH, Rampart
from pipeline.scrub.words import Word, split

TARGET = Path(__file__).parent.parent / "data" / "scrub"
KINDS = ("quick", "full")  # of networks
_HIDDEN = 64
_BATCH = 1024
_LEAST_SEEN = 5  # attributes rarer than this would be learnt by heart
_RATE, _DROP = 2e-3, 0.3
_NAMELESS = (
    0.4  # share of the words that are learnt without being told which words stand round them: else whole sentences are learnt by heart
)


@dataclass(frozen=True)
class Example:
    """One text, read: its words, their attributes, their classes."""

    text: str
    words: list[Word]
    by_word: list[tuple[str, ...]]
    by_place: list[list[str]]
    truth: list[int]


def examples(count: int, seed: int, kept: Kept) -> list[Example]:
    """Invented answers, read as the scrubber would read them. `kept`: see `Inventor`."""
    known = lists.load()
    inventor = Inventor(known, seed, kept)
    views = [(Attributes(known), known), (Attributes(known), known), (Attributes(known.without(0.5)), known)]
    found: list[Example] = []
    while len(found) < count:
        drawn = inventor.draw()
        words = split(drawn.text)
        if words:
            attributes, _ = views[len(found) % 3]
            certain = [*patterns.find(drawn.text), *handles.find(drawn.text, known)]
            by_word = [attributes.of_word(w.text, w.low) for w in words]
            found.append(Example(drawn.text, words, by_word, attributes.of_place(words, certain), [_truth(drawn, w) for w in words]))
    return found


def _truth(drawn: Invented, word: Word) -> int:
    return next((CLASSES.index(label) for a, b, label in drawn.spans if word.start < b and a < word.end and label in CLASSES), 0)


def attribute_names(data: Sequence[Example]) -> list[str]:
    """Attributes seen often enough, sorted."""
    seen = Counter(a for e in data for own, place in zip(e.by_word, e.by_place, strict=True) for a in (*own, *place))
    return sorted(a for a, count in seen.items() if count >= _LEAST_SEEN)


def matrix(data: Sequence[Example], names: Sequence[str]) -> sparse.csr_matrix:
    """(words, (2 x REACH + 1) x attributes) of zeros and ones: each word's own and its neighbours' attributes."""
    index = {name: i for i, name in enumerate(names)}
    shared = {i for name, i in index.items() if not name.startswith(OWN_ONLY)}
    columns: list[int] = []
    ends = [0]
    for example in data:
        ids = [[index[a] for a in (*own, *place) if a in index] for own, place in zip(example.by_word, example.by_place, strict=True)]
        near = [[a for a in own if a in shared] for own in ids]
        for i in range(len(ids)):
            for d in range(-REACH, REACH + 1):
                if 0 <= i + d < len(ids):
                    columns += [(d + REACH) * len(names) + a for a in (ids[i] if d == 0 else near[i + d])]
            ends.append(len(columns))
    shape = (len(ends) - 1, (2 * REACH + 1) * len(names))
    return sparse.csr_matrix((np.ones(len(columns), np.float32), np.array(columns), np.array(ends)), shape=shape)


class _Adam:
    """Adam (Kingma and Ba, 2015); for the large sparse part, only the rows that a batch touched move."""

    def __init__(self, values: Floats) -> None:
        self.values, self._mean, self._square, self._steps = values, np.zeros_like(values), np.zeros_like(values), 0

    def step(self, gradient: Floats, rate: float, rows: NDArray[np.int64] | slice = slice(None)) -> None:
        self._steps += 1
        mean, square = 0.9 * self._mean[rows] + 0.1 * gradient, 0.999 * self._square[rows] + 0.001 * gradient * gradient
        self._mean[rows], self._square[rows] = mean, square
        unbiased = np.sqrt(square / (1 - 0.999**self._steps)) + 1e-7
        self.values[rows] -= (rate * (mean / (1 - 0.9**self._steps)) / unbiased).astype(np.float32)


def fit(
    inputs: sparse.csr_matrix, truth: NDArray[np.int64], reading: NDArray[np.float16] | None, names: list[str], passes: int, seed: int
) -> Weights:
    """Cross entropy; dropout on attributes, on which words stand there, and on hidden units; a falling rate."""
    rng = np.random.default_rng(seed)
    width = 0 if reading is None else reading.shape[1]
    shapes = {
        "embed": (inputs.shape[1], _HIDDEN),
        "reading": (width, _HIDDEN),
        "bias": (_HIDDEN,),
        "out": (_HIDDEN, len(CLASSES)),
        "out_bias": (len(CLASSES),),
    }
    spread = {"embed": 0.05, "reading": 0.03, "bias": 0.0, "out": 0.1, "out_bias": 0.0}
    parts = {name: _Adam((rng.normal(0, 1, shape) * spread[name]).astype(np.float32)) for name, shape in shapes.items()}
    names_word = np.tile(np.array([name.startswith("is=") for name in names]), 2 * REACH + 1)
    total_steps, step = passes * -(-inputs.shape[0] // _BATCH), 0
    for number in range(passes):
        order, loss = rng.permutation(inputs.shape[0]), 0.0
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            x, y = inputs[rows], truth[rows]
            x.data = (rng.random(x.nnz) > _DROP / 2).astype(np.float32) / (1 - _DROP / 2)
            x.data[np.repeat(rng.random(len(y)) < _NAMELESS, np.diff(x.indptr)) & names_word[x.indices]] = 0
            z = x @ parts["embed"].values + parts["bias"].values
            if reading is not None:
                h = reading[rows].astype(np.float32)
                z = z + h @ parts["reading"].values
            mask = ((rng.random(z.shape) > _DROP) / (1 - _DROP)).astype(np.float32)
            a = np.maximum(z, 0) * mask
            scores = a @ parts["out"].values + parts["out_bias"].values
            p = np.exp(scores - scores.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            loss -= float(np.log(p[np.arange(len(y)), y] + 1e-9).sum())
            p[np.arange(len(y)), y] -= 1
            p /= len(y)
            back = (p @ parts["out"].values.T) * mask * (z > 0)
            rate = _RATE * (1 - 0.95 * step / total_steps)
            step += 1
            parts["out"].step(a.T @ p, rate)
            parts["out_bias"].step(p.sum(axis=0), rate)
            parts["bias"].step(back.sum(axis=0), rate)
            if reading is not None:
                parts["reading"].step(h.T @ back, rate)
            touched = np.unique(x.indices)
            parts["embed"].step(np.asarray(x[:, touched].T @ back), rate, touched)
        print(f"  pass {number + 1}: loss {loss / len(order):.4f}", flush=True)  # noqa: T201 - a training run talks to its maker
    embed = parts["embed"].values.reshape(2 * REACH + 1, len(names), _HIDDEN)
    seen = np.bincount(inputs.indices, minlength=inputs.shape[1]).reshape(2 * REACH + 1, len(names))
    embed[seen == 0] = 0  # what was never learnt says nothing, and needs no room
    return Weights(tuple(names), embed, parts["reading"].values, parts["bias"].values, parts["out"].values, parts["out_bias"].values)


def read_all(model: Rampart, data: Sequence[Example]) -> NDArray[np.float16]:
    """(words of all texts, WIDTH): what the language model makes of them."""
    chunks = [np.zeros((0, WIDTH), np.float16)]
    for start in range(0, len(data), 512):
        part = data[start : start + 512]
        chunks += [r.astype(np.float16) for r in model.read([e.text for e in part], [e.words for e in part])]
    return np.concatenate(chunks)


def held_out(weights: Weights, data: Sequence[Example], reading: NDArray[np.float16] | None) -> str:
    """Share of private words found, and of found words that are private, at one half."""
    network, at = Network(weights), 0
    right = found = private = 0
    for example in data:
        own = None if reading is None else reading[at : at + len(example.words)].astype(np.float32)
        at += len(example.words)
        hidden = 1 - network.probabilities([(example.by_word, example.by_place)], None if own is None else [own])[0][:, 0] >= 0.5
        real = np.array(example.truth) > 0
        right, found, private = right + int((hidden & real).sum()), found + int(hidden.sum()), private + int(real.sum())
    return f"recall {right / max(private, 1):.4f}, precision {right / max(found, 1):.4f} by word"


def networks(count: int, passes: int, seed: int, kept: Kept, wanted: Sequence[str] = KINDS) -> Iterator[tuple[str, Weights]]:
    """The wanted ones of the KINDS, trained on the same `count` invented answers, as soon as each is ready."""
    data = examples(count, seed, kept)
    names, truth = attribute_names(data), np.array([t for e in data for t in e.truth])
    inputs = matrix(data, names)
    for name in wanted:
        print(f"{name}: {len(data)} texts, {len(truth)} words, {len(names)} attributes", flush=True)  # noqa: T201
        yield name, fit(inputs, truth, read_all(Rampart(), data) if name == "full" else None, names, passes, seed)


def main() -> None:
    """Train, measure and save both networks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=40_000)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument("--keep", type=Path, help="a folder for finished networks: an interrupted training goes on with them")
    chosen = parser.parse_args()
    with threadpool_limits(1):
        train(chosen)


def train(chosen: argparse.Namespace) -> None:
    """As the options say."""
    members = [_member(number, chosen) for number in range(chosen.members)]
    test, model = examples(2_000, chosen.seed - 1, quarter_less(0)), Rampart()
    for name in KINDS:
        weights = join([member[name] for member in members])
        print(f"{name}: {held_out(weights, test, read_all(model, test) if name == 'full' else None)}", flush=True)  # noqa: T201
        with (chosen.out / f"{name}.npz").open("wb") as target:
            weights.save(target)


def _member(number: int, chosen: argparse.Namespace) -> dict[str, Weights]:
    """One member's networks: the kept ones, if they were trained from the same texts by the same code."""
    options = (chosen.texts, chosen.passes, chosen.seed + number)
    if chosen.keep is None:
        return dict(networks(*options, quarter_less(number)))
    chosen.keep.mkdir(parents=True, exist_ok=True)
    paths = {name: chosen.keep / f"{_fingerprint(*options)}-{name}.npz" for name in KINDS}
    missing = [name for name, path in paths.items() if not path.exists()]
    for name, weights in networks(*options, quarter_less(number), missing) if missing else ():
        with (unfinished := paths[name].with_suffix(".new")).open("wb") as target:
            weights.save(target, np.float32)
        unfinished.replace(paths[name])
    return {name: read_weights(BytesIO(path.read_bytes())) for name, path in paths.items()}


def _fingerprint(*options: int) -> str:
    """Differs as soon as the options, the code or the texts and lists differ."""
    digest = sha256(repr(options).encode())
    for path in sorted([*Path(__file__).parent.glob("*.py"), *TARGET.rglob("*.txt"), *TARGET.glob("*.gz"), TARGET / "ranges.json"]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
