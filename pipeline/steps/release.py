"""Draft a release from the protected tables of a wave. Checking and approving it is for two other people (pipeline.approval)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from disclosure.dimension import NOT, Dimension
from disclosure.published_table import PublishedTable
from forms.load import load_survey
from pipeline import gate
from pipeline.builder_audit import require_answers_withstand
from pipeline.counted import from_cells
from pipeline.drafting import describe, register
from pipeline.policy_in_force import policy_named
from pipeline.progress import Progress, silent
from pipeline.release_description import AttackResult, ReleaseDimension, ReleaseTable
from pipeline.release_map import Boundaries
from pipeline.release_quotes import ReleaseQuote
from pipeline.release_register import tables_of
from pipeline.release_texts import ReleaseText
from pipeline.table_specs import TableSpecs, VariableSpec
from pipeline.theme_tables import THEMES
from pipeline.themes import specs_of
from retention import releases
from retention.releases import Release, ReleaseRefused, ReleaseState
from retention.secure_store import SecureStore
from retention.steps import Verb, require


def draft(
    store: SecureStore,
    wave_id: str,
    release_id: str,
    actor: str,
    quotes: Sequence[ReleaseQuote] = (),
    layers: Sequence[Boundaries] = (),
    replaces: str | None = None,
    changes: Sequence[str] = (),
    texts: Sequence[ReleaseText] = (),
    progress: Progress = silent,
) -> Release:
    """Build the files of a release in the secure zone and register their hash.

    Before that, the table builder's answers are attacked, with every release: some may have been given since the tables were protected.
    Raises StepRefused, ReleaseRefused, ReleaseInvalid, GateShut, DisclosureError.

    `quotes`: approved ones that leave with the tables (pipeline.quotes); `texts`: cleaned ones (pipeline.text_release). `layers`:
    boundaries for maps, the finest first. `replaces`: the release that this is a new version of, with what changed, a sentence each.
    A draft that was built but not registered is built again; one that is registered is never replaced.
    """
    wave = store.wave(wave_id)
    require(store, wave, Verb.RELEASE)
    for known in releases.releases(store, wave_id):
        if known.id == release_id:
            return known
    if replaces is not None and releases.release(store, replaces).state not in (ReleaseState.RELEASED, ReleaseState.WITHDRAWN):
        raise ReleaseRefused(f"Release '{replaces}' never left the office: only a released one can have a new version.")
    survey = load_survey(wave.survey)
    specs = specs_of(store, wave_id, survey)
    published = tables_of(store, wave_id)
    attack = json.loads(store.vault.read(store.asset(wave_id, "attack").stored)["document"].iloc[0])
    policy = policy_named(attack["policy"], store.zone)
    demonstration = gate.require_draft(store, survey, policy)
    answers = require_answers_withstand(store, wave_id, progress)
    description = describe(
        store,
        wave_id,
        release_id,
        policy,
        _result(attack, published, answers),
        title="what children said",
        summary="Counts and percentages of the answers that children in England gave, with every count protected.",
        demonstration=demonstration,
    )
    by_id = {spec.id: spec for spec in specs.tables}
    tables = [
        ReleaseTable(
            table,
            table.title,
            tuple(_words(specs, dimension) for dimension in table.dimensions),
            by_id[table.id].percent_of,
            _notes(specs, table.dimensions),
        )
        for table in published
    ]
    true = {
        each.table.id: each.table.counts for each in from_cells(store.vault.read(store.asset(wave_id, "tables").stored), specs, wave_id)
    }
    description = replace(description, replaces=replaces, changes=tuple(changes))
    return register(store, description, tables, true, actor, layers, quotes, texts)


def _result(document: dict[str, Any], published: Sequence[PublishedTable], answers: int) -> AttackResult:
    attack, before = document["report"]["attack"], document["earlier_releases"]
    fewest = None if attack["narrowest"] is None else int(attack["narrowest"]) + 1
    cells, nearly = sum(table.values.size for table in published), not all(table.exact for table in published)
    return AttackResult(cells, int(attack["withheld"]), len(attack["exposed"]), fewest, len(before), nearly, answers)


def _words(specs: TableSpecs, dimension: Dimension) -> ReleaseDimension:
    variable = specs.variables[dimension.name]
    return ReleaseDimension(variable.title, {code: _label(variable, dimension, code) for code in dimension.codes})


def _label(variable: VariableSpec, dimension: Dimension, code: str) -> str:
    if code == dimension.total:
        return "England and not known" if variable.derive == "area" else "All"
    if variable.multiple and code.startswith(NOT):
        return f"Not chosen: {variable.labels[code.removeprefix(NOT)]}"
    return variable.labels[code]


def _notes(specs: TableSpecs, dimensions: tuple[Dimension, ...]) -> tuple[str, ...]:
    notes = []
    several = [specs.variables[dimension.name] for dimension in dimensions if specs.variables[dimension.name].multiple]
    if any((variable.answer or "").startswith(THEMES) for variable in several):
        notes.append(
            "What answers are about was found by people in a sample and by a program in the rest; the program errs. One answer can be "
            "about several themes, so the rows add up to more than the total."
        )
    elif several:
        notes.append("Children could choose up to five, so the rows add up to more than the total.")
    if any(dimension.name == "area" for dimension in dimensions):
        notes.append("Children whose answers show that they live outside England are not counted.")
    return tuple(notes)
