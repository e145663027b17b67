"""From answers to tables of counts, as declared. Rows end here: nothing after this step sees one child."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from disclosure.dimension import NOT, Dimension
from disclosure.table import Table
from forms.load import load_survey
from forms.survey import Survey
from pipeline import gate
from pipeline.counted import KEY, Counted, N, to_cells
from pipeline.derive import chosen, derive
from pipeline.policy_in_force import policy_in_force, policy_named
from pipeline.progress import Progress, silent
from pipeline.quality import doubtful
from pipeline.quality_rules import load_rules
from pipeline.record_keys import KEYED, keys_of_records
from pipeline.swap_areas import swapped_of
from pipeline.table_specs import TableSpec, TableSpecError, TableSpecs
from pipeline.themes import specs_of, theme_answers
from retention.secure_store import SecureStore
from retention.steps import Step, Verb, step


def tabulate(
    store: SecureStore, wave_id: str, actor: str, progress: Progress = silent, policy_name: str | None = None
) -> dict[str, int | str]:
    """Make every declared table of a wave. Returns the step's counts.

    Records change areas before that if the policy (by default the one that was assessed) asks for it: what was counted can then be
    protected by a policy that asks for the same, and by no other. Raises StepRefused, TableSpecError, DisclosureError, KeyMissing.
    """
    wave = store.wave(wave_id)
    if Verb.TABULATE not in store.steps(wave_id):
        survey = load_survey(wave.survey)
        policy = policy_named(policy_name, store.zone) if policy_name else policy_in_force(survey.id, store.zone)
        specs = specs_of(store, wave_id, survey)
        gate.require_tabulation(store, wave, survey)
        with step(store, wave, Verb.TABULATE, actor) as running:
            responses, answers = running.load("responses"), running.load("answers")
            answers = pd.concat([answers, *theme_answers(store, wave_id, survey, responses)], ignore_index=True)
            located = _of_those_read(running, running.load("located"))
            people = derive(survey, specs, responses, answers, located, doubtful(load_rules(survey), running.load("quality")))
            people, swapped = swapped_of(store, wave_id, people, specs, policy)
            keys = keys_of_records(store, wave_id, people.index)
            counted = count_tables(specs, people, answers, wave_id, keys, progress)
            running.save("tables", to_cells(counted))
            running.counts.update(
                tables=len(counted), cells=sum(each.table.counts.size for each in counted), **{KEYED: len(keys)}, **swapped
            )
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
    doubts: Collection[int] = (),
) -> list[Table]:
    """The declared tables of one wave's data sets (columns as `pipeline.steps.scrub` and `pipeline.locate` write them), without keys.

    `doubts`: rows that a rule of quality makes doubtful (`pipeline.quality.doubtful`).
    """
    people = derive(survey, specs, responses, answers, located, doubts)
    return [each.table for each in count_tables(specs, people, answers, population)]


def count_tables(
    specs: TableSpecs,
    people: pd.DataFrame,
    answers: pd.DataFrame,
    population: str,
    keys: pd.Series[int] | None = None,
    progress: Progress = silent,
) -> list[Counted]:
    """Every declared table of these children, with cell keys if record `keys` are given (by row)."""
    found = []
    for done, spec in enumerate(specs.tables, start=1):
        found.append(_count(spec, specs, people, answers, population, keys))
        progress(done, len(specs.tables))
    return found


def _count(
    spec: TableSpec, specs: TableSpecs, people: pd.DataFrame, answers: pd.DataFrame, population: str, keys: pd.Series[int] | None
) -> Counted:
    counted = people
    for name, code in spec.where:
        counted = counted[counted[name].isin(_leaves_below(specs.variables[name].dimension, code))]
    dimensions = [specs.dimension(name, level) for name, level in spec.by]
    frame = pd.DataFrame({d.name: _column(d, specs, counted) for d in dimensions if not specs.variables[d.name].multiple})
    for dimension in dimensions:
        if specs.variables[dimension.name].multiple:
            frame = _options(dimension, specs, frame, answers)
    groups = frame.assign(**({} if keys is None else {KEY: keys.reindex(frame.index)})).groupby([d.name for d in dimensions], observed=True)
    inner = groups.size().rename(N).to_frame()
    if keys is not None:
        inner[KEY] = groups[KEY].sum()
    return Counted.of(spec, dimensions, inner.reset_index(), population)


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
