"""Perturbation tables keep what they state, exactly; the cell key moves the same cell alike wherever it appears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import OptimizeResult

from disclosure.error import DisclosureError
from disclosure.perturbation import Perturbation, PerturbationTable, _largest_entropy, generate, read_perturbation
from disclosure.policy import FOLDER, load_policy, perturbation_rules

RULES = Perturbation(variance=2.0, maximum=4, smallest=3, keys=55_440)
TABLE = generate(RULES)


@st.composite
def rules(draw: st.DrawFn) -> Perturbation:
    maximum = draw(st.integers(2, 7))
    smallest = draw(st.integers(1, min(4, maximum)))
    variance = draw(st.integers(1, 2 * maximum)) / 2
    return Perturbation(min(variance, maximum**2 / 3), maximum, smallest, 55_440)  # 55440 divides by 2 to 12


@settings(max_examples=12, deadline=None)
@given(rules())
def test_every_generated_table_keeps_its_rules_in_whole_numbers(rules: Perturbation) -> None:
    table = generate(rules)
    assert table.shares[0] == {0: rules.keys}
    for count, shares in enumerate(table.shares):
        assert sum(shares.values()) == rules.keys
        assert sum(change * keys for change, keys in shares.items()) == 0
        assert max(abs(change) for change in shares) <= rules.maximum
        assert all(count + change == 0 or count + change >= rules.smallest for change in shares)
        if count >= rules.maximum + rules.smallest - 1:
            assert table.variance(count) == pytest.approx(rules.variance, abs=2 / rules.keys)


def test_a_full_row_has_the_largest_entropy_of_any_unbiased_row_with_its_variance() -> None:
    """Any small step within mean and variance lowers the entropy: checked along every direction of the null space."""
    shares = TABLE.shares[RULES.last]
    change = np.arange(-RULES.maximum, RULES.maximum + 1)
    p = np.array([shares[int(each)] for each in change]) / RULES.keys

    def entropy(q: np.ndarray) -> float:
        return float(-(q * np.log(q)).sum())

    null = np.linalg.svd(np.stack([np.ones(len(change)), change, change**2]))[2][3:]
    for direction in null:
        for step in (-1e-3, 1e-3):
            moved = p + step * direction
            assert (moved > 0).all()
            assert entropy(moved) < entropy(p)


def test_where_the_variance_cannot_be_had_the_nearest_is_taken() -> None:
    wide = generate(Perturbation(variance=9.0, maximum=4, smallest=3, keys=55_440))
    assert wide.variance(1) == pytest.approx(1 * 4)  # 0 or 5
    assert wide.variance(4) == pytest.approx(9.0, abs=1e-4)
    narrow = generate(Perturbation(variance=1.0, maximum=4, smallest=3, keys=55_440))
    assert narrow.shares[1] == {-1: 36_960, 2: 18_480}


@pytest.mark.parametrize(
    ("variance", "maximum", "smallest", "keys"),
    [(0, 4, 3, 256), (16, 4, 3, 256), (2, 4, 0, 256), (2, 4, 6, 256), (2, 4, 3, 255), (2, 4, 3, 65_537), (2, 101, 3, 256)],
)
def test_rules_that_make_no_sense_are_refused(variance: float, maximum: int, smallest: int, keys: int) -> None:
    with pytest.raises(DisclosureError):
        Perturbation(variance, maximum, smallest, keys)


def test_the_bounds_of_the_rules_themselves_are_allowed() -> None:
    assert Perturbation(15.9, 4, 5, 256).last == 9
    assert Perturbation(2, 100, 1, 65_536).last == 101


def test_keys_that_cannot_be_shared_out_without_bias_are_refused() -> None:
    with pytest.raises(DisclosureError, match="another number of keys"):
        generate(Perturbation(1.0, 4, 3, 65_536))  # thirds of 65536


def with_row(count: int, shares: Mapping[int, int]) -> tuple[Mapping[int, int], ...]:
    return (*TABLE.shares[:count], shares, *TABLE.shares[count + 1 :])


@pytest.mark.parametrize(
    ("count", "shares", "problem"),
    [
        (0, {0: 55_439, 1: 1}, "leaves"),  # a zero that moves
        (1, {-1: 27_720, 1: 27_720}, "leaves"),  # a 2 that appears
        (7, {-1: 20_000, 1: 20_000}, "leaves"),  # keys missing
        (7, {-1: 27_721, 1: 27_719}, "biased"),
        (7, {-1: 27_720, 1: 27_720}, "variance"),
        (7, {-5: 27_720, 5: 27_720}, "leaves"),
        (7, {0: 55_440, 1: 0}, "leaves"),
        (7, {}, "leaves"),
    ],
)
def test_a_table_that_breaks_its_rules_is_refused(count: int, shares: Mapping[int, int], problem: str) -> None:
    with pytest.raises(DisclosureError, match=problem):
        PerturbationTable(RULES, with_row(count, shares))


@pytest.mark.parametrize(
    ("variance", "moved", "refused"),
    [
        (1.0, 128, False),
        (1.0, 127, False),  # two too few squares
        (1.0, 126, True),
        (1 + 0.5 / 256, 127, True),  # two and a half
    ],
)
def test_the_variance_is_kept_to_within_two_squares(variance: float, moved: int, refused: bool) -> None:
    rules, rest = Perturbation(variance, 2, 1, 256), 256 - 2 * moved
    row = {-1: moved, 1: moved} | ({0: rest} if rest else {})
    rows = ({0: 256}, row, row, row)
    if refused:
        with pytest.raises(DisclosureError, match="variance"):
            PerturbationTable(rules, rows)
    else:
        assert PerturbationTable(rules, rows).variance(9) == 2 * moved / 256


def test_a_change_that_one_key_alone_brings_is_a_share() -> None:
    row = {-1: 128, 0: 1, 1: 128}
    assert PerturbationTable(Perturbation(1.0, 2, 1, 257), ({0: 257}, row, row, row)).shares[1] == row


def test_the_changes_of_a_count_leave_nothing_from_one_to_below_the_smallest() -> None:
    changes = [RULES.changes(count).tolist() for count in range(9)]
    assert changes[0] == [0]
    for count in range(1, 9):
        assert changes[count] == [change for change in range(-4, 5) if count + change == 0 or count + change >= 3]
    assert RULES.last == 7


@pytest.mark.parametrize(
    ("count", "variance", "shares"),
    [
        (0, 0.0, [1]),
        (1, 2.0, [2 / 3, 1 / 3, 0, 0]),  # the least that there is: -1 and 2
        (2, 2.0, [1 / 3, 2 / 3, 0, 0, 0]),  # -2 and 1
        (1, 4.0, [4 / 5, 0, 0, 1 / 5]),  # the most: -1 and 4
        (7, 16.0, [1 / 2, 0, 0, 0, 0, 0, 0, 0, 1 / 2]),
    ],
)
def test_at_the_edge_of_what_variance_there_is_two_changes_share_all_keys(count: int, variance: float, shares: list[float]) -> None:
    assert _largest_entropy(RULES.changes(count), variance).tolist() == pytest.approx(shares, abs=0)


@pytest.mark.parametrize("missed", [-0.5, -1e-5, 1e-5, 0.5])
def test_shares_that_miss_their_variance_are_refused(missed: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("disclosure.perturbation.root", lambda *_, **__: OptimizeResult(x=np.zeros(2)))  # all changes alike
    change = RULES.changes(RULES.last)
    alike = float((change**2).mean())
    assert _largest_entropy(change, alike).tolist() == [1 / 9] * 9
    with pytest.raises(DisclosureError, match="no perturbation has this variance"):
        _largest_entropy(change, alike + missed)


def test_a_table_of_too_few_rows_is_refused() -> None:
    with pytest.raises(DisclosureError, match="0 to 7"):
        PerturbationTable(RULES, TABLE.shares[:-1])


def test_a_table_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    TABLE.write(tmp_path / "t.csv")
    assert read_perturbation(tmp_path / "t.csv", RULES) == TABLE
    lines = [f"{count},{change},{keys}\n" for count, shares in enumerate(TABLE.shares) for change, keys in shares.items()]
    assert (tmp_path / "t.csv").read_bytes().decode() == "count,change,keys\n" + "".join(lines)


@pytest.mark.parametrize(
    "change", [lambda text: text.replace("count", "n"), lambda text: text + "9,0,5\n", lambda text: text + "7,0,5\n", lambda _: ""]
)
def test_a_damaged_file_is_refused(tmp_path: Path, change: object) -> None:
    TABLE.write(tmp_path / "t.csv")
    text = (tmp_path / "t.csv").read_text()
    (tmp_path / "t.csv").write_text(change(text))  # type: ignore[operator]
    with pytest.raises(DisclosureError, match="no perturbation table"):
        read_perturbation(tmp_path / "t.csv", RULES)


def test_the_policys_table_is_the_one_that_its_numbers_give() -> None:
    policy = load_policy("census-cell-key")
    assert policy.perturbation == generate(perturbation_rules(policy))


def test_a_policy_whose_table_belongs_to_other_numbers_is_refused(tmp_path: Path) -> None:
    for path in FOLDER.glob("census-cell-key*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    policy = replace(load_policy(tmp_path / "census-cell-key.yaml"), perturbation_variance=5.0)
    with pytest.raises(DisclosureError, match="variance"):
        _ = policy.perturbation


def test_each_key_is_used_as_often_as_its_share_says_and_in_an_order_of_its_own() -> None:
    lookup = TABLE.lookup
    for count, shares in enumerate(TABLE.shares):
        found, times = np.unique(lookup[count], return_counts=True)
        assert dict(zip(found.tolist(), times.tolist(), strict=True)) == dict(shares)
    row = lookup[RULES.last].astype(float)
    for step in (1, 2, 17, 1000):  # keys a child's record apart are moved independently
        assert abs(np.corrcoef(row, np.roll(row, step))[0, 1]) < 0.03
    assert abs(np.corrcoef(row, lookup[RULES.last - 1])[0, 1]) < 0.03


def test_perturbing_looks_up_count_and_key() -> None:
    counts, keys = np.array([[0, 1], [7, 900]]), np.array([[5, 5], [0, 55_439]])
    expected = counts + np.array([[0, TABLE.lookup[1, 5]], [TABLE.lookup[7, 0], TABLE.lookup[7, 55_439]]])
    assert (TABLE.perturb(counts, keys) == expected).all()
    assert TABLE.perturb(counts, keys).dtype == np.int64


@pytest.mark.parametrize(("counts", "keys"), [([-1], [0]), ([1], [-1]), ([1], [55_440]), ([1, 2], [0])])
def test_counts_and_keys_out_of_range_are_refused(counts: list[int], keys: list[int]) -> None:
    with pytest.raises(DisclosureError):
        TABLE.perturb(np.array(counts), np.array(keys))


def test_nothing_to_perturb_is_nothing() -> None:
    assert TABLE.perturb(np.zeros(0, np.int64), np.zeros(0, np.int64)).size == 0
