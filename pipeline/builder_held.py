"""A new release held against what the table builder answered: its readers may put both together.

A perturbed count states that the true one lies within the policy's largest change of it, and is not nought unless it is shown as nought.
The attack takes answers and released tables as one system: an exact count narrows down the answers that are parts of it, and answers that
are parts of a withheld count narrow that down. What is told so gets another released count withheld, beside it or of a group that it is
counted in, or the tables are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from disclosure.altered import withhold_beside
from disclosure.audit import Exposure
from disclosure.counted_in import counted_in
from disclosure.differencing import attack_together
from disclosure.dimension import NOT, Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Policy
from disclosure.protect import Protected
from disclosure.published_table import WITHHELD, Method, PublishedTable, Status
from disclosure.standing import joined
from disclosure.suppression import Wishes
from disclosure.system import Mask
from disclosure.table import Table
from pipeline.builder_matrix import Variable
from pipeline.derive import NOT_ASKED

MOST_TRIES = 20  # rounds of withholding


def protect_beside(
    protect: Callable[[Wishes], Protected], policy: Policy, answers: Sequence[PublishedTable], earlier: Sequence[PublishedTable] = ()
) -> Protected:
    """What `protect` makes of tables, with as much more withheld as the answers ask for. `answers`: as `as_released` names them.

    Raises DisclosureError if withholding does not help, or the answers contradict the tables.
    """
    hide: Mapping[str, Mask] = {}
    for _ in range(MOST_TRIES):
        result = protect(Wishes(hide=hide))
        if not answers:
            return result
        exposed = attack_together([*result.tables, *answers], earlier, policy, not_answers=(NOT_ASKED,)).exposed
        if not exposed:
            return result
        more = _beside(exposed, result.tables, answers)
        if not more or policy.method is not Method.SUPPRESSION:
            break
        hide = joined(hide, more)
    raise DisclosureError(
        f"nothing is released: with what the table builder answered, {len(exposed)} cells are narrowed down too far, the first of "
        f"{' and '.join(exposed[0].cell) or 'everyone'}; merge categories, or leave a table out"
    )


def _beside(exposed: Sequence[Exposure], released: Sequence[PublishedTable], answers: Sequence[PublishedTable]) -> dict[str, Mask]:
    """Published counts beside those that are narrowed down, and the smallest of those that answers' cells are counted in, by the table's
    id; none if nothing is left to withhold.
    """
    ours = {table.id for table in released}
    more = withhold_beside(released, [each for each in exposed if each.table in ours]) or released
    found = {new.id: new.withheld & ~old.withheld for old, new in zip(released, more, strict=True)}
    dimensions = [dimension for table in (*released, *answers) for dimension in table.dimensions]
    for each in exposed:
        wider = counted_in(each.cell, released, dimensions) if each.table not in ours else ()
        _, table, place = min(wider, key=lambda one: one[0], default=(0, None, ()))
        if table is not None:
            found[table.id][place] = True
    return {name: mask for name, mask in found.items() if mask.any()}


def lists_of(tables: Sequence[PublishedTable | Table], variables: Mapping[str, Variable]) -> list[PublishedTable]:
    """What any reader knows of the variables that tables are filtered by: which categories there are, and no count.

    Without them, nothing would say that children in care and children with their parents are never the same.
    """
    filtered = {(table.population, name) for table in tables for name, _ in table.where if name in variables}
    return [_all_withheld(f"categories of {name}", variables[name].dimension, population) for population, name in sorted(filtered)]


def _all_withheld(table_id: str, dimension: Dimension, population: str) -> PublishedTable:
    size = len(dimension.codes)
    status = np.full(size, Status.SECONDARY, dtype="<U9")
    return PublishedTable(table_id, (dimension,), np.full(size, WITHHELD), status, np.zeros(size, np.int64), population=population)


def as_released(table: PublishedTable, variables: Mapping[str, Variable]) -> PublishedTable:
    """An answer with the options of a question under the names that released tables have for them."""
    return replace(table, dimensions=tuple(_renamed(dimension, variables[dimension.name]) for dimension in table.dimensions))


def _renamed(dimension: Dimension, variable: Variable) -> Dimension:
    if not variable.of:
        return dimension
    option = variable.name.removeprefix(f"{variable.of}-")
    codes = (option, NOT + option, NOT_ASKED)  # as the builder has them: chosen, not chosen, not asked
    return Dimension(variable.of, (dimension.total, *codes), ((dimension.total, codes),))
