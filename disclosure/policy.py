"""The rules a release must keep, as data: every number with where it comes from and why.

A policy is a YAML file that states every rule, also those that its method has no use for (0, or none). An unknown key, a
missing number, or a number without a source or a reason is refused; so are rules that contradict each other. The
perturbation table of a cell-key policy lies beside it, under the same name with `.perturbation.csv`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from disclosure.error import DisclosureError
from disclosure.perturbation import Perturbation, PerturbationTable, read_perturbation
from disclosure.published_table import Method

FOLDER = Path(__file__).parent / "policies"
TABLE_SUFFIX = ".perturbation.csv"


class Attacker(StrEnum):
    """What the strongest reader that must be withstood knows, beside everything published and these rules."""

    ZEROS_PUBLISHED = "zeros_published"  # a withheld cell is at least 1
    STATUS_KNOWN = "status_known"  # also which withheld cells are under the threshold, and which are not


class Group(StrEnum):
    """When a group in one category is a disclosure."""

    NONE = "none"
    ALL = "all"
    ALL_BUT_ONE = "all_but_one"  # also everyone but one, who then knows all about the others


class Zeros(StrEnum):
    """What a count of nobody is."""

    DATA = "data"  # published
    PROTECTED = "protected"  # withheld like a small count, unless declared impossible


class Ratio(StrEnum):
    """Which parts of a ratio must reach the threshold by themselves."""

    BOTH = "both"
    BASE = "base"


class Extremes(StrEnum):
    """What becomes of maxima and minima: each is one child's value."""

    REFUSED = "refused"


@dataclass(frozen=True)
class Rule:
    """One value of a policy, its source and its reason."""

    value: Any
    source: str
    reason: str


@dataclass(frozen=True)
class Policy:
    """Rules of disclosure control; `rules` keeps each value's source and reason for the release page.

    Shares are from 0 to 1; a 0 in a rule that this method has no use for means that there is no such rule.
    """

    name: str
    title: str
    method: Method
    threshold: int  # a count from 1 to below this is withheld
    zeros: Zeros
    structural_zeros: tuple[Mapping[str, str], ...]  # combinations (variable: code) that cannot be, whose zeros are always shown
    minimum_width: int  # every withheld cell keeps at least this distance between its smallest and largest possible count
    minimum_withheld_sum: int  # the withheld cells of one total must not have a known sum from 1 to below this
    group_disclosure: Group
    identifying_variables: frozenset[str]  # what is known of a child anyway: no group disclosure by these
    geography_variables: frozenset[str]  # names of variables that are areas, for the rule on sparse areas
    attacker: Attacker
    dominance_contributors: int  # a sum is withheld if so many children
    dominance_share: float  # make up more than this share of it
    p_percent: float  # or if the second largest could work out the largest to within so many percent
    rounding_base: int
    percentage_decimals: int
    percentage_base: int  # smallest number of children a percentage may be of
    mean_base: int
    mean_decimals: int
    quantile_base: int
    quantile_each_side: int  # so many children at least below, and above, a median or quantile that is shown
    ratio_parts: Ratio
    extremes: Extremes
    sparse_share: float  # an area is withheld from a table if more than this share of its cells other than 0 is under the threshold
    perturbation_variance: float
    perturbation_maximum: int
    perturbation_smallest: int  # no perturbed count is from 1 to below this
    cell_keys: int
    swapping_share: float  # share of records that change places with a like record of another area before tables are made
    swapping_alike: frozenset[str]  # variables in which two records must agree to change places: counts of these stay in every area
    rules: Mapping[str, Rule]
    folder: Path = FOLDER  # where the policy's file, and so its perturbation table, lies

    def __post_init__(self) -> None:
        if problem := _contradiction(self):
            raise DisclosureError(f"policy '{self.name}': {problem}")

    @cached_property
    def perturbation(self) -> PerturbationTable:
        """The perturbation table of a cell-key policy, read and checked. Raises DisclosureError."""
        if self.method is not Method.CELL_KEY:
            raise DisclosureError(f"policy '{self.name}' perturbs nothing: it has no perturbation table")
        return read_perturbation(self.folder / f"{self.name}{TABLE_SUFFIX}", perturbation_rules(self))

    def cannot_be(self, codes: Mapping[str, str]) -> bool:
        """True for a combination of codes that is declared impossible."""
        return any(zero.items() <= codes.items() for zero in self.structural_zeros)


def perturbation_rules(policy: Policy) -> Perturbation:
    """The four numbers that a policy's perturbation table must keep."""
    return Perturbation(policy.perturbation_variance, policy.perturbation_maximum, policy.perturbation_smallest, policy.cell_keys)


