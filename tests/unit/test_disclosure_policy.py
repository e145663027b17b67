"""A policy is complete, sourced and reasoned, or refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from disclosure.error import DisclosureError
from disclosure.policy import FOLDER, Attacker, Group, Zeros, available, load_policy, perturbation_rules, read_policy
from disclosure.published_table import Method


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
        ("method", "hiding"),
        ("zeros", "hidden"),
        ("structural_zeros", [{}]),
        ("structural_zeros", [{"age": 4}]),
        ("ratio_parts", "neither"),
        ("extremes", "shown"),
        ("percentage_base", 9),
        ("mean_base", 9),
        ("mean_decimals", 3),
        ("quantile_base", 19),
        ("quantile_each_side", 0),
        ("quantile_each_side", 11),
        ("dominance_contributors", 0),
        ("dominance_share", 0),
        ("dominance_share", 1.1),
        ("dominance_share", True),
        ("dominance_share", "0.9"),
        ("dominance_share", float("nan")),
        ("p_percent", -1),
        ("p_percent", 101),
        ("sparse_share", 1.5),
        ("swapping_share", -0.1),
        ("swapping_share", 0.1),
        ("swapping_alike", ["gender"]),
        ("rounding_base", 5),
        ("cell_keys", 256),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(data: dict[str, Any], rule: str, value: object) -> None:
    data["rules"][rule]["value"] = value
    with pytest.raises(DisclosureError):
        read_policy(data, "own")


@pytest.mark.parametrize(
    ("name", "rule", "value"),
    [
        ("nhs-1-7-round-5", "rounding_base", 1),
        ("dfe-round-10", "rounding_base", 0),
        ("census-cell-key", "perturbation_variance", 0),
        ("census-cell-key", "perturbation_maximum", 0),
        ("census-cell-key", "perturbation_smallest", 0),
        ("census-cell-key", "cell_keys", 0),
        ("census-cell-key", "rounding_base", 5),
        ("dfe-round-10", "perturbation_maximum", 5),
    ],
)
def test_a_method_without_its_numbers_or_with_anothers_is_refused(name: str, rule: str, value: object) -> None:
    loaded = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    loaded["rules"][rule]["value"] = value
    with pytest.raises(DisclosureError, match=r"a method that rounds|the cell key needs"):
        read_policy(loaded, name)


def test_record_swapping_needs_what_records_agree_in_and_that_is_no_area(data: dict[str, Any]) -> None:
    data["rules"]["swapping_share"]["value"] = 0.1
    data["rules"]["swapping_alike"]["value"] = ["gender"]
    assert read_policy(data, "own").swapping_alike == {"gender"}
    data["rules"]["swapping_alike"]["value"] = ["gender", "region"]
    with pytest.raises(DisclosureError, match="areas are none of them"):
        read_policy(data, "own")


def test_no_method_but_the_cell_key_has_a_perturbation_table() -> None:
    with pytest.raises(DisclosureError, match="perturbs nothing"):
        _ = load_policy("strict").perturbation


def test_the_other_methods_have_the_numbers_of_their_sources() -> None:
    nhs, dfe = load_policy("nhs-1-7-round-5"), load_policy("dfe-round-10")
    assert (nhs.method, nhs.threshold, nhs.rounding_base) == (Method.SMALL_COUNT_ROUNDING, 8, 5)
    assert (dfe.method, dfe.rounding_base, dfe.zeros) == (Method.SMALL_COUNT_ROUNDING, 10, Zeros.DATA)


def test_what_cannot_be_is_recognised_in_any_table_that_has_its_variables(data: dict[str, Any]) -> None:
    data["rules"]["structural_zeros"]["value"] = [{"age": "4", "home": "alone"}]
    policy = read_policy(data, "own")
    assert policy.cannot_be({"age": "4", "home": "alone", "region": "north"})
    assert policy.cannot_be({"age": "4", "home": "alone"})
    assert not policy.cannot_be({"age": "4", "region": "north"})
    assert not policy.cannot_be({"age": "5", "home": "alone"})


def test_a_policy_of_ones_own_is_named_in_errors_and_keeps_what_stands_in_it(tmp_path: Path, data: dict[str, Any]) -> None:
    path = tmp_path / "own.yml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    policy = load_policy(path)
    assert (policy.title, policy.folder) == (data["title"], tmp_path)
    assert policy.rules["threshold"].value == data["rules"]["threshold"]["value"]
    path.write_text("rules: {}", encoding="utf-8")
    with pytest.raises(DisclosureError, match=r"'own\.yml' must have exactly: name, title, rules"):
        load_policy(path)


def test_only_a_yaml_file_that_is_there_is_read_as_a_policy(tmp_path: Path, data: dict[str, Any]) -> None:
    (tmp_path / "own.txt").write_text(yaml.safe_dump(data), encoding="utf-8")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("own.txt", "missing.yaml", "folder.yaml"):
        with pytest.raises(DisclosureError, match="there is no policy"):
            load_policy(tmp_path / name)


@pytest.mark.parametrize("change", [{"more": 1}, {"rules": []}, {"title": None}])
def test_a_policy_with_more_less_or_other_parts_is_refused(data: dict[str, Any], change: dict[str, Any]) -> None:
    changed = {key: value for key, value in {**data, **change}.items() if value is not None}
    for wrong in (changed, list(data)):
        with pytest.raises(DisclosureError, match="must have exactly: name, title, rules"):
            read_policy(wrong, "own")


def test_a_cell_key_policy_of_ones_own_has_its_perturbation_table_beside_it(tmp_path: Path) -> None:
    for path in FOLDER.glob("census-cell-key.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    policy = load_policy(tmp_path / "census-cell-key.yaml")
    numbers = policy.perturbation_variance, policy.perturbation_maximum, policy.perturbation_smallest, policy.cell_keys
    rules = perturbation_rules(policy)
    assert (rules.variance, rules.maximum, rules.smallest, rules.keys) == numbers
    assert policy.perturbation.rules == rules
    (tmp_path / "census-cell-key.perturbation.csv").unlink()
    with pytest.raises(DisclosureError):
        _ = load_policy(tmp_path / "census-cell-key.yaml").perturbation


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ons-threshold-10", {"threshold": 2}),
        ("ons-threshold-10", {"percentage_decimals": 0}),
        ("ons-threshold-10", {"percentage_decimals": 2}),
        ("ons-threshold-10", {"mean_decimals": 0}),
        ("ons-threshold-10", {"mean_decimals": 2}),
        ("ons-threshold-10", {"p_percent": 0}),
        ("ons-threshold-10", {"p_percent": 100}),
        ("ons-threshold-10", {"quantile_each_side": 1}),
        ("ons-threshold-10", {"quantile_each_side": 10, "quantile_base": 20}),
        ("ons-threshold-10", {"dominance_contributors": 1}),
        ("ons-threshold-10", {"dominance_share": 1}),
        ("ons-threshold-10", {"percentage_base": 10, "mean_base": 10}),
        ("ons-threshold-10", {"attacker": "status_known", "threshold": 5, "minimum_width": 3}),
        ("nhs-1-7-round-5", {"rounding_base": 2}),
        ("census-cell-key", {"perturbation_smallest": 1}),
    ],
)
def test_a_value_at_its_limit_is_accepted(name: str, values: dict[str, Any]) -> None:
    loaded = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    for rule, value in values.items():
        loaded["rules"][rule]["value"] = value
    policy = read_policy(loaded, name)
    assert all(getattr(policy, rule) == value for rule, value in values.items())


def test_no_small_count_may_be_asked_to_keep_more_than_its_readers_leave_it(data: dict[str, Any]) -> None:
    for rule, value in (("attacker", "status_known"), ("threshold", 5), ("minimum_width", 4)):
        data["rules"][rule]["value"] = value
    with pytest.raises(DisclosureError, match="no count of 1 to 4 can keep a width of 4"):
        read_policy(data, "own")
    data["rules"]["attacker"]["value"] = "zeros_published"
    assert read_policy(data, "own").minimum_width == 4
