"""The cell key: the same children read the same in every table, and what is changed has the moments that theory states."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from disclosure.cell_key import cell_keys, margins, perturb, perturb_means, perturb_sums, record_keys
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.policy import load_policy
from disclosure.table import Table

CHANGES = load_policy("census-cell-key").perturbation
KEYS = CHANGES.rules.keys
VARIANCE = CHANGES.variance(CHANGES.rules.last)
SECRET = bytes(range(32))
CHILDREN = 4_000
RANDOM = np.random.default_rng(11)
IDS = [RANDOM.bytes(16) for _ in range(CHILDREN)]
RECORDS = record_keys(IDS, SECRET, KEYS)
PLACE, AGE, WISH = (RANDOM.integers(0, size, CHILDREN) for size in (12, 5, 4))
DIMENSIONS = {
    "place": Dimension.tree("place", {f"p{k}": f"r{k // 4}" for k in range(12)}),
    "age": Dimension.flat("age", [f"a{k}" for k in range(5)]),
    "wish": Dimension.flat("wish", [f"w{k}" for k in range(4)]),
}
CODES = {
    "place": np.array([DIMENSIONS["place"].leaves.index(f"p{k}") for k in range(12)])[PLACE],
    "age": AGE,
    "wish": WISH,
}


def build(*names: str, children: np.ndarray | None = None) -> tuple[Table, np.ndarray]:
    """A table of some children, and the cell keys of its inner cells."""
    chosen = np.ones(CHILDREN, bool) if children is None else children
    dimensions = tuple(DIMENSIONS[name] for name in names)
    shape = tuple(len(d.leaves) for d in dimensions)
    cells = np.ravel_multi_index(tuple(CODES[name][chosen] for name in names), shape)
    inner = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    keys = cell_keys(cells, RECORDS[chosen], inner.size, KEYS).reshape(shape)
    return Table("-".join(names), dimensions, margins(inner, dimensions)), keys


def test_the_margins_are_those_of_a_table() -> None:
    table, _ = build("place", "age")
    frame = pd.DataFrame({"place": [f"p{k}" for k in PLACE], "age": [f"a{k}" for k in AGE]}).value_counts().rename("n").reset_index()
    assert (Table.from_inner("t", table.dimensions, frame).counts == table.counts).all()


def test_record_keys_stay_the_same_and_spread_evenly() -> None:
    assert (record_keys(IDS, SECRET, KEYS) == RECORDS).all()
    assert (record_keys(IDS[::-1], SECRET, KEYS)[::-1] == RECORDS).all()
    assert (record_keys(IDS, SECRET[::-1], KEYS) != RECORDS).mean() > 0.99
    assert (record_keys(IDS, SECRET, KEYS, "happiness") != RECORDS).mean() > 0.99
    filled = np.bincount(RECORDS // (KEYS // 16), minlength=16)
    assert ((filled - CHILDREN / 16) ** 2 / (CHILDREN / 16)).sum() < 45  # chi-squared of 15 degrees of freedom, far in its tail
    assert record_keys(IDS, SECRET, 1000).max() == 999


@pytest.mark.parametrize(("secret", "keys"), [(SECRET[:15], KEYS), (SECRET, 255), (SECRET, 65_537)])
def test_a_short_secret_or_too_few_keys_are_refused(secret: bytes, keys: int) -> None:
    with pytest.raises(DisclosureError):
        record_keys(IDS, secret, keys)


def test_a_secret_of_sixteen_bytes_and_256_keys_are_enough() -> None:
    assert record_keys(IDS, SECRET[:16], 256).max() == 255


def test_a_record_outside_the_table_is_refused() -> None:
    with pytest.raises(DisclosureError, match="lies in a cell"):
        cell_keys(np.array([0, 4]), np.array([1, 1]), 4, KEYS)
    with pytest.raises(DisclosureError, match="each record"):
        cell_keys(np.array([0]), np.array([1, 1]), 4, KEYS)


def test_keys_of_another_table_are_refused() -> None:
    table, keys = build("place", "age")
    with pytest.raises(DisclosureError, match="one cell key"):
        perturb(table, keys.T, CHANGES)


def test_the_same_cell_reads_the_same_in_every_table() -> None:
    whole, keys = build("place", "age", "wish")
    cube = perturb(whole, keys, CHANGES)
    pair, keys = build("age", "place")
    assert (cube[:, :, 0] == perturb(pair, keys, CHANGES).T).all()
    single, keys = build("wish")
    assert (perturb(single, keys, CHANGES) == cube[0, 0]).all()
    filtered, keys = build("place", "age", children=WISH == 2)
    assert (perturb(filtered, keys, CHANGES) == cube[:, :, whole.dimensions[2].index["w2"]]).all()


def test_totals_are_perturbed_by_themselves() -> None:
    table, keys = build("place", "age", "wish")
    shown = perturb(table, keys, CHANGES)
    assert (shown[:, 0, :] != shown[:, 1:, :].sum(axis=1)).mean() > 0.5
    assert (shown[table.counts == 0] == 0).all()
    assert not np.isin(shown, range(1, CHANGES.rules.smallest)).any()


def test_counts_and_their_differences_have_the_moments_of_the_theory() -> None:
    """One count: mean 0, variance V. A difference of two cells: 2 V. A total less its m parts: (m + 1) V. Each exact over the keys."""
    rng = np.random.default_rng(5)
    many = 400_000
    for count in range(CHANGES.rules.last + 3):
        moved = CHANGES.lookup[min(count, CHANGES.rules.last)].astype(np.int64)
        assert moved.sum() == 0
        assert (moved**2).sum() == pytest.approx(CHANGES.variance(count) * KEYS)
    inner = rng.integers(0, KEYS, (5, many))
    total = inner.sum(axis=0) % KEYS
    counts = np.full((5, many), 40)
    parts, whole = CHANGES.perturb(counts, inner), CHANGES.perturb(counts.sum(axis=0), total)
    gap = whole - parts.sum(axis=0)
    assert gap.mean() == pytest.approx(0, abs=4 * np.sqrt(6 * VARIANCE / many))
    assert gap.var() == pytest.approx(6 * VARIANCE, rel=0.02)
    child = rng.integers(0, KEYS, many)
    difference = CHANGES.perturb(counts[0] + 1, (inner[0] + child) % KEYS) - parts[0]
    assert difference.mean() == pytest.approx(1, abs=4 * np.sqrt(2 * VARIANCE / many))
    assert difference.var() == pytest.approx(2 * VARIANCE, rel=0.02)


def test_one_child_more_is_told_by_no_child_however_its_own_key_lies() -> None:
    """Many pairs of cells that differ by the same child: for no key of that child do the changes go together."""
    rng = np.random.default_rng(6)
    cells = rng.integers(0, KEYS, 20_000)
    counts = np.full(len(cells), 30)
    for child in [1, 2, 3, KEYS - 1, KEYS // 2, KEYS // 4, 12_345]:
        with_child = CHANGES.perturb(counts + 1, (cells + child) % KEYS)
        difference = with_child - CHANGES.perturb(counts, cells)
        assert difference.var() > 1.8 * VARIANCE


def test_sums_are_unbiased_with_a_variance_of_the_unit() -> None:
    rng = np.random.default_rng(7)
    keys, counts, sums = rng.integers(0, KEYS, 300_000), np.full(300_000, 25), np.full(300_000, 80.0)
    shown = perturb_sums(sums, counts, 4.0, keys, CHANGES)
    assert shown.mean() == pytest.approx(80, abs=4 * 4 * np.sqrt(VARIANCE / len(keys)))
    assert shown.var() == pytest.approx(16 * VARIANCE, rel=0.02)
    by_count = CHANGES.change(counts, rng.integers(0, KEYS, len(keys)))  # keys of their own
    assert abs(np.corrcoef(shown, by_count)[0, 1]) < 0.01
    assert perturb_sums(np.zeros(1), np.zeros(1, np.int64), 4.0, np.array([9]), CHANGES).tolist() == [0.0]
    moving = int(np.flatnonzero(CHANGES.lookup[CHANGES.rules.last])[0])
    assert perturb_sums(np.array([5.0]), np.array([1]), 4.0, np.array([moving]), CHANGES)[0] != 5.0


def test_a_mean_is_the_perturbed_sum_over_the_perturbed_count_and_stays_in_range() -> None:
    counts, shown = np.array([40, 40, 9, 0, 40]), np.array([42, 30, 30, 0, 29])
    sums = np.array([160.0, 200.0, 30.0, 0.0, 100.0])
    keys = np.arange(5)
    means = perturb_means(sums, counts, (1, 5), keys, shown, 30, CHANGES)
    moved = CHANGES.lookup[CHANGES.rules.last][:5].astype(float)
    assert means[0] == pytest.approx(3 + (160 - 120 + 2 * moved[0]) / 42)
    assert means[1] == 5.0  # (80 + 2 * change) / 30 above the middle: more than the range has
    assert np.isnan(means[3:]).all()
    assert not np.isnan(means[2])
    with pytest.raises(DisclosureError, match="range"):
        perturb_means(np.array([201.0]), np.array([40]), (1, 5), np.array([1]), np.array([40]), 30, CHANGES)
    with pytest.raises(DisclosureError, match="bound"):
        perturb_means(sums, counts, (5, 5), keys, shown, 30, CHANGES)


def test_a_mean_at_the_edges_of_its_range_and_base() -> None:
    down = int(np.flatnonzero(CHANGES.lookup[CHANGES.rules.last] == -3)[0])
    one = (np.array([down]), np.array([1]))
    assert perturb_means(np.array([40.0]), np.array([40]), (1, 5), one[0], np.array([30]), 30, CHANGES).tolist() == [1.0]
    assert perturb_means(np.array([3.0]), np.array([1]), (1, 5), one[0], one[1], 1, CHANGES).tolist() == [1.0]
    assert np.isnan(perturb_means(np.array([0.0]), np.array([0]), (1, 5), one[0], one[1], 1, CHANGES)[0])
    with pytest.raises(DisclosureError, match="smallest base"):
        perturb_means(np.array([3.0]), np.array([1]), (1, 5), *one, 0, CHANGES)
    with pytest.raises(DisclosureError, match="lies outside"):
        perturb_means(np.array([39.5]), np.array([40]), (1, 5), one[0], np.array([40]), 30, CHANGES)
    with pytest.raises(DisclosureError, match="lies outside"):
        perturb_means(np.array([200.5]), np.array([40]), (1, 5), one[0], np.array([40]), 30, CHANGES)


def test_a_cell_key_is_the_sum_of_its_records_keys() -> None:
    assert cell_keys(np.array([0, 2, 0, 2]), np.array([200, 3, 100, 4]), 4, 256).tolist() == [44, 0, 7, 0]
    assert cell_keys(np.zeros(0, np.int64), np.zeros(0, np.int64), 2, 256).tolist() == [0, 0]


def test_of_a_long_secret_sixty_four_bytes_are_used_and_keys_take_two_bytes_each() -> None:
    long = bytes(range(100))
    assert (record_keys(IDS, long, KEYS) == record_keys(IDS, long[:64], KEYS)).all()
    assert (record_keys(IDS, long, KEYS) != record_keys(IDS, long[:63], KEYS)).any()
    assert record_keys(IDS[:3], SECRET, KEYS).dtype == np.uint16