def _contradiction(policy: Policy) -> str:
    """What is wrong with the rules, taken together; "" if nothing is."""
    rounds = policy.method in (Method.CONVENTIONAL_ROUNDING, Method.CONTROLLED_ROUNDING, Method.SMALL_COUNT_ROUNDING)
    perturbs = (policy.perturbation_variance, policy.perturbation_maximum, policy.perturbation_smallest, policy.cell_keys)
    bases = (policy.percentage_base, policy.mean_base, policy.quantile_base)
    shares = (policy.dominance_share, policy.sparse_share, policy.swapping_share)
    checks = {
        "the threshold must be at least 2, the width at least 1, the withheld sum at least 0 and the decimals 0 to 2": policy.threshold >= 2
        and policy.minimum_width >= 1
        and policy.minimum_withheld_sum >= 0
        and 0 <= policy.percentage_decimals <= 2
        and 0 <= policy.mean_decimals <= 2,
        f"no count of 1 to {policy.threshold - 1} can keep a width of {policy.minimum_width}": policy.attacker is not Attacker.STATUS_KNOWN
        or policy.minimum_width <= policy.threshold - 2,
        "no percentage, mean or quantile may be of fewer children than the threshold": min(bases) >= policy.threshold,
        "a quantile needs at least one child on each side, and a base of twice as many": policy.quantile_each_side >= 1
        and 2 * policy.quantile_each_side <= policy.quantile_base,
        "dominance needs at least one contributor and a share above 0, and p per cent must be from 0 to 100": policy.dominance_contributors
        >= 1
        and policy.dominance_share > 0
        and 0 <= policy.p_percent <= 100,
        "shares are from 0 to 1": all(0 <= share <= 1 for share in shares),
        "record swapping needs variables in which two records agree, and areas are none of them": bool(policy.swapping_alike)
        == (policy.swapping_share > 0)
        and not policy.swapping_alike & policy.geography_variables,
        "a method that rounds needs a rounding base of at least 2, and no other method may have one": policy.rounding_base >= 2
        if rounds
        else policy.rounding_base == 0,
        "the cell key needs its four numbers, and no other method may have them": all(part > 0 for part in perturbs)
        if policy.method is Method.CELL_KEY
        else not any(perturbs),
    }
    return next((problem for problem, fine in checks.items() if not fine), "")


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is needed")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 < value < 1e9:
        raise ValueError("a number is needed")
    return float(value)


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("a list of variables' names is needed")
    return frozenset(value)


def _combinations(value: Any) -> tuple[Mapping[str, str], ...]:
    fine = isinstance(value, list) and all(
        isinstance(each, dict) and each and all(isinstance(part, str) for pair in each.items() for part in pair) for each in value
    )
    if not fine:
        raise ValueError("a list of combinations, each `variable: code`, is needed")
    return tuple(value)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "method": Method,
    "threshold": _whole,
    "zeros": Zeros,
    "structural_zeros": _combinations,
    "minimum_width": _whole,
    "minimum_withheld_sum": _whole,
    "group_disclosure": Group,
    "identifying_variables": _names,
    "geography_variables": _names,
    "attacker": Attacker,
    "dominance_contributors": _whole,
    "dominance_share": _number,
    "p_percent": _number,
    "rounding_base": _whole,
    "percentage_decimals": _whole,
    "percentage_base": _whole,
    "mean_base": _whole,
    "mean_decimals": _whole,
    "quantile_base": _whole,
    "quantile_each_side": _whole,
    "ratio_parts": Ratio,
    "extremes": Extremes,
    "sparse_share": _number,
    "perturbation_variance": _number,
    "perturbation_maximum": _whole,
    "perturbation_smallest": _whole,
    "cell_keys": _whole,
    "swapping_share": _number,
    "swapping_alike": _names,
}


def available() -> tuple[str, ...]:
    """Names of the policies that come with the project."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_policy(name_or_path: str | Path) -> Policy:
    """The policy of this name, or in this YAML file. Raises DisclosureError with one sentence if it cannot be trusted."""
    path = FOLDER / f"{name_or_path}.yaml"
    if str(name_or_path) not in available():
        path = Path(name_or_path)
        if path.suffix not in (".yaml", ".yml") or not path.is_file():
            raise DisclosureError(f"there is no policy '{name_or_path}': choose one of {', '.join(available())}, or give a YAML file")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise DisclosureError(f"policy file '{path.name}' cannot be read as YAML: {type(error).__name__}") from None
    return read_policy(data, path.name, path.parent)


def read_policy(data: Any, where: str, folder: Path = FOLDER) -> Policy:
    """A policy from its parsed YAML; `where` names it in messages, `folder` is where its perturbation table would lie."""
    if not isinstance(data, dict) or set(data) != {"name", "title", "rules"} or not isinstance(data["rules"], dict):
        raise DisclosureError(f"policy '{where}' must have exactly: name, title, rules")
    rules: dict[str, Rule] = {}
    values: dict[str, Any] = {}
    for key, entry in data["rules"].items():
        if key not in READERS:
            raise DisclosureError(f"policy '{where}' has the unknown rule '{key}': the rules are {', '.join(READERS)}")
        if (
            not isinstance(entry, dict)
            or set(entry) != {"value", "source", "reason"}
            or not all(isinstance(entry[part], str) and entry[part].strip() for part in ("source", "reason"))
        ):
            raise DisclosureError(f"policy '{where}', rule '{key}' must have exactly: value, source, reason")
        try:
            values[key] = READERS[key](entry["value"])
        except ValueError as error:
            raise DisclosureError(f"policy '{where}', rule '{key}': {error}") from None
        rules[key] = Rule(entry["value"], entry["source"].strip(), entry["reason"].strip())
    if missing := [key for key in READERS if key not in values]:
        raise DisclosureError(f"policy '{where}' has no rule '{missing[0]}': every rule must be stated")
    return Policy(name=str(data["name"]), title=str(data["title"]), rules=rules, folder=folder, **values)
