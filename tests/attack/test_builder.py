"""Attacks on the table builder. Each says what was gained (`pytest -rP`), stays under the bound, and succeeds without protection.

A trial is a small world under record keys of its own; a bound on a probability is met if the number of right guesses is not above
what the bound makes likely (three standard deviations). Seeds are fixed.
"""

from __future__ import annotations

from itertools import combinations, product
from math import log, sqrt

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from pipeline.builder_answer import Answer, Builder
from pipeline.builder_bound import certainty, readings
from pipeline.builder_matrix import AREA, Matrix
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_query import COUNCIL, Query
from tests.builder_samples import COUNCILS, WAVE, Unprotected, builder, cell, codes, matrix, truth, variables

POLICY = load_builder_policy()
VARIANCE = POLICY.disclosure.perturbation_variance


def likely(bound: float, trials: int) -> float:
    """The most right guesses that a probability of at most `bound` makes likely."""
    return trials * bound + 3 * sqrt(trials * bound * (1 - bound))


def asked(*by: str, geography: str = "england", where: tuple[str, str] | None = None) -> Query:
    return Query(WAVE, tuple((name, "") for name in by), geography, where)


def world(trial: int, secret: bool, children: int = 400) -> Matrix:
    """Children of whom exactly one in council n1 is of gender "another": the target. `secret`: it is in care, or it is not."""
    given = codes(children, trial)
    given["gender"][given["gender"] >= 2] = 0
    given["area"][0], given["gender"][0], given["home"][0] = 0, 2, int(secret)
    return matrix(given, trial)


# -- differencing of populations, and trackers --------------------------------------------------------------------------------


def difference(asking: Builder) -> float:
    """Children in care in n1, less girls and boys in care there: the target, if it is in care."""
    where = ("area", "n1")
    everyone = cell(asking.ask(asked("home", where=where)), home="care")
    known = asking.ask(asked("home", "gender", where=where))
    parts = [cell(known, home="care", gender=gender) for gender in ("girl", "boy")]
    return float((everyone or 0) - sum(part or 0 for part in parts))


def test_populations_that_differ_by_one_child() -> None:
    trials, right, right_unprotected = 300, 0, 0
    for trial in range(trials):
        secret = bool(trial % 2)
        one = world(trial, secret)
        right += (difference(Builder(one, POLICY)) >= 0.5) == secret
        right_unprotected += (difference(Unprotected(one, POLICY)) >= 0.5) == secret
    print("right guesses of 300", right)
    assert right_unprotected == trials
    assert right <= likely(certainty(1, 3 * VARIANCE), trials)


def tracker(asking: Builder) -> float:
    """Schlörer's tracker: all in care, less those who are not what the target is, through England and its councils."""
    total = cell(asking.ask(asked("home", "gender", where=("area", "n1"))), home="care")
    fathers = cell(asking.ask(asked("home", where=("area", "n1"))), home="parents")
    whole = cell(asking.ask(asked("home", where=("area", "n1"))))
    parts = asking.ask(asked("home", "gender", where=("area", "n1")))
    apart = [cell(parts, home="care", gender=gender) or 0 for gender in ("girl", "boy")]
    return float(((whole or 0) - (fathers or 0) + (total or 0)) / 2 - sum(apart))


def test_a_tracker() -> None:
    trials, right, right_unprotected = 300, 0, 0
    for trial in range(trials):
        secret = bool(trial % 2)
        one = world(trial, secret)
        right += (tracker(Builder(one, POLICY)) >= 0.5) == secret
        right_unprotected += (tracker(Unprotected(one, POLICY)) >= 0.5) == secret
    print("right guesses of 300", right)
    assert right_unprotected == trials
    # (whole - parents + total) / 2 - girls - boys: a variance of (1/4 + 1/4 + 1/4 + 1 + 1) times the policy's
    assert right <= likely(certainty(1, 2.75 * VARIANCE), trials)


# -- differencing of nested geographies ------------------------------------------------------------------------------------------


def withheld_council(asking: Builder) -> float:
    """What is not shown of a small council: its region less the others."""
    region = cell(asking.ask(Query(WAVE, (("life", ""),), "region")), area="north", life="sad")
    table = asking.ask(asked("life", geography=COUNCIL))
    return float((region or 0) - sum(cell(table, area=council, life="sad") or 0 for council in ("n1", "n2")))


def test_nested_geographies() -> None:
    errors, unprotected = [], []
    for trial in range(200):
        given = codes(600, trial)
        given["area"][given["area"] == 2] = 0
        given["area"][:5] = 2  # five children live in n3
        true = truth(given, area="n3", life="sad")
        one = matrix(given, trial)
        assert cell(Builder(one, POLICY).ask(asked("life", geography=COUNCIL)), area="n3", life="sad") is None
        errors.append(withheld_council(Builder(one, POLICY)) - true)
        unprotected.append(withheld_council(Unprotected(one, POLICY)) - true)
    spread = float(np.sqrt(np.mean(np.square(errors))))
    print("root mean square error in children", spread)
    assert not any(unprotected)
    assert spread >= 0.85 * sqrt(3 * VARIANCE)  # three counts, each moved by itself
    assert abs(np.mean(errors)) < 1  # and no bias to correct


