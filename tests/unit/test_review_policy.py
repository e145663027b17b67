"""The review policy: every number with source and reason, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.review_policy import POLICY, ReviewPolicyError, load_review_policy

RULES = yaml.safe_load(POLICY.read_text(encoding="utf-8"))["rules"]


def write(tmp_path: Path, rules: Any) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump({"rules": rules}), encoding="utf-8")
    return path


def test_the_bundled_policy_is_what_its_file_says(tmp_path: Path) -> None:
    policy = load_review_policy()
    for name, rule in RULES.items():
        value = getattr(policy, name)
        assert (list(value) if isinstance(value, tuple) else value) == rule["value"]
        assert len(rule["reason"]) > 20
    assert load_review_policy(write(tmp_path, RULES)) == policy


@pytest.mark.parametrize("name", sorted(RULES))
@pytest.mark.parametrize("part", ["rule", "value", "source", "reason"])
def test_a_rule_that_lacks_a_part_is_refused(tmp_path: Path, name: str, part: str) -> None:
    rules = {key: dict(rule) for key, rule in RULES.items()}
    if part == "rule":
        del rules[name]
    else:
        del rules[name][part]
    with pytest.raises(ReviewPolicyError, match=name):
        load_review_policy(write(tmp_path, rules))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("error", 0), ("error", 0.5), ("error", "small"), ("most_per_1000", 0), ("most_per_1000", 1000), ("first_draw", 0),
        ("first_draw", 4.5), ("quote_threshold", 0), ("sure_from", 1.1), ("sure_layers", "pattern"), ("sure_layers", [1]),
        ("theme_kappa", -0.1), ("theme_recall", True),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_refused(tmp_path: Path, name: str, value: object) -> None:
    with pytest.raises(ReviewPolicyError):
        load_review_policy(write(tmp_path, {**RULES, name: {**RULES[name], "value": value}}))


def test_an_unknown_rule_and_an_unreadable_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReviewPolicyError, match="too many or too few: 'lenience'"):
        load_review_policy(write(tmp_path, {**RULES, "lenience": RULES["error"]}))
    (tmp_path / "broken.yaml").write_text("rules: [", encoding="utf-8")
    for name in ("broken.yaml", "none.yaml"):
        with pytest.raises(ReviewPolicyError, match="cannot be read"):
            load_review_policy(tmp_path / name)
