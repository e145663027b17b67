"""What the contract promises beside what a browser shows: schema, settings, sizes, words, receipts, and secure settings."""

from __future__ import annotations

import random
import re
from pathlib import Path

import httpx
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from markupsafe import escape
from sqlalchemy import Date, inspect

from forms.answers import Locator
from forms.load import load_survey
from forms.survey import AgeBand, Survey
from pipeline.derive import derive
from pipeline.table_specs import load_table_specs
from retention.database import connect, migrate
from retention.seal import BODY_SIZE, LOCATOR_SIZE
from retention.settings import load_settings
from retention.tables import collection, secure
from tests.functional.door import Wave, child_door, open_wave
from tests.functional.html_form import HtmlPage, read_page
from tests.functional.walking import answers_for, send, start, walk

FORMS = list(load_survey().forms)
SETTINGS = {
    "BIGASK_HOME", "BIGASK_COLLECTION_URL", "BIGASK_SECURE_URL", "BIGASK_PASSPHRASE_FILE", "BIGASK_ADDRESS", "BIGASK_PROXY",
    "BIGASK_SHARES",  # of the secure zone's passphrase: the child door has no private key to open
}  # fmt: skip
TELLING = re.compile(r"\b(ip|addr|address|agent|browser|session|referr?er|cookie|token|device|host|time|at|stamp|second|minute|hour)\b")


def test_a4_no_column_of_any_database_holds_a_sender_or_a_time_below_a_day(database_url: str) -> None:
    engine = connect(database_url)
    migrate(engine, "collection")
    looked_at = 0
    with engine.connect() as connection:
        live = inspect(connection)
        for table in live.get_table_names():
            for column in live.get_columns(table):
                looked_at += 1
                kind = str(column["type"]).upper()
                assert "TIME" not in kind, f"{table}.{column['name']}"
                assert not TELLING.search(column["name"].replace("_", " ")), f"{table}.{column['name']}"
    for metadata in (collection, secure):
        for table in metadata.tables.values():
            for column in table.columns:
                looked_at += 1
                assert "TIME" not in str(column.type).upper(), f"{table.name}.{column.name}"
                assert isinstance(column.type, Date) or not column.name.endswith("_on")
                assert not TELLING.search(column.name.replace("_", " ")), f"{table.name}.{column.name}"
    assert looked_at > 40


def test_a4_ids_are_random_and_ours(client: httpx.Client) -> None:
    nonces = [bytes.fromhex(start(client, "4-5").value("nonce")) for _ in range(64)]
    assert len(set(nonces)) == 64
    assert {len(nonce) for nonce in nonces} == {16}
    ones = sum(int.from_bytes(nonce, "big").bit_count() for nonce in nonces)
    assert abs(ones - 64 * 64) < 6 * 45.3  # six standard deviations of 8,192 fair bits
    assert all(len({nonce[at] for nonce in nonces}) > 32 for at in range(16))  # no byte of it is a version, a counter or a clock


def test_a6_no_setting_can_switch_anonymity_off() -> None:
    """Which settings there are: a new one must be added here, and thought about. Nothing else reads the environment."""
    root = Path(__file__).parents[2]
    source = (root / "retention" / "settings.py").read_text(encoding="utf-8")
    named = set(re.findall(r"BIGASK_[A-Z_]+", source))
    assert {name for name in named if not name.startswith("BIGASK_STAFF_")} == SETTINGS  # another door's have no say here
    doors = [*(root / "api").glob("*.py"), *(root / "forms").glob("*.py")]
    assert [path.name for path in doors if "os.environ" in path.read_text(encoding="utf-8")] == []
    hostile = {"BIGASK_ANONYMOUS": "0", "BIGASK_DEBUG": "1", "DEBUG": "1", "LOG_LEVEL": "debug", "BIGASK_HOME": "/x"}
    assert load_settings(hostile) == load_settings({"BIGASK_HOME": "/x"})


