"""Which surviving changes of the code are news, and which are explained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutation import ROOT, SURVIVORS, Change, Survivors, change_of, shown

EVERYWHERE = """
slow: []
anywhere:
  - reason: what lists are held against each other is as long by construction
    differ_only_in: ", strict=(True|False|None)"
"""
PAGE = """
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


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Survivors]:
    def read(page: str = PAGE, everywhere: str = EVERYWHERE) -> Survivors:
        (tmp_path / "primary.yaml").write_text(page, encoding="utf-8")
        (tmp_path / "everywhere.yaml").write_text(everywhere, encoding="utf-8")
        return Survivors.read(tmp_path)

    return read


def test_what_survives_and_is_explained_is_no_news(read: Callable[..., Survivors]) -> None:
    assert read().compare(PATH, [BELOW, FURTHER, NOUGHT]) == ([], [])


@pytest.mark.parametrize("part", [{"function": "_group"}, {"before": "best = -1"}, {"after": "best, most = int(cells[0]), -4"}])
def test_what_differs_from_the_explained_in_anything_is_news(read: Callable[..., Survivors], part: dict[str, str]) -> None:
    other = BELOW._replace(**part)
    assert read().compare(PATH, [BELOW, FURTHER, NOUGHT, other]) == ([other], [])


def test_what_is_explained_and_no_longer_survives_is_told(read: Callable[..., Survivors]) -> None:
    assert read().compare(PATH, [FURTHER, NOUGHT]) == ([], [BELOW])


@pytest.mark.parametrize(
    ("before", "after", "news"),
    [
        ("zip(a, b, strict=True)", "zip(a, b, strict=False)", False),
        ("zip(a, b, strict=True)", "zip(a, b, strict=None)", False),
        ("zip(a, b, strict=True)", "zip(a, None, strict=True)", True),
        ("zip(a, b, strict=True) < 1", "zip(a, b, strict=False) <= 1", True),
    ],
)
def test_what_may_be_changed_anywhere_is_no_news_if_nothing_else_changes(
    read: Callable[..., Survivors], before: str, after: str, news: bool
) -> None:
    change = Change("primary", before, after)
    assert read().compare(PATH, [BELOW, FURTHER, NOUGHT, change]) == ([change] if news else [], [])


def test_an_entry_without_a_reason_or_that_is_no_change_is_refused(read: Callable[..., Survivors]) -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        read(PAGE.replace("a matrix of sums holds no noughts", "''"))
    with pytest.raises(ValueError, match="anywhere: every group of survivors needs a reason"):
        read(everywhere=EVERYWHERE.replace("what lists are held against each other is as long by construction", "' '"))
    with pytest.raises(ValueError, match="neither what was"):
        read(PAGE.replace("- parent = cells", "parent = cells"))
    with pytest.raises(ValueError, match="neither what was"):
        read(PAGE.replace("      - parent = cells[signs < 0]\n", ""))


def test_what_is_shown_can_be_put_into_the_page(read: Callable[..., Survivors]) -> None:
    found = sorted([NOUGHT, BELOW, FURTHER])
    lines = shown(PATH, found).splitlines()
    assert lines[0] == f"{PATH}:"
    page = PAGE[: PAGE.index("  - reason: a start")] + "\n".join(["  - reason: why", *(f"  {line}" for line in lines[1:])])
    assert read(page).compare(PATH, found) == ([], [])


def test_a_change_is_read_from_mutmuts_name_and_difference() -> None:
    diff = "--- a\n+++ a\n@@ -1,4 +1,4 @@\n def _order(self):\n-    done = call(\n-        1, 2)\n+    done = call(\n+        1, )\n return"
    assert change_of("disclosure.dimension.xǁDimensionǁ_order__mutmut_12", diff) == Change(
        "Dimension._order", "done = call( 1, 2)", "done = call( 1, )"
    )
    assert change_of("disclosure.primary.x__box__mutmut_3", diff).function == "_box"


def test_every_module_has_a_page_and_every_page_a_module_and_tests_that_there_are(tmp_path: Path) -> None:
    pages = Survivors.read(SURVIVORS)
    assert set(pages.modules) == {f"disclosure/{path.name}" for path in (ROOT / "disclosure").glob("[!_]*.py")}
    for path, module in pages.modules.items():
        assert module.tests, path
        assert all((ROOT / test.partition("::")[0]).is_file() for test in module.tests), path
    with pytest.raises(FileNotFoundError, match="everywhere"):
        Survivors.read(tmp_path)
