"""Record swapping on a wave, before anything is counted: rare records change areas with like ones elsewhere, by the policy's share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from disclosure.error import DisclosureError
from disclosure.policy import Policy
from disclosure.swapping import Swapped, swap
from pipeline.policy_in_force import policy_named
from pipeline.record_keys import chance
from pipeline.table_specs import TableSpecs, VariableSpec
from retention.secure_store import SecureStore
from retention.steps import Verb

Whole = npt.NDArray[np.int64]
SWAPPED_BY = "swapped_by"  # in the counts of `tabulate`: the policy whose record swapping was done


def swapped_of(
    store: SecureStore, wave_id: str, people: pd.DataFrame, specs: TableSpecs, policy: Policy
) -> tuple[pd.DataFrame, dict[str, int | str]]:
    """The children of a wave as a policy has them counted, and what its record swapping did; the same whenever it is asked for.

    Raises DisclosureError, KeyMissing.
    """
    if not policy.swapping_share:
        return people, {}
    people, found = swap_areas(people, specs, policy, chance(store, wave_id))
    return people, {
        SWAPPED_BY: policy.name,
        "swapped": found.moved,
        "swapped_beyond_larger_area": found.moved_wide,
        "swapped_no_like_record": found.unmatched,
        "swapped_mean_change": f"{found.mean_change:.2f}",
    }


def as_counted(store: SecureStore, wave_id: str, people: pd.DataFrame, specs: TableSpecs) -> pd.DataFrame:
    """The children of a wave that was tabulated as its tables count them: with the areas that they changed to."""
    by = store.steps(wave_id)[Verb.TABULATE].get(SWAPPED_BY)
    return swapped_of(store, wave_id, people, specs, policy_named(str(by), store.zone))[0] if by else people


def swap_areas(people: pd.DataFrame, specs: TableSpecs, policy: Policy, random: np.random.Generator) -> tuple[pd.DataFrame, Swapped]:
    """The children with the areas of some exchanged; a row for each, a column for each variable (see `pipeline.derive`).

    Alike: in the policy's variables. Rare: by the other variables that identify. A child whose area is no part of a larger one (not
    known, say) stays where it is. Raises DisclosureError if the survey does not declare what the policy needs.
    """
    area = _area(specs, policy)
    if missing := sorted(policy.swapping_alike - set(people)):
        raise DisclosureError(f"policy '{policy.name}' swaps records that are alike in '{missing[0]}', which no declared variable is")
    rare = sorted((policy.identifying_variables & set(people)) - policy.swapping_alike - policy.geography_variables)
    above = {child: parent for parent, children in area.dimension.partitions for child in children}
    larger = people[area.name].map(above)
    placed = people[larger != area.dimension.total]
    found = swap(
        _codes(placed, [area.name]),
        _codes(placed.assign(**{area.name: larger}), [area.name]),
        _codes(placed, sorted(policy.swapping_alike)),
        _codes(placed, rare),
        policy.swapping_share,
        random,
    )
    moved = people.copy()
    moved.loc[placed.index, area.name] = placed[area.name].to_numpy()[found.source]
    return moved, found


def _area(specs: TableSpecs, policy: Policy) -> VariableSpec:
    """The one variable of small areas within larger ones."""
    areas = [variable for name, variable in specs.variables.items() if name in policy.geography_variables]
    if len(areas) != 1 or len(areas[0].dimension.partitions) < 2:
        raise DisclosureError(f"policy '{policy.name}' swaps records between areas: declare one variable of small areas within larger ones")
    return areas[0]


def _codes(people: pd.DataFrame, names: Sequence[str]) -> Whole:
    """For each child a number from 0, the same for the same codes; all 0 if there are no variables."""
    if not names or people.empty:
        return np.zeros(len(people), np.int64)
    return np.asarray(people.groupby(list(names), sort=True).ngroup().to_numpy(), np.int64)
