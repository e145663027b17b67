"""Disclosure control of all tables of a wave together, and the attack on the result. Fails closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

import pandas as pd

from disclosure.advice import in_words, suggest
from disclosure.dimension import Counts
from disclosure.error import Unprotected
from disclosure.policy import Policy
from disclosure.protect import protect as protect_tables
from disclosure.published_table import PublishedTable
from disclosure.relations import to_relations
from disclosure.table import Table
from forms.load import load_survey
from pipeline.builder_audit import readings
from pipeline.builder_held import lists_of, protect_beside
from pipeline.builder_matrix import variables_of
from pipeline.counted import from_cells
from pipeline.policy_in_force import DEFAULT_POLICY, policy_in_force, policy_named
from pipeline.progress import Progress, silent
from pipeline.record_keys import require_divisor
from pipeline.release_register import earlier
from pipeline.swap_areas import SWAPPED_BY
from pipeline.table_specs import load_table_specs
from pipeline.themes import specs_of
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb, step

__all__ = ["DEFAULT_POLICY", "protect", "to_frame"]
ADVICE_SECONDS = 60  # no longer is looked for what to merge, once tables are refused


def protect(
    store: SecureStore, wave_id: str, actor: str, progress: Progress = silent, policy_name: str | None = None
) -> dict[str, int | str]:
    """Protect by a policy (by default the one that was assessed) and attack, together with every earlier release and
    with all that the table builder answered.

    Returns the step's counts. Raises StepRefused, DisclosureError; then nothing is stored. Tables that cannot be protected by themselves
    are refused with what to merge.
    """
    wave = store.wave(wave_id)
    if Verb.PROTECT not in store.steps(wave_id):
        policy = policy_named(policy_name, store.zone) if policy_name else policy_in_force(wave.survey, store.zone)
        require_divisor(policy)
        specs = specs_of(store, wave_id, load_survey(wave.survey))
        with step(store, wave, Verb.PROTECT, actor) as running:
            _require_same_swapping(store, wave_id, policy)
            counted = from_cells(running.load("tables"), specs, wave_id)
            keys = {each.table.id: each.keys for each in counted if each.keys is not None}
            before = earlier(store, wave_id)
            tables = [each.table for each in counted]
            answers = readings(store, wave_id)
            variables = variables_of(load_table_specs(load_survey(wave.survey)))
            lists = lists_of([*answers, *tables], variables) if answers else []
            try:
                result = protect_beside(
                    lambda wishes: protect_tables(
                        tables, policy, earlier=before.tables, keys=keys, wishes=wishes, progress=_share_of(progress)
                    ),
                    policy,
                    [*answers, *lists],
                    before.tables,
                )
            except Unprotected as refused:
                told = _advice(tables, policy, before.tables, keys, progress)
                raise Unprotected(f"{refused}. {told}", refused.cells) from None
            running.save("protected", to_frame(result.tables))
            attack = {
                "policy": policy.name,
                "report": result.report(),
                "certificate": result.certificate(),
                "relations": [to_relations(table) for table in result.tables],
                "earlier_releases": before.releases,
                "answers": len(answers),
            }
            running.save("attack", pd.DataFrame({"document": [json.dumps(attack, sort_keys=True)]}))
            running.counts.update(
                policy=policy.name,
                tables=len(result.tables),
                cells=sum(table.values.size for table in result.tables),
                primary=sum(int(entry["primary"]) for entry in result.summary),
                secondary=sum(int(entry["secondary"]) for entry in result.summary),
                exposed=len(result.audit.exposed),
                earlier_releases=len(before.releases),
                builder_answers=len(answers),
            )
    return dict(store.steps(wave_id)[Verb.PROTECT])


def _advice(
    tables: Sequence[Table], policy: Policy, before: Sequence[PublishedTable], keys: Mapping[str, Counts], progress: Progress
) -> str:
    """What to merge, as one line; looked for no longer than a minute."""
    start = monotonic()

    def tried() -> None:
        progress(min(ADVICE_SECONDS, round(monotonic() - start)), ADVICE_SECONDS)

    found = suggest(tables, policy, earlier=before, keys=keys, spent=lambda: monotonic() - start >= ADVICE_SECONDS, progress=tried)
    return " ".join(("What would help:" if found.suggestions else "", " Or: ".join(in_words(found)[1:]))).strip()


def _require_same_swapping(store: SecureStore, wave_id: str, policy: Policy) -> None:
    """What was counted must have been swapped as this policy says: neither more, nor by other rules, nor not at all."""
    by = store.steps(wave_id)[Verb.TABULATE].get(SWAPPED_BY)
    wanted = policy.name if policy.swapping_share else None
    if by != wanted:
        how = f"after the record swapping of policy '{by}'" if by else "without record swapping"
        raise StepRefused(f"Wave '{wave_id}' was counted {how}: policy '{policy.name}' cannot protect what was counted otherwise.")


def _share_of(progress: Progress) -> Callable[[float, str], None]:
    return lambda share, _step: progress(round(share * 100), 100)


def to_frame(tables: Sequence[PublishedTable]) -> pd.DataFrame:
    """Protected tables as one frame: table, and for each cell in the table's own order value, status and floor."""
    frames = [
        pd.DataFrame(
            {"table": table.id, "value": table.values.reshape(-1), "status": table.status.reshape(-1), "floor": table.floor.reshape(-1)}
        )
        for table in tables
    ]
    return pd.concat(frames, ignore_index=True)