def test_a7_what_is_stored_has_one_size_whatever_was_written(client: httpx.Client, wave: Wave, survey: Survey) -> None:
    for form_id in FORMS:
        page, last, _ = walk(client, survey.forms[form_id], seed=5)
        assert send(client, form_id, page.post("next", *last)).status_code == 303
    silent = start(client, "9-12")  # and one child who wants to say nothing
    while True:
        shown = survey.forms["9-12"].page(silent.value("page"))
        pairs = [(name, q.opt_out.code) for q in shown.questions for name in shown.fields if name in q.choice_fields]
        reply = send(client, "9-12", silent.post("next", *pairs))
        if reply.status_code == 303:
            break
        silent = read_page(reply.text)
    assert {(len(record.body), len(record.locator)) for record in wave.store.records()} == {(BODY_SIZE, LOCATOR_SIZE)}


def test_a7_the_zone_of_the_door_holds_public_keys_only(wave: Wave) -> None:
    for private in (wave.body_key, wave.locator_key):
        for path in wave.zone.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert private not in content
                assert private.hex().encode() not in content.lower()
    assert {path.suffix for path in wave.zone.keys.iterdir()} == {".pub"}


@pytest.mark.parametrize("form_id", FORMS)
def test_a8_a16_the_first_page_is_honest_about_the_server_and_about_no_way_back(client: httpx.Client, survey: Survey, form_id: str) -> None:
    words, page = survey.forms[form_id].words, client.get(f"/{form_id}").text
    for promise in ("landing_honest", "landing_no_way_back"):
        said = [sentence.strip() for paragraph in words[promise].split("\n") for sentence in [paragraph] if sentence.strip()]
        assert said
        for paragraph in said:
            assert str(escape(paragraph)) in page


def test_a16_thanks_are_the_same_for_everybody(client: httpx.Client, survey: Survey) -> None:
    thanks = []
    for seed in (1, 2):
        page, last, _ = walk(client, survey.forms["13-17"], seed=seed)
        reply = send(client, "13-17", page.post("next", *last))
        assert reply.headers["location"] == "/13-17/thank-you"
        assert "set-cookie" not in reply.headers
        assert reply.content == b""
        thanks.append(client.get("/13-17/thank-you").text)
        assert page.value("nonce") not in thanks[-1]
    assert thanks[0] == thanks[1]


def test_a17_no_table_knows_an_easy_read_form(survey: Survey) -> None:
    assert {band.value for form in survey for band in form.bands} <= {band.value for band in AgeBand}
    assert not [band for band in AgeBand if "easy" in band.value]
    specs = load_table_specs(survey)
    assert not [name for name in specs.variables if "form" in name.split("_") or "easy" in name]


@pytest.mark.parametrize(("plain", "easy"), [("6-8", "easy-6-8"), ("9-12", "easy-9-17"), ("13-17", "easy-9-17")])
def test_a17_the_same_answers_make_the_same_row_whichever_form_of_an_age_they_came_from(survey: Survey, plain: str, easy: str) -> None:
    """Nothing that is tabulated differs between a hundred children of one form and the same children on the easy-read one."""
    specs, chance, given = load_table_specs(survey), random.Random(17), []
    forms = survey.forms[plain], survey.forms[easy]
    offered = [{name: q for q in form.questions for name in q.choice_fields} for form in forms]
    for row in range(100):
        for name in sorted(set(offered[0]) & set(offered[1])):
            codes = sorted({o.code for o in offered[0][name].options} & {o.code for o in offered[1][name].options})
            given += [(row, name, chance.choice(codes))] if chance.random() < 0.9 else []
    answers = pd.DataFrame(given, columns=["row", "field", "code"])
    located = pd.DataFrame({"row": range(100), "lad25cd": ["E06000001", None] * 50, "nation": ["England", None] * 50})
    rows = []
    for form in forms:
        responses = pd.DataFrame({"row": range(100), "form": form.id, "version": form.version})
        rows.append(derive(survey, specs, responses, answers, located))
    assert len(rows[0].columns) > 5
    pd.testing.assert_frame_equal(*rows)


