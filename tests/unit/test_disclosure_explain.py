"""A policy in plain words: each number it has is said, and none that it has no use for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from disclosure.error import DisclosureError
from disclosure.explain import SENTENCES, check, explain
from disclosure.perturbation import Perturbation, generate
from disclosure.policy import FOLDER, READERS, Group, Zeros, available, load_policy
from disclosure.published_table import Method


def said(name: str, **changes: object) -> str:
    return " ".join(each.text for each in explain(replace(load_policy(name), **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", available())
def test_every_rule_is_explained_in_sentences_with_source_and_reason(name: str) -> None:
    explained = explain(load_policy(name))
    assert {rule for names, _ in SENTENCES for rule in names} == set(READERS)
    assert all(each.text.endswith(".") and each.source and each.reason for each in explained)
    assert not any(mark in each.text for each in explained for mark in "{}_")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ons-threshold-10", "A count of 1 to 9 is never shown."),
        ("ons-threshold-10", "at least 2 different whole numbers stay possible"),
        ("ons-threshold-10", "and of 10 children or more"),
        ("strict", "never have a known sum of 1 to 9."),
        ("strict", "at least 4 different whole numbers stay possible"),
        ("strict", "which withheld counts are small"),
        ("nhs-1-7-round-5", "A count of 1 to 7 is never shown."),
        ("nhs-1-7-round-5", "nearest multiple of 5"),
        ("dfe-round-10", "nearest multiple of 10"),
        ("census-cell-key", "by 2 children as a rule, and by 6 at most"),
        ("census-cell-key", "No shown count is from 1 to 2."),
        ("census-cell-key", "A zero stays a zero."),
        ("census-cell-key", "more than 50% of its counts are small"),
    ],
)
def test_the_numbers_are_said(name: str, words: str) -> None:
    assert words in said(name)


def test_rules_that_do_nothing_are_not_mentioned() -> None:
    text = said("ons-threshold-10")
    assert "known sum" not in text
    assert "changed places" not in text
    assert "cannot occur" not in text
    assert "left out of a table" not in text


def test_further_rules_are_said_where_a_policy_has_them() -> None:
    swapping = said("ons-threshold-10", swapping_share=0.05, swapping_alike=frozenset({"age_band", "gender"}))
    assert "5% of the records of each small area" in swapping
    assert "alike in age band, gender before" in swapping
    assert "age 4 and home alone" in said("ons-threshold-10", structural_zeros=({"age": "4", "home": "alone"},))
    assert "protected like a small count" in said("ons-threshold-10", zeros=Zeros.PROTECTED)


def test_a_weak_policy_is_remarked_upon() -> None:
    weak = replace(load_policy("ons-threshold-10"), threshold=4, group_disclosure=Group.NONE)
    remarks = " ".join(check(weak))
    assert "threshold of 4" in remarks
    assert "all of a group" in remarks
    fine = " ".join(check(load_policy("ons-threshold-10")))
    assert "threshold of" not in fine
    assert "all of a group" not in fine
    assert "threshold of" not in " ".join(check(replace(weak, threshold=5)))
    rounding = replace(load_policy("ons-threshold-10"), method=Method.CONVENTIONAL_ROUNDING, rounding_base=5)
    assert "give themselves away" in " ".join(check(rounding))


def test_a_cell_key_policy_is_checked_together_with_its_table(tmp_path: Path) -> None:
    assert not [remark for remark in check(load_policy("census-cell-key")) if "variance" in remark or "half" in remark]
    text = (FOLDER / "census-cell-key.yaml").read_text()
    own = tmp_path / "census-cell-key.yaml"
    own.write_text(text)
    with pytest.raises(DisclosureError, match="no perturbation table"):
        check(load_policy(own))
    own.write_text(text.replace("    value: 4\n    source: ours; the numbers used", "    value: 0.5\n    source: ours; the numbers used"))
    generate(Perturbation(0.5, 6, 1, 65_536)).write(tmp_path / "census-cell-key.perturbation.csv")
    weak = replace(load_policy(own), perturbation_smallest=1)
    assert "More than half" in " ".join(check(weak))
