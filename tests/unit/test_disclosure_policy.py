"""A policy is complete, sourced and reasoned, or refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from disclosure.policy import FOLDER, Attacker, Group, available, load_policy, read_policy
from disclosure.table import DisclosureError


@pytest.fixture
def data() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "ons-threshold-10.yaml").read_text())
    return copy.deepcopy(loaded)


@pytest.mark.parametrize("name", available())
def test_every_policy_loads_and_gives_reasons(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert all(rule.source and rule.reason for rule in policy.rules.values())


def test_the_default_withholds_counts_under_ten_and_shows_zeros() -> None:
    policy = load_policy("ons-threshold-10")
    assert (policy.threshold, policy.group_disclosure, policy.attacker) == (10, Group.ALL_BUT_ONE, Attacker.ZEROS_PUBLISHED)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(DisclosureError, match="no policy 'lenient'"):
        load_policy("lenient")


def test_a_policy_file_of_ones_own_is_read(tmp_path: Path, data: dict[str, Any]) -> None:
    data["rules"]["threshold"]["value"] = 5
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(data))
    assert load_policy(path).threshold == 5


@pytest.mark.parametrize("rule", ["threshold", "minimum_width", "attacker", "group_disclosure"])
def test_a_missing_rule_is_refused(data: dict[str, Any], rule: str) -> None:
    del data["rules"][rule]
    with pytest.raises(DisclosureError, match=f"no rule '{rule}'"):
        read_policy(data, "own")


@pytest.mark.parametrize("part", ["value", "source", "reason"])
def test_a_rule_without_value_source_or_reason_is_refused(data: dict[str, Any], part: str) -> None:
    del data["rules"]["threshold"][part]
    with pytest.raises(DisclosureError, match="must have exactly"):
        read_policy(data, "own")


def test_an_empty_reason_is_refused(data: dict[str, Any]) -> None:
    data["rules"]["threshold"]["reason"] = " "
    with pytest.raises(DisclosureError, match="must have exactly"):
        read_policy(data, "own")


def test_an_unknown_rule_is_refused(data: dict[str, Any]) -> None:
    data["rules"]["treshold"] = data["rules"]["threshold"]
    with pytest.raises(DisclosureError, match="unknown rule 'treshold'"):
        read_policy(data, "own")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("threshold", None),
        ("threshold", "10"),
        ("threshold", True),
        ("threshold", 1),
        ("minimum_width", 0),
        ("minimum_withheld_sum", -1),
        ("attacker", "nobody"),
        ("group_disclosure", "some"),
        ("percentage_decimals", 3),
        ("identifying_variables", "region"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(data: dict[str, Any], rule: str, value: object) -> None:
    data["rules"][rule]["value"] = value
    with pytest.raises(DisclosureError):
        read_policy(data, "own")
