"""Where every real number between two bounds would do, but only one whole number does, the attack must find that one.

One child more in "both" would be half a child more in each of its two parts, for these are known to be as many as each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import disclosure.audit as attack
from disclosure.audit import AuditReport, audit
from disclosure.dimension import Dimension
from disclosure.in_sight import Exposure
from disclosure.policy import Attacker, Group, Policy, load_policy
from disclosure.published_table import WITHHELD, PublishedTable
from disclosure.search import Search

TWINS = Dimension(
    "house",
    ("Total", "both", "one", "other", "a", "b", "c"),
    (("Total", ("both", "one", "other")), ("both", ("a", "b")), ("one", ("a", "c")), ("other", ("b", "c"))),
)
COUNTS = np.array([44, 2, 21, 21, 1, 1, 20])
STATUS = np.array(["secondary", "primary", "published", "published", "primary", "primary", "secondary"])
TABLE = PublishedTable("twins", (TWINS,), np.where(STATUS == "published", COUNTS, WITHHELD), STATUS, np.zeros(7, np.int64))


def seen_small_below(threshold: int) -> Policy:
    """A reader sees which counts are from 0 to below the threshold."""
    return replace(load_policy("ons-threshold-10"), threshold=threshold, group_disclosure=Group.NONE, attacker=Attacker.STATUS_KNOWN)


@pytest.fixture(params=[0, 1000], ids=["as of many counts", "as of few"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack, "ALL_BOUNDS", request.param)


def told(report: AuditReport) -> dict[str, tuple[int, int | None, str]]:
    return {each.cell.get("house", "Total"): (each.low, each.high, each.how) for each in report.exposed}


@pytest.mark.usefixtures("_either_way")
def test_the_only_whole_number_between_two_bounds_is_found() -> None:
    """Of both, 1 to 3 are possible by real numbers, and 2 alone by whole ones."""
    low = np.array([0, 1, 0, 0, 0, 0, 0])
    report = audit([replace(TABLE, floor=low)], seen_small_below(4))
    searched, solved = "searching all whole numbers", "linear programming"
    assert told(report) == {
        "Total": (44, 44, searched),
        "both": (2, 2, searched),
        "a": (1, 1, solved),
        "b": (1, 1, solved),
        "c": (20, 20, solved),
    }


@pytest.mark.usefixtures("_either_way")
def test_a_second_whole_number_further_off_is_found_too() -> None:
    """Of both, 1 to 5 by real numbers, and 2 and 4 by whole ones."""
    table = replace(TABLE, floor=np.array([0, 1, 0, 0, 0, 0, 0]))
    assert audit([table], seen_small_below(6)).exposed == ()
    assert audit([table, replace(table, id="others", population="others")], seen_small_below(6)).exposed == ()


def test_the_bounds_of_a_few_counts_hold_every_whole_number_that_some_table_has() -> None:
    report = audit([replace(TABLE, floor=np.array([0, 1, 0, 0, 0, 0, 0]))], seen_small_below(6))
    assert report.exact
    shown = TABLE.values != WITHHELD
    assert (report.low[0] <= np.where(shown, -1, [44, 2, 0, 0, 1, 1, 19])).all()
    assert (report.high[0] >= np.where(shown, -1, [46, 4, 0, 0, 2, 2, 20])).all()
    assert (report.low[0][4], report.high[0][4], report.narrowest) == (1, 2, 1)


@pytest.mark.parametrize(
    ("answers", "how"),
    [
        ([(None, False)], "doubt: no second table of whole numbers was found"),
        ([(None, False), (None, True)], "doubt: no second table of whole numbers was found"),
        ([(None, True), (None, False)], "doubt: no second table of whole numbers was found"),
        ([(None, True)], "searching all whole numbers"),
    ],
)
def test_a_search_that_came_to_no_end_one_way_or_the_other_leaves_doubt(
    answers: list[tuple[None, bool]], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is in doubt is exposed."""
    replies: Iterator[tuple[None, bool]] = iter(answers * 4)
    monkeypatch.setattr(Search, "whole", lambda *_: next(replies))
    found = told(audit([replace(TABLE, floor=np.array([0, 1, 0, 0, 0, 0, 0]))], seen_small_below(4)))
    assert {cell: found[cell] for cell in ("Total", "both")} == {"Total": (43, 45, how), "both": (1, 3, how)}


def test_progress_is_told_up_to_the_end() -> None:
    heard: list[tuple[float, str]] = []
    audit([replace(TABLE, floor=np.array([0, 1, 0, 0, 0, 0, 0]))], seen_small_below(4), progress=lambda *each: heard.append(each))
    assert [share for share, _ in heard] == sorted(share for share, _ in heard)
    assert heard[-1] == (1.0, "attacking the tables")


def test_a_report_says_all_it_found() -> None:
    report = AuditReport(3, (Exposure("t", {"place": "a"}, 1, None, "so"),), (), (), False, 2, 7)
    assert report.to_dict() == {
        "withheld": 3,
        "exposed": [{"table": "t", "cell": {"place": "a"}, "low": 1, "high": None, "how": "so"}],
        "bounds_exact": False,
        "narrowest": 2,
        "linear_programs": 7,
    }
