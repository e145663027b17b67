"""What was ever answered, made again for the attack: the same tables, for the same cells always read the same."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from disclosure.differencing import attack_together
from disclosure.table import DisclosureError, PublishedTable
from forms.load import load_survey
from pipeline.builder_answer import Answer, Builder
from pipeline.builder_held import as_released
from pipeline.builder_matrix import variables_of
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import DATA_SET, matrix_of, prepared
from pipeline.builder_query import NotUnderstood, Query
from pipeline.progress import Progress, silent
from pipeline.release_register import policy_of, tables_of
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


def audit(store: SecureStore, wave_id: str, progress: Progress = silent) -> dict[str, int | str]:
    """Attack every answer of a wave together, and together with the wave's protected tables if it has any. Returns counts.

    Raises DisclosureError if a count is narrowed down too far.
    """
    tables = answered_tables(store, wave_id)
    if not tables:
        return {"tables": 0}
    policy = load_builder_policy().disclosure
    if Verb.PROTECT in store.steps(wave_id):
        released = attack_together(tables_of(store, wave_id), [], policy_of(store, wave_id), readings=readings(store, wave_id)).exposed
        if released:
            raise DisclosureError(f"with the builder's answers, {len(released)} counts of the protected tables are narrowed down: stop it")
    report = attack_together(tables, [], policy, progress=lambda share, _step: progress(round(share * 100), 100))
    if report.exposed:
        raise DisclosureError(f"the attack narrows down {len(report.exposed)} counts of the builder's answers: stop it, and look at them")
    widest = [
        int((high - low)[high >= 0].min()) for low, high in zip(report.low, report.high, strict=True) if (np.asarray(high) >= 0).any()
    ]
    return {"tables": len(tables), "cells": sum(table.values.size for table in tables), "exposed": 0, "narrowest": min(widest, default=-1)}
