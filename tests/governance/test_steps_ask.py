"""Each step asks its gate before it does anything: the hooks are there, and a step whose gate is shut leaves no trace."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from governance.gates import GateShut
from pipeline.steps.tabulate import tabulate
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave
from tests.governance.records import change, own_record

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "function", "gate"),
    [
        ("pipeline/steps/tabulate.py", "tabulate", "gate.require_tabulation"),
        ("pipeline/steps/release.py", "draft", "gate.require_draft"),
        ("pipeline/approval.py", "check", "gate.require_approval"),
        ("pipeline/approval.py", "approve", "gate.require_approval"),
        ("pipeline/cli_office.py", "wave_open", "open_survey"),
        ("pipeline/run.py", "_answer", "gate.open_survey"),
    ],
)
def test_the_step_calls_its_gate(file: str, function: str, gate: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    body = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function)
    assert gate in {ast.unparse(node.func) for node in ast.walk(body) if isinstance(node, ast.Call)}


def test_no_command_opens_a_wave_past_the_gate() -> None:
    for package in ("pipeline", "api"):
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "gate.py":
                assert "retention.waves" not in path.read_text(encoding="utf-8"), path.name


def store_with(store: SecureStore, old: str, new: str, file: str) -> Wave:
    """A wave in an office whose record lacks something."""
    folder = own_record(store.zone.folder / "assessment")
    change(folder, file, old, new)
    wave = Wave("w", "big_ask", "body-w", "locator-w")
    store.add_wave(wave, Entry("anna", "wave-open", "w"))
    return wave


def test_nothing_is_counted_without_a_purpose(sqlite_store: SecureStore) -> None:
    wave = store_with(sqlite_store, "steps: [tabulate, protect, release]", "steps: [protect, release]", "processing.yaml")
    with pytest.raises(GateShut, match="G11: The step 'tabulate' serves no purpose on record"):
        tabulate(sqlite_store, wave.id, "anna")
    assert sqlite_store.steps(wave.id) == {}


def test_nothing_is_counted_by_a_variable_that_nobody_assessed(sqlite_store: SecureStore) -> None:
    wave = store_with(
        sqlite_store,
        '{ids: [home], made_of: [where_live], version: "1"',
        '{ids: [home], made_of: [where_live], version: "0"',
        "variables.yaml",
    )
    with pytest.raises(GateShut, match="G5: The derived variable 'home' is version 1; the record has 0"):
        tabulate(sqlite_store, wave.id, "anna")


def test_nothing_is_counted_without_the_receipts(sqlite_store: SecureStore) -> None:
    wave = store_with(sqlite_store, "EXAMPLE OFFICE", "Our office", "processing.yaml")
    with pytest.raises(StepRefused, match="`tabulate` cannot start on wave 'w': run `bigask review` first"):
        tabulate(sqlite_store, wave.id, "anna")
