"""The record edited at the staff door: never half, never unread, never without a name, and never with the old signatures."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.staff import create_app
from governance.editing import EDITABLE, _split, change, keep, own_folder, sections, versions
from governance.reading import RecordError
from governance.record import FILES, load_record
from retention.secure_store import SecureStore
from tests.governance.records import SHIPPED
from tests.release_samples import quick_passphrases
from tests.staff_samples import csrf_of, make_office, sign_in, zone_in

BASE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "secure"
    make_office(folder)
    return folder


@pytest.fixture
def store(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    shutil.copytree(template, tmp_path / "secure")
    return SecureStore(zone_in(tmp_path / "secure"))


@pytest.fixture
def desk(store: SecureStore) -> Iterator[TestClient]:
    """Dora, the data protection officer, with a record of the office's own."""
    with TestClient(create_app(store.zone), base_url=BASE, follow_redirects=False) as client:
        token = sign_in(client, "dora")
        assert "The office has no record of its own yet" in client.get("/record").text
        assert client.post("/record", data={"csrf": token}).status_code == 303
        yield client


def number_of(store: SecureStore, file: str, title: str) -> int:
    return next(part.number for part in sections(store, file) if part.title.startswith(title))


def post(desk: TestClient, address: str, **fields: str) -> tuple[int, str]:
    token = csrf_of(desk.get(address).text)
    answer = desk.post(address, data={"csrf": token, **fields})
    return answer.status_code, unescape(answer.text)


def hidden(html: str, name: str) -> str:
    return re.findall(rf'name="{name}" value="([^"]*)"', html)[0]


def test_a_change_is_looked_at_then_kept_with_its_version_and_its_entry(desk: TestClient, store: SecureStore) -> None:
    before = load_record(own_folder(store))
    address = f"/record/people.yaml/{number_of(store, 'people.yaml', 'escalation')}"
    text = desk.get(address).text
    words = unescape(re.findall(r'<textarea class="govuk-textarea"[^>]*>\n(.*?)</textarea>', text, re.DOTALL)[0])
    new = words.replace("five working days", "three working days").replace("\n", "\r\n")  # as browsers send it
    code, html = post(desk, address, text=new)
    assert code == 200
    assert "\n-  may be treated worse for it. A concern is answered in writing within five working days" in html
    assert "\n+  may be treated worse for it. A concern is answered in writing within three working days" in html
    assert load_record(own_folder(store)) == before, "looking keeps nothing"
    code, _ = post(desk, address, text=new, keep="yes", before=hidden(html, "before"), after=hidden(html, "after"))
    assert code == 303
    after = load_record(own_folder(store))
    assert "three working days" in after.people.escalation
    assert after.sha256 == hidden(html, "after") != before.sha256
    kept = store.zone.folder / "assessment-versions" / before.sha256[:16]
    assert load_record(kept).sha256 == before.sha256, "the version before is there, whole"
    entry = list(store.ledger())[-1].entry
    assert (entry.actor, entry.verb) == ("dora", "dpia-edit")
    assert dict(entry.counts) == {"file": "people.yaml", "before": before.sha256, "after": after.sha256}
    assert [(one.actor, one.file, one.after) for one in versions(store)] == [("dora", "people.yaml", after.sha256)]
    assert after.sha256[:12] in desk.get("/record").text


@pytest.mark.parametrize(
    ("file", "title", "old", "new", "sentence"),
    [
        ("people.yaml", "example-lead", "evidence_lead, analyst", "king", "unknown role 'king'"),
        ("risks.yaml", "small_counts", "owner: output_checker", "owner: nobody", "unknown role 'nobody'"),
        ("risks.yaml", "small_counts", "measures: [threshold", "measures: [prayer", "'prayer', which is not described"),
        ("assessment.yaml", "review_after_days", '"182"', '"4000"', "at least once a year"),
        ("processing.yaml", "collecting", "code: collecting", "cod: collecting", "cod"),
        ("best_interests.yaml", "triggers", "  new_use:", "    new_use:", "best_interests.yaml"),
    ],
)
def test_what_cannot_be_read_whole_is_said_in_a_sentence_and_loses_no_word(
    desk: TestClient, store: SecureStore, file: str, title: str, old: str, new: str, sentence: str
) -> None:
    before = load_record(own_folder(store)).sha256
    number = number_of(store, file, title)
    words = sections(store, file)[number].text
    assert old in words
    for keeping in ({}, {"keep": "yes", "before": before, "after": before}):
        code, html = post(desk, f"/record/{file}/{number}", text=words.replace(old, new), **keeping)
        assert code == 409
        assert sentence in html
        assert words.replace(old, new).strip() in html
    assert load_record(own_folder(store)).sha256 == before
    assert versions(store) == []


def test_what_was_not_looked_at_is_not_kept(desk: TestClient, store: SecureStore) -> None:
    number = number_of(store, "people.yaml", "escalation")
    words = sections(store, "people.yaml")[number].text
    address = f"/record/people.yaml/{number}"
    _, html = post(desk, address, text=words.replace("five", "three"))
    looked = {"keep": "yes", "before": hidden(html, "before"), "after": hidden(html, "after")}
    code, html = post(desk, address, text=words.replace("five", "fifty"), **looked)
    assert (code, "are not what you looked at" in html) == (409, True)
    mine, theirs = (change(store, "people.yaml", number, words.replace("five", count)) for count in ("six", "seven"))
    keep(store, theirs, "dora")
    with pytest.raises(RecordError, match="changed the record meanwhile"):
        keep(store, mine, "dora")
    code, html = post(desk, address, text=words.replace("five", "three"), **looked)
    assert code == 409
    assert [one.after for one in versions(store)] == [theirs.after]


def test_no_more_than_the_files_of_the_record_and_nothing_twice(desk: TestClient, store: SecureStore) -> None:
    for address in (
        "/record/declared.yaml/0",
        "/record/..%2Fpassphrase/0",
        "/record/people.yaml/99",
        "/record/people.yaml/-1",
        "/record/people.yaml/x",
    ):
        assert desk.get(address).status_code == 404
    token = csrf_of(desk.get("/record").text)
    assert desk.post("/record", data={"csrf": token}).status_code in (409, 503)
    assert set(EDITABLE) == {file for file, _ in FILES.values()}
    number = number_of(store, "people.yaml", "escalation")
    same = change(store, "people.yaml", number, sections(store, "people.yaml")[number].text)
    assert same.difference == ()
    with pytest.raises(RecordError, match="Nothing is different"):
        keep(store, same, "dora")


@pytest.mark.parametrize("file", EDITABLE)
def test_the_sections_of_a_file_are_the_file(file: str) -> None:
    text = (SHIPPED / file).read_text(encoding="utf-8")
    parts = list(_split(text))
    assert "".join(part.text for part in parts) == text
    assert [part.number for part in parts] == list(range(len(parts)))
    assert all(part.title for part in parts)
    assert max(len(part.text) for part in parts) < 4000, "a section is something that a person can read"


@given(st.lists(st.sampled_from(["key: 1\n", "  - code: a\n", "# said\n", "  # more\n", "    in: it\n", "\n", "other:\n"]), max_size=12))
def test_nothing_is_lost_between_sections(lines: list[str]) -> None:
    assert "".join(part.text for part in _split("".join(lines))) == "".join(lines)
