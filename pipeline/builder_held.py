"""A new release held against what the table builder answered: its readers may put both together.

A perturbed count states that the true one lies within the policy's largest change of it, and is not nought unless it is shown as nought.
The attack looks every count that was answered up among the cells that the released tables have or imply, those withheld too. Finer
answers state these cells only as sums of several such intervals, and are left out. What is narrowed down so gets another count withheld
beside it, or the tables are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from disclosure.altered import withhold_beside
from disclosure.audit import Exposure
from disclosure.differencing import attack_together
from disclosure.dimension import NOT, Dimension
from disclosure.error import DisclosureError
from disclosure.policy import Policy
from disclosure.protect import Protected
from disclosure.published_table import Method, PublishedTable
from disclosure.standing import joined
from disclosure.suppression import Wishes
from disclosure.system import Mask
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
        exposed = attack_together(result.tables, earlier, policy, readings=answers).exposed if answers else ()
        if not exposed:
            return result
        more = _beside(exposed, result.tables)
        if not more or policy.method is not Method.SUPPRESSION:
            break
        hide = joined(hide, more)
    raise DisclosureError(
        f"nothing is released: with what the table builder answered, {len(exposed)} cells are narrowed down too far, the first in table "
        f"'{exposed[0].table}'; merge categories, or leave a table out"
    )


def _beside(exposed: Sequence[Exposure], released: Sequence[PublishedTable]) -> dict[str, Mask]:
    """Published counts beside those that are narrowed down, by the table's id; none if nothing is left to withhold."""
    ours = {table.id for table in released}
    more = withhold_beside(released, [each for each in exposed if each.table in ours]) or released
    found = {new.id: new.withheld & ~old.withheld for old, new in zip(released, more, strict=True)}
    return {name: mask for name, mask in found.items() if mask.any()}


def as_released(table: PublishedTable, variables: Mapping[str, Variable]) -> PublishedTable:
    """An answer with the options of a question under the names that released tables have for them."""
    return replace(table, dimensions=tuple(_renamed(dimension, variables[dimension.name]) for dimension in table.dimensions))


def _renamed(dimension: Dimension, variable: Variable) -> Dimension:
    if not variable.of:
        return dimension
    option = variable.name.removeprefix(f"{variable.of}-")
    codes = (option, NOT + option, NOT_ASKED)  # as the builder has them: chosen, not chosen, not asked
    return Dimension(variable.of, (dimension.total, *codes), ((dimension.total, codes),))