# -- A18 ---------------------------------------------------------------------------------------------------------------------------

CHANCE = st.integers(0, 2**32)
HOMES = {option.code: option for option in load_survey().forms["9-12"].question("where_live").options}
LOCATED = [code for code, option in HOMES.items() if not option.secure and option.role.value == "answer"]


def place_fields(survey: Survey, form_id: str) -> set[str]:
    questions = [question for question in survey.forms[form_id].questions if question.is_locator]
    return {name for q in questions for name in (*q.choice_fields, q.text_field) if name}


class SecureSetting(RuleBasedStateMachine):
    """A child, or a forger, who never says to live in an ordinary home; whatever else they do, in whatever order."""

    client: httpx.Client
    wave: Wave
    survey: Survey

    @initialize(form_id=st.sampled_from(["6-8", "9-12", "13-17", "easy-6-8", "easy-9-17"]))
    def begin(self, form_id: str) -> None:
        self.form = self.survey.forms[form_id]
        self.places = place_fields(self.survey, form_id)
        self.homes = [o.code for o in self.form.question("where_live").options if o.secure or o.exclusive]
        self.page: HtmlPage | None = start(self.client, form_id)

    def post(self, pairs: list[tuple[str, str]]) -> None:
        reply = send(self.client, self.form.id, pairs)
        assert reply.status_code in (200, 303, 400, 422)
        if reply.status_code == 303:
            self.page = None
            return
        if "<form" in reply.text and 'name="nonce"' in reply.text:
            self.page = read_page(reply.text)
            carried = {name for name, _ in self.page.hidden} | set(self.page.offered) | set(self.page.written)
            assert not carried & self.places

    def answers(self, chance: random.Random) -> list[tuple[str, str]]:
        assert self.page is not None
        return answers_for(self.form, self.page, chance, {"where_live": chance.choice(self.homes)})

    @precondition(lambda self: self.page is None)
    @rule()
    def another_child(self) -> None:
        self.page = start(self.client, self.form.id)

    @precondition(lambda self: self.page is not None)
    @rule(seed=CHANCE)
    def go_on(self, seed: int) -> None:
        assert self.page is not None
        self.post(self.page.post("next", *self.answers(random.Random(seed))))

    @precondition(lambda self: self.page is not None)
    @rule()
    def go_back(self) -> None:
        assert self.page is not None
        self.post(self.page.post_unchanged("back"))

    @precondition(lambda self: self.page is not None)
    @rule(seed=CHANCE, page=st.sampled_from([-1, -1, -1, 0, 7]), last=st.booleans())
    def forge(self, seed: int, page: int, last: bool) -> None:
        """Any page, every answer at once, and every place with it."""
        assert self.page is not None
        chance = random.Random(seed)
        pages = self.form.pages
        pairs = [
            ("version", self.form.version),
            ("nonce", self.page.value("nonce")),
            ("page", pages[page % len(pages)].id),
            ("action", "next"),
        ]
        for one in pages:
            pairs += answers_for(self.form, HtmlPage(hidden=[("page", one.id)]), chance, {"where_live": chance.choice(self.homes)})
        self.post(pairs + ([("last", "1")] if last else []))


def test_a18_no_order_of_clicks_and_no_forged_post_gets_a_place_of_a_secure_setting_stored(tmp_path: Path, survey: Survey) -> None:
    wave = open_wave(tmp_path / "home")
    with child_door(wave, survey) as address, httpx.Client(base_url=address) as client:
        SecureSetting.client, SecureSetting.wave, SecureSetting.survey = client, wave, survey
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            SecureSetting,
            settings=settings(max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)),
        )
    assert wave.store.count() > 0, "nobody finished: the attack saw nothing"
    assert all(response.locator == Locator() for response in wave.responses())
