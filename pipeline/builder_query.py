"""A question to the table builder: a population, up to five variables, one geography. Two ways to ask the same are one question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from disclosure.dimension import TOTAL
from pipeline.builder_matrix import AREA, Axis, Variable
from pipeline.builder_policy import BuilderPolicy

EVERYWHERE, REGION, COUNCIL = "england", "region", "council"
GEOGRAPHIES = (EVERYWHERE, REGION, COUNCIL)


class NotUnderstood(ValueError):
    """A question that names something that is not there. The message says what, and never what was asked for in other words."""


@dataclass(frozen=True)
class Query:
    """`by`: variables and their levels; `geography`: areas besides; `where`: the population as (variable, code), or none for everyone."""

    wave: str
    by: tuple[tuple[str, str], ...] = ()
    geography: str = EVERYWHERE
    where: tuple[str, str] | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Dimensions of the table, the areas first, as asked."""
        area = {EVERYWHERE: (), REGION: (Axis(AREA, REGION),), COUNCIL: (Axis(AREA),)}[self.geography]
        return (*area, *(Axis(name, level) for name, level in self.by))

    @property
    def population(self) -> Axis | None:
        """The population as an axis of which one code is shown."""
        return Axis(self.where[0], only=self.where[1]) if self.where else None

    @property
    def counted(self) -> tuple[Axis, ...]:
        """The axes that children are counted by: the population, if there is one, and those of the table."""
        return (self.population, *self.axes) if self.population else self.axes

    def definition(self) -> str:
        """The same for every way to ask this question: JSON, variables in order, nothing of who asks."""
        asked = {"wave": self.wave, "by": sorted(map(list, self.by)), "geography": self.geography, "where": self.where}
        return json.dumps(asked, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_definition(cls, definition: str) -> Query:
        """The reverse. Raises NotUnderstood."""
        try:
            asked = json.loads(definition)
            by = tuple((str(name), str(level)) for name, level in asked["by"])
            where = (str(asked["where"][0]), str(asked["where"][1])) if asked["where"] else None
            return cls(str(asked["wave"]), by, str(asked["geography"]), where)
        except (ValueError, KeyError, TypeError, IndexError):
            raise NotUnderstood("A kept definition of a table cannot be read: restore the log from its backup.") from None

    @property
    def id(self) -> str:
        """A stable id of the table."""
        return "q-" + hashlib.sha256(self.definition().encode()).hexdigest()[:16]


def check(query: Query, variables: Mapping[str, Variable]) -> None:
    """Raises NotUnderstood for a variable, level, area or population that is not there, or is named twice."""
    if query.geography not in GEOGRAPHIES:
        raise NotUnderstood(f"Geography is one of: {', '.join(GEOGRAPHIES)}.")
    names = [axis.name for axis in query.axes] + ([query.where[0]] if query.where else [])
    for name in names:
        if name not in variables:
            raise NotUnderstood("There is no variable of that name: the list of variables has those there are.")
    for name, level in query.by:
        if name == AREA or level not in variables[name].levels:
            raise NotUnderstood(f"'{name}' cannot be asked for like this: areas are chosen as geography, and levels are listed.")
    if query.where and query.where[1] not in variables[query.where[0]].dimension.codes[1:]:
        raise NotUnderstood(f"The population names a category that '{query.where[0]}' does not have.")
    if len(set(names)) != len(names):
        raise NotUnderstood("A variable is named twice, or also chosen as the population: name each once.")
    if not query.axes:
        raise NotUnderstood("Choose at least one variable or a geography.")


def cells(query: Query, variables: Mapping[str, Variable]) -> int:
    """How many cells the table has, totals included."""
    return prod(len(variables[axis.name].at(axis.level).codes) for axis in query.axes)


def forbidden(query: Query, variables: Mapping[str, Variable], policy: BuilderPolicy) -> tuple[str, str] | None:
    """The rule that forbids this question whatever the answer would be, and what it says; None if none does."""
    options = [variables[axis.name].of for axis in (*query.axes, *filter(None, [query.population])) if variables[axis.name].of]
    by_council = query.geography == COUNCIL or bool(query.where and query.where[0] == AREA and query.where[1] in _councils(variables))
    chosen = len(query.by) + (1 if query.where and query.where[0] != AREA else 0)
    if query.where and query.where[0] not in policy.populations:
        return "populations", f"A table may be of one category of: {', '.join(sorted(policy.populations))}."
    if len(query.by) > policy.most_variables:
        return "most_variables", f"A table has at most {policy.most_variables} variables."
    if by_council and chosen > policy.most_variables_council:
        most = policy.most_variables_council
        return "most_variables_council", f"A table of councils has at most {most} variables, the population counted as one of them."
    if by_council and options and not policy.options_by_council:
        return "options_by_council", "Single options of a question with several answers are not shown by council."
    if len(set(options)) != len(options):
        return "one_option", "A table has one option of each question with several answers."
    if (size := cells(query, variables)) > policy.most_cells:
        return "most_cells", f"The table would have {size:,} cells, and {policy.most_cells:,} are the most."
    return None


def _councils(variables: Mapping[str, Variable]) -> frozenset[str]:
    area = variables[AREA]
    return frozenset(area.dimension.leaves) - frozenset(area.at(REGION).codes)


def coarser(query: Query, variables: Mapping[str, Variable]) -> Iterator[Query]:
    """Questions that ask for less, the nearest first: rarer answers together, larger areas, one variable less, everyone."""
    grouped = tuple((name, level or next((one for one in variables[name].levels if one), "")) for name, level in query.by)
    larger = {COUNCIL: REGION, REGION: EVERYWHERE}
    steps: list[Query] = [query]
    if grouped != query.by:
        steps.append(replace(query, by=grouped))
        yield steps[-1]
    for start in list(steps):
        area = start
        while area.geography in larger:
            area = replace(area, geography=larger[area.geography])
            if area.axes:
                steps.append(area)
                yield area
    for start in list(reversed(steps)) if len(query.by) > 1 or query.geography != EVERYWHERE else ():
        for drop in range(len(start.by) - 1, -1, -1):
            fewer = replace(start, by=start.by[:drop] + start.by[drop + 1 :])
            if fewer.axes:
                yield fewer
    if query.where:
        everyone = replace(query, where=None)
        yield everyone
        yield from coarser(everyone, variables)
    by = query.by[: len(query.by) - 2]
    if by:
        yield replace(query, by=by, geography=EVERYWHERE, where=None)


def label_of(variable: Variable, code: str) -> str:
    """A code in words."""
    return variable.labels.get(code, "All" if code == TOTAL else code)
