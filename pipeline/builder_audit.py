"""What was ever answered, made again for the attack: the same tables, for the same cells always read the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from disclosure.audit import AuditReport
from disclosure.differencing import asks_as_much, attack_together
from disclosure.error import DisclosureError
from disclosure.published_table import PublishedTable
from forms.load import load_survey
from pipeline.builder_answer import Answer, Builder
from pipeline.builder_held import as_released, lists_of
from pipeline.builder_matrix import variables_of
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import DATA_SET, matrix_of, prepared
from pipeline.builder_query import NotUnderstood, Query
from pipeline.derive import NOT_ASKED
from pipeline.progress import Progress, silent
from pipeline.release_register import earlier, policy_of, tables_of
from pipeline.table_specs import load_table_specs
from retention.answered import definitions
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb


def tables_of_definitions(builder: Builder, kept: Iterable[str]) -> list[PublishedTable]:
    """The tables of these definitions as they were answered. Raises DisclosureError for one that is not answered any more.

    The builder gives the same answer for ever as long as its rules stay; a definition that is refused now was answered under other
    rules, and nothing can be held against a table that nobody can make again.
    """
    found = []
    for definition in kept:
        try:
            answer = builder.ask(Query.from_definition(definition), suggest=False)
        except NotUnderstood:
            answer = None
        if not isinstance(answer, Answer):
            raise DisclosureError(
                "a table that the builder answered is not answered under the rules of today: audit with the rules of then"
            )
        found.append(answer.published(builder.policy))
    return found


def answered_tables(store: SecureStore, wave_id: str) -> list[PublishedTable]:
    """Every table that was ever answered of a wave; none if it was never prepared. Raises StepRefused, DisclosureError."""
    kept = definitions(store, wave_id)
    if kept and wave_id not in prepared(store):
        raise StepRefused(f"The '{DATA_SET}' of wave '{wave_id}' are gone: no new table can be held against what the builder answered.")
    return tables_of_definitions(Builder(matrix_of(store, wave_id), load_builder_policy()), kept) if kept else []


def readings(store: SecureStore, wave_id: str) -> list[PublishedTable]:
    """The same, under the names that released tables have for their cells. Raises StepRefused, DisclosureError."""
    variables = variables_of(load_table_specs(load_survey(store.wave(wave_id).survey)))
    return [as_released(table, variables) for table in answered_tables(store, wave_id)]


def attack_answers(store: SecureStore, wave_id: str, answers: Sequence[PublishedTable], progress: Progress = silent) -> AuditReport:
    """Attack answers of a wave (as `readings` names them) together, and as one with its protected tables and every earlier release.

    Returns the attack's report. Raises DisclosureError if a count is narrowed down too far.
    """

    def told(share: float, _step: str) -> None:
        progress(round(share * 100), 100)

    policy = load_builder_policy().disclosure
    variables = variables_of(load_table_specs(load_survey(store.wave(wave_id).survey)))
    if Verb.PROTECT in store.steps(wave_id):
        own, before = policy_of(store, wave_id), earlier(store, wave_id).tables
        tables = [*tables_of(store, wave_id), *answers]
        joint = attack_together([*tables, *lists_of(tables, variables)], before, own, not_answers=(NOT_ASKED,), progress=told)
        if joint.exposed:
            raise DisclosureError(
                f"the table builder's answers and the protected tables of wave '{wave_id}' narrow down {len(joint.exposed)} counts "
                "together: stop the builder, and ask coarser questions or have the tables protected anew"
            )
        if asks_as_much(own, policy):
            return joint
    report = attack_together([*answers, *lists_of(answers, variables)], [], policy, not_answers=(NOT_ASKED,), progress=told)
    if report.exposed:
        raise DisclosureError(
            f"the attack narrows down {len(report.exposed)} counts of the table builder's answers of wave '{wave_id}': stop the builder, "
            "and ask coarser questions"
        )
    return report


def require_answers_withstand(store: SecureStore, wave_id: str, progress: Progress = silent) -> int:
    """Before a release of this wave is drafted: attack all that was answered of it, also after its tables were protected, and all that
    was answered of the others, as long as it can be made again.

    Returns how many answers there are of this wave. Raises DisclosureError as `attack_answers` does, StepRefused if what was answered
    of this wave cannot be made again.
    """
    found = {one: readings(store, one) for one in dict.fromkeys((wave_id, *prepared(store))) if definitions(store, one)}
    for one, answers in found.items():
        attack_answers(store, one, answers, progress)
    return len(found.get(wave_id, ()))


def audit(store: SecureStore, wave_id: str, progress: Progress = silent) -> dict[str, int | str]:
    """Attack every answer of a wave together, and together with the wave's protected tables if it has any. Returns counts.

    Raises DisclosureError if a count is narrowed down too far.
    """
    answers = readings(store, wave_id)
    if not answers:
        return {"tables": 0}
    report = attack_answers(store, wave_id, answers, progress)
    cells = sum(table.values.size for table in answers)
    possible = 0 if report.narrowest is None else report.narrowest + 1
    return {"tables": len(answers), "cells": cells, "exposed": len(report.exposed), "fewest_possible": possible}
