"""Separation of duties as one table of who may do what at the staff door, and every way in that is not a password, a code and a role."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.routing import Route
from starlette.testclient import TestClient

from api import staff_door
from api.staff import create_app
from governance.safeguarding import load_policy, queue
from retention import second_factor, staff
from retention.ledger import Entry
from retention.safeguarding_flags import add_flags
from retention.secure_store import SecureStore
from retention.settings import SettingsError
from retention.staff import Role, StaffError
from tests.release_samples import quick_passphrases
from tests.second_factors import SECRET, next_code
from tests.staff_samples import PASSWORD, PEOPLE, WAVE, csrf_of, make_office, sign_in, zone_in

BASE = "http://127.0.0.1"
A, R, C, S, D, M = "ann", "rita", "chris", "lea", "dora", "adam"  # one of each role
EVERYBODY = {A, R, C, S, D, M}
# Who may do what. A page that is not here fails the test, and so does one that is here and not there.
TABLE: dict[tuple[str, str], set[str]] = {
    ("GET", "/"): EVERYBODY,
    ("POST", "/logout"): EVERYBODY,
    ("GET", "/second-factor"): EVERYBODY,
    ("GET", "/second-factor.svg"): EVERYBODY,
    ("POST", "/second-factor"): EVERYBODY,
    ("GET", "/assessment"): EVERYBODY,
    ("GET", "/assessment/{survey}/{when}.svg"): EVERYBODY,
    ("GET", "/record"): {D},
    ("POST", "/record"): {D},
    ("GET", "/record/{file}/{number}"): {D},
    ("POST", "/record/{file}/{number}"): {D},
    ("GET", "/requests"): EVERYBODY,
    ("POST", "/requests"): EVERYBODY,
    ("POST", "/requests/{number}/{decision}"): {D},
    ("GET", "/status"): {A},
    ("GET", "/review-quality/{wave}"): {A},
    ("GET", "/themes/{wave}/{frame}"): {A},
    ("POST", "/themes/{wave}/{frame}"): {A},
    ("GET", "/review"): {R},
    ("GET", "/review/{wave}"): {R},
    ("POST", "/review/{wave}"): {R},
    ("POST", "/review/{wave}/undo"): {R},
    ("GET", "/releases"): {C},
    ("GET", "/releases/{id}"): {C},
    ("GET", "/releases/{id}/tables/{table}"): {C},
    ("GET", "/releases/{id}/files/{name:path}"): {C},
    ("POST", "/releases/{id}/{decision}"): {C},
    ("GET", "/quotes"): {C},
    ("POST", "/quotes/{id}/{decision}"): {C},
    ("GET", "/safeguarding"): {S, D},
    ("GET", "/safeguarding/{flag}"): {S},
    ("POST", "/safeguarding/{flag}"): {S},
    ("POST", "/safeguarding/{flag}/join"): {S},
    ("POST", "/safeguarding/{flag}/joined"): {S},
    ("GET", "/retention"): {A, D, M},
    ("GET", "/retention.ics"): {A, D, M},
    ("POST", "/retention/{wave}/{kind}"): {D},
    ("GET", "/accounts"): {M},
    ("POST", "/accounts/{name}/{decision}"): {M},
}
ANYBODY = {("GET", "/login"), ("POST", "/login"), ("GET", "/health/live"), ("GET", "/static/{content_hash}/{name:path}")}
REASON = "A reason that is long enough."


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "secure"
    store = make_office(folder)
    with store.record(Entry("ann", "scrub", WAVE)) as connection:
        add_flags(connection, store.ring, WAVE, [(0, "suicide")])
    return folder


@pytest.fixture
def secure(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    quick_passphrases(monkeypatch)
    shutil.copytree(template, tmp_path / "secure")
    return tmp_path / "secure"


@pytest.fixture
def store(secure: Path) -> SecureStore:
    return SecureStore(zone_in(secure))


@pytest.fixture
def desk(secure: Path) -> Iterator[TestClient]:
    with TestClient(create_app(zone_in(secure)), base_url=BASE, follow_redirects=False) as client:
        yield client


def routes(app: object) -> set[tuple[str, str]]:
    """Every route of the door, found behind the layers around it."""
    while not isinstance(app, FastAPI):
        app = app._app  # type: ignore[attr-defined]
    found = {(method, route.path) for route in app.routes if isinstance(route, Route) for method in route.methods or ()}
    assert len(app.routes) == len({route.path + str(getattr(route, "methods", "")) for route in app.routes})
    return {(method, path) for method, path in found if method != "HEAD"}


def test_every_page_of_the_door_is_in_the_table_and_no_other(secure: Path) -> None:
    assert routes(create_app(zone_in(secure))) == set(TABLE) | ANYBODY


def test_the_table_has_every_role() -> None:
    assert {PEOPLE[name] for name in EVERYBODY} == set(Role)


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_each_may_do_what_the_table_says_and_nothing_else(desk: TestClient, name: str) -> None:
    """With names of nothing in the addresses: whoever may come in finds nothing there, whoever may not is told so first."""
    for (method, path), who in TABLE.items():
        if path == "/logout":
            continue
        address = re.sub(r"\{[^}]*\}", "0", path)
        token = sign_in(desk, name) if path == "/" else csrf_of(desk.get("/requests").text)
        answer = desk.request(method, address, data={"csrf": token} if method == "POST" else None)
        assert (answer.status_code == 403) is (name not in who), (name, method, path, answer.status_code)


def test_no_role_both_prepares_and_approves() -> None:
    """Who reads or counts does not release; who grants roles decides nothing else; who judges retention and cases sees no text."""
    may = {name: {page for page, who in TABLE.items() if name in who and who != EVERYBODY} for name in EVERYBODY}
    shared = {(one, other): may[one] & may[other] for one in EVERYBODY for other in EVERYBODY if one < other}
    looking = {("GET", "/retention"), ("GET", "/retention.ics"), ("GET", "/safeguarding")}
    assert all(pages <= looking for pages in shared.values())
    assert all(method == "GET" for pages in shared.values() for method, _ in pages)


# -- roles and second factors --------------------------------------------------------------------------------------------


def test_an_administrator_changes_others_and_never_themselves(desk: TestClient, store: SecureStore) -> None:
    token = sign_in(desk, "adam")
    for decision in ("role", "second-factor", "close"):
        answer = desk.post(f"/accounts/adam/{decision}", data={"csrf": token, "role": "safeguarding_lead"})
        assert answer.status_code == 409
        assert "their own account" in answer.text
    assert desk.post("/accounts/ann/role", data={"csrf": token, "role": "safeguarding_lead"}).status_code == 409, "there are two"
    assert desk.post("/accounts/ann/role", data={"csrf": token, "role": "king"}).status_code == 400
    assert desk.post("/accounts/ann/role", data={"csrf": token, "role": "reviewer"}).status_code == 303
    assert staff.member(store, "ann") == staff.Member("ann", Role.REVIEWER)
    assert staff.member(store, "adam") == staff.Member("adam", Role.ADMINISTRATOR)


@pytest.mark.parametrize("decision", ["role", "close"])
def test_whoever_lost_a_role_is_out_at_once(secure: Path, store: SecureStore, decision: str) -> None:
    with TestClient(create_app(zone_in(secure)), base_url=BASE, follow_redirects=False) as ann:
        sign_in(ann, "ann")
        assert ann.get("/status").status_code == 200
        staff.change_role(store, "ann", Role.REVIEWER, "adam") if decision == "role" else staff.remove_member(store, "ann", "adam")
        for page in ("/status", "/review", "/"):
            assert ann.get(page).headers["location"] == "/login"


def log_in(client: TestClient, name: str, code: str, password: str = PASSWORD) -> int:
    client.cookies.clear()
    token = csrf_of(client.get("/login").text)
    return client.post("/login", data={"csrf": token, "name": name, "password": password, "code": code}).status_code


def test_a_password_alone_a_wrong_code_and_a_used_code_do_not_open(desk: TestClient) -> None:
    code = next_code()
    assert log_in(desk, "rita", "") == 401
    assert log_in(desk, "rita", "000000" if code != "000000" else "111111") == 401
    assert log_in(desk, "rita", code, "a wrong password") == 401
    assert log_in(desk, "rita", code) == 303
    assert log_in(desk, "rita", code) == 401, "looked at over a shoulder"
    assert log_in(desk, "ron", code) == 303


def test_guessing_codes_pauses_the_name(desk: TestClient) -> None:
    for guess in range(5):
        assert log_in(desk, "rita", f"{guess}") == 401
    assert log_in(desk, "rita", next_code()) == 401
    assert log_in(desk, "ron", next_code()) == 303


def test_somebody_without_a_second_factor_can_do_nothing_but_set_one(desk: TestClient, store: SecureStore) -> None:
    second_factor.reset(store, "rita", "adam")
    assert log_in(desk, "rita", "") == 303
    for method, path in TABLE:
        if not path.startswith(("/second-factor", "/logout")):
            answer = desk.request(method, re.sub(r"\{[^}]*\}", "0", path))
            assert (answer.status_code, answer.headers["location"]) == (303, "/second-factor"), path
    page = desk.get("/second-factor")
    assert SECRET not in page.text
    assert desk.get("/second-factor.svg").headers["content-type"] == "image/svg+xml"
    assert "no-store" in desk.get("/second-factor.svg").headers["cache-control"]
    assert desk.post("/second-factor", data={"csrf": csrf_of(page.text), "code": "000000"}).status_code == 409
    secret = re.findall(r'<code translate="no">([A-Z2-7]+)</code>', page.text)[0]
    code = second_factor.pyotp.TOTP(secret).at(int(_now()))
    done = desk.post("/second-factor", data={"csrf": csrf_of(page.text), "code": code})
    recovery = re.findall(r"<li><code>([0-9a-f-]+)</code></li>", done.text)
    assert len(recovery) == second_factor.RECOVERY_CODES
    assert desk.get("/review").status_code == 200
    assert desk.get("/second-factor.svg").status_code == 404, "never shown again"
    assert log_in(desk, "rita", recovery[0]) == 303
    assert log_in(desk, "rita", recovery[0]) == 401


def _now() -> float:
    return staff_door.now()


# -- the proxy -----------------------------------------------------------------------------------------------------------

PROXY_SECRET = "s" * 32
SAYS = {"x-bigask-user": "rita", "x-bigask-proxy-secret": PROXY_SECRET}


@pytest.fixture
def proxied(secure: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A door behind an identity provider's proxy, which speaks from 127.0.0.1."""
    secret = tmp_path / "proxy-secret"
    secret.write_text(PROXY_SECRET, encoding="utf-8")
    secret.chmod(0o600)
    zone = replace(zone_in(secure), staff_proxy="127.0.0.1", staff_proxy_secret_file=secret)
    with TestClient(create_app(zone), base_url=BASE, follow_redirects=False, client=("127.0.0.1", 50000)) as client:
        yield client


