"""The network computes what its docstring says, and refuses weights or input that do not belong together."""

import io

import numpy as np
import pytest

from pipeline.scrub.network import CLASSES, REACH, Network, Weights, join, read_weights


def _weights(width: int = 0, hidden: int = 3, names: tuple[str, ...] = ("a", "b"), seed: int = 1) -> Weights:
    rng = np.random.default_rng(seed)
    return Weights(
        names,
        *(rng.normal(size=shape).astype(np.float16).astype(np.float32) for shape in (
            (2 * REACH + 1, len(names), hidden), (width, hidden), (hidden,), (hidden, len(CLASSES)), (len(CLASSES),)
        )),
    )  # fmt: skip


@pytest.mark.parametrize("width", [0, 4])
def test_it_is_the_formula(width: int) -> None:
    weights = _weights(width)
    by_word, by_place = [("a",), (), ("a", "b"), ("unknown",), ("b",)], [[], ["b"], [], [], ["a"]]
    reading = np.random.default_rng(2).normal(size=(5, width)).astype(np.float32) if width else None
    others = [([("b",)] * n, [["a"]] * n) for n in (1, 0, 70)]  # texts beside it change nothing
    beside = None if reading is None else [np.ones((len(words), width), np.float32) for words, _ in others]
    texts = [*others[:2], (by_word, by_place), *others[2:] * 70]
    readings = None if reading is None or beside is None else [*beside[:2], reading, *beside[2:] * 70]
    results = Network(weights).probabilities(texts, readings)
    assert [len(r) for r in results] == [len(words) for words, _ in texts]
    result = results[2]
    for i in range(5):
        hidden = weights.bias.astype(float).copy()
        for d in range(-REACH, REACH + 1):
            if 0 <= i + d < 5:
                for name in (*by_word[i + d], *by_place[i + d]):
                    if name in weights.names:
                        hidden += weights.embed[d + REACH, weights.names.index(name)]
        if reading is not None:
            hidden += reading[i] @ weights.reading
        scores = np.maximum(hidden, 0) @ weights.out + weights.out_bias
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(result[i], expected, rtol=1e-4)


@pytest.mark.parametrize("width", [0, 4])
def test_joined_networks_say_the_geometric_mean_of_what_they_say_alone(width: int) -> None:
    members = [_weights(width, hidden, names, seed) for hidden, names, seed in ((3, ("a", "b"), 1), (2, ("b", "c"), 2), (4, ("a",), 3))]
    text = ([("a",), ("b", "c"), ("c",), ()], [[], ["c"], [], ["a"]])
    readings = [np.random.default_rng(2).normal(size=(4, width)).astype(np.float32)] if width else None
    alone = [Network(member).probabilities([text], readings)[0].astype(float) for member in members]
    mean = np.exp(np.mean(np.log(alone), axis=0))
    together = Network(join(members)).probabilities([text], readings)[0]
    np.testing.assert_allclose(together, mean / mean.sum(axis=1, keepdims=True), rtol=1e-4)


def test_networks_of_different_kinds_are_not_joined() -> None:
    with pytest.raises(ValueError, match="same kind of input"):
        join([_weights(0), _weights(4)])
    with pytest.raises(ValueError, match="same kind of input"):
        join([])


def test_saved_weights_come_back_and_the_same_weights_make_the_same_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    _weights(4).save(first)
    _weights(4).save(second)
    assert first.getvalue() == second.getvalue()
    again = read_weights(io.BytesIO(first.getvalue()))
    assert again.names == ("a", "b")
    np.testing.assert_array_equal(again.embed, _weights(4).embed)


def test_weights_that_do_not_fit_are_refused() -> None:
    good = _weights()
    with pytest.raises(ValueError, match="do not fit together"):
        Weights(("a",), good.embed, good.reading, good.bias, good.out, good.out_bias)


@pytest.mark.parametrize("width", [0, 4])
def test_the_wrong_kind_of_input_is_refused(width: int) -> None:
    reading = None if width else np.zeros((1, 4), np.float32)
    with pytest.raises(ValueError, match="another kind of input"):
        Network(_weights(width)).probabilities([([("a",)], [[]])], None if reading is None else [reading])
