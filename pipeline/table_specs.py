"""The tables of a survey as data: which variables, which tables, in whose words. Checked on loading, before any answer is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from disclosure.dimension import Dimension
from forms.survey import Kind, Role, Survey
from pipeline.councils import Councils

TABLES = Path(__file__).parent / "tables"
UNKNOWN_AREA = "not_known"


class TableSpecError(ValueError):
    """A table or variable that cannot be made as declared. The message names it."""


@dataclass(frozen=True)
class VariableSpec:
    """A variable: its dimension, the labels of its codes, and how it is made of answers."""

    name: str
    title: str
    dimension: Dimension
    labels: Mapping[str, str]
    answer: str | None = None  # the field of the question it comes from
    groups: Mapping[str, str] = field(default_factory=dict)  # answer code -> code of this variable
    derive: str | None = None
    multiple: bool = False
    scale: bool = False
    top_level: str = ""  # name of the first level of its hierarchy, where tables may stop there


@dataclass(frozen=True)
class TableSpec:
    """A table: variables (with the level of their hierarchy, "" for all of it), and whose answers it counts."""

    id: str
    title: str
    by: tuple[tuple[str, str], ...]
    where: tuple[tuple[str, str], ...]
    percent_of: str | None


@dataclass(frozen=True)
class TableSpecs:
    """Everything declared for one survey."""

    variables: Mapping[str, VariableSpec]
    tables: tuple[TableSpec, ...]

    def dimension(self, name: str, level: str) -> Dimension:
        """The dimension of a variable, cut down to one level of its hierarchy."""
        dimension = self.variables[name].dimension
        if not level:
            return dimension
        kept = tuple(code for parent, children in dimension.partitions if parent == dimension.total for code in children)
        return Dimension(name, (dimension.total, *kept), ((dimension.total, kept),))


def load_table_specs(survey: Survey, path: Path | None = None) -> TableSpecs:
    """The declared tables of a survey. Raises TableSpecError with one sentence."""
    file = path or TABLES / f"{survey.id}.yaml"
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableSpecError(f"No tables are declared for survey '{survey.id}': write pipeline/tables/{survey.id}.yaml.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TableSpecError(f"The tables in '{file.name}' cannot be read as YAML ({type(error).__name__}).") from None
    entries = data if isinstance(data, dict) and set(data) == {"variables", "tables"} else {}
    if not entries or not all(
        isinstance(part, dict) and all(isinstance(entry, dict) for entry in part.values()) for part in entries.values()
    ):
        raise TableSpecError(f"'{file.name}' must hold exactly `variables` and `tables`, each a mapping of names to what they are.")
    variables = {str(name): _variable(str(name), entry, survey) for name, entry in data["variables"].items()}
    for variable in variables.values():
        _check_same_for_easy_read(variable, survey)
    tables = tuple(_table(str(table_id), entry, variables) for table_id, entry in data["tables"].items())
    if not tables:
        raise TableSpecError(f"'{file.name}' declares no table.")
    return TableSpecs(variables, tables)


def _check_same_for_easy_read(variable: VariableSpec, survey: Survey) -> None:
    """Forms of the same ages ask a tabulated question alike (A17).

    Otherwise the children of one form could be counted: those without an option, or those missing from the table's total.
    """
    asked: dict[str, dict[str, object]] = {}
    for form in survey:
        found = [q for q in form.questions if variable.answer in q.choice_fields]
        how = [(frozenset(option.code for option in q.options), q.limit, q.ask_if) for q in found]
        for band in form.bands:
            asked.setdefault(band.value, {})[form.id] = how
    for band_name, forms in asked.items():
        first, *others = forms
        for other in others:
            if forms[other] != forms[first]:
                raise TableSpecError(
                    f"Variable '{variable.name}' would tell forms of ages {band_name} apart: '{first}' and '{other}' ask it differently."
                )


def _variable(name: str, entry: Mapping[str, Any], survey: Survey) -> VariableSpec:
    unknown = set(entry) - {"title", "derive", "field", "groups", "labels", "tree", "multiple", "scale", "version", "reason", "together"}
    if unknown or "title" not in entry or ("derive" in entry) == ("field" in entry):
        raise TableSpecError(f"Variable '{name}' needs a title and either `derive` or `field`, and nothing unknown.")
    if {"groups", "derive", "together"} & set(entry) and not {"version", "reason"} <= set(entry):
        raise TableSpecError(f"Variable '{name}' is derived: it needs a version and a reason.")
    title, labels = str(entry["title"]), {str(code): str(label) for code, label in entry.get("labels", {}).items()}
    if entry.get("derive") == "area":
        return _area(name, title)
    if "derive" in entry:
        if not isinstance(entry.get("tree"), dict):
            raise TableSpecError(f"Variable '{name}' is derived: it needs a `tree` of its codes.")
        tree = {str(code): str(parent) for code, parent in entry["tree"].items()}
        if set(labels) != set(tree):
            raise TableSpecError(f"Variable '{name}' needs a label for each code of its tree, and for no other.")
        return VariableSpec(name, title, Dimension.tree(name, tree), labels, derive=str(entry["derive"]))
    answers = _options(name, str(entry["field"]), survey)
    if "groups" in entry:
        groups = {str(code): str(group) for group, codes in entry["groups"].items() for code in codes}
        placed = sum(len(codes) for codes in entry["groups"].values())
        if not placed == len(groups) == len(answers) or set(groups) != set(answers) or set(labels) != set(groups.values()):
            raise TableSpecError(f"Variable '{name}' must put each answer of its question into one labelled group.")
        dimension = Dimension.flat(name, tuple(str(group) for group in entry["groups"]))
        return VariableSpec(name, title, dimension, labels, str(entry["field"]), groups)
    multiple, scale = bool(entry.get("multiple")), bool(entry.get("scale"))
    kinds = {question.kind for form in survey for question in form.questions if str(entry["field"]) in question.choice_fields}
    if kinds != ({Kind.CHOICES} if multiple else kinds - {Kind.CHOICES}):
        raise TableSpecError(f"Variable '{name}' must be `multiple` if its question takes several answers, and only then.")
    if "together" in entry:
        return _together(name, title, str(entry["field"]), answers, entry["together"], scale)
    dimension = Dimension.multiple(name, answers) if multiple else Dimension.flat(name, answers)
    return VariableSpec(name, title, dimension, answers, str(entry["field"]), multiple=multiple, scale=scale)


def _together(name: str, title: str, field: str, answers: Mapping[str, str], together: Any, scale: bool) -> VariableSpec:
    """A variable with a level "group", at which rarer answers are counted together, so that the common ones can be shown."""
    parents = dict.fromkeys(answers, "")
    labels = dict(answers)
    for group, parts in together.items() if isinstance(together, dict) else ():
        codes = [str(code) for code in parts.get("codes", ())] if isinstance(parts, dict) else []
        if not codes or not set(codes) <= {code for code in answers if not parents[code]} or group in parents or not parts.get("label"):
            raise TableSpecError(f"Variable '{name}': '{group}' must put together some of its answers, each once, under a label.")
        parents |= {str(group): "", **dict.fromkeys(codes, str(group))}
        labels[str(group)] = str(parts["label"])
    if len(labels) == len(answers):
        raise TableSpecError(f"Variable '{name}' puts nothing together: say which answers, or leave `together` out.")
    return VariableSpec(name, title, Dimension.tree(name, parents), labels, field, scale=scale, top_level="group")


def _options(name: str, field_name: str, survey: Survey) -> dict[str, str]:
    """Code -> label of every option that any form gives this field, plain answers first; labels as older children read them."""
    plain: dict[str, str] = {}
    others: dict[str, str] = {}
    for form in sorted(survey, key=lambda form: (form.easy_read, -max(form.bands[-1].ages))):
        for question in form.questions:
            if field_name in question.choice_fields:
                for option in question.options:
                    (others if option.exclusive or option.role is Role.OTHER else plain).setdefault(option.code, option.label)
    if not plain:
        raise TableSpecError(f"Variable '{name}' asks for field '{field_name}', which no form has.")
    return plain | others


def _area(name: str, title: str) -> VariableSpec:
    councils = Councils.of_2025()
    parents = dict.fromkeys(councils.region_names, "") | {UNKNOWN_AREA: ""} | dict(councils.regions)
    labels = {**councils.region_names, **councils.names, UNKNOWN_AREA: "Area not known"}
    return VariableSpec(name, title, Dimension.tree(name, parents), labels, derive="area", top_level="region")


def _table(table_id: str, entry: Mapping[str, Any], variables: Mapping[str, VariableSpec]) -> TableSpec:
    if set(entry) - {"title", "by", "where", "percent_of"} or not {"title", "by"} <= set(entry):
        raise TableSpecError(f"Table '{table_id}' needs `title` and `by`, perhaps `where` and `percent_of`, and nothing unknown.")
    by = tuple((str(item).partition(".")[0], str(item).partition(".")[2]) for item in entry["by"])
    where = tuple((str(name), str(code)) for name, code in entry.get("where", {}).items())
    for name, level in by:
        if name not in variables:
            raise TableSpecError(f"Table '{table_id}' uses the unknown variable '{name}'.")
        if level and level != variables[name].top_level:
            raise TableSpecError(f"Table '{table_id}' uses the unknown level '{level}' of '{name}'.")
    for name, code in where:
        if name not in variables or variables[name].multiple or code not in variables[name].dimension.codes:
            raise TableSpecError(f"Table '{table_id}' counts an unknown population '{name}: {code}'.")
    names = [name for name, _ in (*by, *where)]
    if not by or len(set(names)) != len(names):
        raise TableSpecError(f"Table '{table_id}' needs at least one variable, and each only once.")
    percent_of = entry.get("percent_of")
    if percent_of is not None and percent_of not in {name for name, _ in by}:
        raise TableSpecError(f"Table '{table_id}' has percentages of '{percent_of}', which is not one of its variables.")
    return TableSpec(table_id, str(entry["title"]), by, where, percent_of)
