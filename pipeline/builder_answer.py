"""The table builder: a question in, a protected table or a refusal out. Nothing else leaves this module.

Every cell, margins included, is perturbed by its own count and cell key, so that a set of children reads the same whatever it is
called: a filter, a category, a margin. Rules about the whole table are judged on the perturbed counts (pipeline.builder_rules).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from disclosure.dimension import Dimension
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from pipeline.builder_matrix import AREA, Axis, Matrix
from pipeline.builder_policy import BuilderPolicy
from pipeline.builder_query import Query, check, coarser, forbidden
from pipeline.builder_rules import GROUP_DISCLOSURE, SMALL_GROUP, SPARSE_AREA, judge

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
SPARSE_TABLE = "most_small"
TRIES = 40  # coarser questions that are tried for a suggestion
SAID = {
    SMALL_GROUP: "groups of so few children that their answers are not shown",
    GROUP_DISCLOSURE: "groups in which all, or nearly all, gave one answer",
    SPARSE_AREA: "areas in which most counts are small; their totals are shown",
}


@dataclass(frozen=True, eq=False)
class Answer:
    """A protected table, dimensions in the order asked. `withheld`: by each rule that withheld any, how many cells, of which areas."""

    query: Query
    dimensions: tuple[Dimension, ...]
    values: Whole  # WITHHELD where there is no number
    withheld: Mapping[str, tuple[int, tuple[str, ...]]]
    suggestion: Query | None = None  # a coarser question of which nothing is withheld, if any was

    @property
    def order(self) -> list[int]:
        """Its dimensions in the order of their names, as they are published."""
        return sorted(range(len(self.dimensions)), key=lambda k: self.dimensions[k].name)

    def published(self, policy: BuilderPolicy) -> PublishedTable:
        """As a release is held against it: dimensions in the order of their names."""
        order = self.order
        values = self.values.transpose(order)
        status = np.where(values == WITHHELD, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
        where = (self.query.where,) if self.query.where else ()
        return PublishedTable(
            self.query.id, tuple(self.dimensions[k] for k in order), values, status, np.zeros(values.shape, np.int64), "", self.query.wave,
            where, Method.CELL_KEY, policy.disclosure.perturbation_maximum,
        )  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """Why there is no table: the rule, what it says, the areas it is about (none: the whole table), and what would be answered."""

    query: Query
    rule: str
    says: str
    areas: tuple[str, ...] = ()
    suggestion: Query | None = None


class Builder:
    """Answers questions about one wave. Thread-safe: nothing is kept but leaf cubes."""

    def __init__(self, matrix: Matrix, policy: BuilderPolicy) -> None:
        self.matrix = matrix
        self.policy = policy
        self.changes = policy.disclosure.perturbation

    def ask(self, query: Query, suggest: bool = True, counted: Sequence[tuple[Axis, ...]] = ()) -> Answer | Refusal:
        """The table or the refusal, with a coarser question that would be answered whole. Raises NotUnderstood."""
        check(query, self.matrix.variables)
        rule = forbidden(query, self.matrix.variables, self.policy)
        if rule is not None:
            return Refusal(query, *rule, suggestion=self._suggestion(query) if suggest else None)
        shown, by_rule = self._judged(query, counted)
        dimensions = tuple(self.matrix.dimension(axis) for axis in query.axes)
        values = np.where(np.logical_or.reduce(list(by_rule.values())), WITHHELD, shown)
        left = values[values > 0]
        if float((left < self.policy.disclosure.threshold).mean() if left.size else 1.0) > self.policy.most_small:
            says = "Most of the counts that could be shown are small, and would be more perturbation than children."
            return Refusal(
                query, SPARSE_TABLE, says, self._areas(values == WITHHELD, dimensions), self._suggestion(query) if suggest else None
            )
        withheld = {rule: (int(mask.sum()), self._areas(mask, dimensions)) for rule, mask in by_rule.items() if mask.any()}
        return Answer(query, dimensions, values, withheld, self._suggestion(query) if suggest and withheld else None)

    def _judged(self, query: Query, counted: Sequence[tuple[Axis, ...]] = ()) -> tuple[Whole, Mapping[str, Mask]]:
        """Perturbed counts of the population, and what each rule withholds of them."""
        shown = self.perturbed(query.counted, counted)
        dimensions = tuple(self.matrix.dimension(axis) for axis in query.counted)
        judged = judge(shown, dimensions, self.policy.disclosure, 1 if query.population else 0)
        here = (1,) if query.population else ()  # of the population its own code
        return shown[here], {rule: mask[here] for rule, mask in judged.by_rule.items()}

    def rules(self, answer: Answer) -> dict[str, Mask]:
        """What each rule withholds, shaped as the answer is published. For those who check answers: no answer tells it."""
        return {rule: mask.transpose(answer.order) for rule, mask in self._judged(answer.query)[1].items()}

    def counted(self, answer: Answer) -> Whole:
        """The true counts behind an answer, shaped as it is published. For those who check answers alone."""
        counts = self.matrix.with_margins(answer.query.counted)[0]
        return np.asarray((counts[1] if answer.query.population else counts).transpose(answer.order))

    def perturbed(self, axes: tuple[Axis, ...], counted: Sequence[tuple[Axis, ...]] = ()) -> Whole:
        """Perturbed counts of all cells, margins included; each from its own count and cell key, not from those of others.

        `counted`: axes of questions that were just counted (see Matrix.cube).
        """
        counts, keys = self.matrix.with_margins(axes, counted)
        keys = keys % self.changes.rules.keys
        return np.asarray(counts + self.changes.lookup[np.minimum(counts, self.changes.rules.last), keys], np.int64)

    def _areas(self, mask: npt.NDArray[np.bool_], dimensions: tuple[Dimension, ...]) -> tuple[str, ...]:
        """Codes of the areas of which something is withheld; none if the table is not of areas."""
        for k, dimension in enumerate(dimensions):
            if dimension.name == AREA:
                hit = np.asarray(mask.any(axis=tuple(other for other in range(mask.ndim) if other != k)))
                return tuple(code for code, one in zip(dimension.codes, hit, strict=True) if one)
        return ()

    def _suggestion(self, query: Query) -> Query | None:
        """The first coarser question that was tried and is answered whole."""
        counted = [query.counted]
        for tried, one in enumerate(coarser(query, self.matrix.variables)):
            if tried >= TRIES:
                return None
            found = self.ask(one, suggest=False, counted=counted)
            counted.append(one.counted)
            if isinstance(found, Answer) and not found.withheld:
                return one
        return None
