"""Reads and writes the few parts of an ONNX file that this package needs, straight in the protocol buffers wire format.

Source of the field numbers: onnx.proto (ONNX IR version 8). The `onnx` package itself would be a large dependency for four messages.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MODEL_GRAPH, _MODEL_OPSET, _MODEL_IR = 7, 8, 1
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_NAME, _GRAPH_INPUT, _GRAPH_OUTPUT = 1, 5, 2, 11, 12
_TYPES: Mapping[int, np.dtype[np.generic]] = {
    1: np.dtype("<f4"), 2: np.dtype("u1"), 3: np.dtype("i1"), 6: np.dtype("<i4"), 7: np.dtype("<i8"), 10: np.dtype("<f2"),
}  # fmt: skip
Array = NDArray[np.generic]


@dataclass(frozen=True)
class Node:
    """An operation: what it is called, what it does, the names of its inputs and outputs, and its attributes."""

    op: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    domain: str = ""
    name: str = ""
    attributes: Mapping[str, int | float] | None = None


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(raw, at)
            yield key >> 3, value
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            yield key >> 3, raw[at : at + size]
            at += size
        elif kind == 2:
            size, at = _varint(raw, at)
            yield key >> 3, raw[at : at + size]
            at += size
        else:
            raise ValueError("the model file is no ONNX file: install its package again")


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7


def read(raw: bytes) -> tuple[list[Node], dict[str, Array]]:
    """Nodes (without attributes) and initialisers by name. Raises ValueError for what is no ONNX file."""
    graphs = [value for field, value in _fields(raw) if field == _MODEL_GRAPH and isinstance(value, bytes)]
    nodes: list[Node] = []
    tensors: dict[str, Array] = {}
    for field, value in (item for graph in graphs for item in _fields(graph)):
        if not isinstance(value, bytes):
            continue
        if field == _GRAPH_NODE:
            parts = [(f, v.decode()) for f, v in _fields(value) if f in (1, 2, 3, 4) and isinstance(v, bytes)]
            texts = {f: [v for g, v in parts if g == f] for f in (1, 2, 3, 4)}
            nodes.append(Node("".join(texts[4]), texts[1], texts[2], name="".join(texts[3])))
        elif field == _GRAPH_INITIALIZER:
            name, array = _read_tensor(value)
            tensors[name] = array
    if not nodes or not tensors:
        raise ValueError("the model file holds no graph: install its package again")
    return nodes, tensors


def _read_tensor(raw: bytes) -> tuple[str, Array]:
    shape: list[int] = []
    numbers: list[int] = []
    kind, name, data = 0, "", b""
    for field, value in _fields(raw):
        if field == 1:
            shape += [value] if isinstance(value, int) else _packed(value)
        elif field == 2 and isinstance(value, int):
            kind = value
        elif field == 8 and isinstance(value, bytes):
            name = value.decode()
        elif field in (4, 9) and isinstance(value, bytes):  # numbers as they lie in memory, or packed floats: the same bytes
            data += value
        elif field in (5, 7):
            numbers += [value] if isinstance(value, int) else _packed(value)
    if kind not in _TYPES:
        raise ValueError("the model file holds a number type that is not known here: install the version that the lock file names")
    if numbers:
        return name, np.array(numbers, np.uint64).astype(_TYPES[kind]).reshape(shape)
    return name, np.frombuffer(data, _TYPES[kind]).reshape(shape)


def _packed(raw: bytes) -> list[int]:
    values, at = [], 0
    while at < len(raw):
        value, at = _varint(raw, at)
        values.append(value)
    return values


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _number(number << 3) + _number(value)
    raw = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | 2) + _number(len(raw)) + raw


def write(nodes: Sequence[Node], tensors: Mapping[str, Array], inputs: Mapping[str, int], outputs: Sequence[str]) -> bytes:
    """A model of these nodes. `inputs`: name -> ONNX number type; `outputs` are floats."""
    graph = b"".join(_field(_GRAPH_NODE, _node(n)) for n in nodes) + _field(_GRAPH_NAME, "reader")
    graph += b"".join(_field(_GRAPH_INITIALIZER, _tensor(name, array)) for name, array in tensors.items())
    graph += b"".join(_field(_GRAPH_INPUT, _value(name, kind)) for name, kind in inputs.items())
    graph += b"".join(_field(_GRAPH_OUTPUT, _value(name, 1)) for name in outputs)
    opsets = _field(_MODEL_OPSET, _field(2, 18)) + _field(_MODEL_OPSET, _field(1, "com.microsoft") + _field(2, 1))
    return _field(_MODEL_IR, 8) + opsets + _field(_MODEL_GRAPH, graph)


def _node(node: Node) -> bytes:
    raw = b"".join(_field(1, name) for name in node.inputs) + b"".join(_field(2, name) for name in node.outputs)
    raw += _field(4, node.op) + (_field(7, node.domain) if node.domain else b"")
    for name, value in (node.attributes or {}).items():
        if isinstance(value, float):
            content = _number(2 << 3 | 5) + struct.pack("<f", value) + _field(20, 1)
        else:
            content = _field(3, value) + _field(20, 2)
        raw += _field(5, _field(1, name) + content)
    return raw


def _tensor(name: str, array: Array) -> bytes:
    kind = next(number for number, known in _TYPES.items() if known == array.dtype)
    return b"".join(_field(1, size) for size in array.shape) + _field(2, kind) + _field(8, name) + _field(9, array.tobytes())


def _value(name: str, kind: int) -> bytes:
    return _field(1, name) + _field(2, _field(1, _field(1, kind)))
