"""The verbs that explain and check policies."""

from __future__ import annotations

from pathlib import Path

from disclosure.policy import FOLDER, available
from tests.integration.command import Run


def test_policies_are_listed_and_explained(bigask: Run) -> None:
    code, told, _ = bigask("policy", "list")
    assert code == 0
    assert all(name in told for name in available())
    code, told, _ = bigask("policy", "show", "nhs-1-7-round-5")
    assert code == 0
    assert "A count of 1 to 7 is never shown." in told
    assert "Source: NHS England, Hospital Episode Statistics" in told


def test_a_policy_is_checked(bigask: Run, tmp_path: Path) -> None:
    assert bigask("policy", "check", "census-cell-key")[0] == 0
    own = tmp_path / "own.yaml"
    own.write_text((FOLDER / "strict.yaml").read_text().replace("threshold:", "treshold:"))
    code, told, error = bigask("policy", "check", str(own))
    assert (code, told) == (7, "")
    assert "unknown rule 'treshold'" in error
