"""Which surviving changes of the code are news, and which are explained."""

from __future__ import annotations

import pytest

from tests.mutation import SURVIVORS, Change, Survivors, change_of, shown

PAGE = """
slow: []
anywhere:
  - reason: what lists are held against each other is as long by construction
    differ_only_in: ", strict=(True|False|None)"
modules:
  disclosure/primary.py:
    tests: [tests/unit/test_disclosure_primary.py]
    survivors:
      - reason: a start that anything is above
        _commonest: |
          - best, most = int(cells[0]), -1
          + best, most = int(cells[0]), -2
          + best, most = int(cells[0]), -3
      - reason: a matrix of sums holds no noughts
        _group: |
          - parent = cells[signs < 0]
          + parent = cells[signs <= 0]
"""
BELOW = Change("_commonest", "best, most = int(cells[0]), -1", "best, most = int(cells[0]), -2")
FURTHER = BELOW._replace(after="best, most = int(cells[0]), -3")
NOUGHT = Change("_group", "parent = cells[signs < 0]", "parent = cells[signs <= 0]")
PATH = "disclosure/primary.py"


def test_what_survives_and_is_explained_is_no_news() -> None:
    assert Survivors.read(PAGE).compare(PATH, [BELOW, FURTHER, NOUGHT]) == ([], [])


@pytest.mark.parametrize("part", [{"function": "_group"}, {"before": "best = -1"}, {"after": "best, most = int(cells[0]), -4"}])
def test_what_differs_from_the_explained_in_anything_is_news(part: dict[str, str]) -> None:
    other = BELOW._replace(**part)
    assert Survivors.read(PAGE).compare(PATH, [BELOW, FURTHER, NOUGHT, other]) == ([other], [])


def test_what_is_explained_and_no_longer_survives_is_told() -> None:
    assert Survivors.read(PAGE).compare(PATH, [FURTHER, NOUGHT]) == ([], [BELOW])


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        ("zip(a, b, strict=True)", "zip(a, b, strict=False)", False),
        ("zip(a, b, strict=True)", "zip(a, b, strict=None)", False),
        ("zip(a, b, strict=True)", "zip(a, None, strict=True)", True),
        ("zip(a, b, strict=True) < 1", "zip(a, b, strict=False) <= 1", True),
    ],
)
def test_what_may_be_changed_anywhere_is_no_news_if_nothing_else_changes(before: str, after: str, news: bool) -> None:
    change = Change("primary", before, after)
    assert Survivors.read(PAGE).compare(PATH, [BELOW, FURTHER, NOUGHT, change]) == ([change] if news else [], [])


def test_an_entry_without_a_reason_or_that_is_no_change_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        Survivors.read(PAGE.replace("a matrix of sums holds no noughts", "''"))
    with pytest.raises(ValueError, match="anywhere: every group of survivors needs a reason"):
        Survivors.read(PAGE.replace("what lists are held against each other is as long by construction", "' '"))
    with pytest.raises(ValueError, match="neither what was"):
        Survivors.read(PAGE.replace("- parent = cells", "parent = cells"))
    with pytest.raises(ValueError, match="neither what was"):
        Survivors.read(PAGE.replace("          - parent = cells[signs < 0]\n", ""))


def test_what_is_shown_can_be_put_into_the_page() -> None:
    found = sorted([NOUGHT, BELOW, FURTHER])
    lines = shown(PATH, found).splitlines()
    assert lines[0] == f"{PATH}:"
    page = PAGE[: PAGE.index("      - reason: a start")] + "\n".join(["      - reason: why", *(f"      {line}" for line in lines[1:])])
    assert Survivors.read(page).compare(PATH, found) == ([], [])


def test_a_change_is_read_from_mutmuts_name_and_difference() -> None:
    diff = "--- a\n+++ a\n@@ -1,4 +1,4 @@\n def _order(self):\n-    done = call(\n-        1, 2)\n+    done = call(\n+        1, )\n return"
    assert change_of("disclosure.dimension.xǁDimensionǁ_order__mutmut_12", diff) == Change(
        "Dimension._order", "done = call( 1, 2)", "done = call( 1, )"
    )
    assert change_of("disclosure.primary.x__box__mutmut_3", diff).function == "_box"


def test_the_page_can_be_read() -> None:
    assert Survivors.read(SURVIVORS.read_text(encoding="utf-8")).modules