# -- averaging ----------------------------------------------------------------------------------------------------------------------


def views(asking: Builder) -> list[int]:
    """The boys of n1, asked for in many ways: other orders, other margins, as a population, with areas and without."""
    found: list[int | None] = []
    others = ["life", "home", "age_band"]
    for other in (None, *others):
        by = ("gender", *([other] if other else []))
        for order in (by, by[::-1]):
            found.append(cell(asking.ask(asked(*order, geography=COUNCIL)), area="n1", gender="boy"))
            found.append(cell(asking.ask(asked(*order, where=("area", "n1"))), gender="boy"))
        if other:
            found.append(cell(asking.ask(asked(other, geography=COUNCIL, where=("gender", "boy"))), area="n1"))
    return [value for value in found if value is not None]


def test_asking_again_in_other_words_gains_nothing() -> None:
    """Drawn anew for each question, the changes average out: that is the attack that keys of the children themselves prevent."""
    once, anew = [], []
    for trial in range(60):
        given = codes(400, trial)
        true = truth(given, area="n1", gender="boy")
        found = views(Builder(matrix(given, trial), POLICY))
        assert len(found) >= 15
        assert len(set(found)) == 1
        once.append(float(np.mean(found)) - true)
        boys = asked("gender", where=("area", "n1"))
        redrawn = [cell(Builder(matrix(given, 1000 * trial + again), POLICY).ask(boys), gender="boy") or 0 for again in range(40)]
        anew.append(float(np.mean(redrawn)) - true)
    print("root mean square error, 19 ways to ask", float(np.std(once)))
    print("root mean square error, changes drawn anew 40 times", float(np.std(anew)))
    assert np.std(once) >= 0.8 * sqrt(VARIANCE)
    assert np.std(anew) <= 0.5


# -- everything that can be asked about one child ------------------------------------------------------------------------------------


def everything(asking: Builder, target: dict[str, str]) -> dict[frozenset[tuple[str, str]], int]:
    """Every value that the builder shows in the target's council of a set that turns on its secret: home is care."""
    known = variables()
    found: dict[frozenset[tuple[str, str]], int] = {}
    by: tuple[str, ...]
    for by in (("home",), *combinations(["home", "life", "gender", "age_band", "wants-a", "wants-b"], 2)):
        if "home" not in by:
            continue
        table = asking.ask(asked(*by, geography=COUNCIL), suggest=False)
        other = next((name for name in by if name != "home"), None)
        options = known[other].dimension.codes if other else ("Total",)
        leaf = known[other].dimension.leaves.index(target[other]) if other else 0
        for code in options:
            if other and code != "Total" and not known[other].leaves_below(code)[leaf]:
                continue
            named = {AREA: "n1", "home": "care"} | ({other: code} if other and code != "Total" else {})
            value = cell(table, **{AREA: "n1", "home": "care", **({other: code} if other else {})})
            if value is not None:
                found[frozenset(named.items())] = value
    return found


def omniscient(asking: Builder, given: dict[str, np.ndarray], target: dict[str, str]) -> tuple[bool, int]:  # type: ignore[type-arg]
    """The likelier secret for a reader who knows all others exactly; and from how many readings. A coin, if neither is likelier."""
    table, score = POLICY.disclosure.perturbation, 0.0
    others = {name: column[1:] for name, column in given.items()}
    seen = everything(asking, target)
    for named, value in seen.items():
        without = truth(others, **dict(named))
        for count, sign in ((without + 1, 1), (without, -1)):
            shares = table.shares[min(count, table.rules.last)]
            score += sign * log(max(shares.get(value - count, 0) / table.rules.keys, 1e-9))
    return score > 0 if score else bool(len(given[AREA]) % 2), len(seen)


def test_all_small_queries_about_one_child_by_one_who_knows_all_others() -> None:
    trials, right, most, unprotected = 200, 0, 0, 0
    for trial in range(trials):
        secret = bool(np.random.default_rng(trial + 5).integers(2))
        given = codes(250, trial)
        given["area"][0], given["home"][0] = 0, int(secret)
        target = {name: variables()[name].dimension.leaves[given[name][0]] for name in given}
        one = matrix(given, trial)
        guess, number = omniscient(Builder(one, POLICY), given, target)
        right, most = right + (guess == secret), max(most, number)
        others = {name: column[1:] for name, column in given.items()}
        open_value = cell(Unprotected(one, POLICY).ask(asked("home", geography=COUNCIL)), area="n1", home="care")
        unprotected += (open_value == truth(others, area="n1", home="care") + 1) == secret
    print("right guesses of 200", right)
    print("readings", most)
    assert unprotected == trials
    assert most <= readings(variables(), POLICY)
    assert right <= likely(certainty(readings(variables(), POLICY), VARIANCE), trials)
    assert right <= likely(POLICY.most_certainty, trials)


