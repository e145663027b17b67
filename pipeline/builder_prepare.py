"""From the data sets of a wave to the builder's code matrix, and back out of the vault: the one place that sees both."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from disclosure.error import DisclosureError
from forms.load import load_survey
from forms.survey import AgeBand, Survey
from pipeline import gate
from pipeline.builder_bound import require_bound
from pipeline.builder_matrix import CHOSEN, KEY, NOT_CHOSEN, Matrix, Variable, variables_of
from pipeline.builder_policy import load_builder_policy
from pipeline.derive import NOT_ASKED, chosen, derive
from pipeline.record_keys import BUILDER, keys_of_records, require_divisor
from pipeline.swap_areas import as_counted
from pipeline.table_specs import TableSpecs, VariableSpec, load_table_specs
from retention.secure_store import Asset, SecureStore, StepRefused
from retention.steps import Verb, beside

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
DATA_SET = BUILDER


def prepare(store: SecureStore, wave_id: str, actor: str) -> dict[str, int | str]:
    """Make and keep a wave's matrix, encrypted, under a rule of retention. Returns its counts.

    Needs what `tabulate` needs. Raises StepRefused, TableSpecError, DisclosureError, KeyMissing.
    """
    wave = store.wave(wave_id)
    survey = load_survey(wave.survey)
    policy, specs = load_builder_policy(), load_table_specs(survey)
    variables = variables_of(specs)
    require_bound(variables, policy)
    require_divisor(policy.disclosure)
    gate.require_tabulation(store, wave, survey)
    with beside(store, wave, Verb.PROTECT, "builder-prepare", actor) as running:
        frames = {name: running.load(name) for name in ("responses", "answers", "located")}
        if any(asset.kind == "bodies_set_aside" for asset in store.assets(wave_id)):
            located = frames["located"]
            frames["located"] = located[~located["row"].isin(running.load("bodies_set_aside")["row"])]
        people = derive(survey, specs, frames["responses"], frames["answers"], frames["located"])
        people = as_counted(store, wave_id, people, specs)
        forms = frames["responses"].set_index("row")["form"]
        frame = codes_of(people, specs, variables, frames["answers"], survey, forms)
        frame[KEY] = keys_of_records(store, wave_id, frame.index) % policy.disclosure.cell_keys
        # Ties of keys in an order of no meaning: a row's place tells nothing of the answer that it was.
        frame = frame.iloc[np.random.Generator(np.random.PCG64(secrets.randbits(128))).permutation(len(frame))]
        running.save("builder_codes", Matrix.from_frame(wave_id, variables, frame).to_frame())
        running.counts.update(responses=len(frame), variables=len(variables), policy=policy.disclosure.name)
        return dict(running.counts)


def codes_of(
    people: pd.DataFrame,
    specs: TableSpecs,
    variables: Mapping[str, Variable],
    answers: pd.DataFrame,
    survey: Survey,
    forms: pd.Series[str],
) -> pd.DataFrame:
    """For each child of England, by row, the position of its leaf in each variable. `people`: as `pipeline.derive` makes them; `forms`:
    each child's form, by row.

    An option that a child could not choose, because no form of its age offers it, was not asked: it was not turned down.
    """
    columns: dict[str, Codes] = {}
    form = forms.reindex(people.index)
    for spec in specs.variables.values():
        if spec.multiple:
            pairs = chosen(spec, answers)
            asked = people.index.isin(pairs["row"])
            offered = form.map(_offered(survey, spec))
            for code in spec.labels:
                could = asked & np.array([code in options for options in offered], bool)
                picked = people.index.isin(pairs.loc[pairs["code"] == code, "row"])
                name = f"{spec.name}-{code}"
                words = np.where(picked, CHOSEN, np.where(could, NOT_CHOSEN, NOT_ASKED))
                columns[name] = _positions(pd.Series(words, dtype="str"), variables[name])
        else:
            columns[spec.name] = _positions(people[spec.name], variables[spec.name])
    return pd.DataFrame(columns, index=people.index)


def _offered(survey: Survey, spec: VariableSpec) -> dict[str, set[str]]:
    """The options of a question by form, those of all forms of the same ages together: which of them it was is never told (A17)."""
    found, field = {}, spec.answer or ""
    for one in survey.forms.values():
        bands: set[AgeBand] = set()
        wider = set(one.bands)
        while bands != wider:
            bands = wider
            alike = [other for other in survey.forms.values() if bands & set(other.bands)]
            wider = bands.union(*(other.bands for other in alike))
        asking = [other.chosen_by[field] for other in alike if field in other.chosen_by]
        found[one.id] = {option.code for question in asking for option in question.options}
    return found


def _positions(codes: pd.Series[str], variable: Variable) -> Codes:
    leaves = variable.dimension.leaves
    found = codes.astype(str).map({leaf: at for at, leaf in enumerate(leaves)})
    if found.isna().any():
        raise DisclosureError(f"variable '{variable.name}' met a category that is not declared: declare it in pipeline/tables first")
    positions = found.to_numpy(np.int64)
    return positions.astype(np.uint8) if len(leaves) <= 256 else positions.astype(np.uint16)


def codes_asset(store: SecureStore, wave_id: str) -> Asset:
    """The prepared codes of a wave. Raises StepRefused."""
    asset = store.asset(wave_id, DATA_SET)
    if asset.destroyed_on is not None:
        raise StepRefused(f"The table builder's codes of wave '{wave_id}' were destroyed: it answers nothing about this wave any more.")
    return asset


def matrix_of(store: SecureStore, wave_id: str) -> Matrix:
    """The matrix of a wave; no other data set is opened for it. Raises StepRefused, VaultError, DisclosureError."""
    variables = variables_of(load_table_specs(load_survey(store.wave(wave_id).survey)))
    return Matrix.from_frame(wave_id, variables, store.vault.read(codes_asset(store, wave_id).stored))


def prepared(store: SecureStore) -> list[str]:
    """Waves that can be asked about, oldest first."""
    return [wave.id for wave in store.waves() if any(a.kind == DATA_SET and a.destroyed_on is None for a in store.assets(wave.id))]
