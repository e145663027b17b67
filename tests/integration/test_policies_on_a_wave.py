"""A wave under each policy, from children's answers to the released table: by suppression, rounding, the cell key, and after swapping."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from disclosure import advice
from disclosure.dimension import Dimension
from disclosure.error import DisclosureError, Unprotected
from disclosure.policy import FOLDER, load_policy
from disclosure.published_table import WITHHELD, Method
from disclosure.table import Table
from forms.load import load_survey
from governance.drift import Part, load_declared, write_declared
from governance.record import record_folder
from pipeline import gate
from pipeline.builder_answer import Builder
from pipeline.builder_matrix import Axis
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import matrix_of, prepare
from pipeline.builder_query import Query
from pipeline.counted import from_cells
from pipeline.derive import derive
from pipeline.policy_in_force import policy_named
from pipeline.record_keys import KEYS, SECRET, keys_of_records, require_divisor
from pipeline.release_register import tables_of
from pipeline.steps import protect as protecting
from pipeline.steps.protect import protect
from pipeline.steps.tabulate import count_tables
from pipeline.swap_areas import as_counted
from pipeline.themes import specs_of
from retention.keys import KeyMissing
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Step, Verb
from tests.integration.chain import ANALYST, CHILDREN, WAVE, Office, Stages, release_it

pytestmark = pytest.mark.usefixtures("quick")


def declare(office: Office, policy: str) -> None:
    """An office whose assessment names this policy."""
    survey = load_survey()
    folder = office.settings.secure.folder / "assessment"
    shutil.copytree(record_folder(survey.id), folder)
    live = gate.live_now(office.store, office.settings.collection, survey, policy_named(policy, office.settings.secure))
    write_declared(folder, {**load_declared(folder), Part.POLICY: live[Part.POLICY]})
    gate.demonstrate(office.store, office.settings.collection, survey.id, ANALYST)


def released(office: Office) -> tuple[dict[str, object], dict[str, list[dict[str, str]]]]:
    """The release's description, and the rows of each table's CSV, as they lie in the public zone."""
    folder = next(path.parent for path in office.settings.release.folder.rglob("release.json"))
    rows = {path.stem: list(csv.DictReader(io.StringIO(path.read_text("utf-8")))) for path in (folder / "tables").glob("*.csv")}
    return json.loads((folder / "release.json").read_text("utf-8")), rows


@pytest.fixture
def office(stages: Stages, home: Path) -> Office:
    return Office.at(stages.copy(Verb.REVIEW.value, home))


@pytest.fixture
def copies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """As many children as rounding to ten needs: each of the wave's, so many times over."""
    number = int(request.param)
    load = Step.load

    def copied(step: Step, kind: str) -> pd.DataFrame:
        frame = load(step, kind)
        if "row" not in frame:
            return frame
        return pd.concat([frame.assign(row=frame["row"] + CHILDREN * k) for k in range(number)], ignore_index=True)

    monkeypatch.setattr(Step, "load", copied)
    return number


