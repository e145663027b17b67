"""The assessment at the staff door: everybody in the team sees whether the survey may run, and exactly what is missing."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.staff import create_app
from governance.record import load_record
from pipeline.gate import demonstrate
from retention.secure_store import SecureStore
from retention.settings import CollectionZone
from retention.staff import Role, add_member
from tests.governance.records import SHIPPED, own_record, sign_all
from tests.second_factors import enrol, next_code

PASSWORD = "a long enough password"
BASE = "http://127.0.0.1:8002"


def page_for(store: SecureStore, role: Role, path: str = "/assessment") -> str:
    """The page as somebody of this role sees it."""
    name = f"some.{role.value.replace('_', '-')}"
    add_member(store, name, role, PASSWORD, by="anna")
    enrol(store, name)
    with TestClient(create_app(store.zone), base_url=BASE) as client:
        token = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
        assert token is not None
        client.post("/login", data={"csrf": token[1], "name": name, "password": PASSWORD, "code": next_code()})
        answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_nobody_sees_it_without_signing_in(sqlite_store: SecureStore) -> None:
    with TestClient(create_app(sqlite_store.zone), base_url=BASE, follow_redirects=False) as client:
        for path in ("/assessment", "/assessment/big_ask/before.svg"):
            assert client.get(path).headers["location"] == "/login"


@pytest.mark.parametrize("role", list(Role))
def test_it_says_exactly_what_is_missing_to_every_role(sqlite_store: SecureStore, role: Role) -> None:
    page = page_for(sqlite_store, role)
    for what in ("measures", "residual_risk", "dpo_advice"):
        assert f"Nobody has signed '{what}'" in page
    assert "The gate is shut: 4 things are missing" in page
    for risk in load_record(SHIPPED).register.risks:
        assert risk.title in page
        assert risk.left in page
    assert "Anybody in the team can stop a wave or a release" in page


def test_a_demonstration_is_called_one(sqlite_store: SecureStore, tmp_path: Path) -> None:
    demonstrate(sqlite_store, CollectionZone(tmp_path / "c", f"sqlite:///{tmp_path}/c/x.sqlite"), "big_ask", "anna")
    page = page_for(sqlite_store, Role.ANALYST)
    assert "This is a demonstration." in page
    assert "The gate is open" in page


def test_signed_by_its_people_it_is_open_and_names_them(sqlite_store: SecureStore) -> None:
    folder = own_record(sqlite_store.zone.folder / "assessment")
    sign_all(sqlite_store, load_record(folder))
    page = page_for(sqlite_store, Role.ANALYST)
    assert "The gate is open" in page
    assert "olivia.owner: approve measures. I have read the whole of it" in page


def test_the_charts_are_pictures_of_the_register(sqlite_store: SecureStore) -> None:
    for when in ("before", "after"):
        drawn = page_for_chart(sqlite_store, when)
        numbers = [int(number) for found in re.findall(r'font-weight="bold">([0-9, ]+)<', drawn) for number in found.split(", ")]
        assert sorted(numbers) == list(range(1, len(load_record(SHIPPED).register.risks) + 1))


def page_for_chart(store: SecureStore, when: str) -> str:
    roles = {"before": Role.ANALYST, "after": Role.REVIEWER}
    return page_for(store, roles[when], f"/assessment/big_ask/{when}.svg")