# -- reconstruction by linear programming -----------------------------------------------------------------------------------------------

INNER = (AREA, "age_band", "gender", "life", "home")


def answers(asking: Builder, number: int) -> tuple[sparse.csr_matrix, np.ndarray, int]:  # type: ignore[type-arg]
    """At least so many answered cells: which inner cells each sums (each set once), its value, and how many cells were answered."""
    known = variables()
    leaves = [known[name].dimension.leaves for name in INNER]
    sums: dict[tuple[str, ...], float] = {}
    answered = 0
    names = [name for name in INNER if name != AREA]
    queries = [
        Query(WAVE, tuple((name, "") for name in by), geography, where)
        for many in range(1, 5)
        for by in combinations(names, many)
        for geography in ("england", "region", "council")
        for where in (None, *((name, code) for name in names if name not in by for code in known[name].dimension.codes[1:]))
    ] + [
        Query(WAVE, tuple((name, "") for name in by), "england", (AREA, code))
        for many in range(1, 5)
        for by in combinations(names, many)
        for code in known[AREA].dimension.codes[1:]
    ]
    for query in queries * 3:  # and again: nothing is gained by it
        found = asking.ask(query, suggest=False)
        if isinstance(found, Answer):
            for codes_of in product(*(d.codes for d in found.dimensions)):
                named = {d.name: code for d, code in zip(found.dimensions, codes_of, strict=True)} | (
                    dict([query.where]) if query.where else {}
                )
                value = cell(found, **named)
                if value is not None:
                    sums[tuple(named.get(name, "Total") for name in INNER)] = float(value)
                    answered += 1
        if answered >= number and isinstance(asking, Unprotected) and len(sums) > 2000:
            break
    rows = []
    for cut in sums:
        row = np.ones(1)
        for name, code, _ in zip(INNER, cut, leaves, strict=True):
            row = np.kron(row, known[name].leaves_below(code).astype(float))
        rows.append(row)
    return sparse.csr_matrix(np.array(rows)), np.array(list(sums.values())), answered


def reconstruct(asking: Builder, number: int) -> tuple[np.ndarray, int]:  # type: ignore[type-arg]
    """The inner cells that fit the answers best: least sum of absolute differences, none negative."""
    sums, values, answered = answers(asking, number)
    equations, unknowns = sums.shape
    eye = sparse.identity(equations, format="csr")
    cost = np.concatenate([np.zeros(unknowns), np.ones(2 * equations)])
    found = linprog(cost, A_eq=sparse.hstack([sums, eye, -eye], format="csr"), b_eq=values, bounds=(0, None), method="highs")
    assert found.status == 0
    return found.x[:unknowns], answered


@pytest.mark.parametrize("protected", [True, False])
def test_reconstruction_from_ten_thousand_answers(protected: bool) -> None:
    given = codes(700, 3)
    one = matrix(given, 3)
    shape = tuple(len(variables()[name].dimension.leaves) for name in INNER)
    true = np.bincount(np.ravel_multi_index([given[name] for name in INNER], shape), minlength=int(np.prod(shape)))
    guess, answered = reconstruct(Builder(one, POLICY) if protected else Unprotected(one, POLICY), 10_000)
    assert answered >= 10_000
    # Children whom area, age and gender alone tell apart: what they answered, guessed as the likeliest cell.
    cells, guesses = true.reshape(*shape[:3], -1), guess.reshape(*shape[:3], -1)
    alone = np.argwhere(cells.sum(axis=-1) == 1)
    right = sum(int(cells[tuple(at)].argmax() == guesses[tuple(at)].argmax()) for at in alone)
    exact = float((np.rint(guess) == true)[true > 0].mean())
    usual = cells.sum(axis=(0, 1, 2)).argmax()
    by_custom = sum(int(cells[tuple(at)].argmax() == usual) for at in alone)
    print("children told apart", len(alone))
    print("their answers guessed rightly", right)
    print("guessed rightly by the commonest answer", by_custom)
    print("cells with children that are exact", exact)
    assert len(alone) >= 3
    if protected:
        assert right <= likely(POLICY.most_certainty, len(alone))
        assert exact <= 0.5
    else:
        assert right == len(alone)
        assert exact == 1


def test_the_attacks_have_councils_to_work_on() -> None:
    found = builder(4000).ask(asked("home", geography=COUNCIL))
    assert isinstance(found, Answer)
    assert all(cell(found, area=council) is not None for council in COUNCILS)