@pytest.mark.usefixtures("copies")
@pytest.mark.parametrize(("name", "copies"), [("dfe-round-10", 4), ("nhs-1-7-round-5", 1), ("census-cell-key", 1)], indirect=["copies"])
def test_a_wave_is_released_under_the_policy_that_its_assessment_declares(office: Office, name: str) -> None:
    declare(office, name)
    for verb in (Verb.TABULATE, Verb.PROTECT, Verb.RELEASE):
        office.run(verb)
    release_it(office)
    about, rows = released(office)
    policy = load_policy(name)
    assert about["policy"]["name"] == name  # type: ignore[index]
    specs = specs_of(office.store, WAVE, load_survey())
    counted = from_cells(office.store.vault.read(office.store.asset(WAVE, "tables").stored), specs, WAVE)
    for true, shown in zip(counted, tables_of(office.store, WAVE), strict=True):
        assert shown.method is policy.method
        apart = abs(shown.values - true.table.counts)[~shown.withheld]
        assert (apart <= (policy.perturbation_maximum or policy.rounding_base // 2)).all()
        published = {row["count"] for row in rows[shown.id]} - {""}
        assert published <= {str(value) for value in shown.values.reshape(-1) if value != WITHHELD}
        if policy.method is Method.SMALL_COUNT_ROUNDING:
            assert all(int(count) % policy.rounding_base == 0 for count in published)
    said = " ".join(about["protection"])  # type: ignore[arg-type]
    assert ("6 at most" if policy.method is Method.CELL_KEY else f"multiple of {policy.rounding_base}") in said
    assert "count that may be small" in about["attack"]["method"]  # type: ignore[index]


def test_release_and_builder_move_the_same_children_alike(office: Office) -> None:
    declare(office, "census-cell-key")
    office.run(Verb.TABULATE)
    office.run(Verb.PROTECT)
    prepare(office.store, WAVE, ANALYST)
    builder = Builder(matrix_of(office.store, WAVE), load_builder_policy())
    table = next(table for table in tables_of(office.store, WAVE) if table.id == "answers-by-region-and-age")
    axes = Query(WAVE, (("age_band", ""),), geography="region").axes
    dimensions = {axis.name: builder.matrix.dimension(axis) for axis in axes}
    shown = builder.perturbed(axes).transpose([list(dimensions).index(d.name) for d in table.dimensions])
    values = shown[np.ix_(*([dimensions[d.name].index[code] for code in d.codes] for d in table.dimensions))]
    assert (~table.withheld).any()
    assert (table.values == values)[~table.withheld].all()


def test_a_wave_that_is_too_small_for_its_policy_is_refused_and_mergings_are_tried(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of so few, one count keeps too few possible values whatever is withheld; a single merging is tried here, and it does not help."""
    monkeypatch.setattr(advice, "LOOKED_AT", 1)
    monkeypatch.setattr(advice, "STEPS", 1)
    monkeypatch.setattr(protecting, "ADVICE_SECONDS", 10**9)
    declare(office, "strict")
    office.run(Verb.TABULATE)
    with pytest.raises(Unprotected, match=r"cannot be protected .* No merging that was tried makes the tables protectable") as refused:
        office.run(Verb.PROTECT)
    assert refused.value.cells
    assert Verb.PROTECT not in office.store.steps(WAVE)


def test_what_would_help_is_told_in_one_line() -> None:
    ones = Table("t", (Dimension.flat("wish", list("abcdefg")),), np.array([7, *[1] * 7]))
    told: list[tuple[int, int]] = []
    line = protecting._advice([ones], load_policy("strict"), (), {}, lambda done, total: told.append((done, total)))
    assert line.startswith("What would help: put 'a' and 'b' of 'wish' together, in the table 't': 7 cells, 7 withheld (100%).")
    assert told
    assert "\n" not in line


def test_record_keys_are_the_same_whenever_they_are_made_and_never_made_anew(office: Office) -> None:
    office.run(Verb.TABULATE)
    cells = office.store.vault.read(office.store.asset(WAVE, "tables").stored)
    assert cells["key"].between(0, KEYS - 1).all()
    keys = keys_of_records(office.store, WAVE, range(CHILDREN))
    assert (keys == keys_of_records(SecureStore(office.settings.secure), WAVE, range(CHILDREN))).all()
    assert (keys != keys_of_records(office.store, "another", range(CHILDREN))).any()
    (office.settings.secure.keys / f"{SECRET}.key").unlink()
    with pytest.raises(KeyMissing, match="every cell would change"):
        keys_of_records(SecureStore(office.settings.secure), "another", [1])


def own_policy(office: Office) -> str:
    """An office's own policy: of the records of each council, half change places with others of their age."""
    data = yaml.safe_load((FOLDER / "census-cell-key.yaml").read_text("utf-8"))
    data["name"] = "own"
    data["rules"]["swapping_share"]["value"] = 0.5
    data["rules"]["swapping_alike"]["value"] = ["age_band"]
    folder = office.settings.secure.folder / "policies"
    folder.mkdir()
    (folder / "own.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    shutil.copy(FOLDER / "census-cell-key.perturbation.csv", folder / "own.perturbation.csv")
    return "own"


def test_swapped_records_are_counted_where_they_went_by_release_and_builder(office: Office) -> None:
    declare(office, own_policy(office))
    counts = office.run(Verb.TABULATE)
    assert counts["swapped_by"] == "own"
    assert counts["swapped"] > 0
    store, survey = office.store, load_survey()
    specs = specs_of(store, WAVE, survey)
    data = {name: store.vault.read(store.asset(WAVE, name).stored) for name in ("responses", "answers", "located")}
    people = derive(survey, specs, data["responses"], data["answers"], data["located"])
    moved = as_counted(store, WAVE, people, specs)
    assert (moved["area"] != people["area"]).sum() == counts["swapped"]
    assert moved.drop(columns="area").equals(people.drop(columns="area"))
    for band in set(people["age_band"]):
        assert sorted(moved.loc[moved["age_band"] == band, "area"]) == sorted(people.loc[people["age_band"] == band, "area"])
    (table,) = [
        each.table
        for each in from_cells(store.vault.read(store.asset(WAVE, "tables").stored), specs, WAVE)
        if each.table.id == "answers-by-council"
    ]
    counted = count_tables(replace(specs, tables=tuple(s for s in specs.tables if s.id == table.id)), moved, data["answers"], WAVE)
    assert (counted[0].table.counts == table.counts).all()
    prepare(store, WAVE, ANALYST)
    matrix = matrix_of(store, WAVE)
    areas = matrix.cube([Axis("area")])[..., 0]
    leaves = matrix.variables["area"].dimension.leaves
    assert [int(n) for n in areas] == [int((moved["area"] == leaf).sum()) for leaf in leaves]
    office.run(Verb.PROTECT)


def test_what_was_counted_is_protected_by_no_policy_that_swaps_otherwise(office: Office) -> None:
    office.run(Verb.TABULATE)
    own_policy(office)
    with pytest.raises(StepRefused, match="without record swapping"):
        protect(office.store, WAVE, ANALYST, policy_name="own")
    assert Verb.PROTECT not in office.store.steps(WAVE)


def test_sums_of_keys_serve_policies_whose_number_of_keys_divides_theirs() -> None:
    census = load_policy("census-cell-key")
    require_divisor(census)
    require_divisor(replace(census, cell_keys=256))
    with pytest.raises(DisclosureError, match="must divide 65536"):
        require_divisor(replace(census, cell_keys=55_440))
