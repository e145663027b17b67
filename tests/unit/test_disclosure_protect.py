"""What `protect` gives: tables with their statuses, what it says of them, and its refusals."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import disclosure.protect as protect_module
from disclosure.differencing import Meanings
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError, Unprotected
from disclosure.policy import Group, Zeros, load_policy
from disclosure.protect import Protected, protect
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.table import Table

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
ROUNDED = load_policy("nhs-1-7-round-5")
HOME, WISH = Dimension.flat("home", ["a", "b", "c"]), Dimension.flat("wish", ["play", "rest"])
COUNTS = np.array([[181, 88, 93], [43, 3, 40], [56, 25, 31], [82, 60, 22]])
TRUE = Table("t", (HOME, WISH), COUNTS, "Wishes", "wave 1", (("form", "6-8"),))
BOUNDS = {("a", "play"): (1, 27), ("a", "rest"): (16, 42), ("b", "play"): (1, 27), ("b", "rest"): (29, 55)}


@pytest.fixture
def plain() -> Protected:
    return protect([TRUE], POLICY)


def row(table_id: str, *counts: int, **more: object) -> Table:
    wish = Dimension.flat("wish", [f"w{k}" for k in range(len(counts))])
    return Table(table_id, (wish,), np.array([sum(counts), *counts]), **more)  # type: ignore[arg-type]


def shown(table: Table, **more: object) -> PublishedTable:
    status = np.full(table.counts.shape, Status.PUBLISHED, dtype="<U9")
    none = np.zeros_like(table.counts)
    given = {"population": table.population, "where": table.where, **more}
    return PublishedTable(table.id, table.dimensions, table.counts, status, none, **given)  # type: ignore[arg-type]


def test_a_table_comes_out_as_it_was_less_what_is_withheld(plain: Protected) -> None:
    (table,) = plain.tables
    mark = {"p": "published", "1": "primary", "2": "secondary"}
    assert table.status.tolist() == [[mark[letter] for letter in line] for line in ("ppp", "p12", "p22", "ppp")]
    assert table.values.tolist() == np.where(table.withheld, WITHHELD, COUNTS).tolist()
    assert table.floor.tolist() == table.withheld.astype(int).tolist()
    assert (table.id, table.dimensions, table.title) == ("t", (HOME, WISH), "Wishes")
    assert (table.population, table.where, table.method) == ("wave 1", (("form", "6-8"),), Method.SUPPRESSION)


def test_a_reader_who_sees_what_is_small_takes_no_more_than_one_for_granted(plain: Protected) -> None:
    """What such a reader knows is the policy's, not the table's: a floor is 1, or 0 where a zero may be withheld."""
    (table,) = protect([TRUE], load_policy("strict")).tables
    assert table.floor.tolist() == table.withheld.astype(int).tolist()
    zeros = replace(POLICY, zeros=Zeros.PROTECTED)
    (table,) = protect([Table("t", (HOME, WISH), np.array([[193, 72, 121], [30, 0, 30], [65, 40, 25], [98, 32, 66]]))], zeros).tables
    assert table.withheld[1, 1]
    assert table.floor[1, 1] == 0
    assert table.floor[2, 1] == 1


def test_the_report_says_what_was_done_and_no_withheld_count(plain: Protected) -> None:
    report = plain.report()
    assert report["policy"] == "ons-threshold-10"
    assert report["tables"] == [
        {
            "id": "t",
            "cells": 12,
            "primary": 1,
            "secondary": 3,
            "zeros_withheld": 0,
            "children_in_withheld_cells": 3 + 40 + 25 + 31,
            "withheld_for_lack_of_time": 0,
        }
    ]
    assert (report["attack"]["withheld"], report["attack"]["exposed"]) == (4, [])
    assert set(report) == {"policy", "tables", "attack"}
    json.dumps(report)


def test_withheld_zeros_are_counted(plain: Protected) -> None:
    zeros = replace(POLICY, zeros=Zeros.PROTECTED)
    counts = np.array([[193, 72, 121], [30, 0, 30], [65, 40, 25], [98, 32, 66]])
    (said,) = protect([Table("t", (HOME, WISH), counts)], zeros).summary
    assert (said["primary"], said["secondary"], said["zeros_withheld"]) == (0, 4, 1)
    declared = replace(zeros, structural_zeros=({"home": "a", "wish": "play"},))
    (said,) = protect([Table("t", (HOME, WISH), counts)], declared).summary
    assert (said["secondary"], said["zeros_withheld"], said["children_in_withheld_cells"]) == (0, 0, 0)


def certified(result: Protected) -> dict[tuple[str, ...], tuple[int, int | None]]:
    return {(cell["table"], *cell["cell"].values()): (cell["low"], cell["high"]) for cell in result.certificate()["withheld"]}


def test_the_certificate_holds_the_bounds_of_each_withheld_count(plain: Protected) -> None:
    assert certified(plain) == {("t", *codes): bounds for codes, bounds in BOUNDS.items()}
    certificate = plain.certificate()
    assert [tuple(cell["cell"]) for cell in certificate["withheld"]] == [("home", "wish")] * 4
    assert set(certificate) == {"exact", "tables_that_fit", "withheld"}
    assert certificate["exact"] is True
    assert certificate["tables_that_fit"] == plain.proofs.changes.shape[0] + 1 > 1
    json.dumps(certificate)


def test_what_has_no_limit_is_certified_to_have_none(plain: Protected) -> None:
    high = plain.audit.high[0].copy()
    high[1, 1], high[1, 2] = -1, 0
    result = replace(plain, audit=replace(plain.audit, high=(high,), exact=False))
    assert certified(result)["t", "a", "play"] == (1, None)
    assert certified(result)["t", "a", "rest"] == (16, 0)
    assert result.certificate()["exact"] is False


def test_proofs_are_the_true_counts_and_tables_that_fit_as_well(plain: Protected) -> None:
    ((base,), changes) = plain.proofs.base, plain.proofs.changes.toarray()
    assert base.tolist() == COUNTS.reshape(-1).tolist()
    assert len(changes)
    for change in changes:
        moved = (base + change).reshape(COUNTS.shape)
        assert moved.min() >= 0
        assert ((moved == COUNTS) | plain.tables[0].withheld).all()
        Table("t", (HOME, WISH), moved.astype(int))  # its sums hold


def test_proofs_are_of_the_new_tables_alone(plain: Protected) -> None:
    earlier = shown(row("before", 30, 40, population="wave 1", where=(("form", "9-12"),)))
    result = protect([TRUE], POLICY, earlier=[earlier])
    assert result.proofs.changes.shape[1] == COUNTS.size
    assert certified(result) == certified(plain)
    assert len(result.audit.low) == 2  # of the earlier one too, which withholds nothing


def heard(tables: list[Table], policy: str, **more: object) -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []
    protect(tables, load_policy(policy), progress=lambda share, step: told.append((round(share, 4), step)), **more)  # type: ignore[arg-type]
    return told


SEVERAL = [TRUE, replace(TRUE, id="u", population="wave 2"), replace(TRUE, id="v", population="wave 3")]


def test_progress_is_told_from_the_links_to_the_attacks_end() -> None:
    told = heard(SEVERAL, "ons-threshold-10")
    assert told[0] == (0.0, "linking tables")
    assert told[1] == (0.05, "choosing what to withhold")
    chosen = [share for share, step in told if step == "choosing what to withhold"]
    attacked = [share for share, step in told if step == "attacking the tables"]
    assert [step for _, step in told[1:]] == ["choosing what to withhold"] * len(chosen) + ["attacking the tables"] * len(attacked)
    assert chosen == sorted(chosen)
    assert 0.4 < max(chosen) <= 0.8
    assert attacked == sorted(attacked)
    assert (attacked[0], attacked[-1]) == (0.8, 1.0)
    assert 0.8 < attacked[1] < 1.0


@pytest.mark.parametrize(
    ("policy", "step"), [("nhs-1-7-round-5", "rounding"), ("dfe-round-10", "rounding"), ("census-cell-key", "perturbing")]
)
def test_progress_of_other_methods_is_told_too(policy: str, step: str) -> None:
    keys = {table.id: np.arange(6).reshape(3, 2) * 9000 for table in SEVERAL} if step == "perturbing" else {}
    told = heard(SEVERAL, policy, keys=keys)
    assert told[0] == (0.0, step)
    attacked = [share for share, what in told[1:] if what == "attacking the tables"]
    assert len(attacked) == len(told) - 1 > 1
    assert attacked == sorted(attacked)
    assert 0.1 <= attacked[0] < 0.9
    assert attacked[-1] == 1.0


def test_what_rounding_gives_away_is_withheld_where_small_counts_are() -> None:
    """Eight shown as 10 and four withheld counts make 12 at least, and a total shown as 10 is 12 at most: all would be known."""
    result = protect([row("t", 8, 1, 1, 1, 1)], ROUNDED)
    assert result.report()["policy"] == "nhs-1-7-round-5"
    assert result.tables[0].status.tolist() == ["secondary"] * 2 + ["primary"] * 4
    assert result.audit.exposed == ()
    (said,) = result.summary
    assert (said["primary"], said["secondary"], said["children_in_withheld_cells"]) == (4, 2, 24)
    assert [base.tolist() for base in result.proofs.base] == [[12, 8, 1, 1, 1, 1]]
    assert result.certificate()["tables_that_fit"] == 1
    assert result.proofs.changes.shape == (0, 6)
    assert protect([TRUE], ROUNDED).proofs.base[0].shape == (12,)


def test_rounding_that_gives_itself_away_is_refused_and_says_where() -> None:
    """Four twos are shown as 0 and their total, 8, as 10: only with twos do they come to what rounds to 10."""
    rounding = replace(POLICY, method=Method.CONVENTIONAL_ROUNDING, rounding_base=5)
    with pytest.raises(Unprotected, match=r"narrows down 5 cells, the first in table 't' \(.+\)") as refused:
        protect([row("t", 2, 2, 2, 2)], rounding)
    assert sorted(cell["wish"] for cell in refused.value.cells) == ["Total", "w0", "w1", "w2", "w3"]


@pytest.mark.parametrize("policy", [POLICY, ROUNDED])
def test_what_codes_stand_for_decides_which_earlier_tables_are_attacked_too(policy: object) -> None:
    table = row("t", 30, 40, population="wave 1")
    both = replace(shown(row("both", 70, 85, population="both waves"), **{}), id="both")
    meanings: Meanings = {"population": {"both waves": frozenset({"wave 1", "wave 2"})}}
    assert len(protect([table], policy, earlier=[both]).audit.low) == 1  # type: ignore[arg-type]
    assert len(protect([table], policy, earlier=[both], meanings=meanings).audit.low) == 2  # type: ignore[arg-type]


def test_a_difference_that_meanings_tell_is_withheld() -> None:
    """Both waves less the second are the first: of those, three chose the first wish, so the new table withholds a count of it."""
    both = shown(row("both", 43, 85, population="both waves"))
    meanings: Meanings = {"population": {"both waves": frozenset({"wave 1", "wave 2"})}}
    second = row("second", 40, 45, population="wave 2")
    assert not protect([second], POLICY, earlier=[both]).tables[0].withheld.any()
    result = protect([second], POLICY, earlier=[both], meanings=meanings)
    assert result.tables[0].withheld[1]
    assert result.audit.exposed == ()


def test_where_a_difference_is_between_tables_their_variables_are_named() -> None:
    """All but three who live at a and wish to play are in the second of two earlier tables: no new table can mend that."""
    area, wish = Dimension.flat("area", ["a", "b"]), Dimension.flat("wish", ["play", "rest"])
    everyone = Table("one", (area, wish), np.array([[180, 90, 90], [90, 40, 50], [90, 50, 40]]))
    at_home = Table("two", (area, wish), np.array([[132, 67, 65], [67, 37, 30], [65, 30, 35]]), where=(("home", "parents"),))
    with pytest.raises(Unprotected, match="between tables, by area and home and wish") as refused:
        protect([row("new", 60, 70, where=(("form", "6-8"),))], POLICY, earlier=[shown(everyone), shown(at_home)])
    assert refused.value.cells


def test_an_earlier_table_of_others_is_no_part_of_the_system(plain: Protected) -> None:
    """The same codes of another wave are other children; of the same wave, they must add up."""
    elsewhere = shown(replace(TRUE, id="before", population="wave 0", counts=COUNTS * 2))
    assert certified(protect([TRUE], POLICY, earlier=[elsewhere])) == certified(plain)
    with pytest.raises(DisclosureError):
        protect([TRUE], POLICY, earlier=[replace(elsewhere, population="wave 1")])


def test_after_so_many_rounds_what_is_still_given_away_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = shown(row("both", 43, 85, population="both waves"))
    meanings: Meanings = {"population": {"both waves": frozenset({"wave 1", "wave 2"})}}
    monkeypatch.setattr(protect_module, "MOST_TRIES", 1)
    with pytest.raises(Unprotected, match="between tables, by"):
        protect([row("second", 40, 45, population="wave 2")], POLICY, earlier=[both], meanings=meanings)
