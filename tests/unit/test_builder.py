"""The table builder: what is asked, what is refused and with which words, which cells are withheld, and what the policy promises."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import load_policy
from disclosure.published_table import WITHHELD, Method
from forms.load import load_survey
from pipeline.builder_answer import Answer, Builder, Refusal
from pipeline.builder_bound import certainty, readings, require_bound
from pipeline.builder_matrix import Axis, Matrix, variables_of
from pipeline.builder_policy import POLICY, load_builder_policy
from pipeline.builder_query import COUNCIL, REGION, NotUnderstood, Query
from pipeline.builder_rules import GROUP_DISCLOSURE, SMALL_GROUP, SPARSE_AREA, judge
from pipeline.table_specs import load_table_specs
from tests.builder_samples import WAVE, builder, cell, codes, matrix, variables

POLICY_OF_COUNTS = load_policy("census-cell-key")
GENDER = Dimension.flat("gender", ("girl", "boy"))
LIFE = Dimension.flat("life", ("happy", "sad", "not_asked"))


def asked(*by: str, geography: str = "england", where: tuple[str, str] | None = None) -> Query:
    return Query(WAVE, tuple((name, level) for name, _, level in (one.partition(".") for one in by)), geography, where)


# -- questions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        asked("shoe_size"), asked("life", "life"), asked("life.group"), asked("area"), asked(), asked("life", geography="street"),
        asked("life", where=("life", "sad")), asked("life", where=("gender", "Total")), asked("life", where=("gender", "x")),
        asked("life", geography=REGION, where=("area", "north")),
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_understood(query: Query) -> None:
    with pytest.raises(NotUnderstood):
        builder(50).ask(query)


def test_an_order_of_variables_is_no_other_question() -> None:
    one, other = asked("life", "gender", geography=REGION), asked("gender", "life", geography=REGION)
    assert one.definition() == other.definition()
    assert one.id == other.id
    assert Query.from_definition(one.definition()).definition() == one.definition()
    assert asked("life").id != asked("life", where=("gender", "girl")).id


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"by":1,"wave":"w","geography":"england","where":null}'])
def test_a_kept_definition_that_was_altered_is_refused(kept: str) -> None:
    with pytest.raises(NotUnderstood):
        Query.from_definition(kept)


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        (asked("life", where=("life", "sad")), None),
        (asked("gender", where=("life", "sad")), "populations"),
        (asked("life", "gender", geography=COUNCIL), None),
        (asked("life", "gender", "home", geography=COUNCIL), "most_variables_council"),
        (asked("life", "gender", geography=COUNCIL, where=("home", "care")), "most_variables_council"),
        (asked("life", "gender", where=("area", "n1")), None),
        (asked("life", "gender", "home", where=("area", "n1")), "most_variables_council"),
        (asked("life", "gender", "home", where=("area", "north")), None),
        (asked("wants-a", geography=COUNCIL), "options_by_council"),
        (asked("wants-a", where=("area", "n1")), "options_by_council"),
        (asked("wants-a", geography=REGION), None),
        (asked("wants-a", "wants-b"), "one_option"),
    ],
)  # fmt: skip
def test_what_the_policy_forbids_whatever_the_answer(query: Query, rule: str | None) -> None:
    found = None if query.where == ("life", "sad") and rule is None else builder(3000).ask(query)
    assert (found.rule if isinstance(found, Refusal) else None) in ({rule} if rule else {None, "most_small"})


def test_the_number_of_cells_has_a_limit() -> None:
    query = asked("life", "gender")  # 5 x 6 codes
    limits = {limit: builder(3000, policy=replace(load_builder_policy(), most_cells=limit)).ask(query) for limit in (29, 30, 31)}
    assert {limit: getattr(found, "rule", None) for limit, found in limits.items()} == {29: "most_cells", 30: None, 31: None}


def test_a_sixth_variable_is_one_too_many() -> None:
    found = builder(3000).ask(asked("life", "gender", "home", "age_band", "wants-a", "wants-b"))
    assert isinstance(found, Refusal)
    assert found.rule == "most_variables"


def test_a_refusal_names_a_coarser_question_that_is_answered() -> None:
    asking = builder(3000)
    found = asking.ask(asked("life", "gender", "home", geography=COUNCIL))
    assert isinstance(found, Refusal)
    assert found.suggestion is not None
    better = asking.ask(found.suggestion)
    assert isinstance(better, Answer)
    assert not better.withheld


def test_a_table_of_mostly_small_counts_is_refused_and_a_coarser_one_suggested() -> None:
    found = builder(20).ask(asked("gender", "age_band"))
    assert isinstance(found, Refusal)
    assert found.rule == "most_small"
    assert found.suggestion is not None


def test_areas_are_withheld_one_by_one_and_not_the_whole_table() -> None:
    found = builder(60).ask(asked("life", geography=COUNCIL))
    assert isinstance(found, Answer)
    assert set(found.withheld[SMALL_GROUP][1]) >= {"s2"}
    assert found.suggestion is not None
    assert found.suggestion.geography == REGION


# -- rules on the table, at n - 1, n, n + 1 --------------------------------------------------------------------------------


def judged(rows: list[list[int]]) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    """Rows: all, girls, boys; columns: all, happy, sad, not asked."""
    return judge(np.array(rows), (GENDER, LIFE), POLICY_OF_COUNTS).by_rule


@pytest.mark.parametrize(("base", "withheld"), [(9, True), (10, False), (11, False)])
def test_a_small_group_shows_its_total_alone(base: int, withheld: bool) -> None:
    found = judged([[500, 200, 300, 0], [base, 5, base - 5 + 4, 0], [490, 195, 295, 0]])[SMALL_GROUP]
    assert found[1].tolist() == [False, withheld, withheld, withheld]
    assert not found[[0, 2]].any()


@pytest.mark.parametrize(("answered", "withheld"), [(0, False), (9, True), (10, False)])
def test_a_group_of_which_few_were_asked_is_small(answered: int, withheld: bool) -> None:
    half = answered // 2
    found = judged([[900, 300, 300, 300], [300, half, answered - half, 290], [600, 290, 300, 10]])[SMALL_GROUP]
    assert bool(found[1, 1]) is withheld


@pytest.mark.parametrize(("others", "withheld"), [(0, True), (3, True), (4, False)])
def test_a_group_of_one_mind_shows_its_total_alone(others: int, withheld: bool) -> None:
    found = judged([[500, 200, 300, 0], [50, 50, others, 0], [450, 150, 300, 0]])[GROUP_DISCLOSURE]
    assert found[1].tolist() == [False, withheld, withheld, withheld]


@pytest.mark.parametrize(("small", "withheld"), [(1, False), (2, False), (3, True)])
def test_an_area_of_mostly_small_counts_shows_its_total_alone(small: int, withheld: bool) -> None:
    area = Dimension.flat("area", ("a", "b"))
    row = [200] + [4] * small + [100] * (3 - small)
    age = Dimension.flat("age_band", ("1", "2", "3"))
    found = judge(np.array([[900, 300, 300, 300], row, [600, 200, 200, 200]]), (area, age), POLICY_OF_COUNTS).by_rule[SPARSE_AREA]
    assert found[1].tolist() == [False, *([withheld] * 3)]
    assert not found[[0, 2]].any()


def test_who_answered_what_in_a_small_group_is_not_shown_through_a_population_either() -> None:
    given = codes(3000)
    given["gender"][given["gender"] == 3] = 2
    given["gender"][:4] = 3  # four children of a rare gender, all in care
    given["home"][:4] = 1
    asking = Builder(matrix(given), load_builder_policy())
    assert cell(asking.ask(asked("gender", where=("home", "care"))), gender="opt_out") is None
    assert cell(asking.ask(asked("gender", where=("home", "care"))), gender="girl") is not None


def test_what_is_withheld_holds_no_number_and_says_where() -> None:
    given = codes(6000)
    given["area"][given["area"] == 4] = 3
    given["area"][:9] = 4
    found = Builder(matrix(given), load_builder_policy()).ask(asked("life", geography=COUNCIL))
    assert isinstance(found, Answer)
    assert "s2" in {area for _, areas in found.withheld.values() for area in areas}
    s2 = found.values[found.dimensions[0].index["s2"]]
    assert (s2[1:] == WITHHELD).all()
    assert s2[0] >= 0
    published = found.published(load_builder_policy())
    assert published.method is Method.CELL_KEY
    assert (published.values == WITHHELD).sum() == (found.values == WITHHELD).sum()


# -- the matrix ------------------------------------------------------------------------------------------------------------


def test_a_matrix_comes_back_as_it_was_stored() -> None:
    one = matrix(codes(300))
    other = Matrix.from_frame(WAVE, one.variables, one.to_frame())
    query = asked("life", "gender", geography=REGION)
    same = [Builder(each, load_builder_policy()).perturbed(query.axes) for each in (one, other)]
    assert (same[0] == same[1]).all()
    assert one.to_frame()["record_key"].is_monotonic_increasing


def test_a_matrix_of_other_variables_is_refused() -> None:
    one = matrix(codes(30))
    with pytest.raises(DisclosureError, match="prepare it again"):
        Matrix.from_frame(WAVE, one.variables, one.to_frame().drop(columns="life"))
    bad = one.to_frame()
    bad.loc[0, "life"] = 200
    with pytest.raises(DisclosureError, match="prepare it again"):
        Matrix.from_frame(WAVE, one.variables, bad)


def test_more_children_than_can_be_summed_exactly_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.builder_matrix.MOST", 31)
    assert builder(30).matrix.cube((Axis("life"),))[..., 0].sum() == 30
    with pytest.raises(DisclosureError, match="smaller waves"):
        builder(31)


def test_leaf_cubes_are_forgotten_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.builder_matrix.CUBES", 300)
    asking = builder(100)
    for name in ("life", "home", "gender", "life"):
        asking.perturbed(asked(name).axes)
    cubes: OrderedDict[object, np.ndarray] = asking.matrix._cubes  # type: ignore[assignment, type-arg]
    assert sum(cube.nbytes for cube in cubes.values()) <= 300
    assert [axis.name for axes in cubes for axis in axes][-1] == "life"  # type: ignore[attr-defined]


def test_the_declared_variables_can_all_be_asked_for() -> None:
    known = variables_of(load_table_specs(load_survey()))
    assert {"age_band", "area", "gender", "life_overall", "important-education"} <= set(known)
    assert "not_asked" in known["gender"].dimension.leaves
    assert known["area"].levels == ("", "region")


# -- the policy and its bound ------------------------------------------------------------------------------------------------


def test_the_bound_is_the_one_of_its_formula() -> None:
    assert certainty(0, 4) == 0.5
    assert certainty(16, 4) == pytest.approx(NormalDist().cdf(1))
    assert certainty(8, 4) == pytest.approx(NormalDist().cdf(sqrt(2) / 2))


def test_readings_of_a_child_are_counted_one_by_one() -> None:
    # life (1 way) with nobody else, or beside age (1), gender (2: its code and the group it is in) or home (1).
    policy = load_builder_policy()
    gender_of_life = 2 * (1 + 1 + 1 + 1)  # gender turned on: two ways, beside nothing, age, home or life
    assert readings(variables(), policy) == max(1 + 1 + 2 + 1, gender_of_life)
    assert readings(variables(), replace(policy, most_variables_council=1)) == 2


def test_the_policy_keeps_its_promise_and_one_that_does_not_is_refused() -> None:
    policy, known = load_builder_policy(), variables_of(load_table_specs(load_survey()))
    assert require_bound(known, policy) <= policy.most_certainty
    with pytest.raises(DisclosureError, match="allow fewer variables"):
        require_bound(known, replace(policy, most_variables_council=3))
    with pytest.raises(DisclosureError, match="allow fewer variables"):
        require_bound(known, replace(policy, options_by_council=True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value: 5\n", "value: x\n"), ("value: 5\n", "value: 6\n"), ("value: 2\n", "value: true\n"), ("census-cell-key\n", "strict\n"),
        ("value: 0.92", "value: 0.4"), ("  source: ours\n", "  sauce: ours\n"), ("value: 25000", "value: 0")
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_trusted_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = POLICY.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DisclosureError):
        load_builder_policy(path)
