"""What left before is kept as relations, and every new table is held against it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from disclosure.differencing import attack_together
from disclosure.dimension import Dimension
from disclosure.policy import load_policy
from disclosure.published_table import PublishedTable, Status
from disclosure.relations import to_relations
from pipeline.release_register import earlier
from pipeline.steps.protect import to_frame
from retention import releases
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave
from tests.release_samples import quick_passphrases, secure_zone

POLICY = load_policy("ons-threshold-10")
AREA = Dimension.tree("area", {"a": "north", "b": "north", "c": "south", "d": "south"})
WISH = Dimension.multiple("wish", ["play", "rest"])


def shown(table_id: str, **more: object) -> PublishedTable:
    counts = np.tensordot(AREA.aggregation, np.outer([20, 30, 40, 50], [2, 3, 4, 1]), axes=1)
    counts = np.tensordot(WISH.aggregation, counts, axes=(1, 1)).T
    status = np.full(counts.shape, Status.PUBLISHED, dtype="<U9")
    return PublishedTable(table_id, (AREA, WISH), counts, status, np.zeros_like(counts), **more)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    return SecureStore(secure_zone(tmp_path))


def keep(store: SecureStore, wave: str, tables: list[PublishedTable], *, relations: bool = True) -> None:
    """A wave whose tables were protected, and a release of it drafted."""
    store.add_wave(Wave(wave, "big_ask", "body", "locator"), Entry("ann", "wave-open", wave))
    document = {"policy": POLICY.name} | ({"relations": [to_relations(table) for table in tables]} if relations else {})
    frames = {"protected": to_frame(tables), "attack": pd.DataFrame({"document": [json.dumps(document)]})}
    with store.record(Entry("ann", "protect", wave)) as connection:
        for kind, frame in frames.items():
            store.add_asset(connection, wave, kind, store.vault.write(frame))
    releases.draft(store, f"{wave}-release", wave, "olga", "0" * 64)


def test_earlier_tables_come_back_as_they_were(store: SecureStore) -> None:
    old = [shown("t", population="2025", title="A title", where=(("home", "parents"),)), shown("u", population="2025")]
    keep(store, "2025", old)
    before = earlier(store, "2026")
    assert before.releases == ("2025-release",)
    for table, again in zip(old, before.tables, strict=True):
        assert (again.id, again.title, again.population, again.where) == (table.id, table.title, table.population, table.where)
        assert again.dimensions == table.dimensions
        assert (again.values == table.values).all()
        assert (again.status == table.status).all()
        assert (again.floor == table.floor).all()


def test_a_wave_is_not_held_against_itself_nor_against_what_was_refused(store: SecureStore) -> None:
    keep(store, "2025", [shown("t", population="2025")])
    assert earlier(store, "2025").releases == ()
    assert earlier(store, "2026").releases == ("2025-release",)
    releases.refuse(store, "2025-release", "chris", "the wrong tables were drafted")
    assert earlier(store, "2026").tables == ()


def test_a_new_table_that_an_old_one_undoes_is_found(store: SecureStore) -> None:
    keep(store, "2025", [shown("t", population="2025")])
    fewer = shown("u")
    values = fewer.values.copy()
    values[AREA.index["a"], 0] -= 3  # three children whose area is not known any more
    values[AREA.index["a"], 1] -= 3
    values[AREA.index["north"], :2] -= 3
    values[0, :2] -= 3
    values[[0, AREA.index["north"], AREA.index["a"]], 3] -= 3  # "rest" and its complement add up to the same
    narrowed = replace(fewer, values=values, population="2025", where=(("asked", "yes"),))
    found = attack_together([narrowed], earlier(store, "2026").tables, POLICY).exposed
    assert any((exposure.low, exposure.high) == (3, 3) for exposure in found)


def test_tables_without_their_relations_stop_what_comes_after(store: SecureStore) -> None:
    keep(store, "2025", [shown("t", population="2025")], relations=False)
    with pytest.raises(StepRefused, match="without their relations"):
        earlier(store, "2026")
