"""The code matrix: all that the table builder ever holds of the children. A small number for each variable, and a record key.

No text, no postcode, no area below the council, and no row can be traced to an answer: rows come in the order of their keys,
which are keyed hashes. Whatever is asked is counted from leaf cubes of it: counts and sums of record keys.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from disclosure.dimension import NOT, Dimension
from disclosure.error import DisclosureError
from pipeline.derive import NOT_ASKED
from pipeline.table_specs import TableSpecs, VariableSpec

KEY = "record_key"
CHOSEN, NOT_CHOSEN = "chosen", "not_chosen"
AREA = "area"
CUBES = 256 * 2**20  # bytes of leaf cubes that are kept
AT_ONCE = 2**17  # children that are counted at once: their cells stay in the processor's cache
ONE = 2**40  # a child and its key in one whole number, so that both are summed at once: sums of keys stay below it
MOST = 2**23  # children: more of them times ONE leave 64 bits
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Variable:
    """What can be asked for: its codes as a dimension, their labels, and the levels at which a table may stop ("" for all codes)."""

    name: str
    title: str
    dimension: Dimension
    labels: Mapping[str, str]
    levels: tuple[str, ...] = ("",)
    of: str = ""  # the question with several answers that this is an option of

    def at(self, level: str) -> Dimension:
        """The dimension, cut down to a level."""
        if level not in self.levels:
            raise DisclosureError(f"'{self.name}' has no level '{level}'")
        return self._top if level else self.dimension

    @cached_property
    def _top(self) -> Dimension:
        return Dimension.flat(self.name, next(kept for code, kept in self.dimension.partitions if code == self.dimension.total))

    def leaves_below(self, code: str) -> npt.NDArray[np.bool_]:
        """Which of its leaves a code stands for."""
        return np.asarray(self.dimension.aggregation[self.dimension.index[code]] > 0)


@dataclass(frozen=True)
class Axis:
    """A variable as a table uses it: at a level, or, for a population, split into those of one code and all others."""

    name: str
    level: str = ""
    only: str = ""


@dataclass(frozen=True, eq=False)
class _Known:
    """What is worked out of an axis once: dimension, sums, and of a level or population for each leaf its place among those of the axis."""

    dimension: Dimension
    sums: Floats
    places: Codes | None

    @classmethod
    def of(cls, axis: Axis, variable: Variable) -> _Known:
        places: Codes | None = None
        if axis.only:
            dimension = Dimension.flat(axis.name, (axis.only, NOT + axis.only))
            places = np.where(variable.leaves_below(axis.only), 0, 1).astype(np.uint8)
        else:
            dimension = variable.at(axis.level)
            if axis.level:
                places = np.argmax([variable.leaves_below(code) for code in dimension.leaves], axis=0).astype(np.uint8)
        return cls(dimension, dimension.aggregation.astype(np.float64), places)


def variables_of(specs: TableSpecs) -> dict[str, Variable]:
    """The variables that can be asked for: the declared ones, and each option of those with several answers as one of its own."""
    found: dict[str, Variable] = {}
    for spec in specs.variables.values():
        for variable in _options(spec) if spec.multiple else (_single(spec),):
            found[variable.name] = variable
    return found


def _single(spec: VariableSpec) -> Variable:
    dimension, labels = spec.dimension, dict(spec.labels)
    labels.setdefault(dimension.total, "All")
    if spec.derive is None:
        (total, kept), *others = dimension.partitions
        dimension = Dimension(spec.name, (*dimension.codes, NOT_ASKED), ((total, (*kept, NOT_ASKED)), *others))
        labels[NOT_ASKED] = "Not asked"
    return Variable(spec.name, spec.title, dimension, labels, ("", spec.top_level) if spec.top_level else ("",))


def _options(spec: VariableSpec) -> list[Variable]:
    labels = {"Total": "All", CHOSEN: "Chosen", NOT_CHOSEN: "Not chosen", NOT_ASKED: "Not asked"}
    names = {code: f"{spec.name}-{code}" for code in spec.labels}
    return [
        Variable(names[code], f"{spec.title}: {label}", Dimension.flat(names[code], (CHOSEN, NOT_CHOSEN, NOT_ASKED)), labels, of=spec.name)
        for code, label in spec.labels.items()
    ]


def _sorted(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    return tuple(sorted(axes, key=lambda axis: (axis.name, axis.level, axis.only)))


def _finer(have: Sequence[Axis], want: Sequence[Axis]) -> bool:
    return all(axis in have or Axis(axis.name) in have for axis in want)


@dataclass(eq=False)
class Matrix:
    """One wave's codes (a column of leaf positions for each variable) and record keys, and the leaf cubes counted so far."""

    wave: str
    variables: Mapping[str, Variable]
    codes: Mapping[str, Codes]
    keys: npt.NDArray[np.uint16]
    _each: npt.NDArray[np.int64] = field(init=False)  # ONE and the key of each child
    _levels: dict[Axis, Codes] = field(default_factory=dict)
    _cubes: OrderedDict[tuple[Axis, ...], Floats] = field(default_factory=OrderedDict)
    _axes: dict[Axis, _Known] = field(default_factory=dict)
    _held: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        if set(self.codes) != set(self.variables) or any(len(column) != len(self.keys) for column in self.codes.values()):
            raise DisclosureError("the builder's matrix does not fit the declared variables: prepare it again")
        for name, column in self.codes.items():
            if len(column) and int(column.max()) >= len(self.variables[name].dimension.leaves):
                raise DisclosureError("the builder's matrix holds a code that is not declared: prepare it again")
        if len(self.keys) >= MOST:
            raise DisclosureError("so many children cannot be counted together with their keys: prepare smaller waves")
        self._each = ONE + self.keys.astype(np.int64)

    def dimension(self, axis: Axis) -> Dimension:
        """The codes of an axis; of a population they are Total, its code, and "not" its code."""
        return self._known(axis).dimension

    def sums(self, axis: Axis) -> Floats:
        """0/1 matrix (codes, leaves) of an axis."""
        return self._known(axis).sums

    def _known(self, axis: Axis) -> _Known:
        if axis not in self._axes:
            self._axes[axis] = _Known.of(axis, self.variables[axis.name])
        return self._axes[axis]

    def cube(self, axes: Sequence[Axis], counted: Sequence[Sequence[Axis]] = ()) -> Floats:
        """Counts and sums of record keys over the leaves of these axes, in their order; the last axis has the two.

        `counted`: axes of cubes counted before. If one is finer, and still there, it is summed up, and no child is counted again.
        """
        order = _sorted(axes)
        cube = self._kept(order)
        if cube is None:
            have = next((have for have in map(_sorted, counted) if _finer(have, order)), ())
            finer = self._kept(have)
            cube = self._count(order) if finer is None else self._summed(finer, have, order)
            with self._lock:
                if order not in self._cubes:
                    self._cubes[order] = cube
                    self._held += cube.nbytes
                while self._held > CUBES and len(self._cubes) > 1:
                    self._held -= self._cubes.popitem(last=False)[1].nbytes
        return cube.transpose([*(order.index(axis) for axis in axes), len(order)])

    def with_margins(self, axes: Sequence[Axis], counted: Sequence[Sequence[Axis]] = ()) -> npt.NDArray[np.int64]:
        """Counts and sums of record keys (2, codes of each axis), margins included. `counted`: as for `cube`."""
        cube = self.cube(axes, counted)
        for axis in axes:  # each time the first axis is summed up, and becomes the last
            shape = cube.shape[1:]
            cube = (cube.reshape(cube.shape[0], -1).T @ self.sums(axis).T).reshape(*shape, -1)
        return np.asarray(cube, np.int64)

    def _kept(self, order: tuple[Axis, ...]) -> Floats | None:
        with self._lock:
            cube = self._cubes.get(order)
            if cube is not None:
                self._cubes.move_to_end(order)
        return cube

    def _summed(self, finer: Floats, have: tuple[Axis, ...], want: tuple[Axis, ...]) -> Floats:
        """A finer cube without the axes that are not wanted, and at the levels that are."""
        wanted = {axis.name: axis for axis in want}
        for at, axis in reversed(list(enumerate(have))):
            coarse = wanted.get(axis.name)
            if coarse is None:
                finer = finer.sum(axis=at)
            elif coarse != axis:
                places, size = self._known(coarse).places, len(self.dimension(coarse).leaves)
                rows = np.zeros((size, finer.shape[at]))
                rows[places, np.arange(finer.shape[at])] = 1
                finer = np.moveaxis(np.tensordot(rows, finer, (1, at)), 0, at)
        return finer

    def forget(self) -> None:
        """Empty what was counted so far."""
        with self._lock:
            self._cubes.clear()
            self._held = 0

    def _count(self, axes: tuple[Axis, ...]) -> Floats:
        shape = [len(self.dimension(axis).leaves) for axis in axes]
        columns = [self.column(axis) for axis in axes]
        kind = np.uint16 if prod(shape) <= 2**16 else np.int64
        both = np.zeros(prod(shape), np.int64)
        for start in range(0, len(self._each), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            cells: npt.NDArray[Any] = columns[0][part].astype(kind)
            for column, size in zip(columns[1:], shape[1:], strict=True):
                cells *= kind(size)
                cells += column[part]
            np.add.at(both, cells.astype(np.intp), self._each[part])
        return np.stack((both // ONE, both % ONE), axis=-1).astype(np.float64).reshape(*shape, 2)

    def column(self, axis: Axis) -> Codes:
        """For each child the leaf of this axis. Levels are kept; populations are many, and are made anew."""
        places = self._known(axis).places
        if places is None:
            return self.codes[axis.name]
        if axis.only:
            return places[self.codes[axis.name]]
        if axis not in self._levels:
            self._levels[axis] = places[self.codes[axis.name]]
        return self._levels[axis]

    def to_frame(self) -> pd.DataFrame:
        """As it is stored: one row for each child, in the order of the keys."""
        frame = pd.DataFrame({**self.codes, KEY: self.keys})
        return frame.sort_values(KEY, kind="stable", ignore_index=True)

    @classmethod
    def from_frame(cls, wave: str, variables: Mapping[str, Variable], frame: pd.DataFrame) -> Matrix:
        """The reverse. Raises DisclosureError if it is not of these variables."""
        if set(frame.columns) != {*variables, KEY}:
            raise DisclosureError("the builder's matrix is not of the variables that are declared now: prepare it again")
        codes = {name: np.ascontiguousarray(frame[name].to_numpy()) for name in variables}
        return cls(wave, variables, codes, frame[KEY].to_numpy().astype(np.uint16))
