"""The rules a release must keep, as data: every number with where it comes from and why.

A policy is a YAML file. An unknown key, a missing number, or a number without a source or a reason is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from disclosure.table import DisclosureError

FOLDER = Path(__file__).parent / "policies"


class Attacker(StrEnum):
    """What the strongest reader that must be withstood knows, beside everything published and these rules."""

    ZEROS_PUBLISHED = "zeros_published"  # a withheld cell is at least 1
    STATUS_KNOWN = "status_known"  # also which withheld cells are under the threshold, and which are not


class Group(StrEnum):
    """When a group in one category is a disclosure."""

    NONE = "none"
    ALL = "all"
    ALL_BUT_ONE = "all_but_one"  # also everyone but one, who then knows all about the others


@dataclass(frozen=True)
class Rule:
    """One value of a policy, its source and its reason."""

    value: Any
    source: str
    reason: str


@dataclass(frozen=True)
class Policy:
    """Rules of disclosure control; `rules` keeps each value's source and reason for the release page."""

    name: str
    title: str
    threshold: int  # a count from 1 to below this is withheld
    minimum_width: int  # every withheld cell keeps at least this distance between its smallest and largest possible count
    minimum_withheld_sum: int  # the withheld cells of one total must not have a known sum from 1 to below this
    group_disclosure: Group
    identifying_variables: frozenset[str]  # what is known of a child anyway: no group disclosure by these
    attacker: Attacker
    percentage_decimals: int
    rules: Mapping[str, Rule]

    def __post_init__(self) -> None:
        if self.threshold < 2 or self.minimum_width < 1 or self.minimum_withheld_sum < 0 or not 0 <= self.percentage_decimals <= 2:
            raise DisclosureError(
                f"policy '{self.name}': the threshold must be at least 2, the width at least 1, "
                "the withheld sum at least 0 and the decimals 0 to 2"
            )
        if self.attacker is Attacker.STATUS_KNOWN and self.minimum_width > self.threshold - 2:
            raise DisclosureError(f"policy '{self.name}': no count of 1 to {self.threshold - 1} can keep a width of {self.minimum_width}")


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number is needed")
    return value


def _names(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("a list of variables' names is needed")
    return frozenset(value)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "threshold": _whole,
    "minimum_width": _whole,
    "minimum_withheld_sum": _whole,
    "group_disclosure": Group,
    "identifying_variables": _names,
    "attacker": Attacker,
    "percentage_decimals": _whole,
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
    return read_policy(data, path.name)


def read_policy(data: Any, where: str) -> Policy:
    """A policy from its parsed YAML; `where` names it in messages."""
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
    return Policy(name=str(data["name"]), title=str(data["title"]), rules=rules, **values)
