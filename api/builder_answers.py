"""How a question is read from an address, and how its answer is written: JSON, CSV, and rows for a page."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import urlencode

import numpy as np

from disclosure.dimension import Dimension
from disclosure.published_table import WITHHELD
from pipeline.builder_answer import SAID, Answer, Builder, Refusal
from pipeline.builder_matrix import Variable
from pipeline.builder_query import EVERYWHERE, NotUnderstood, Query, label_of

NAMES = frozenset({"wave", "by", "geography", "where"})
LONGEST = 200
HIDDEN = "[c]"


def question_of(asked: Sequence[tuple[str, str]], latest: str) -> Query:
    """The question of an address: `by` (variable, or variable.level) up to five times, `geography`, `where` (variable:code), `wave`.

    Empty values count as not given. Raises NotUnderstood.
    """
    given: dict[str, list[str]] = {}
    for name, value in asked:
        if name not in NAMES or len(value) > LONGEST:
            raise NotUnderstood("An address of the builder has `by`, `geography`, `where` and `wave`, and nothing else.")
        if value:
            given.setdefault(name, []).append(value)
    if any(len(values) > 1 for name, values in given.items() if name != "by"):
        raise NotUnderstood("Only `by` can be given more than once: a table is of one population and one geography.")
    by = tuple((name, level) for name, _, level in (value.partition(".") for value in given.get("by", ())))
    (where,) = given.get("where", [""])
    name, _, code = where.partition(":")
    (geography,), (wave,) = given.get("geography", [EVERYWHERE]), given.get("wave", [latest])
    return Query(wave, by, geography, (name, code) if where else None)


def address_of(query: Query) -> str:
    """The reverse: the part of an address after the question mark."""
    pairs = [("wave", query.wave), *(("by", f"{name}.{level}" if level else name) for name, level in query.by)]
    pairs.append(("geography", query.geography))
    return urlencode([*pairs, ("where", ":".join(query.where))] if query.where else pairs)


def variables_as_json(builder: Builder) -> list[dict[str, Any]]:
    """What can be asked for."""
    return [
        {
            "name": variable.name,
            "title": variable.title,
            "levels": [f"{variable.name}.{level}" if level else variable.name for level in variable.levels],
            "population": variable.name in builder.policy.populations,
            "codes": {code: label_of(variable, code) for code in variable.dimension.codes},
        }
        for variable in builder.matrix.variables.values()
    ]


def as_json(builder: Builder, found: Answer | Refusal) -> bytes:
    """An answer: dimensions with codes, and values in their order, the last dimension running fastest; null is withheld.

    A refusal: problem details, with the rule, the areas and the coarser question that was tried and is answered.
    """
    suggestion = f"/api/v1/query?{address_of(found.suggestion)}" if found.suggestion else None
    if isinstance(found, Refusal):
        areas = list(found.areas)
        told = {"type": "about:blank", "title": "Not answered", "status": 422, "detail": found.says, "rule": found.rule, "areas": areas}
        return json.dumps(told | {"would_be_answered": suggestion}).encode()
    values: Sequence[int | None] = found.values.reshape(-1).tolist()
    if (found.values == WITHHELD).any():
        values = [None if value == WITHHELD else value for value in values]
    withheld = {rule: {"cells": cells, "areas": list(areas), "says": SAID[rule]} for rule, (cells, areas) in found.withheld.items()}
    told = {
        "id": found.query.id,
        "wave": found.query.wave,
        "where": dict([found.query.where]) if found.query.where else {},
        "dimensions": [_dimension(builder, dimension) for dimension in found.dimensions],
        "withheld": withheld,
        "would_be_answered_whole": suggestion,
        "note": _note(builder),
    }
    return json.dumps(told)[:-1].encode() + b', "values": ' + json.dumps(values, separators=(",", ":")).encode() + b"}"


def _note(builder: Builder) -> str:
    rules = builder.policy.disclosure
    return (
        f"Every count is moved by at most {rules.perturbation_maximum}, always alike for the same children, so that totals need not be "
        "the sums of their parts. A voluntary sample is not the population."
    )


def _dimension(builder: Builder, dimension: Dimension) -> dict[str, Any]:
    variable = builder.matrix.variables[dimension.name]
    return {
        "name": dimension.name,
        "title": variable.title,
        "codes": list(dimension.codes),
        "labels": [label_of(variable, code) for code in dimension.codes],
    }


def as_csv(builder: Builder, found: Answer) -> bytes:
    """Tidy: a column of codes and one of labels for each dimension, `count` (empty where withheld) and `shorthand`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [dimension.name for dimension in found.dimensions]
    writer.writerow([*(column for name in names for column in (name, f"{name}_label")), "count", "shorthand"])
    pairs = [[(code, label_of(builder.matrix.variables[d.name], code)) for code in d.codes] for d in found.dimensions]
    for codes, value in zip(product(*pairs), found.values.reshape(-1).tolist(), strict=True):
        writer.writerow([*(part for pair in codes for part in pair), *(("", HIDDEN) if value == WITHHELD else (value, ""))])
    return text.getvalue().encode()


@dataclass(frozen=True)
class Rows:
    """A table as it is read: rows by all dimensions but the last, whose categories are the columns."""

    headers: tuple[str, ...]
    column_title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    left_out: int


SHOWN = 400  # lines on a page; all are in the downloads


def as_rows(builder: Builder, found: Answer) -> Rows:
    """The first lines of an answer, for a page."""
    variables = [builder.matrix.variables[dimension.name] for dimension in found.dimensions]
    codes: list[tuple[str, ...]]
    headers: tuple[str, ...]
    columns: tuple[str, ...]
    if found.values.ndim == 1:
        codes = [(label,) for label in _labels(variables[0], found.dimensions[0])]
        values = found.values.reshape(-1, 1)
        headers, title, columns = (variables[0].title,), "", ("Children",)
    else:
        codes = list(product(*(_labels(v, d) for v, d in zip(variables[:-1], found.dimensions[:-1], strict=True))))
        values = found.values.reshape(-1, found.values.shape[-1])
        headers, title = tuple(variable.title for variable in variables[:-1]), variables[-1].title
        columns = tuple(_labels(variables[-1], found.dimensions[-1]))
    lines = tuple((code, tuple(_written(line))) for code, line in zip(codes[:SHOWN], values[:SHOWN], strict=False))
    return Rows(headers, title, columns, lines, max(0, len(codes) - SHOWN))


def _labels(variable: Variable, dimension: Dimension) -> list[str]:
    return [label_of(variable, code) for code in dimension.codes]


def _written(line: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[str]:
    return (HIDDEN if value == WITHHELD else f"{value:,}" for value in line.tolist())
