"""The researcher door under attack: it shows what was approved, byte for byte, or nothing; it can only be read; it forgets."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.researcher import create_app
from pipeline import approval
from pipeline.release_files import build_release
from retention import releases
from retention.ledger import Entry
from retention.secure_store import SecureStore, Wave
from retention.settings import ReleaseZone, SecureZone
from tests.release_samples import description, quick_passphrases, release_table, secure_zone

RELEASE = "/releases/autumn-2026"
TABLE = f"{RELEASE}/tables/life-by-place"
CSV = f"{RELEASE}/files/tables/life-by-place.csv"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a secure zone and its secrets, and beside it a release zone with one release."""
    folder = tmp_path_factory.mktemp("office")
    with pytest.MonkeyPatch.context() as patch:
        quick_passphrases(patch)
        store = SecureStore(secure_zone(folder / "secure"))
    store.add_wave(Wave("w", "big_ask", "body-w", "locator-w"), Entry("ann", "wave-open", "w"))
    for release_id in ("autumn-2026", "winter-2026"):
        digest = build_release(approval.draft_folder(store.zone, release_id), description(release_id), [release_table()])
        releases.draft(store, release_id, "w", "ann", digest)
    approval.check(store, "autumn-2026", "chris")
    approval.approve(store, "autumn-2026", "ali", ReleaseZone(folder / "release"))
    return folder


