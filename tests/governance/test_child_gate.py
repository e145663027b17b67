"""The child door behind its gate: no valid permit, no questions; a kind page with help lines instead, and it notices by itself."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.child import create_app
from api.child_gate import LOOK_AGAIN_AFTER, ChildGate
from forms.helplines import helplines
from forms.load import load_survey
from forms.survey import Survey
from governance.drift import Part
from governance.gates import Gate, Missing, Standing
from governance.permit import (
    PERMIT,
    RISKS,
    Permit,
    PermitInvalid,
    permit_folder,
    read_permit,
    register_at_the_door,
    standing_at_the_door,
)
from retention.secure_store import today
from retention.settings import CollectionZone, load_settings
from tests.permits import REGISTER, permit_of, permitted

SURVEY = load_survey()
SHUT = Standing((Missing(Gate.G2, "Nobody has signed."),))
OPEN_ANYWAY = ["/help", "/6-8/help", "/risks", "/6-8/risks", "/parents", "/6-8/parents", "/teachers", "/6-8/thank-you", "/health/live"]


@pytest.fixture
def zone(tmp_path: Path) -> CollectionZone:
    found = load_settings({"BIGASK_HOME": str(tmp_path)}).collection
    found.keys.mkdir(parents=True)
    return found


@contextmanager
def visiting(zone: CollectionZone, survey: Survey = SURVEY) -> Iterator[TestClient]:
    with TestClient(create_app(zone, survey), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/4-5", "/6-8", "/13-17", "/easy-9-17", "/nowhere"])
def test_a_door_without_a_permit_answers_503_with_help_lines(zone: CollectionZone, path: str) -> None:
    with visiting(zone) as client:
        answer = client.get(path)
    form = SURVEY.forms.get(path.strip("/"), SURVEY.forms["9-12"])
    assert answer.status_code == 503
    assert form.words["paused_title"] in answer.text.replace("&#39;", "'")
    assert all(line.number in answer.text for line in helplines())
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"].startswith("no-store")
    assert "permit" not in answer.text  # what is missing is for the staff


def test_without_a_permit_nothing_is_taken(zone: CollectionZone) -> None:
    with visiting(zone) as client:
        assert client.post("/6-8", data={"version": "1", "action": "start"}).status_code == 503
        assert client.get("/health/ready").status_code == 503


@pytest.mark.parametrize("path", OPEN_ANYWAY)
def test_help_notices_and_ways_out_stay_open(zone: CollectionZone, path: str) -> None:
    with visiting(zone) as client:
        assert client.get(path).status_code == 200


def test_the_way_out_stays_open(zone: CollectionZone) -> None:
    with visiting(zone) as client:
        assert "refresh" in client.get("/6-8/exit").headers


def test_with_its_permit_the_door_asks(zone: CollectionZone) -> None:
    permitted(zone, SURVEY)
    with visiting(zone) as client:
        assert client.get("/").status_code == 200
        assert client.get("/6-8").status_code == 410  # no wave is open, and that is all


def test_a_door_whose_forms_differ_from_the_assessment_answers_503(zone: CollectionZone) -> None:
    permitted(zone, SURVEY)
    form = SURVEY.forms["6-8"]
    changed = replace(SURVEY, forms={**SURVEY.forms, "6-8": replace(form, version="2+another")})
    with visiting(zone, changed) as client:
        assert client.get("/").status_code == 503
    (missing,) = standing_at_the_door(zone, changed).missing
    assert str(missing) == f"G3: forms: '6-8' is 2+another; assessed was {form.version}."


def test_a_demonstration_says_so_on_every_page(zone: CollectionZone) -> None:
    permitted(zone, SURVEY, permit_of(SURVEY, demonstration=True))
    with visiting(zone) as client:
        for path in ("/", "/6-8", "/help", "/risks", "/6-8/risks", "/6-8/parents", "/nowhere"):
            form = SURVEY.forms["6-8" if path.startswith("/6-8") else "9-12"]
            assert form.words["demonstration_note"] in client.get(path).text, path
    permitted(zone, SURVEY)
    with visiting(zone) as client:
        assert "try-out" not in client.get("/help").text


# -- what a permit is worth


def standing(zone: CollectionZone, day: date | None = None) -> list[str]:
    return [str(one) for one in standing_at_the_door(zone, SURVEY, day).missing]


def altered(zone: CollectionZone, **changes: object) -> None:
    """The permit with another content under the old signature."""
    path = permit_folder(zone) / PERMIT
    whole = json.loads(path.read_text())
    whole["document"] = json.dumps({**json.loads(whole["document"]), **changes}, sort_keys=True, separators=(",", ":"))
    path.write_text(json.dumps(whole))


@pytest.mark.parametrize("changes", [{"review_by": "2999-01-01"}, {"demonstration": True}, {"record": "1" * 64}, {"survey": "other"}])
def test_an_altered_permit_is_none(zone: CollectionZone, changes: dict[str, object]) -> None:
    permitted(zone, SURVEY)
    altered(zone, **changes)
    assert standing(zone) == ["G2: The permit is not signed by this office: issue it anew with `bigask gate permit`."]


def test_a_permit_of_another_office_is_none(zone: CollectionZone) -> None:
    permitted(zone, SURVEY)
    foreign = (permit_folder(zone) / PERMIT).read_bytes()
    permitted(zone, SURVEY)  # signed with another key, which now lies in the zone
    (permit_folder(zone) / PERMIT).write_bytes(foreign)
    assert len(standing(zone)) == 1
    (zone.keys / "office.pub").unlink()
    assert len(standing(zone)) == 1


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"document": "{}", "signature": "zz"}', '{"document": 5}'])
def test_a_permit_that_cannot_be_read_is_none(zone: CollectionZone, content: str) -> None:
    permitted(zone, SURVEY)
    (permit_folder(zone) / PERMIT).write_text(content)
    assert len(standing(zone)) == 1
    with pytest.raises(PermitInvalid):
        read_permit(zone)


def test_a_permit_comes_back_as_it_was_made(zone: CollectionZone) -> None:
    made = permit_of(SURVEY, demonstration=True, review_by=date(2027, 1, 1))
    permitted(zone, SURVEY, made)
    assert read_permit(zone) == made
    assert Permit.read(made.document()) == made


def test_a_permit_is_of_one_survey(zone: CollectionZone) -> None:
    permitted(zone, SURVEY, replace(permit_of(SURVEY), survey="another"))
    assert standing(zone) == ["G3: The permit is for survey 'another', and this door asks 'big_ask'."]


def test_a_permit_without_a_part_lets_nothing_of_that_part_pass(zone: CollectionZone) -> None:
    whole = permit_of(SURVEY)
    declared = {part: values for part, values in whole.declared.items() if part is not Part.QUESTIONS}
    permitted(zone, SURVEY, replace(whole, declared=declared))
    assert len(standing(zone)) == len(SURVEY.forms)


@pytest.mark.parametrize(("days", "missing"), [(0, 0), (1, 1)])
def test_a_review_that_is_overdue_shuts_the_door_by_itself(zone: CollectionZone, days: int, missing: int) -> None:
    due = today() + timedelta(days=30)
    day = due + timedelta(days=days)
    permitted(zone, SURVEY, permit_of(SURVEY, review_by=due, issued_on=day))
    found = standing(zone, day)
    assert len(found) == missing
    assert all("A review is overdue since" in sentence for sentence in found)


def test_help_lines_that_nobody_checked_for_a_year_shut_the_door_by_themselves(zone: CollectionZone) -> None:
    last = min(line.checked_on for line in helplines()) + timedelta(days=365)
    permitted(zone, SURVEY, permit_of(SURVEY, issued_on=last))
    assert standing(zone, last) == []
    assert "G10: " in standing(zone, last + timedelta(days=1))[0]
    permitted(zone, SURVEY, permit_of(SURVEY, demonstration=True, issued_on=last))
    assert standing(zone, last + timedelta(days=1)) == []


def test_a_private_key_beside_the_public_ones_shuts_the_door(zone: CollectionZone) -> None:
    permitted(zone, SURVEY)
    (zone.keys / "body-w.key").write_text("00")
    assert standing(zone) == ["G6: 'body-w.key' lies beside the public keys: only .pub files belong there."]


# -- the register that the door tells of


def test_the_door_tells_the_register_of_its_permit_and_else_the_bundled_one(zone: CollectionZone) -> None:
    bundled = register_at_the_door(zone, SURVEY)
    own = REGISTER.replace(b"A number in a table stands for one child", b"Our own words for it")
    permitted(zone, SURVEY)
    (permit_folder(zone) / RISKS).write_bytes(own)  # not what was signed
    assert register_at_the_door(zone, SURVEY) == bundled
    permitted(zone, SURVEY, replace(permit_of(SURVEY), register=hashlib.sha256(own).hexdigest()))
    (permit_folder(zone) / RISKS).write_bytes(own)
    assert register_at_the_door(zone, SURVEY).risks[0].title == "Our own words for it"


# -- when it looks again


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_looks_at_the_start_and_every_minute_and_logs_what_is_missing_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, asked, answers = Clock(), [], [Standing(()), SHUT, SHUT, Standing(())]

    def standing_now() -> Standing:
        asked.append(clock.now)
        return answers[len(asked) - 1]

    def said(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("asked\n")

    gate = ChildGate(Starlette(routes=[Route("/6-8", said)]), SURVEY, standing_now, clock)
    with caplog.at_level(logging.ERROR, "bigask.gate"), TestClient(gate) as client:
        assert asked == [0.0]
        statuses = []
        for _ in range(4):
            for moment in (0.0, LOOK_AGAIN_AFTER - 1.0):
                clock.now += moment
                statuses.append(client.get("/6-8").status_code)
            clock.now += 1.0
    assert asked == [0.0, 60.0, 120.0, 180.0]
    assert statuses == [200, 200, 503, 503, 503, 503, 200, 200]
    assert [record.message for record in caplog.records] == ["the opening gate is shut: G2: Nobody has signed."]
