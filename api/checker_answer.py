"""What the output checker judges of a drafted answer of the table builder: reasons, bounds and true margins.

A draft of answers has nothing in the vault but the builder's own data set: each answer is made again from the question on record, which
gives the same for ever. Shown to output checkers alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from api.checker_comparison import Margin
from api.checker_evidence import Withheld, in_words
from api.checker_picture import Drawn, drawn
from disclosure.approximate import attack_approximate, bounds_of
from disclosure.dimension import Counts
from disclosure.labels import Labels
from disclosure.published_table import PublishedTable
from pipeline.builder_answer import SAID, Answer, Builder
from pipeline.builder_held import as_released
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import matrix_of
from pipeline.builder_query import Query
from pipeline.released_table import Released
from retention.answered import definitions
from retention.secure_store import SecureStore, StepRefused


@dataclass(frozen=True)
class Judged:
    """All that there is to judge; `exact`: the bounds are."""

    withheld: tuple[Withheld, ...]
    exact: bool
    margins: tuple[Margin, ...]
    drawn: Drawn


def asked(store: SecureStore, wave_id: str, table_id: str) -> Query | None:
    """The question that a drafted table answers, if the builder has it on record."""
    return next((query for query in map(Query.from_definition, definitions(store, wave_id)) if query.id == table_id), None)


def judge_answer(store: SecureStore, wave_id: str, query: Query, table: Released, labels: Labels) -> Judged:
    """Makes the answer again and attacks it by itself. Raises StepRefused if it is not what was drafted; VaultError, KeyRingError."""
    builder = Builder(matrix_of(store, wave_id), load_builder_policy())
    answer = builder.ask(query, suggest=False)
    if not isinstance(answer, Answer):
        raise StepRefused("This question is not answered under the rules of today: refuse the draft.")
    shown = as_released(answer.published(builder.policy), builder.matrix.variables)
    names = [dimension["name"] for dimension in table.dimensions]
    if [dimension.name for dimension in shown.dimensions] != names:
        raise StepRefused("The draft is not what the builder answers: refuse it.")
    masks = builder.rules(answer)
    policy = builder.policy.disclosure
    report = attack_approximate([bounds_of(shown, policy, secondary=True)], policy).report
    low, high = report.low[0], report.high[0]
    words = [{entry["code"]: entry["label"] for entry in dimension["codes"]} for dimension in table.dimensions]
    found = []
    for place in map(tuple, np.argwhere(shown.withheld).tolist()):
        codes = [dimension.codes[k] for dimension, k in zip(shown.dimensions, place, strict=True)]
        rules = [f"{SAID[rule][0].upper()}{SAID[rule][1:]}" for rule, mask in masks.items() if mask[place]]
        most = None if high[place] < 0 else int(high[place])
        found.append(Withheld(tuple(in_words(k, c) for k, c in zip(words, codes, strict=True)), "; ".join(rules), int(low[place]), most))
    return Judged(tuple(found), report.exact, _margins(builder.counted(answer), shown, table), drawn(shown, low, high, labels))


def _margins(true: Counts, shown: PublishedTable, table: Released) -> tuple[Margin, ...]:
    totals = [dimension["codes"][0]["code"] for dimension in table.dimensions]
    found = []
    for axis, dimension in enumerate(table.dimensions):
        counts = np.moveaxis(true, axis, 0).reshape(true.shape[axis], -1)[:, 0]  # of everyone in all other variables
        lines = []
        for entry in table.ordered(axis):
            at = (*totals[:axis], entry["code"], *totals[axis + 1 :])
            lines.append((str(entry["label"]), int(counts[shown.dimensions[axis].index[entry["code"]]]), table.value(at).count))
        found.append(Margin(str(dimension["title"]), tuple(lines)))
    return tuple(found)