@pytest.fixture
def zone(office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReleaseZone:
    """A copy of all that, for one test."""
    quick_passphrases(monkeypatch)
    shutil.copytree(office, tmp_path / "office")
    return ReleaseZone(tmp_path / "office/release")


@pytest.fixture
def door(zone: ReleaseZone) -> Iterator[TestClient]:
    with TestClient(create_app(zone), follow_redirects=False) as client:
        yield client


def test_downloads_are_the_approved_bytes(door: TestClient, zone: ReleaseZone) -> None:
    for name in ("tables/life-by-place.csv", "tables/life-by-place.xlsx", "charts/life-by-place.svg", "release.json", "audit.json"):
        answer = door.get(f"{RELEASE}/files/{name}")
        assert answer.status_code == 200
        assert answer.content == (zone.folder / "autumn-2026" / name).read_bytes()
        assert answer.headers["content-disposition"].startswith("attachment")


def test_a_tampered_file_stops_its_release_and_only_the_log_says_which(
    door: TestClient, zone: ReleaseZone, caplog: pytest.LogCaptureFixture
) -> None:
    path = zone.folder / "autumn-2026/tables/life-by-place.csv"
    path.write_bytes(path.read_bytes().replace(b"2539", b"4711"))
    with caplog.at_level(logging.ERROR, "bigask.door"):
        for address in (CSV, RELEASE, TABLE, f"{RELEASE}/files/charts/life-by-place.svg", f"{RELEASE}/files/release.json"):
            answer = door.get(address)
            assert answer.status_code == 503, address
            assert "not those that were approved" in answer.text
            assert "4711" not in answer.text
    assert "release autumn-2026 is not served: A file of a release was changed after it was approved." in caplog.messages
    assert not any("4711" in message for message in caplog.messages)
    listing = door.get("/")
    assert listing.status_code == 200
    assert "cannot be shown at the moment" in listing.text


def test_an_office_key_swapped_under_a_running_door_does_not_help(door: TestClient, zone: ReleaseZone, tmp_path: Path) -> None:
    assert door.get(RELEASE).status_code == 200
    forger = SecureStore(secure_zone(tmp_path / "forger"))
    forger.add_wave(Wave("w", "big_ask", "body-w", "locator-w"), Entry("eve", "wave-open", "w"))
    forged = ReleaseZone(tmp_path / "forged")
    digest = build_release(approval.draft_folder(forger.zone, "autumn-2026"), description(), [release_table()])
    releases.draft(forger, "autumn-2026", "w", "eve", digest)
    approval.check(forger, "autumn-2026", "eve2")
    approval.approve(forger, "autumn-2026", "eve3", forged)
    for path in forged.folder.rglob("*"):
        if path.is_file():
            target = zone.folder / path.relative_to(forged.folder)
            target.write_bytes(path.read_bytes())
    assert door.get(RELEASE).status_code == 503


@pytest.mark.parametrize(
    "address",
    [
        f"{RELEASE}/files/../../../secure/passphrase",
        f"{RELEASE}/files/..%2f..%2foffice.pub",
        f"{RELEASE}/files/%2e%2e/%2e%2e/office.pub",
        f"{RELEASE}/files//etc/passwd",
        f"{RELEASE}/files/%2Fetc%2Fpasswd",
        f"{RELEASE}/files/tables/../approval.json",
        f"{RELEASE}/files/approval.json",
        f"{RELEASE}/files/manifest.json",
        f"{RELEASE}/files/tables",
        f"{RELEASE}/files/tables/life-by-place.csv%00.json",
        f"{RELEASE}/files/",
        f"{RELEASE}/tables/..%2frelease",
        f"{RELEASE}/tables/none",
        f"{TABLE}?show=raw",
        "/releases/%2e%2e",
        "/releases/%2e%2e%2fsecure",
        "/releases/winter-2026",
        "/releases/office.pub",
        "/office.pub",
        "/static/../../secure/passphrase",
        "/docs",
        "/openapi.json",
        "/secure",
    ],
)
def test_nothing_else_on_the_disk_can_be_reached(door: TestClient, address: str) -> None:
    answer = door.get(address)
    assert answer.status_code == 404
    assert b"root:" not in answer.content
    assert b"passphrase" not in answer.content


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_it_can_only_be_read(door: TestClient, zone: ReleaseZone, method: str) -> None:
    before = {path: path.read_bytes() for path in zone.folder.rglob("*") if path.is_file()}
    for address in ("/", RELEASE, TABLE, CSV):
        assert door.request(method, address, content=b"x=1").status_code == 405
    assert {path: path.read_bytes() for path in zone.folder.rglob("*") if path.is_file()} == before


def test_no_cookie_is_ever_set_and_a_cookie_changes_nothing(door: TestClient) -> None:
    for address in ("/", RELEASE, TABLE, f"{TABLE}?show=percentages", f"{RELEASE}/files/charts/life-by-place.svg", CSV, "/nothing"):
        plain = door.get(address)
        other = door.get(address, headers={"Cookie": "session=1; staff=2", "Referer": "http://elsewhere", "User-Agent": "canary"})
        assert plain.status_code == (404 if address == "/nothing" else 200)
        for answer in (plain, other):
            assert "set-cookie" not in answer.headers
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert answer.headers["referrer-policy"] == "no-referrer"
        assert plain.content == other.content
        assert b"<script" not in plain.content


def test_a_withdrawn_release_serves_its_reason_and_nothing_else(door: TestClient, zone: ReleaseZone, tmp_path: Path) -> None:
    folder = tmp_path / "office/secure"
    store = SecureStore(SecureZone(folder, f"sqlite:///{folder / 'secure.sqlite'}", folder / "passphrase"))
    approval.withdraw(store, "autumn-2026", "ann", "One council was counted twice.", zone)
    page = door.get(RELEASE)
    assert page.status_code == 410
    assert "One council was counted twice." in page.text
    assert "2,539" not in page.text
    for address in (TABLE, f"{RELEASE}/files/charts/life-by-place.svg", CSV, f"{RELEASE}/files/release.json"):
        assert door.get(address).status_code == 404
    assert "Withdrawn" in door.get("/").text


def test_an_empty_zone_is_a_calm_page(tmp_path: Path) -> None:
    with TestClient(create_app(ReleaseZone(tmp_path / "none"))) as door:
        assert "Nothing has been released yet." in door.get("/").text
        assert door.get("/releases/x").status_code == 404


def test_no_page_names_the_three_people_and_no_file_says_which_count_is_small(door: TestClient) -> None:
    for address in ("/", RELEASE, TABLE):
        assert not any(name in door.get(address).text for name in ("chris", ">ali<"))
    for name in ("tables/life-by-place.csv", "release.json", "audit.json"):
        text = door.get(f"{RELEASE}/files/{name}").text
        if name == "release.json":  # the policy's own words speak of kinds of withholding; a table's must not
            text = json.dumps(json.loads(text)["tables"])
        assert not any(word in text for word in ("chris", "secondary", "primary", '"floor"'))
