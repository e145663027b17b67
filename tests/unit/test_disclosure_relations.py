"""What is kept of a release's tables: all but the numbers, and the same table again with them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from disclosure.dimension import Dimension
from disclosure.error import DisclosureError
from disclosure.published_table import WITHHELD, Method, PublishedTable
from disclosure.relations import from_relations, to_relations

PLACE = Dimension("place", ("All", "N", "a", "b", "c"), (("All", ("N", "c")), ("N", ("a", "b"))))
TABLE = PublishedTable(
    "happy",
    (PLACE, Dimension.flat("answer", ["x"])),
    np.array([[30, 30], [20, 20], [WITHHELD, 10], [10, 10], [10, 10]]),
    np.array([["published"] * 2] * 2 + [["secondary", "published"]] + [["published"] * 2] * 2),
    np.array([[0, 0]] * 2 + [[1, 0]] + [[0, 0]] * 2),
    "Happiness",
    "wave 1",
    (("age", "4-5"), ("gender", "f")),
    Method.CELL_KEY,
    5,
)


def kept() -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(json.dumps(to_relations(TABLE)))
    return entry


def test_a_table_is_the_same_again_from_its_relations_and_its_numbers() -> None:
    again = from_relations(kept(), TABLE.values.reshape(-1).tolist(), TABLE.status.reshape(-1), TABLE.floor.reshape(-1).tolist())
    for name in ("id", "dimensions", "title", "population", "where", "method", "base"):
        assert getattr(again, name) == getattr(TABLE, name), name
    for name in ("values", "status", "floor"):
        assert (getattr(again, name) == getattr(TABLE, name)).all(), name
        assert getattr(again, name).dtype.kind == getattr(TABLE, name).dtype.kind, name


def test_what_is_kept_holds_no_count() -> None:
    assert not {"30", "20", "10"} & set(json.dumps(kept()).replace(",", " ").split())


def test_numbers_of_another_table_are_refused() -> None:
    with pytest.raises(DisclosureError, match="does not fit its counts"):
        from_relations(kept(), TABLE.values.reshape(-1)[1:], TABLE.status.reshape(-1), TABLE.floor.reshape(-1))


@pytest.mark.parametrize("part", sorted(to_relations(TABLE)))
def test_relations_with_a_part_missing_are_refused(part: str) -> None:
    entry = kept()
    del entry[part]
    with pytest.raises(DisclosureError, match="does not fit its counts"):
        from_relations(entry, TABLE.values.reshape(-1), TABLE.status.reshape(-1), TABLE.floor.reshape(-1))
