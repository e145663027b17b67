"""From a wave's data sets to the table builder: what is prepared, what is opened, what stays the same for ever, what may be published."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from api import checker_answer
from api.researcher import create_app
from disclosure.audit import AuditReport
from disclosure.differencing import attack_together
from disclosure.error import DisclosureError
from disclosure.published_table import Method, PublishedTable, Status
from forms.load import load_survey
from pipeline import approval, builder_audit, builder_prepare, builder_release
from pipeline.builder_answer import Answer, Builder
from pipeline.builder_audit import audit, readings, require_answers_withstand
from pipeline.builder_matrix import CHOSEN, KEY, NOT_CHOSEN, Axis, variables_of
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import codes_of, matrix_of, prepare, prepared
from pipeline.builder_query import NotUnderstood, Query, label_of
from pipeline.builder_release import draft_answers
from pipeline.derive import NOT_ASKED, derive
from pipeline.record_keys import SECRET
from pipeline.release_register import tables_of
from pipeline.released_table import Released
from pipeline.steps import protect as protecting
from pipeline.steps.protect import protect
from pipeline.steps.release import draft
from pipeline.table_specs import load_table_specs
from retention import releases
from retention.answered import definitions, keep
from retention.keys import KeyMissing
from retention.releases import ReleaseRefused
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb
from retention.vault import StoredFile, Vault
from tests.integration.chain import ANALYST, WAVE, Office, Stages
from tests.integration.command import Run

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def office(stages: Stages, home: Path) -> Office:
    return Office.at(stages.copy(Verb.TABULATE.value, home))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every child under the same record key, by which no count is moved by more than 2: where chance could tell of somebody."""
    monkeypatch.setattr(builder_prepare, "keys_of_records", lambda _store, _wave, rows: pd.Series(0, index=list(rows), dtype=np.int64))