def test_whom_the_proxy_names_comes_in_with_the_role_that_is_here(proxied: TestClient) -> None:
    assert proxied.get("/login", headers=SAYS).status_code == 303
    assert proxied.get("/review").status_code == 200
    assert proxied.get("/status", headers={**SAYS, "x-bigask-role": "analyst"}).status_code == 403


@pytest.mark.parametrize(
    "says",
    [{}, {"x-bigask-user": "rita"}, {**SAYS, "x-bigask-proxy-secret": "t" * 32}, {**SAYS, "x-bigask-proxy-secret": ""},
     {**SAYS, "x-bigask-user": "nobody"}, {"x-bigask-proxy-secret": PROXY_SECRET}],
)  # fmt: skip
def test_without_the_proxys_word_nobody_does(proxied: TestClient, says: dict[str, str]) -> None:
    assert proxied.get("/login", headers=says).status_code == 403
    assert proxied.get("/review").headers["location"] == "/login"


def test_two_names_are_no_name(proxied: TestClient) -> None:
    twice = [("x-bigask-user", "rita"), ("x-bigask-user", "adam"), ("x-bigask-proxy-secret", PROXY_SECRET)]
    assert proxied.get("/login", headers=twice).status_code == 403


def test_the_headers_mean_nothing_from_another_address_or_where_no_proxy_is_set(secure: Path, tmp_path: Path, desk: TestClient) -> None:
    assert desk.get("/login", headers=SAYS).status_code == 200, "a page to sign in, and nobody is"
    assert desk.get("/review").headers["location"] == "/login"
    secret = tmp_path / "proxy-secret"
    secret.write_text(PROXY_SECRET, encoding="utf-8")
    secret.chmod(0o600)
    zone = replace(zone_in(secure), staff_proxy="127.0.0.1", staff_proxy_secret_file=secret)
    with TestClient(create_app(zone), base_url=BASE, follow_redirects=False, client=("127.0.0.2", 50000)) as other:
        assert other.get("/login", headers=SAYS).status_code == 403


