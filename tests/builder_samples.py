"""A small world for the tests of the table builder: few areas and variables, invented children, and a builder without protection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from disclosure.dimension import Dimension
from pipeline.builder_answer import Answer, Builder, Refusal
from pipeline.builder_matrix import AREA, Axis, Matrix, Variable
from pipeline.builder_policy import BuilderPolicy, load_builder_policy
from pipeline.builder_query import Query

WAVE = "w"
COUNCILS = {"n1": "north", "n2": "north", "n3": "north", "s1": "south", "s2": "south"}


def variables() -> dict[str, Variable]:
    """Area, age and gender, which identify; home and life, which are asked; and two options of one question."""
    area = Dimension.tree(AREA, {"north": "", "south": "", **COUNCILS})
    gender = Dimension.tree("gender", {"girl": "", "boy": "", "other": "", "another": "other", "opt_out": "other"})
    made = [
        Variable(AREA, "Area", area, {}, ("", "region")),
        Variable("age_band", "Age", Dimension.flat("age_band", ("9-12", "13-17")), {}),
        Variable("gender", "Gender", gender, {}, ("", "group")),
        Variable("home", "Home", Dimension.flat("home", ("parents", "care", "not_asked")), {}),
        Variable("life", "Life", Dimension.flat("life", ("happy", "ok", "sad", "not_asked")), {}),
        *(
            Variable(f"wants-{one}", one, Dimension.flat(f"wants-{one}", ("chosen", "not_chosen", "not_asked")), {}, of="wants")
            for one in "ab"
        ),
    ]
    return {variable.name: variable for variable in made}


SHARES: Mapping[str, tuple[float, ...]] = {
    AREA: (0.3, 0.2, 0.1, 0.3, 0.1),
    "age_band": (0.6, 0.4),
    "gender": (0.48, 0.46, 0.04, 0.02),
    "home": (0.9, 0.1, 0.0),
    "life": (0.5, 0.3, 0.2, 0.0),
    "wants-a": (0.3, 0.7, 0.0),
    "wants-b": (0.6, 0.4, 0.0),
}


def codes(children: int, seed: int = 1) -> dict[str, npt.NDArray[np.uint8]]:
    """Invented answers: positions of leaves."""
    rng = np.random.default_rng(seed)
    return {name: rng.choice(len(v.dimension.leaves), children, p=SHARES[name]).astype(np.uint8) for name, v in variables().items()}


def matrix(given: Mapping[str, npt.NDArray[np.uint8]], seed: int = 1) -> Matrix:
    """A matrix of these children, under record keys of their own."""
    children = len(given[AREA])
    keys = np.random.default_rng(seed + 10_000).integers(0, 2**16, children).astype(np.uint16)
    return Matrix(WAVE, variables(), dict(given), keys)


def builder(children: int = 4000, seed: int = 1, policy: BuilderPolicy | None = None) -> Builder:
    return Builder(matrix(codes(children, seed), seed), policy or load_builder_policy())


class Unprotected(Builder):
    """What a table builder is without any protection: every question is answered with true counts."""

    def perturbed(self, axes: tuple[Axis, ...], counted: Sequence[tuple[Axis, ...]] = ()) -> npt.NDArray[np.int64]:
        cube = self.matrix.cube(axes)
        for k, axis in enumerate(axes):
            cube = np.moveaxis(np.tensordot(self.matrix.sums(axis), cube, (1, k)), 0, k)
        return cube[..., 0].astype(np.int64)

    def ask(self, query: Query, suggest: bool = True, counted: Sequence[tuple[Axis, ...]] = ()) -> Answer | Refusal:
        shown = self.perturbed(query.counted)[(1,) if query.population else ()]
        return Answer(query, tuple(self.matrix.dimension(axis) for axis in query.axes), shown, {})


def cell(found: Answer | Refusal, **wanted: str) -> int | None:
    """One value of an answer by its codes, totals where none is named; None where it is withheld, or there is no table."""
    if isinstance(found, Refusal):
        return None
    value = int(found.values[tuple(d.index[wanted.get(d.name, d.total)] for d in found.dimensions)])
    return None if value < 0 else value


def truth(given: Mapping[str, npt.NDArray[np.uint8]], **wanted: str) -> int:
    """A true count, one child after the other."""
    known = variables()
    count = 0
    for at in range(len(given[AREA])):
        leaves = {name: known[name].dimension.leaves[column[at]] for name, column in given.items()}
        count += all(known[name].leaves_below(code)[known[name].dimension.leaves.index(leaves[name])] for name, code in wanted.items())
    return count