@pytest.fixture
def protected(stages: Stages, home: Path, settled: None, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A wave whose tables are protected, and a builder that answers all the same: of two dozen children nearly every count is small."""
    for module in (builder_release, builder_audit, checker_answer):
        monkeypatch.setattr(module, "load_builder_policy", lambda: replace(load_builder_policy(), most_small=1.0))
    return Office.at(stages.copy(Verb.PROTECT.value, home))


def test_what_is_prepared_is_the_declared_variables_and_a_key_and_no_more(office: Office) -> None:
    counts = prepare(office.store, WAVE, ANALYST)
    variables = variables_of(load_table_specs(load_survey()))
    frame = office.store.vault.read(office.store.asset(WAVE, "builder_codes").stored)
    assert set(frame.columns) == {*variables, KEY}
    assert {str(kind) for kind in frame.dtypes} <= {"uint8", "uint16"}
    assert counts["responses"] == len(frame)
    tables = {name: office.store.vault.read(office.store.asset(WAVE, name).stored) for name in ("responses", "answers", "located")}
    specs = load_table_specs(load_survey())
    people = derive(load_survey(), specs, tables["responses"], tables["answers"], tables["located"])
    forms = tables["responses"].set_index("row")["form"]
    expected = codes_of(people, specs, variables, tables["answers"], load_survey(), forms)
    names = sorted(variables)
    assert pd.DataFrame(frame[names]).sort_values(names).to_numpy().tolist() == expected[names].sort_values(names).to_numpy().tolist()
    assert office.store.verify_ledger()
    assert prepared(office.store) == [WAVE]


def test_prepared_codes_count_what_the_tables_count(office: Office) -> None:
    prepare(office.store, WAVE, ANALYST)
    matrix = matrix_of(office.store, WAVE)
    cells = office.store.vault.read(office.store.asset(WAVE, "tables").stored)
    mine = cells[cells["table"] == "gender"]
    for codes, number in zip(mine["codes"], mine["n"], strict=True):
        (code,) = json.loads(codes)
        query = Query(WAVE, (("gender", ""),), where=("age_band", "6-17"))
        cube = matrix.cube((query.population, *query.axes))  # type: ignore[arg-type]
        assert cube[0, matrix.variables["gender"].dimension.leaves.index(code), 0] == number


def test_the_builder_opens_the_prepared_codes_and_no_other_data_set(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(office.store, WAVE, ANALYST)
    opened: list[str] = []
    read = Vault.read

    def watched(vault: Vault, stored: StoredFile) -> pd.DataFrame:
        opened.append(stored.name)
        return read(vault, stored)

    monkeypatch.setattr(Vault, "read", watched)
    Builder(matrix_of(office.store, WAVE), load_builder_policy()).ask(Query(WAVE, (("gender", ""),)))
    assert opened == [office.store.asset(WAVE, "builder_codes").stored.name]


def test_it_is_prepared_once_and_the_secret_of_the_keys_is_never_made_anew(office: Office) -> None:
    prepare(office.store, WAVE, ANALYST)
    with pytest.raises(StepRefused, match="already"):
        prepare(office.store, WAVE, ANALYST)
    (office.settings.secure.keys / f"{SECRET}.key").unlink()
    with pytest.raises(KeyMissing, match="every cell would change"):
        prepare(SecureStore(office.settings.secure), WAVE, ANALYST)


def test_nothing_is_prepared_before_places_and_texts_are_destroyed(stages: Stages, home: Path) -> None:
    office = Office.at(stages.copy(Verb.SCRUB.value, home))
    with pytest.raises(StepRefused):
        prepare(office.store, WAVE, ANALYST)
    assert prepared(office.store) == []


def asked_of(folder: Path, *lines: str) -> Path:
    """An allow-list of questions."""
    file = folder / "asked.yaml"
    file.write_text("".join(f"- {line}\n" for line in lines), encoding="utf-8")
    return file


def test_the_allow_list_leaves_by_the_road_of_every_release(protected: Office, tmp_path: Path) -> None:
    prepare(protected.store, WAVE, ANALYST)
    asked = asked_of(tmp_path, "{by: [age_band]}", "{by: [important-friends]}", "{geography: council, by: [home, gender, life_overall]}")
    drafted, refused = draft_answers(protected.store, WAVE, "on-request", ANALYST, asked)
    assert [one.rule for one in refused] == ["most_variables_council"]
    assert set(definitions(protected.store, WAVE)) == {
        Query(WAVE, ((name, ""),)).definition() for name in ("age_band", "important-friends")
    }
    with pytest.raises(ReleaseRefused, match="Three different people"):
        approval.check(protected.store, drafted.id, ANALYST)
    zone = protected.settings.release
    approval.check(protected.store, drafted.id, "ben")
    assert not (zone.folder / drafted.id).exists()
    approval.approve(protected.store, drafted.id, "chloe", zone)
    found = Builder(matrix_of(protected.store, WAVE), replace(load_builder_policy(), most_small=1.0)).ask(Query(WAVE, (("age_band", ""),)))
    assert isinstance(found, Answer)
    with TestClient(create_app(zone), base_url="http://127.0.0.1") as door:
        rows = list(csv.DictReader(io.StringIO(door.get(f"/api/v1/releases/on-request/tables/{found.query.id}/data.csv").text)))
        page = door.get(f"/releases/on-request/tables/{found.query.id}").text
    shown = dict(zip(found.dimensions[0].codes, found.values.tolist(), strict=True))
    assert {row["age_band"]: int(row["count"] or -1) for row in rows} == shown
    assert "moved by at most 6" in page
    assert audit(protected.store, WAVE)["exposed"] == 0


def test_an_allow_list_that_cannot_be_read_or_answered_drafts_nothing(stages: Stages, home: Path, tmp_path: Path) -> None:
    office = Office.at(stages.copy(Verb.PROTECT.value, home))
    prepare(office.store, WAVE, ANALYST)
    for error, line in (
        (NotUnderstood, "{who: me}"),
        (NotUnderstood, "{by: [shoe]}"),
        (DisclosureError, "{by: [home, gender, life_overall]}"),
    ):
        with pytest.raises(error):
            draft_answers(office.store, WAVE, "on-request", ANALYST, asked_of(tmp_path, line))
    assert releases.releases(office.store) == []
    assert definitions(office.store, WAVE) == []


def test_the_commands(office: Office, bigask: Run) -> None:
    code, out, _ = bigask("builder", "prepare", "--wave", WAVE, "--as", ANALYST)
    assert code == 0
    assert "responses" in out
    assert bigask("builder", "draft", "on-request", "--wave", WAVE, "--as", ANALYST)[0] == 3  # nothing is protected yet
    code, out, _ = bigask("builder", "audit", "--wave", WAVE)
    assert code == 0
    assert "tables" in out
    code, out, _ = bigask("builder", "bound", "--wave", WAVE)
    assert code == 0
    assert "at most 0.915" in " ".join(out.split())
    assert bigask("builder", "prepare", "--wave", WAVE, "--as", ANALYST)[0] == 3


def test_a_release_is_held_against_what_the_builder_answered(office: Office, settled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder_audit, "load_builder_policy", lambda: replace(load_builder_policy(), most_small=1.0))
    prepare(office.store, WAVE, ANALYST)
    keep(office.store, WAVE, [Query(WAVE, (("gender", "group"),), where=("age_band", "6-17")).definition()])
    read = readings(office.store, WAVE)
    assert [(table.where, table.method) for table in read] == [((("age_band", "6-17"),), Method.CELL_KEY)]
    assert protect(office.store, WAVE, ANALYST)["builder_answers"] == 1
    (document,) = office.store.vault.read(office.store.asset(WAVE, "attack").stored)["document"]
    assert json.loads(document)["answers"] == 1
    assert audit(office.store, WAVE)["tables"] == 1


def pinning_down(office: Office) -> PublishedTable:
    """Read with every count moved up as far as may be, and the total moved down: none can be less than it is, nor all be more."""
    (gender,) = [spec for spec in load_table_specs(load_survey()).tables if spec.id == "gender"]
    dimension = load_table_specs(load_survey()).dimension("gender", "")
    cells = office.store.vault.read(office.store.asset(WAVE, "tables").stored)
    mine = cells[cells["table"] == "gender"]
    true = {str(json.loads(codes)[0]): int(n) for codes, n in zip(mine["codes"], mine["n"], strict=True)}
    reach = load_builder_policy().disclosure.perturbation_maximum
    shown = np.array([true.get(code, -reach - 1) + reach for code in dimension.codes])
    shown[0] = sum(true.values()) - reach
    status = np.where(shown < 0, Status.SECONDARY, Status.PUBLISHED).astype(np.str_)
    return PublishedTable("q", (dimension,), shown, status, np.zeros(len(shown), np.int64), "", WAVE, gender.where, Method.CELL_KEY, reach)


def test_answers_that_pin_down_what_a_release_withholds_stop_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = pinning_down(office)
    monkeypatch.setattr(protecting, "readings", lambda *_: [answer])
    with pytest.raises(DisclosureError, match="what the table builder answered"):
        protect(office.store, WAVE, ANALYST)
    assert Verb.PROTECT not in office.store.steps(WAVE)
    monkeypatch.setattr(protecting, "readings", lambda *_: [])
    assert protect(office.store, WAVE, ANALYST)["exposed"] == 0


def test_answers_given_after_protecting_are_attacked_before_a_release_is_drafted(
    office: Office, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever release is drafted: the answers of this wave, and of any other."""
    protect(office.store, WAVE, ANALYST)
    answer = pinning_down(office)
    asked = Query(WAVE, (("gender", "group"),), where=("age_band", "6-17"))
    keep(office.store, WAVE, [asked.definition()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(builder_audit, "answered_tables", lambda *_: [answer])
        for other in ("tables", "more-tables"):
            with pytest.raises(DisclosureError, match=f"of wave '{WAVE}' narrow down .* counts together"):
                draft(office.store, WAVE, other, ANALYST)
    assert releases.releases(office.store) == []
    with pytest.raises(StepRefused, match="are gone"):  # nobody can make the answer again: nothing can be held against it
        draft(office.store, WAVE, "tables", ANALYST)
    monkeypatch.setattr(builder_audit, "load_builder_policy", lambda: replace(load_builder_policy(), most_small=1.0))
    prepare(office.store, WAVE, ANALYST)
    drafted = draft(office.store, WAVE, "tables", ANALYST)
    assert approval.read_draft(office.store, drafted.id).metadata["attack"]["builder_answers"] == 1
    monkeypatch.setattr(builder_audit, "answered_tables", lambda *_: [answer])
    with pytest.raises(DisclosureError, match=f"of wave '{WAVE}' narrow down .* counts together"):
        require_answers_withstand(office.store, "next-wave")


def test_a_set_of_answers_is_attacked_together_with_those_given_before(
    protected: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(protected.store, WAVE, ANALYST)
    before = Query(WAVE, (("gender", "group"),))
    keep(protected.store, WAVE, [before.definition()])
    attacked: list[set[str]] = []

    def attack(new: Sequence[PublishedTable], *others: Any, **options: Any) -> AuditReport:
        attacked.append({table.id for table in new})
        return attack_together(new, *others, **options)

    monkeypatch.setattr(builder_audit, "attack_together", attack)
    draft_answers(protected.store, WAVE, "on-request", ANALYST, asked_of(tmp_path, "{by: [age_band]}"))
    asked = Query(WAVE, (("age_band", ""),))
    (together,) = attacked
    assert together >= {before.id, asked.id} | {table.id for table in tables_of(protected.store, WAVE)}
    assert approval.read_draft(protected.store, "on-request").metadata["attack"]["builder_answers"] == 1
    draft_answers(protected.store, WAVE, "both", ANALYST, asked_of(tmp_path, "{by: [age_band]}", "{by: [gender.group]}"))
    assert approval.read_draft(protected.store, "both").metadata["attack"]["builder_answers"] == 0  # both are in it


def test_an_answer_that_would_tell_something_beside_the_others_is_left_out(
    protected: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(protected.store, WAVE, ANALYST)
    telling = {Query(WAVE, (("gender", "group"),)).id}
    attack = builder_audit.attack_answers

    def found(store: SecureStore, wave: str, answers: Sequence[PublishedTable], *others: Any) -> AuditReport:
        if telling & {table.id for table in answers}:
            raise DisclosureError("a count is narrowed down")
        return attack(store, wave, answers, *others)

    monkeypatch.setattr(builder_release, "attack_answers", found)
    lines = ("{by: [age_band]}", "{by: [gender.group]}", "{by: [important-friends]}")
    _, refused = draft_answers(protected.store, WAVE, "on-request", ANALYST, asked_of(tmp_path, *lines))
    assert [(one.query.id, one.rule) for one in refused] == [(*telling, "beside_others")]
    assert set(definitions(protected.store, WAVE)) == {
        Query(WAVE, ((name, ""),)).definition() for name in ("age_band", "important-friends")
    }
    with pytest.raises(DisclosureError, match="narrowed down"):
        draft_answers(protected.store, WAVE, "alone", ANALYST, asked_of(tmp_path, lines[1]))
    assert [release.id for release in releases.releases(protected.store)] == ["on-request"]


def test_an_option_that_no_form_of_a_childs_age_offers_was_not_asked(office: Office) -> None:
    prepare(office.store, WAVE, ANALYST)
    matrix = matrix_of(office.store, WAVE)
    for option, bands in (("mental_health", {"9-12", "13-17", "9-17_not_stated"}), ("healthy_active", {"6-8"}), ("friends", None)):
        name = f"important-{option}"
        found = matrix.with_margins((Axis("age_band"), Axis(name)))[0]
        age, asked = matrix.variables["age_band"].dimension, matrix.variables[name].dimension.index
        for band in age.leaves:
            row = found[age.index[band]]
            assert (row[asked[CHOSEN]] + row[asked[NOT_CHOSEN]] > 0) <= (band != "4-5" and (bands is None or band in bands))
            assert row[0] == row[asked[CHOSEN]] + row[asked[NOT_CHOSEN]] + row[asked[NOT_ASKED]]
    with_some = matrix.with_margins((Axis("age_band"), Axis("important-friends")))[0]
    assert with_some[:, 1].any()


def test_who_checks_a_draft_of_answers_sees_true_margins_and_what_a_reader_could_tell(protected: Office, tmp_path: Path) -> None:
    prepare(protected.store, WAVE, ANALYST)
    draft_answers(protected.store, WAVE, "on-request", ANALYST, asked_of(tmp_path, "{by: [life_overall.group, gender.group]}"))
    drafted = approval.read_draft(protected.store, "on-request")
    (about,) = drafted.metadata["tables"]
    query = checker_answer.asked(protected.store, WAVE, about["id"])
    assert query == Query(WAVE, (("gender", "group"), ("life_overall", "group")))
    assert checker_answer.asked(protected.store, WAVE, "gender") is None
    table = Released(about, drafted.file(about["files"]["csv"]))
    judged = checker_answer.judge_answer(protected.store, WAVE, query, table, {})
    true = matrix_of(protected.store, WAVE).with_margins(query.counted)[0]
    assert [next(counted for _, counted, _ in margin.lines) for margin in judged.margins] == [int(true[0, 0])] * 2
    assert {margin.title: sorted(n for _, n, _ in margin.lines) for margin in judged.margins} == {
        dimension["title"]: sorted(true[:, 0] if dimension["name"] == "gender" else true[0]) for dimension in about["dimensions"]
    }
    assert len(judged.withheld) == about["withheld"] > 0
    variables = matrix_of(protected.store, WAVE).variables
    labels = [{label_of(variables[name], code): code for code in variables[name].dimension.codes} for name in ("gender", "life_overall")]
    places = [variables[name].at("group").index for name in ("gender", "life_overall")]
    for one in judged.withheld:
        gender, life = (place[words[label]] for place, words, label in zip(places, labels, one.labels, strict=True))
        assert one.low <= true[gender, life]
        assert one.high is None or not judged.exact or true[gender, life] <= one.high
        assert one.reason
    assert "<svg" in judged.drawn.picture
