"""The table builder over HTTP: a page without script, JSON, CSV, refusals that help, and a log that knows tables and nobody."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pandas as pd
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from api.builder import create_app
from disclosure.error import DisclosureError
from pipeline.builder_answer import Answer, Builder
from pipeline.builder_audit import tables_of_definitions
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_query import Query
from retention import answered
from retention.answered import AnsweredLog, definitions, keep
from retention.builder_tables import answered as table
from retention.database import DatabaseUnavailable
from retention.ledger import Entry
from retention.secure_store import SecureStore, Wave, today
from tests.builder_samples import WAVE, builder, codes, matrix
from tests.functional.axe import violations
from tests.functional.door import serving
from tests.release_samples import quick_passphrases, secure_zone

ASK = "/api/v1/query"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureStore]:
    with pytest.MonkeyPatch.context() as patch:
        quick_passphrases(patch)
        made = SecureStore(secure_zone(tmp_path_factory.mktemp("office") / "secure"))
        made.add_wave(Wave(WAVE, "big_ask", "body", "locator"), Entry("ann", "wave-open", WAVE))
        yield made


@pytest.fixture(scope="module")
def asking() -> Builder:
    given = codes(4000)
    given["area"][given["area"] == 4] = 3
    given["area"][:6] = 4  # six children in s2
    return Builder(matrix(given), load_builder_policy())


@pytest.fixture(scope="module")
def address(asking: Builder, store: SecureStore) -> Iterator[str]:
    with serving(create_app({WAVE: asking}, {WAVE: AnsweredLog.of(store, WAVE)})) as found:
        yield found


def test_json_and_csv_and_the_builder_say_the_same(address: str, asking: Builder) -> None:
    query = Query(WAVE, (("gender", "group"), ("life", "")), "council")
    asked = f"{address}{ASK}?by=gender.group&by=life&geography=council"
    found = asking.ask(query)
    assert isinstance(found, Answer)
    told = httpx.get(asked).json()
    assert [None if value < 0 else value for value in found.values.reshape(-1).tolist()] == told["values"]
    assert [dimension["codes"] for dimension in told["dimensions"]] == [list(d.codes) for d in found.dimensions]
    rows = list(csv.DictReader(io.StringIO(httpx.get(asked.replace("query?", "query.csv?")).text)))
    assert [row["count"] for row in rows] == ["" if value is None else str(value) for value in told["values"]]
    assert {row["shorthand"] for row in rows if not row["count"]} == {"[c]"}
    assert told["withheld"]["small_group"]["areas"] == ["s2"]
    better = httpx.get(address + told["would_be_answered_whole"])
    assert better.status_code == 200
    assert None not in better.json()["values"]


def test_a_refusal_says_which_rule_and_what_would_be_answered(address: str) -> None:
    refused = httpx.get(f"{address}{ASK}?by=gender&by=life&by=home&geography=council")
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["rule"] == "most_variables_council"
    assert httpx.get(address + refused.json()["would_be_answered"]).status_code == 200
    page = httpx.get(f"{address}/?by=gender&by=life&by=home&geography=council")
    assert page.status_code == 422
    assert "at most 2 variables" in page.text


@pytest.mark.parametrize(
    "asked", ["by=shoe", "by=life&where=home", "by=life&who=me", "by=life&geography=a&geography=b", "by=life&wave=x", "by=" + "a" * 201, ""]
)
def test_what_is_not_understood_is_said_without_repeating_it(address: str, asked: str) -> None:
    told = httpx.get(f"{address}{ASK}?{asked}")
    assert told.status_code == 400
    assert told.json()["title"] == "Not understood"
    assert "shoe" not in told.text


@pytest.mark.parametrize("path", ["/", "/?by=life", f"{ASK}?by=life", f"{ASK}.csv?by=life", "/api/v1/variables"])
def test_no_cookie_no_script_and_nothing_kept_by_a_browser(address: str, path: str) -> None:
    told = httpx.get(address + path)
    assert told.status_code == 200
    assert "set-cookie" not in told.headers
    assert "no-store" in told.headers["cache-control"]
    assert "<script" not in told.text
    assert httpx.post(address + path).status_code == 405


def test_the_page_is_used_without_script_and_is_accessible(address: str, chromium: Browser) -> None:
    context = chromium.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Geography").select_option("region")
    page.get_by_label("Variable 1").select_option("life")
    page.get_by_label("Population").select_option("gender:girl")
    with page.expect_navigation():
        page.get_by_role("button", name="Make the table").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your table"
    assert "Only children with gender" in page.inner_text("main")
    assert page.locator("table.released tbody tr").count() == 3
    context.close()
    context = chromium.new_context(base_url=address, bypass_csp=True)
    page = context.new_page()
    for path in ("/", "/?by=life&by=gender.group&geography=council", "/?by=gender&by=life&by=home&geography=council", "/?by=shoe"):
        page.goto(path)
        assert violations(page) == []
    context.close()


def test_what_was_answered_is_on_record_and_nothing_of_who_asked(address: str, store: SecureStore) -> None:
    before = set(definitions(store, WAVE))
    for _ in range(2):
        httpx.get(f"{address}{ASK}?by=age_band&by=home", headers={"User-Agent": "Canary/7", "Referer": "https://canary.example"})
        httpx.get(f"{address}{ASK}?by=home&by=age_band")
    httpx.get(f"{address}{ASK}?by=gender&by=life&by=home&geography=council")  # refused: nothing left
    assert set(definitions(store, WAVE)) - before <= {Query(WAVE, (("age_band", ""), ("home", ""))).definition()}
    assert Query(WAVE, (("age_band", ""), ("home", ""))).definition() in definitions(store, WAVE)
    with store.reading() as connection:
        rows = connection.execute(select(table)).all()
    assert {row.first_on for row in rows} == {today()}
    assert "anary" not in json.dumps([list(map(str, row)) for row in rows])
    store.verify_ledger()


def test_many_ask_at_once_and_each_definition_is_kept_once(address: str, store: SecureStore) -> None:
    asked = [f"by={a}&by={b}&geography={g}" for a in ("life", "home") for b in ("age_band", "gender") for g in ("england", "region")] * 5
    with ThreadPoolExecutor(20) as users:
        found = list(users.map(lambda one: httpx.get(f"{address}{ASK}?{one}"), asked))
    assert {one.status_code for one in found} == {200}
    assert len({one.text for one in found}) == 8
    kept = definitions(store, WAVE)
    assert len(set(kept)) == len(kept)


def test_an_answer_that_cannot_be_put_on_record_does_not_leave(
    asking: Builder, store: SecureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> int:
        raise DatabaseUnavailable("The database does not answer.")

    log = AnsweredLog.of(store, WAVE)
    monkeypatch.setattr(answered, "keep", broken)
    with serving(create_app({WAVE: asking}, {WAVE: log})) as address:
        told = httpx.get(f"{address}{ASK}?by=wants-a&by=gender")
    assert told.status_code == 500
    assert "values" not in told.text


def test_a_later_release_is_held_against_the_same_tables(store: SecureStore, asking: Builder) -> None:
    query = Query(WAVE, (("life", ""),), "region", ("gender", "boy"))
    keep(store, WAVE, [query.definition()])
    made = tables_of_definitions(asking, definitions(store, WAVE))
    mine = next(one for one in made if one.id == query.id)
    found = asking.ask(query)
    assert isinstance(found, Answer)
    assert mine.values.tolist() == found.values.tolist()
    assert mine.where == (("gender", "boy"),)
    assert mine.population == WAVE
    with pytest.raises(DisclosureError, match="rules of then"):
        tables_of_definitions(builder(30), [Query(WAVE, (("gender", ""), ("home", ""), ("life", "")), "council").definition()])


def test_programs_find_what_they_can_ask_and_what_comes_back(address: str) -> None:
    described = httpx.get(f"{address}/api/v1/openapi.json").json()
    assert set(described["paths"]) == {"/query", "/query.csv", "/variables"}
    asked = described["paths"]["/query"]["get"]
    assert {one["name"] for one in asked["parameters"]} == {"by", "geography", "where", "wave"}
    answers = {status: one.get("content", {}) for status, one in asked["responses"].items()}
    assert {"200", "304", "400", "422"} == set(answers)
    assert "application/problem+json" in answers["400"]
    told = httpx.get(f"{address}{ASK}?by=life&by=home").json()
    entry = described["components"]["schemas"]["AnswerEntry"]
    assert set(told) == set(entry["properties"]) == set(entry["required"])
    refused = httpx.get(f"{address}{ASK}?by=gender&by=life&by=home&geography=council").json()
    assert set(refused) == set(described["components"]["schemas"]["Refused"]["properties"])
    assert all(
        set(one) == {"name", "title", "levels", "population", "codes"}
        for one in httpx.get(f"{address}/api/v1/variables").json()["waves"][WAVE]
    )


@pytest.mark.parametrize("asked", [f"{ASK}?by=life", f"{ASK}.csv?by=life", "/api/v1/variables"])
def test_who_has_an_answer_already_is_sent_nothing(address: str, asked: str) -> None:
    first = httpx.get(address + asked)
    again = httpx.get(address + asked, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = httpx.get(address + asked.replace("life", "home"), headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_the_line_that_the_page_shows_reads_the_table(address: str, chromium: Browser) -> None:
    context = chromium.new_context(base_url=address)
    page = context.new_page()
    page.goto("/?by=life&geography=council")
    shown = page.locator("#line").inner_text()
    rows = page.locator("table.released tbody td").count()
    context.close()
    found = pd.read_csv(shown.removeprefix('pd.read_csv("').removesuffix('")'))
    assert len(found) == rows
    assert list(found.columns) == ["area", "area_label", "life", "life_label", "count", "shorthand"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/nothing"])
def test_what_is_not_there_is_a_problem_with_a_title(address: str, path: str) -> None:
    told = httpx.get(address + path)
    assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")
    assert told.json()["title"] == "Not found"
