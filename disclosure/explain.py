"""A policy in plain words, for the release page, the output checker and whoever writes a policy of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from disclosure.policy import Attacker, Group, Policy, Ratio, Zeros, perturbation_rules
from disclosure.published_table import Method


@dataclass(frozen=True)
class Explained:
    """One rule, or several that belong together: what they mean, where their numbers come from, and why."""

    names: tuple[str, ...]
    text: str
    source: str
    reason: str


METHODS = {
    Method.SUPPRESSION: "Small counts are withheld, and as many others as it takes so that none can be worked out from the rest.",
    Method.CONVENTIONAL_ROUNDING: "Each count is rounded by itself to the nearest multiple of {rounding_base}.",
    Method.CONTROLLED_ROUNDING: "All counts are rounded to multiples of {rounding_base}, chosen together so that sums still hold.",
    Method.SMALL_COUNT_ROUNDING: "Small counts are withheld, and every other count is rounded to the nearest multiple of {rounding_base}.",
    Method.CELL_KEY: (
        "Every count is moved a little: by {spread} children as a rule, and by {perturbation_maximum} at most. The same children "
        "are always counted alike, whatever the table."
    ),
}
ATTACKERS = {
    Attacker.ZEROS_PUBLISHED: "The strongest reader is taken to know all released tables, these rules, and that zeros are shown.",
    Attacker.STATUS_KNOWN: "The strongest reader is taken to know all released tables, these rules, and which withheld counts are small.",
}
GROUPS = {
    Group.NONE: "A group whose members all gave the same answer is shown.",
    Group.ALL: "Where all of a known group gave one answer, that is not shown.",
    Group.ALL_BUT_ONE: "Where all of a known group, or all but one, gave one answer, that is not shown.",
}


def explain(policy: Policy) -> tuple[Explained, ...]:
    """Each rule of a policy that has a use for it, in sentences that end."""
    found = []
    for names, words in SENTENCES:
        text = words(policy)
        if text:
            rules = [policy.rules[name] for name in names if policy.rules[name].value or name == names[0]]
            found.append(Explained(names, text, "; ".join(dict.fromkeys(r.source for r in rules)), rules[0].reason))
    return tuple(found)


def _method(policy: Policy) -> str:
    spread = round(policy.perturbation_variance**0.5, 1)
    return METHODS[policy.method].format(
        rounding_base=policy.rounding_base, perturbation_maximum=policy.perturbation_maximum, spread=f"{spread:g}"
    )


def _threshold(policy: Policy) -> str:
    last = policy.threshold - 1
    if policy.method is Method.SUPPRESSION or policy.method is Method.SMALL_COUNT_ROUNDING:
        return f"A count of 1 to {last} is never shown."
    answers = f" What a group of fewer than {policy.threshold} answered is not shown." if policy.method is Method.CELL_KEY else ""
    return f"A count of 1 to {last} counts as small: none may be worked out exactly.{answers}"


def _zeros(policy: Policy) -> str:
    if policy.zeros is Zeros.PROTECTED:
        return "A zero is protected like a small count, unless it cannot be otherwise."
    return "A zero is shown." if policy.method is not Method.CELL_KEY else "A zero stays a zero."


def _structural(policy: Policy) -> str:
    listed = [" and ".join(f"{name} {code}" for name, code in each.items()) for each in policy.structural_zeros]
    return f"These cannot occur, and their zeros are shown: {'; '.join(listed)}." if listed else ""


def _groups(policy: Policy) -> str:
    if policy.group_disclosure is Group.NONE or policy.method in (Method.SUPPRESSION, Method.SMALL_COUNT_ROUNDING):
        return GROUPS[policy.group_disclosure]
    who = "all of a known group" + (", or all but one," if policy.group_disclosure is Group.ALL_BUT_ONE else "")
    if policy.method is Method.CELL_KEY:
        return f"Where, by the counts shown, {who} may have given one answer, that is not shown."
    return f"No table makes it certain that {who} gave one answer."


def _width(policy: Policy) -> str:
    if policy.method is Method.CELL_KEY:
        return ""
    return f"For every count that is not shown, at least {policy.minimum_width + 1} different whole numbers stay possible."


def _sums(policy: Policy) -> str:
    least = policy.minimum_withheld_sum
    return f"Withheld counts of one total never have a known sum of 1 to {least - 1}." if least > 1 else ""


def _dominance(policy: Policy) -> str:
    return (
        f"A sum is not shown if {policy.dominance_contributors} children make up more than {policy.dominance_share:.0%} of it, or if "
        f"whoever added the second largest value could work out the largest to within {policy.p_percent:g} per cent."
    )


def _percentages(policy: Policy) -> str:
    digits = {0: "in whole per cents", 1: "with one decimal at most"}.get(policy.percentage_decimals, "with two decimals at most")
    return f"Percentages are made from shown counts alone, {digits}, and of {policy.percentage_base} children or more."


def _means(policy: Policy) -> str:
    digits = {0: "as whole numbers", 1: "with one decimal at most"}.get(policy.mean_decimals, "with two decimals at most")
    return f"Means are of {policy.mean_base} children or more, {digits}."


def _quantiles(policy: Policy) -> str:
    sides = f"at least {policy.quantile_each_side} on each side"
    return f"Medians and other quantiles are of {policy.quantile_base} children or more, with {sides}."


def _ratios(policy: Policy) -> str:
    both = policy.ratio_parts is Ratio.BOTH
    return "Both parts of a ratio must be counts that may be shown." if both else "The base of a ratio must be a count that may be shown."


def _sparse(policy: Policy) -> str:
    if policy.sparse_share >= 1:
        return ""
    return f"An area is left out of a table if more than {policy.sparse_share:.0%} of its counts are small."


def _smallest(policy: Policy) -> str:
    return f"No shown count is from 1 to {policy.perturbation_smallest - 1}." if policy.perturbation_smallest > 1 else ""


def _swapping(policy: Policy) -> str:
    if not policy.swapping_share:
        return ""
    alike = ", ".join(name.replace("_", " ") for name in sorted(policy.swapping_alike))
    return (
        f"{policy.swapping_share:.0%} of the records of each small area, the rarest first, changed places with records elsewhere that "
        f"are alike in {alike} before anything was counted."
    )


SENTENCES: tuple[tuple[tuple[str, ...], Callable[[Policy], str]], ...] = (
    (("method", "rounding_base", "perturbation_variance", "perturbation_maximum", "cell_keys"), _method),
    (("threshold",), _threshold),
    (("zeros",), _zeros),
    (("structural_zeros",), _structural),
    (("group_disclosure", "identifying_variables"), _groups),
    (("attacker",), lambda policy: ATTACKERS[policy.attacker]),
    (("minimum_width",), _width),
    (("minimum_withheld_sum",), _sums),
    (("perturbation_smallest",), _smallest),
    (("swapping_share", "swapping_alike"), _swapping),
    (("sparse_share", "geography_variables"), _sparse),
    (("percentage_decimals", "percentage_base"), _percentages),
    (("ratio_parts",), _ratios),
    (("mean_base", "mean_decimals"), _means),
    (("dominance_contributors", "dominance_share", "p_percent"), _dominance),
    (("quantile_base", "quantile_each_side"), _quantiles),
    (("extremes",), lambda _policy: "Maxima and minima are never shown."),
)


def check(policy: Policy) -> tuple[str, ...]:
    """What deserves a second look in a policy that can be read: rules that are weaker than the default's, and numbers that are ours alone.

    Raises DisclosureError if its perturbation table is missing or does not keep its numbers.
    """
    remarks = []
    if policy.method is Method.CELL_KEY:
        table = policy.perturbation
        missed = [
            count for count in range(1, perturbation_rules(policy).last) if table.variance(count) < policy.perturbation_variance - 0.01
        ]
        if missed:
            remarks.append(
                f"Counts of {', '.join(map(str, missed))} are moved less than the stated variance: nothing else is unbiased there."
            )
        if table.shares[table.rules.last].get(0, 0) > table.rules.keys / 2:
            remarks.append("More than half of all counts stay as they are: a reader may take most numbers for true.")
    if policy.method is Method.CONVENTIONAL_ROUNDING:
        remarks.append("Counts rounded each by itself can give themselves away: tables that do are refused; controlled rounding avoids it.")
    if policy.threshold < 5:
        remarks.append(f"A threshold of {policy.threshold} is lower than any that these sources use.")
    if policy.group_disclosure is Group.NONE:
        remarks.append("Nothing keeps a table from telling what all of a group answered.")
    if policy.sparse_share < 1 and policy.method is Method.SUPPRESSION:
        remarks.append("Areas are left out whole where they are sparse; suppression alone would show what is safe of them.")
    if policy.zeros is Zeros.PROTECTED:
        remarks.append("Every zero is withheld, and others with them: tables with many zeros may not be protectable.")
    ours = sum(rule.source.lower().startswith("ours") for rule in policy.rules.values())
    remarks.append(f"{ours} of {len(policy.rules)} rules are the office's own choice, the others follow a source.")
    return tuple(remarks)
