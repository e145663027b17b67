"""The API of the researcher door over HTTP: what programs read is what was released, page by page, with errors that say why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest

from api.researcher import create_app
from pipeline import approval
from pipeline.release_files import build_release
from retention import releases
from retention.ledger import Entry
from retention.secure_store import SecureStore, Wave
from retention.settings import ReleaseZone
from tests.functional.door import serving
from tests.release_samples import description, release_table, secure_zone

API = "/api/v1"
TABLE = f"{API}/releases/autumn-2026/tables/life-by-place"


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> ReleaseZone:
    folder = tmp_path_factory.mktemp("office")
    store = SecureStore(secure_zone(folder / "secure"))
    store.add_wave(Wave("w", "big_ask", "body-w", "locator-w"), Entry("ann", "wave-open", "w"))
    zone = ReleaseZone(folder / "release")
    for release_id in ("autumn-2026", "spring-2026", "bad-2026"):
        digest = build_release(approval.draft_folder(store.zone, release_id), description(release_id), [release_table()])
        releases.draft(store, release_id, "w", "ann", digest)
        approval.check(store, release_id, "chris")
        approval.approve(store, release_id, "ali", zone)
    approval.withdraw(store, "spring-2026", "ann", "One council was counted twice.", zone)
    damaged = zone.folder / "bad-2026/tables/life-by-place.csv"
    damaged.write_bytes(damaged.read_bytes().replace(b"2539", b"4711"))
    return zone


@pytest.fixture(scope="module")
def address(zone: ReleaseZone) -> Iterator[str]:
    with serving(create_app(zone)) as found:
        yield found


@pytest.fixture
def door(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as client:
        yield client


def test_from_the_list_to_every_cell_by_following_links(door: httpx.Client, zone: ReleaseZone) -> None:
    listed = door.get(f"{API}/releases").json()
    assert [(one["id"], one["withdrawn"]) for one in listed["items"]] == [
        ("autumn-2026", None),
        ("spring-2026", "One council was counted twice."),
    ]
    about = door.get(listed["items"][0]["url"]).json()
    (table,) = door.get(about["tables"]).json()["items"]
    cells, following = [], f"{table['data']}?limit=7"
    pages = 0
    while following:
        answer = door.get(following)
        content = answer.json()
        cells += content["items"]
        assert len(content["items"]) <= 7
        following = content["next"]
        assert (answer.headers.get("link") is None) == (following is None)
        pages += 1
    assert (pages, len(cells), content["total"]) == (3, 20, 20)
    rows = list(csv.DictReader(io.StringIO((zone.folder / "autumn-2026/tables/life-by-place.csv").read_text())))
    assert [(cell["codes"]["rgn"], cell["codes"]["life"], cell["count"]) for cell in cells] == [
        (row["rgn_code"], row["life_code"], int(row["count"]) if row["count"] else None) for row in rows
    ]
    assert [cell["shorthand"] for cell in cells].count("[c]") == 4
    for kind, name in table["files"].items():
        assert door.get(name).status_code == 200, kind


def test_the_line_that_the_page_shows_works(door: httpx.Client, address: str) -> None:
    page = door.get("/releases/autumn-2026/tables/life-by-place").text
    line = page.split('<code id="line">')[1].split("</code>")[0].replace("&#34;", '"')
    assert line.startswith(f'pd.read_csv("{address}')
    frame = eval(line, {"pd": pd})  # noqa: S307 - what a reader would paste
    assert frame.shape == (20, 5)
    assert int(frame[(frame["rgn"] == "Total") & (frame["life"] == "Total")]["count"].iloc[0]) == 2539


def test_a_dimension_as_parameter_keeps_a_code_and_what_is_below_it(door: httpx.Client) -> None:
    north = door.get(f"{TABLE}/data", params={"rgn": "north", "life": "happy"}).json()
    assert [(cell["codes"]["rgn"], cell["count"]) for cell in north["items"]] == [("north", 1050), ("north-a", 640), ("north-b", 410)]
    text = door.get(f"{TABLE}/data.csv", params={"rgn": "south"}).text
    assert text.splitlines()[1:3] == ["south,Total,1015,100,", "south,happy,700,69,"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{API}/releases/none", 404),
        (f"{API}/releases/autumn-2026/tables/none", 404),
        (f"{API}/nothing", 404),
        (f"{API}/releases/spring-2026", 410),
        (f"{API}/releases/bad-2026", 503),
        (f"{API}/releases/..%2F..", 404),
        (f"{API}/releases/UPPER", 422),
        (f"{API}/releases?limit=0", 422),
        (f"{API}/releases?limit=100000", 422),
        (f"{TABLE}/data?colour=red", 422),
        (f"{TABLE}/data?rgn=nowhere", 422),
        (f"{TABLE}/data?rgn=north&rgn=south", 422),
    ],
)
def test_errors_are_problem_details(door: httpx.Client, path: str, status: int) -> None:
    answer = door.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    content = answer.json()
    assert content["status"] == status
    assert content["title"]
    assert content["detail"]
    assert "4711" not in answer.text


def test_whoever_has_it_already_gets_no_content(door: httpx.Client) -> None:
    for path in (f"{API}/releases", f"{TABLE}/data", "/releases/autumn-2026/files/release.json"):
        first = door.get(path)
        again = door.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert door.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_it_can_only_be_read_and_forgets_who_asks(door: httpx.Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = door.request(method, f"{API}/releases")
        assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    answer = door.get(f"{TABLE}/data")
    assert "set-cookie" not in answer.headers
    assert "x-robots-tag" not in answer.headers


def test_openapi_describes_every_address(door: httpx.Client, tmp_path: Path) -> None:
    described = json.loads(door.get(f"{API}/openapi.json").text)
    assert described["openapi"].startswith("3.")
    assert described["servers"] == [{"url": API}]
    assert set(described["paths"]) == {
        "/releases",
        "/releases/{release}",
        "/releases/{release}/tables",
        "/releases/{release}/tables/{table}",
        "/releases/{release}/tables/{table}/data",
        "/releases/{release}/tables/{table}/data.csv",
    }
    for path in described["paths"].values():
        assert {"404", "410", "422", "503"} <= set(path["get"]["responses"])
