"""The table builder against brute force: a cell is its true count and the change of its own set of children, however asked for."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.builder_answer import Answer, Builder
from pipeline.builder_matrix import AREA, Matrix, variables_of
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_query import GEOGRAPHIES, Query, coarser
from tests.builder_samples import WAVE, builder, cell, codes, matrix, variables

POLICY = load_builder_policy()
NAMES = [name for name in variables() if name != AREA]
CHILDREN = 700


def brute_force(world: Matrix, wanted: dict[str, str]) -> int:
    """The value of a set of children, found child by child."""
    inside = [
        at for at in range(len(world.keys))
        if all(world.variables[name].leaves_below(code)[world.codes[name][at]] for name, code in wanted.items())
    ]  # fmt: skip
    key = int(sum(int(world.keys[at]) for at in inside)) % POLICY.disclosure.cell_keys
    table = POLICY.disclosure.perturbation
    return len(inside) + int(table.lookup[min(len(inside), table.rules.last), key])


@st.composite
def questions(draw: st.DrawFn) -> Query:
    by = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    levelled = tuple((name, draw(st.sampled_from(variables()[name].levels))) for name in by)
    geography = draw(st.sampled_from(GEOGRAPHIES if by else GEOGRAPHIES[1:]))
    free = [name for name in (*NAMES, *([AREA] if geography == "england" else [])) if name not in by]
    name = draw(st.sampled_from(free))
    where = draw(st.one_of(st.none(), st.sampled_from(variables()[name].dimension.codes[1:]).map(lambda code: (name, code))))
    return Query(WAVE, levelled, geography, where)


@settings(max_examples=40, deadline=None)
@given(query=questions(), seed=st.integers(0, 5))
def test_every_cell_is_what_brute_force_finds(query: Query, seed: int) -> None:
    asking = builder(CHILDREN, seed)
    axes = query.counted
    shown = asking.perturbed(axes)
    dimensions = [asking.matrix.dimension(axis) for axis in axes]
    rng = np.random.default_rng(seed)
    for _ in range(12):
        at = tuple(int(rng.integers(size)) for size in shown.shape)
        at = (1, *at[1:]) if query.population else at  # of a population, its own code
        wanted = {d.name: d.codes[k] for d, k in zip(dimensions, at, strict=True)}
        assert shown[at] == brute_force(asking.matrix, wanted)


@settings(max_examples=60, deadline=None)
@given(query=questions(), seed=st.integers(0, 5))
def test_a_coarser_question_reads_the_same_summed_up_or_counted_anew(query: Query, seed: int) -> None:
    asking = builder(200, seed)
    for one in coarser(query, asking.matrix.variables):
        asking.matrix.forget()
        anew = asking.perturbed(one.counted)
        asking.matrix.forget()
        asking.perturbed(query.counted)
        assert (asking.perturbed(one.counted, [query.counted]) == anew).all()


@pytest.mark.parametrize("children", [1, 6, 7, 8, 20])
def test_children_are_counted_a_few_at_once_and_none_is_left_out(children: int, monkeypatch: pytest.MonkeyPatch) -> None:
    query = Query(WAVE, (("life", ""), ("home", "")), "region")
    whole = builder(children).matrix.cube(query.axes)
    monkeypatch.setattr("pipeline.builder_matrix.AT_ONCE", 7)
    assert (builder(children).matrix.cube(query.axes) == whole).all()
    assert whole[..., 0].sum() == children


@settings(max_examples=40, deadline=None)
@given(query=questions(), seed=st.integers(0, 5))
def test_an_answer_shows_perturbed_cells_or_nothing(query: Query, seed: int) -> None:
    asking = builder(CHILDREN, seed)
    found = asking.ask(query, suggest=False)
    if isinstance(found, Answer):
        shown = asking.perturbed(query.counted)[(1,) if query.population else ()]
        assert ((found.values == shown) | (found.values == -1)).all()
        assert not set(np.unique(found.values)) & {1, 2}


def test_a_set_of_children_reads_the_same_as_category_filter_margin_and_in_any_order() -> None:
    asking = builder(5000)
    seen: dict[frozenset[tuple[str, str]], set[int]] = {}
    for many in (1, 2, 3):
        for by in permutations(("age_band", "gender", "home"), many):
            for where in (None, ("gender", "girl"), ("age_band", "9-12"), ("home", "care"), ("area", "north")):
                if where and where[0] in by:
                    continue
                found = asking.ask(Query(WAVE, tuple((name, "") for name in by), where=where), suggest=False)
                assert isinstance(found, Answer)
                for codes_of in product(*(d.codes for d in found.dimensions)):
                    named = dict(zip(by, codes_of, strict=True)) | (dict([where]) if where else {})
                    value = cell(found, **named)
                    if value is not None:
                        seen.setdefault(frozenset(pair for pair in named.items() if pair[1] != "Total"), set()).add(value)
    assert len(seen) > 60
    assert all(len(values) == 1 for values in seen.values())


def test_two_names_for_the_same_children_read_the_same() -> None:
    given_codes = codes(3000)
    given_codes["home"] = (given_codes["gender"] == 1).astype(np.uint8)  # exactly the boys are in care
    asking = Builder(matrix(given_codes), POLICY)
    care = asking.perturbed(Query(WAVE, (("home", ""),)).axes)
    boys = asking.perturbed(Query(WAVE, (("gender", ""),)).axes)
    assert care[2] == boys[2]
    assert care[1] != 0


@pytest.mark.parametrize("level", ["", "group"])
def test_levels_agree_on_what_they_share(level: str) -> None:
    asking = builder(2000)
    fine = asking.ask(Query(WAVE, (("gender", ""), ("age_band", ""))), suggest=False)
    coarse = asking.ask(Query(WAVE, (("gender", level), ("age_band", ""))), suggest=False)
    for code in ("Total", "girl", "boy", "other"):
        assert cell(fine, gender=code, age_band="9-12") == cell(coarse, gender=code, age_band="9-12")


def test_the_real_variables_make_axes_that_cover_every_child() -> None:
    from forms.load import load_survey
    from pipeline.table_specs import load_table_specs

    for variable in variables_of(load_table_specs(load_survey())).values():
        for level in variable.levels:
            dimension = variable.at(level)
            assert (dimension.aggregation[0] == 1).all(), variable.name
            assert variable.dimension.aggregation[[variable.dimension.index[leaf] for leaf in dimension.leaves]].sum(axis=0).tolist() == [
                1
            ] * len(variable.dimension.leaves), variable.name
