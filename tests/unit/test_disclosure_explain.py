"""A policy in plain words: each number it has is said, and none that it has no use for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from disclosure.error import DisclosureError
from disclosure.explain import GROUPS, SENTENCES, Explained, check, explain
from disclosure.perturbation import Perturbation, generate
from disclosure.policy import FOLDER, READERS, Group, Policy, Ratio, Rule, Zeros, available, load_policy, perturbation_rules
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


def rule(policy: Policy, name: str) -> Explained:
    (found,) = (each for each in explain(policy) if name in each.names)
    return found


NUMBERS = {"percentage_base": 12, "mean_base": 40, "quantile_base": 22, "quantile_each_side": 11}
ROUNDING = {"method": Method.CONTROLLED_ROUNDING, "rounding_base": 5}


@pytest.mark.parametrize(
    ("name", "policy", "changes", "said"),
    [
        ("group_disclosure", "ons-threshold-10", {"group_disclosure": Group.NONE}, GROUPS[Group.NONE]),
        ("group_disclosure", "ons-threshold-10", {"group_disclosure": Group.ALL}, GROUPS[Group.ALL]),
        ("group_disclosure", "nhs-1-7-round-5", {}, GROUPS[Group.ALL_BUT_ONE]),
        ("group_disclosure", "ons-threshold-10", ROUNDING | {"group_disclosure": Group.NONE}, GROUPS[Group.NONE]),
        (
            "group_disclosure",
            "ons-threshold-10",
            ROUNDING,
            "No table makes it certain that all of a known group, or all but one, gave one answer.",
        ),
        (
            "group_disclosure",
            "ons-threshold-10",
            ROUNDING | {"group_disclosure": Group.ALL},
            "No table makes it certain that all of a known group gave one answer.",
        ),
        ("group_disclosure", "census-cell-key", {"group_disclosure": Group.NONE}, GROUPS[Group.NONE]),
        (
            "group_disclosure",
            "census-cell-key",
            {"group_disclosure": Group.ALL},
            "Where, by the counts shown, all of a known group may have given one answer, that is not shown.",
        ),
        (
            "group_disclosure",
            "census-cell-key",
            {},
            "Where, by the counts shown, all of a known group, or all but one, may have given one answer, that is not shown.",
        ),
        ("mean_base", "strict", NUMBERS | {"mean_decimals": 0}, "Means are of 40 children or more, as whole numbers."),
        ("mean_base", "strict", NUMBERS | {"mean_decimals": 1}, "Means are of 40 children or more, with one decimal at most."),
        ("mean_base", "strict", NUMBERS | {"mean_decimals": 2}, "Means are of 40 children or more, with two decimals at most."),
        (
            "percentage_base",
            "strict",
            NUMBERS,
            "Percentages are made from shown counts alone, in whole per cents, and of 12 children or more.",
        ),
        (
            "percentage_base",
            "strict",
            NUMBERS | {"percentage_decimals": 1},
            "Percentages are made from shown counts alone, with one decimal at most, and of 12 children or more.",
        ),
        (
            "percentage_base",
            "strict",
            NUMBERS | {"percentage_decimals": 2},
            "Percentages are made from shown counts alone, with two decimals at most, and of 12 children or more.",
        ),
        (
            "quantile_base",
            "strict",
            NUMBERS,
            "Medians and other quantiles are of 22 children or more, with at least 11 on each side.",
        ),
        ("ratio_parts", "strict", {"ratio_parts": Ratio.BOTH}, "Both parts of a ratio must be counts that may be shown."),
        ("ratio_parts", "strict", {"ratio_parts": Ratio.BASE}, "The base of a ratio must be a count that may be shown."),
        (
            "structural_zeros",
            "strict",
            {"structural_zeros": ({"age": "4", "home": "alone"}, {"age": "5"})},
            "These cannot occur, and their zeros are shown: age 4 and home alone; age 5.",
        ),
        ("threshold", "strict", {"threshold": 8}, "A count of 1 to 7 is never shown."),
        ("threshold", "ons-threshold-10", ROUNDING, "A count of 1 to 9 counts as small: none may be worked out exactly."),
        (
            "threshold",
            "census-cell-key",
            {},
            "A count of 1 to 9 counts as small: none may be worked out exactly. What a group of fewer than 10 answered is not shown.",
        ),
        ("zeros", "strict", {}, "A zero is shown."),
        ("zeros", "census-cell-key", {}, "A zero stays a zero."),
        (
            "zeros",
            "census-cell-key",
            {"zeros": Zeros.PROTECTED},
            "A zero is protected like a small count, unless it cannot be otherwise.",
        ),
        ("minimum_withheld_sum", "strict", {"minimum_withheld_sum": 2}, "Withheld counts of one total never have a known sum of 1 to 1."),
        ("perturbation_smallest", "census-cell-key", {"perturbation_smallest": 2}, "No shown count is from 1 to 1."),
        (
            "sparse_share",
            "strict",
            {"sparse_share": 0.99},
            "An area is left out of a table if more than 99% of its counts are small.",
        ),
    ],
)
def test_each_rule_is_said_as_it_is(name: str, policy: str, changes: dict[str, object], said: str) -> None:
    assert rule(replace(load_policy(policy), **changes), name).text == said  # type: ignore[arg-type]


@pytest.mark.parametrize(("variance", "spread"), [(2.0, "1.4"), (4.0, "2"), (6.25, "2.5")])
def test_how_far_counts_are_moved_as_a_rule_is_the_root_of_the_variance(variance: float, spread: str) -> None:
    said = rule(replace(load_policy("census-cell-key"), perturbation_variance=variance), "cell_keys").text
    assert f"by {spread} children as a rule, and by 6 at most" in said


def test_a_rule_without_use_is_left_out_at_its_boundary() -> None:
    strict, perturbed = load_policy("strict"), load_policy("census-cell-key")
    for policy, name in (
        (replace(strict, minimum_withheld_sum=1), "minimum_withheld_sum"),
        (replace(perturbed, perturbation_smallest=1), "perturbation_smallest"),
        (perturbed, "minimum_width"),
        (strict, "sparse_share"),
    ):
        assert not [each for each in explain(policy) if name in each.names]


def test_rules_that_belong_together_give_all_their_sources_once_and_the_first_ones_reason() -> None:
    policy = load_policy("census-cell-key")
    for names, part in (
        (("method", "rounding_base", "perturbation_variance", "perturbation_maximum", "cell_keys"), ("method", "perturbation_variance")),
        (("dominance_contributors", "dominance_share", "p_percent"), ("dominance_contributors", "p_percent")),
    ):
        found = rule(policy, names[-1])
        assert found.names == names
        assert found.reason == policy.rules[names[0]].reason
        assert all(found.source.count(policy.rules[name].source) == 1 for name in part)


def test_remarks_are_made_where_they_apply_and_only_there() -> None:
    ons, census = load_policy("ons-threshold-10"), load_policy("census-cell-key")
    remarks = (
        ("Areas are left out whole", replace(ons, sparse_share=0.99), ons),
        ("Areas are left out whole", replace(ons, sparse_share=0.5), replace(ons, method=Method.SMALL_COUNT_ROUNDING, rounding_base=5)),
        ("Areas are left out whole", replace(ons, sparse_share=0.5), census),
        ("Every zero is withheld", replace(ons, zeros=Zeros.PROTECTED), ons),
    )
    for remark, made, not_made in remarks:
        assert sum(each.startswith(remark) for each in check(made)) == 1
        assert not any(each.startswith(remark) for each in check(not_made))


def test_the_offices_own_choices_are_counted() -> None:
    policy = load_policy("strict")
    sources = ("ours", "Ours, as others", "theirs", "the office, not ours")
    own = replace(policy, rules={str(k): Rule(1, source, "because") for k, source in enumerate(sources)})
    assert check(own)[-1] == "2 of 4 rules are the office's own choice, the others follow a source."


class Beside:
    """A perturbation table that keeps other numbers than the policy's: what `check` makes of it."""

    def __init__(self, policy: Policy, variances: dict[int, float], unmoved: int | None) -> None:
        self.rules = perturbation_rules(policy)
        self.shares: list[dict[int, int]] = [{}] * self.rules.last + [{} if unmoved is None else {0: unmoved}]
        self.variances = variances

    def variance(self, count: int) -> float:
        return self.variances.get(count, self.rules.variance)


@pytest.mark.parametrize(
    ("variances", "unmoved", "starts"),
    [
        ({}, None, []),
        ({1: 3.5, 3: 3.0}, None, ["Counts of 1, 3 are moved less than the stated variance"]),
        ({2: 3.99}, None, []),
        ({2: 3.98}, None, ["Counts of 2 are moved less than the stated variance"]),
        ({}, 32_768, []),
        ({}, 32_769, ["More than half of all counts stay as they are"]),
        ({}, 22_000, []),
    ],
)
def test_a_perturbation_table_is_remarked_upon(variances: dict[int, float], unmoved: int | None, starts: list[str]) -> None:
    policy = replace(load_policy("census-cell-key"))
    policy.__dict__["perturbation"] = Beside(policy, variances, unmoved)  # in place of what it would read
    remarks = [remark for remark in check(policy) if not remark.endswith("the others follow a source.")]
    assert len(remarks) == len(starts)
    assert all(remark.startswith(start) for remark, start in zip(remarks, starts, strict=True))