@pytest.mark.parametrize(("content", "mode"), [(None, 0), ("s" * 31, 0o600), ("s" * 32, 0o644)])
def test_a_proxy_without_a_good_secret_opens_no_door(secure: Path, tmp_path: Path, content: str | None, mode: int) -> None:
    path = tmp_path / "proxy-secret"
    if content is not None:
        path.write_text(content, encoding="utf-8")
        path.chmod(mode)
    for file in (path, None):
        with pytest.raises(SettingsError):
            create_app(replace(zone_in(secure), staff_proxy="127.0.0.1", staff_proxy_secret_file=file))


# -- safeguarding, retention and requests --------------------------------------------------------------------------------


def test_a_lead_sees_the_words_alone_and_each_view_is_in_the_ledger(desk: TestClient, store: SecureStore) -> None:
    flag = queue(store)[0].flag.id
    sign_in(desk, "lea")
    listed = desk.get("/safeguarding").text
    assert "Quillfeather" not in listed
    shown = desk.get(f"/safeguarding/{flag}").text
    assert "Quillfeather" in shown
    for word in ("better_life", "rgn", "lsoa", "age_band", "9-12", "row 7"):
        assert word not in shown
    views = [entry.entry for entry in store.ledger() if entry.entry.verb == "safeguarding-view"]
    assert [(view.actor, view.counts) for view in views] == [("lea", {"flag": flag})]
    assert "promised that nobody can find out" in shown


