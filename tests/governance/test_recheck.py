"""Looked at every day: one thing of each kind is changed where it lies, the gate shuts and says what, and a signature opens it (G3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.child import create_app
from api.child_gate import LOOK_AGAIN_AFTER, ChildGate
from disclosure.policy import Policy, load_policy
from forms.load import load_survey
from forms.survey import Survey
from forms.window import Window
from governance.approvals import amend
from governance.drift import Part
from governance.gates import GateShut
from governance.opening import standing
from governance.permit import CHECK_HOLDS, read_permit, standing_at_the_door
from governance.reading import RecordError
from pipeline import gate
from pipeline.steps.protect import DEFAULT_POLICY
from pipeline.table_specs import TableSpecs, load_table_specs
from pipeline.theme_frame import BUNDLED
from pipeline.themes import register
from retention.schedule import load_schedule
from retention.secure_store import SecureStore, today
from retention.settings import CollectionZone
from tests.governance.records import change, own_record, sign_all
from tests.permits import permit_of, permitted

SURVEY = load_survey()
WHY = "It was assessed and found right."


@dataclass
class Running:
    """What runs, to be changed in one place."""

    store: SecureStore
    zone: CollectionZone
    patch: pytest.MonkeyPatch
    survey: Survey = SURVEY
    policy: Policy | None = None

    def form(self, **values: object) -> None:
        form = self.survey.forms["6-8"]
        self.survey = replace(self.survey, forms={**self.survey.forms, "6-8": replace(form, **values)})  # type: ignore[arg-type]

    def schedule(self, group: str, name: str, change: Callable[[object], object]) -> None:
        schedule = load_schedule()
        whole = getattr(schedule, group)
        self.patch.setattr(gate, "load_schedule", lambda: replace(schedule, **{group: {**whole, name: change(whole[name])}}))

    def tables(self, make: Callable[[TableSpecs], TableSpecs]) -> None:
        changed = make(load_table_specs(SURVEY))
        self.patch.setattr(gate, "load_table_specs", lambda _survey: changed)

    def missing(self) -> list[str]:
        at = gate.situation(self.store, self.zone, self.survey, self.policy)
        return [str(one) for one in standing(at).missing]


def opens_earlier(running: Running) -> None:
    running.survey = replace(SURVEY, window=Window(datetime(2027, 4, 19, 9, tzinfo=UTC), None, 0))


def by_council(specs: TableSpecs) -> TableSpecs:
    region = next(table for table in specs.tables if table.id == "gender-by-region")
    finer = replace(region, id="gender-by-council", by=tuple((name, "") for name, _ in region.by))
    return replace(specs, tables=(*specs.tables, finer))


def another_frame(running: Running) -> None:
    document = (BUNDLED / "big_ask-barriers.yaml").read_text(encoding="utf-8").replace("version: 1", "version: 2")
    register(running.store, document, SURVEY, "ann")


def longer(rule: object) -> object:
    return replace(rule, review_after_days=rule.review_after_days + 1)  # type: ignore[attr-defined, type-var]


def joined(running: Running) -> None:
    policy = replace(gate.load_safeguarding(), join_located_in_emergency=True)
    running.patch.setattr(gate, "load_safeguarding", lambda: policy)


def larger_tables(running: Running) -> None:
    policy = replace(gate.load_builder_policy(), most_variables=4)
    running.patch.setattr(gate, "load_builder_policy", lambda: policy)


# What is changed, the part it is of, and what the sentence says of it.
CHANGES: dict[str, tuple[Callable[[Running], None], Part, str]] = {
    "the survey opens on a day": (opens_earlier, Part.WINDOW, "'opens' is 2027-04-19"),
    "a form of another version": (lambda r: r.form(version="2+abc"), Part.FORMS, "'6-8' is 2+abc"),
    "an easy-read form": (lambda r: r.form(easy_read=True), Part.BANDS, "'6-8' is 6-8, easy read; assessed was 6-8"),
    "a question less": (lambda r: r.form(pages=r.survey.forms["6-8"].pages[1:]), Part.QUESTIONS, "'6-8' is happiness, "),
    "a finer table": (lambda r: r.tables(by_council), Part.GEOGRAPHIES, "'council within region' is answers-by-council, gender-by-council"),
    "a table less": (lambda r: r.tables(lambda s: replace(s, tables=s.tables[1:])), Part.OUTPUTS, "was assessed (area, region level"),
    "themes coded anew": (another_frame, Part.THEMES, "'themes-barriers-by-gender' is themes_barriers and gender, group level; only"),
    "a database elsewhere": (
        lambda r: setattr(r, "zone", replace(r.zone, database_url="postgresql+psycopg://u:p@db.example.org/x")),
        Part.HOSTS,
        "'collection database' is db.example.org; assessed was this machine",
    ),
    "others sign staff in": (
        lambda r: setattr(r.store, "zone", replace(r.store.zone, staff_proxy="10.0.0.9")),
        Part.PROCESSORS,
        "'staff sign-in' is nobody on record; assessed was office",
    ),
    "sealed answers kept longer": (lambda r: r.schedule("rules", "bodies", longer), Part.RETENTION, "'bodies' is 31 days, until scrub"),
    "backups kept longer": (
        lambda r: r.schedule("elsewhere", "backups", longer),
        Part.RETENTION,
        "'elsewhere, backups' is 31 days, service owner; assessed was 30 days",
    ),
    "records of flagged texts kept for good": (
        lambda r: r.schedule("tables", "secure.safeguarding_record", lambda _: {"keep": "they may be of use"}),
        Part.RETENTION,
        "'rows of secure.safeguarding_record' is for good: they may be of use",
    ),
    "another policy": (lambda r: setattr(r, "policy", load_policy("strict")), Part.POLICY, "'policy' is strict"),
    "another policy of the builder": (larger_tables, Part.POLICY, "'table builder, most_variables' is 4; assessed was 5"),
    "areas beside flagged texts": (joined, Part.SAFEGUARDING, "'joining areas in an emergency' is allowed; assessed was never"),
}


@pytest.fixture
def running(sqlite_store: SecureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Running:
    """An office whose own record is signed in earnest and whose child door has its permit."""
    own_record(sqlite_store.zone.folder / "assessment")
    zone = CollectionZone(tmp_path / "collection", f"sqlite:///{tmp_path}/c.sqlite")
    zone.keys.mkdir(parents=True)
    sign_all(sqlite_store, gate.record_of(SURVEY.id, sqlite_store.zone))
    found = Running(sqlite_store, zone, monkeypatch)
    gate.issue_permit(found.store, zone, SURVEY)
    return found


def door(running: Running, days: int = 0) -> list[str]:
    return [str(one) for one in standing_at_the_door(running.zone, SURVEY, today() + timedelta(days=days)).missing]


def test_every_part_is_changed_by_one() -> None:
    assert {part for _, part, _ in CHANGES.values()} == set(Part)


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_change_shuts_the_gate_says_what_and_waits_for_a_signature(running: Running, name: str) -> None:
    change_it, part, words = CHANGES[name]
    assert running.missing() == []
    change_it(running)
    missing = running.missing()
    assert missing
    assert all(sentence.startswith("G3: ") for sentence in missing), missing
    assert any(sentence.startswith(f"G3: {part}: ") and words in sentence for sentence in missing), missing
    assert all("or sign for it with `bigask dpia amend" in sentence for sentence in missing)
    for changed in dict.fromkeys(sentence.split(": ")[1] for sentence in missing):
        at = gate.situation(running.store, running.zone, running.survey, running.policy)
        amend(
            running.store,
            at.record,
            at.signed.amended(at.declared),
            at.live,
            Part(changed),
            "dora.officer",
            "It was assessed and found right.",
        )
    assert running.missing() == []


def test_the_daily_look_takes_the_permit_away_and_brings_it_back(running: Running) -> None:
    assert gate.recheck(running.store, running.zone, SURVEY).open
    with pytest.MonkeyPatch.context() as patch:
        replace(running, patch=patch).schedule("elsewhere", "logs", longer)
        found = gate.recheck(running.store, running.zone, SURVEY)
        assert [str(one).partition(";")[0] for one in found.missing] == ["G3: retention: 'elsewhere, logs' is 31 days, service owner"]
        assert ["There is no permit" in sentence for sentence in door(running)] == [True]
        assert not gate.recheck(running.store, running.zone, SURVEY).open
    shut = [one.entry for one in running.store.ledger() if one.entry.verb == "gate-shut"]
    assert [(one.actor, dict(one.counts)) for one in shut] == [("gate", {"missing": 1})], "once, when the permit went"
    assert gate.recheck(running.store, running.zone, SURVEY).open
    assert door(running) == []


def test_a_record_that_cannot_be_read_takes_the_permit_away(running: Running) -> None:
    change(running.store.zone.folder / "assessment", "people.yaml", "roles:", "rolls:")
    with pytest.raises(RecordError, match="people"):
        gate.recheck(running.store, running.zone, SURVEY)
    assert "There is no permit" in door(running)[0]


def test_a_signature_that_is_not_given_anew_shuts_it(running: Running) -> None:
    change(running.store.zone.folder / "assessment", "people.yaml", "Anybody in the team", "Anyone in the team")
    with pytest.raises(GateShut, match="Nobody has signed 'measures'"):
        gate.recheck(running.store, running.zone, SURVEY).require()


@pytest.mark.parametrize(("days", "shut"), [(CHECK_HOLDS.days - 1, False), (CHECK_HOLDS.days, False), (CHECK_HOLDS.days + 1, True)])
def test_without_the_daily_look_the_door_shuts_by_itself(running: Running, days: int, shut: bool) -> None:
    last = read_permit(running.zone).issued_on
    assert door(running, days) == (
        [f"G3: What runs was last held against the assessment on {last}: `bigask gate check` does it, daily."] if shut else []
    )


@contextmanager
def visiting(zone: CollectionZone, clock: Callable[[], float]) -> Iterator[TestClient]:
    made = create_app(zone, SURVEY)
    layer: object = made
    while not isinstance(layer, ChildGate):
        layer = layer._app  # type: ignore[attr-defined]
    layer._clock = clock
    with TestClient(made, follow_redirects=False) as client:
        yield client


def test_a_door_that_runs_notices_within_a_minute(tmp_path: Path) -> None:
    """The permit that it started with is three days old a minute later: as if the door had run on, and nobody had looked."""
    zone = CollectionZone(tmp_path, f"sqlite:///{tmp_path}/c.sqlite")
    zone.keys.mkdir(parents=True)
    permitted(zone, SURVEY)
    now = [0.0]
    with visiting(zone, lambda: now[0]) as client:
        assert client.get("/").status_code == 200
        permitted(zone, SURVEY, permit_of(SURVEY, issued_on=today() - CHECK_HOLDS - timedelta(days=1)))
        now[0] = LOOK_AGAIN_AFTER - 1
        assert client.get("/").status_code == 200
        now[0] = LOOK_AGAIN_AFTER
        assert client.get("/").status_code == 503


def test_the_policy_that_steps_use_is_the_one_that_is_looked_at(running: Running) -> None:
    at = gate.situation(running.store, running.zone, SURVEY)
    assert at.live[Part.POLICY]["policy"] == DEFAULT_POLICY
