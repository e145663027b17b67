"""The checker's picture: drawn from what the vault holds, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from api.checker_picture import picture
from disclosure.dimension import Dimension
from disclosure.policy import load_policy
from disclosure.protect import Protected, protect
from disclosure.relations import to_relations
from disclosure.table import Table
from pipeline.steps.protect import to_frame
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave
from tests.release_samples import quick_passphrases, secure_zone

PLACE, WISH = Dimension.flat("place", ["a<b>", "b", "c"]), Dimension.flat("wish", ["play", "rest"])


def protected() -> Protected:
    frame = pd.DataFrame({"place": ["a<b>", "a<b>", "b", "b", "c", "c"], "wish": ["play", "rest"] * 3, "n": [3, 40, 25, 31, 60, 22]})
    return protect([Table.from_inner("t", [PLACE, WISH], frame, population="w")], load_policy("ons-threshold-10"))


@pytest.fixture
def result() -> Protected:
    return protected()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    return SecureStore(secure_zone(tmp_path))


def keep(store: SecureStore, result: Protected, **changes: object) -> None:
    store.add_wave(Wave("w", "big_ask", "body", "locator"), Entry("ann", "wave-open", "w"))
    certificate = {**result.certificate(), **changes}
    document = {"certificate": certificate, "relations": [to_relations(table) for table in result.tables]}
    frames = {"protected": to_frame(result.tables), "attack": pd.DataFrame({"document": [json.dumps(document)]})}
    with store.record(Entry("ann", "protect", "w")) as connection:
        for kind, frame in frames.items():
            store.add_asset(connection, "w", kind, store.vault.write(frame))


def test_the_table_is_drawn_with_its_bounds(store: SecureStore, result: Protected) -> None:
    keep(store, result)
    found = picture(store, "w", "t")
    drawn, legend = found.picture, found.legend
    assert sum(count for _, count in found.widths) == result.tables[0].withheld.sum()
    assert drawn.count("url(#drawn-primary)") == 1
    low, high = result.audit.low[0], result.audit.high[0]
    assert f"{low[1, 1]}–{high[1, 1]}" in drawn
    assert "a&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert "under the threshold" in legend


def test_it_is_drawn_in_words_where_there_are_any(store: SecureStore, result: Protected) -> None:
    keep(store, result)
    drawn = picture(store, "w", "t", {"wish": {"play": "To play <more>"}, "place": {"Total": "England", "c": "Ceeville"}}).picture
    assert "To play &lt;more&gt;" in drawn
    assert "Ceeville" in drawn
    assert "England" in drawn
    assert ">rest<" in drawn  # what has no label keeps its code
    assert ">c<" not in drawn


def test_what_does_not_fit_is_refused(store: SecureStore, result: Protected) -> None:
    keep(store, result, withheld=result.certificate()["withheld"][1:])
    with pytest.raises(StepRefused, match="does not fit"):
        picture(store, "w", "t")
    with pytest.raises(StepRefused, match="no protected table 'u'"):
        picture(store, "w", "u")


def test_a_cell_that_the_table_does_not_have_is_refused(store: SecureStore, result: Protected) -> None:
    cells = result.certificate()["withheld"]
    keep(store, result, withheld=[*cells[1:], {**cells[0], "cell": {"place": "elsewhere", "wish": "play"}}])
    with pytest.raises(StepRefused, match="does not fit"):
        picture(store, "w", "t")