def test_a_view_that_cannot_be_written_down_is_none(desk: TestClient, store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = queue(store)[0].flag.id
    sign_in(desk, "lea")

    def broken(*_: object) -> None:
        raise StaffError("the ledger cannot be written")

    monkeypatch.setattr(SecureStore, "_append", broken)
    answer = desk.get(f"/safeguarding/{flag}")
    assert answer.status_code == 409
    assert "Quillfeather" not in answer.text


def test_a_record_made_at_the_door_closes_and_an_incomplete_one_loses_no_word(desk: TestClient, store: SecureStore) -> None:
    flag = queue(store)[0].flag.id
    token = sign_in(desk, "leo")
    answers = {question.code: f"About {question.code}." for question in load_policy().questions}
    data = {"csrf": token, **answers, "urgency": "urgent", "outcome": "shared", "reason": REASON, "whom": "", "shared": "", "told_on": ""}
    again = desk.post(f"/safeguarding/{flag}", data=data)
    assert again.status_code == 409
    assert "Nothing is shared silently" in again.text
    assert all(answer in again.text for answer in answers.values())
    assert desk.post(f"/safeguarding/{flag}", data={**data, "outcome": "forgotten"}).status_code == 400
    assert desk.post(f"/safeguarding/{flag}/join", data={"csrf": token, "reason": REASON}).status_code == 409
    assert len(queue(store)) == 1
    done = desk.post(f"/safeguarding/{flag}", data={**data, "outcome": "not_shared"})
    assert done.status_code == 303
    assert queue(store) == []


def test_the_data_protection_officer_sees_how_many_wait_and_never_a_text(desk: TestClient, store: SecureStore) -> None:
    flag = queue(store)[0].flag.id
    sign_in(desk, "dora")
    page = desk.get("/safeguarding").text
    assert "1 text waits" in page
    assert flag not in page
    assert not any(word in page for word in ("Quillfeather", "homework", "Bramblewick"))
    assert desk.get(f"/safeguarding/{flag}").status_code == 403


def test_the_officer_signs_for_retention_and_others_look(desk: TestClient, store: SecureStore) -> None:
    token = sign_in(desk, "dora")
    page = desk.get("/retention").text
    assert page.count("<rect ") >= 5
    assert "Sign<span" in page
    assert desk.post("/retention/office/backups", data={"csrf": token, "reason": "short"}).status_code == 409
    assert desk.post("/retention/office/backups", data={"csrf": token, "reason": REASON}).status_code == 303
    assert desk.post(f"/retention/{WAVE}/protected", data={"csrf": token, "reason": REASON, "until": "tomorrow"}).status_code == 400
    assert "retention-review" in {entry.entry.verb for entry in store.ledger()}
    assert desk.get("/retention.ics").text.startswith("BEGIN:VCALENDAR")
    sign_in(desk, "ann")
    assert "Sign<span" not in desk.get("/retention").text


def test_anybody_writes_a_case_down_and_the_officer_decides_it(desk: TestClient) -> None:
    token = sign_in(desk, "rita")
    data = {"csrf": token, "kind": "breach", "received_on": "2026-01-01", "about": "A laptop was left on a train."}
    assert desk.post("/requests", data={**data, "about": "Ask zofia@example.org about this"}).status_code == 409
    assert desk.post("/requests", data={**data, "received_on": "today"}).status_code == 409
    assert desk.post("/requests", data=data).status_code == 303
    assert "laptop" not in desk.get("/requests").text, "cases are shown to the officer"
    token = sign_in(desk, "dora")
    page = desk.get("/requests").text
    assert "OVERDUE" in page
    assert "laptop" in page
    assert desk.post("/requests/1/close", data={"csrf": token, "words": REASON}).status_code == 409
    assert desk.post("/requests/1/close", data={"csrf": token, "words": REASON, "why_late": REASON}).status_code == 303
    assert desk.post("/requests/x/close", data={"csrf": token, "words": REASON}).status_code == 404
    assert "Decided" in desk.get("/requests").text


def test_what_is_due_is_said_where_analysts_start(desk: TestClient, store: SecureStore) -> None:
    sign_in(desk, "ann")
    assert "due for destruction" not in desk.get("/status").text
    with store.record(Entry("ann", "made-earlier", WAVE)) as connection:
        connection.exec_driver_sql("UPDATE asset SET review_on = '2020-01-01' WHERE kind = 'texts'")
    assert "1 thing is due for destruction" in desk.get("/status").text
    sign_in(desk, "dora")
    assert "OVERDUE: tell the data protection officer" in desk.get("/retention").text
