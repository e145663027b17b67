"""From answers to tables of counts, as declared. Rows end here: nothing after this step sees one child."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import pandas as pd

from disclosure.table import NOT, Dimension, Table
from forms.load import load_survey
from forms.survey import Survey
from pipeline import gate
from pipeline.derive import chosen, derive
from pipeline.progress import Progress, silent
from pipeline.quality import doubtful
from pipeline.quality_rules import load_rules
from pipeline.table_specs import TableSpec, TableSpecError, TableSpecs
from pipeline.themes import specs_of, theme_answers
from retention.secure_store import SecureStore
from retention.steps import Step, Verb, step


def tabulate(store: SecureStore, wave_id: str, actor: str, progress: Progress = silent) -> dict[str, int | str]:
    """Make every declared table of a wave. Returns the step's counts. Raises StepRefused, TableSpecError."""
    wave = store.wave(wave_id)
    if Verb.TABULATE not in store.steps(wave_id):
        survey = load_survey(wave.survey)
        specs = specs_of(store, wave_id, survey)
        gate.require_tabulation(store, wave, survey)
        with step(store, wave, Verb.TABULATE, actor) as running:
            responses, answers = running.load("responses"), running.load("answers")
            answers = pd.concat([answers, *theme_answers(store, wave_id, survey, responses)], ignore_index=True)
            located = _of_those_read(running, running.load("located"))
            doubts = doubtful(load_rules(survey), running.load("quality"))
            tables = make_tables(survey, specs, responses, answers, located, wave_id, progress, doubts)
            running.save("tables", to_cells(tables))
            running.counts.update(tables=len(tables), cells=sum(table.counts.size for table in tables))
    return dict(store.steps(wave_id)[Verb.TABULATE])


def _of_those_read(running: Step, located: pd.DataFrame) -> pd.DataFrame:
    """The places without those of records whose answers were set aside: there is nothing to count of them."""
    if not any(asset.kind == "bodies_set_aside" for asset in running.store.assets(running.wave.id)):
        return located
    return located[~located["row"].isin(running.load("bodies_set_aside")["row"])]


def make_tables(
    survey: Survey,
    specs: TableSpecs,
    responses: pd.DataFrame,
    answers: pd.DataFrame,
    located: pd.DataFrame,
    population: str,
    progress: Progress = silent,
    doubts: Collection[int] = (),
) -> list[Table]:
    """The declared tables of one wave's data sets (columns as `pipeline.steps.scrub` and `pipeline.locate` write them).

    `doubts`: rows that a rule of quality makes doubtful (`pipeline.quality.doubtful`).
    """
    people = derive(survey, specs, responses, answers, located, doubts)
    tables = []
    for done, spec in enumerate(specs.tables, start=1):
        tables.append(_make(spec, specs, people, answers, population))
        progress(done, len(specs.tables))
    return tables


def _make(spec: TableSpec, specs: TableSpecs, people: pd.DataFrame, answers: pd.DataFrame, population: str) -> Table:
    counted = people
    for name, code in spec.where:
        counted = counted[counted[name].isin(_leaves_below(specs.variables[name].dimension, code))]
    dimensions = [specs.dimension(name, level) for name, level in spec.by]
    frame = pd.DataFrame({d.name: _column(d, specs, counted) for d in dimensions if not specs.variables[d.name].multiple})
    for dimension in dimensions:
        if specs.variables[dimension.name].multiple:
            frame = _options(dimension, specs, frame, answers)
    names = [d.name for d in dimensions]
    inner = frame.groupby(names, observed=True).size().rename("n").reset_index()
    return Table.from_inner(spec.id, dimensions, inner, title=spec.title, population=population, where=spec.where)


def _leaves_below(dimension: Dimension, code: str) -> list[str]:
    row = dimension.aggregation[dimension.index[code]]
    return [leaf for leaf, inside in zip(dimension.leaves, row, strict=True) if inside]


def _column(dimension: Dimension, specs: TableSpecs, people: pd.DataFrame) -> pd.Series[str]:
    """A variable's codes at the level of this dimension."""
    full, codes = specs.variables[dimension.name].dimension, people[dimension.name]
    up = {leaf: code for code in dimension.leaves for leaf in _leaves_below(full, code)}
    return codes.map(up).fillna(codes)


def _options(dimension: Dimension, specs: TableSpecs, frame: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """One line per child and option, chosen or not. Raises TableSpecError for a child who was not asked: the total would leave it out."""
    pairs = chosen(specs.variables[dimension.name], answers)
    if not frame.index.isin(pairs["row"]).all():
        raise TableSpecError(f"A table of '{dimension.name}' counts children who were not asked: give it a `where` of those who were.")
    picked = set(zip(pairs["row"], pairs["code"], strict=True))
    options = [code for code in dimension.leaves if not code.startswith(NOT)]
    parts: list[pd.DataFrame] = []
    for option in options:
        part = frame.copy()
        part[dimension.name] = [option if (row, option) in picked else NOT + option for row in frame.index]
        parts.append(part)
    return pd.concat(parts)


def to_cells(tables: Sequence[Table]) -> pd.DataFrame:
    """Inner cells of tables as one frame: table, codes (JSON list), n. Zeros are left out."""
    rows = []
    for table in tables:
        leaves = [[d.index[leaf] for leaf in d.leaves] for d in table.dimensions]
        for position in pd.MultiIndex.from_product(leaves):
            count = int(table.counts[tuple(position)])
            if count:
                codes = [d.codes[at] for d, at in zip(table.dimensions, position, strict=True)]
                rows.append((table.id, json.dumps(codes), count))
    return pd.DataFrame(rows, columns=["table", "codes", "n"])


def from_cells(cells: pd.DataFrame, specs: TableSpecs, population: str) -> list[Table]:
    """The reverse of `to_cells`, for the declared tables."""
    tables = []
    for spec in specs.tables:
        dimensions = [specs.dimension(name, level) for name, level in spec.by]
        mine = cells[cells["table"] == spec.id]
        codes = pd.DataFrame([json.loads(row) for row in mine["codes"]], columns=[d.name for d in dimensions])
        codes["n"] = mine["n"].to_numpy()
        tables.append(Table.from_inner(spec.id, dimensions, codes, title=spec.title, population=population, where=spec.where))
    return tables
