"""The staff door under attack: who may do what, forged forms, guessed passwords, stolen and planted sessions, foreign hosts."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from starlette.testclient import TestClient

from api.checker_evidence import evidence
from api.closed_texts import ClosedTexts
from api.staff import create_app
from api.staff_guard import COOKIE
from api.staff_session import FAILURES, IDLE, LONGEST, PAUSE
from forms.load import load_survey
from pipeline import approval
from pipeline import themes as pipeline_themes
from pipeline.themes import draw, register
from retention import quotes, releases, review, safeguarding_flags, themes
from retention.destroy import destroy
from retention.ledger import Entry, LedgerError
from retention.releases import ReleaseState
from retention.review_states import ReviewState
from retention.secure_store import SecureStore, StepRefused
from retention.settings import ReleaseZone
from tests.release_samples import quick_passphrases
from tests.second_factors import next_code
from tests.staff_samples import PASSWORD, PEOPLE, TEXTS, WAVE, csrf_of, make_office, sign_in, zone_in

BASE = "http://127.0.0.1"
FRAME = (Path(pipeline_themes.__file__).parent / "data/themes/big_ask-barriers.yaml").read_text(encoding="utf-8")
PAGES = {
    "ann": ("/status", f"/review-quality/{WAVE}"),
    "rita": ("/review", f"/review/{WAVE}"),
    "chris": ("/quotes", "/releases", "/releases/autumn-2026", "/releases/autumn-2026/tables/life-by-place"),
}
FORMS = {
    "rita": (f"/review/{WAVE}", f"/review/{WAVE}/undo"),
    "chris": tuple(f"/releases/autumn-2026/{decision}" for decision in ("check", "approve", "refuse", "withdraw")),
}


class Clock:
    """A clock that moves when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "secure"
    make_office(folder)
    return folder


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def door(template: Path, clock: Clock) -> Iterator[TestClient]:
    """One door for all tests that decide nothing."""
    with pytest.MonkeyPatch.context() as patch:
        quick_passphrases(patch)
        app = create_app(zone_in(template), None, clock)
        with TestClient(app, base_url=BASE, follow_redirects=False) as client:
            yield client


@pytest.fixture
def secure(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the secure zone for a test that decides something."""
    quick_passphrases(monkeypatch)
    shutil.copytree(template, tmp_path / "secure")
    return tmp_path / "secure"


@pytest.fixture
def store(secure: Path) -> SecureStore:
    return SecureStore(zone_in(secure))


@pytest.fixture
def desk(secure: Path) -> Iterator[TestClient]:
    """A door to that copy."""
    with TestClient(create_app(zone_in(secure), ReleaseZone(secure.parent / "release")), base_url=BASE, follow_redirects=False) as client:
        yield client


def item_of(html: str) -> str:
    """The text that a page of the review desk puts into a reviewer's hands."""
    return re.findall(r'name="item" value="([^"]*)"', html)[0]


def test_without_a_session_every_page_leads_to_the_login(door: TestClient) -> None:
    for address in ("/", *(page for pages in PAGES.values() for page in pages)):
        answer = door.get(address)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), address
    for address in (form for forms in FORMS.values() for form in forms):
        assert door.post(address, data={"csrf": "x"}).headers["location"] == "/login"


def test_each_role_sees_its_own_desk_and_no_other(door: TestClient) -> None:
    for name in ("ann", "rita", "chris"):
        sign_in(door, name)
        for owner, pages in PAGES.items():
            for page in pages:
                assert door.get(page).status_code == (200 if owner == name else 403), (name, page)


def test_each_role_decides_what_is_its_own_and_nothing_else(desk: TestClient, store: SecureStore) -> None:
    for name in ("ann", "rita", "chris"):
        token = sign_in(desk, name)
        for owner, forms in FORMS.items():
            for form in forms:
                if owner != name:
                    assert desk.post(form, data={"csrf": token, "reason": "a reason long enough"}).status_code == 403, (name, form)
    assert releases.release(store, "autumn-2026").state is ReleaseState.DRAFTED


@pytest.mark.parametrize("csrf", [None, "", "x" * 43, "twice"])
def test_a_form_without_the_door_s_token_changes_nothing(desk: TestClient, store: SecureStore, csrf: str | None) -> None:
    token = sign_in(desk, "chris")
    data: dict[str, str | list[str]] = {"reason": "a reason long enough"}
    if csrf is not None:
        data["csrf"] = [token, token] if csrf == "twice" else csrf
    for address in (*FORMS["chris"], "/logout"):
        assert desk.post(address, data=data).status_code == 403
    assert desk.get("/releases").status_code == 200
    assert releases.release(store, "autumn-2026").state is ReleaseState.DRAFTED


def test_the_token_of_another_session_and_a_post_from_another_site_are_refused(desk: TestClient, store: SecureStore) -> None:
    foreign = sign_in(desk, "ali")
    token = sign_in(desk, "chris")
    data = {"reason": "a reason long enough"}
    assert desk.post("/releases/autumn-2026/refuse", data={**data, "csrf": foreign}).status_code == 403
    for site in ("cross-site", "same-site", "none"):
        answer = desk.post("/releases/autumn-2026/refuse", data={**data, "csrf": token}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert releases.release(store, "autumn-2026").state is ReleaseState.DRAFTED
    assert (
        desk.post("/releases/autumn-2026/refuse", data={**data, "csrf": token}, headers={"Sec-Fetch-Site": "same-origin"}).status_code
        == 303
    )
    assert releases.release(store, "autumn-2026").state is ReleaseState.REFUSED


def test_a_wrong_name_and_a_wrong_password_look_the_same(door: TestClient) -> None:
    bodies = set()
    for name, password in (("nobody", PASSWORD), ("rita", "wrong wrong wrong"), ("", "")):
        door.cookies.clear()
        token = csrf_of(door.get("/login").text)
        answer = door.post("/login", data={"csrf": token, "name": name, "password": password})
        assert answer.status_code == 401
        bodies.add(re.sub(r'name="csrf" value="[^"]*"', "", answer.text))
    assert len(bodies) == 1


@pytest.mark.parametrize("name", ["rita", "nobody"])
def test_too_many_wrong_passwords_pause_a_name_whether_it_exists_or_not(door: TestClient, clock: Clock, name: str) -> None:
    answers = []
    for _ in range(FAILURES + 1):
        door.cookies.clear()
        token = csrf_of(door.get("/login").text)
        answers.append(door.post("/login", data={"csrf": token, "name": name, "password": "wrong wrong wrong"}))
    assert {answer.status_code for answer in answers} == {401}
    assert sign_in(door, name) == ""
    assert sign_in(door, "ron") != ""
    clock.now += PAUSE + 1
    assert bool(sign_in(door, name)) is (name in PEOPLE)


def test_one_wrong_password_fewer_does_not_pause(door: TestClient) -> None:
    for _ in range(FAILURES - 1):
        assert sign_in(door, "rita", "wrong wrong wrong") == ""
    assert sign_in(door, "rita") != ""


def test_a_session_ends_when_idle_after_a_day_and_at_sign_out(door: TestClient, clock: Clock) -> None:
    sign_in(door, "ann")
    clock.now += IDLE
    assert door.get("/status").status_code == 200
    clock.now += IDLE + 1
    assert door.get("/status").status_code == 303
    sign_in(door, "ann")
    for _ in range(LONGEST // IDLE):
        clock.now += IDLE
        assert door.get("/status").status_code == 200
    clock.now += 1
    assert door.get("/status").status_code == 303
    token = sign_in(door, "ann")
    cookie = door.cookies[COOKIE]
    assert door.post("/logout", data={"csrf": token}).status_code == 303
    door.cookies.clear()
    assert door.get("/status", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 303


def test_a_session_planted_before_signing_in_is_worth_nothing_after(door: TestClient) -> None:
    door.cookies.clear()
    token = csrf_of(door.get("/login").text)
    planted = door.cookies[COOKIE]
    door.post("/login", data={"csrf": token, "name": "ann", "password": PASSWORD, "code": next_code()})
    assert door.cookies[COOKIE] != planted
    door.cookies.clear()
    assert door.get("/status", headers={"Cookie": f"{COOKIE}={planted}"}).headers["location"] == "/login"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(door: TestClient) -> None:
    door.cookies.clear()
    cookie = door.get("/login").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Domain" not in cookie
    assert "expires" not in cookie.lower()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.5:8000", "localhost.evil", "", "127.0.0.1:x"])
def test_only_loopback_names_are_answered(door: TestClient, host: str) -> None:
    assert door.get("/login", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8123", "localhost:1", "[::1]:8123", "[::1]"])
def test_loopback_names_are(door: TestClient, host: str) -> None:
    assert door.get("/login", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", ["http://10.1.2.3", "http://192.168.0.2"])
def test_a_door_that_was_bound_elsewhere_stays_shut(secure: Path, address: str) -> None:
    with TestClient(create_app(zone_in(secure)), base_url=address) as elsewhere:
        assert elsewhere.get("/login", headers={"Host": "localhost"}).status_code == 403


def test_pages_are_not_stored_and_carry_the_strict_headers(door: TestClient) -> None:
    sign_in(door, "rita")
    answer = door.get(f"/review/{WAVE}")
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers


def proposed_of(html: str) -> dict[str, str | list[str]]:
    """What a browser would send if a reviewer saved the page as it came."""
    kinds = {f"kind-{k}": label for k, label in enumerate(re.findall(r'value="(\w+)" selected', html)[1:])}
    places = re.findall(r'name="word" value="([^"]*)" checked', html)
    (round_,) = re.findall(r'name="round" value="([^"]*)"', html)
    return {"csrf": csrf_of(html), "item": item_of(html), "round": round_, "word": places, "kind": "PERSON", **kinds}


def test_a_text_is_shown_as_text_and_alone(desk: TestClient, store: SecureStore) -> None:
    for reader in ("rita", "ron"):
        sign_in(desk, reader)
        seen = []
        for _ in TEXTS:
            html = desk.get(f"/review/{WAVE}").text
            assert "<script>alert" not in html
            assert "better_life" not in html
            seen.append(sum(word in html for word in ("Quillfeather", "homework", "Bramblewick")))
            answer = desk.post(f"/review/{WAVE}", data=proposed_of(html))
            assert answer.status_code == 303, answer.text
        assert seen == [1, 1, 1]
        assert "Nothing is left for you to read" in desk.get(f"/review/{WAVE}").text
    assert review.counts(store, WAVE)[ReviewState.AGREED] == len(TEXTS)
    assert all(item.decided == item.proposed for item in review.items(store, WAVE))


def test_no_page_tells_the_second_reader_that_there_was_a_first_or_what_they_hid(secure: Path, store: SecureStore) -> None:
    """The page of a text is the same, byte for byte but for tokens, whether or not somebody has read it before."""
    app = create_app(zone_in(secure))
    first: dict[str, str] = {}
    with TestClient(app, base_url=BASE) as rita, TestClient(app, base_url=BASE, follow_redirects=False) as ron:
        sign_in(rita, "rita")
        for _ in TEXTS:
            html = rita.get(f"/review/{WAVE}").text
            first[item_of(html)] = html
            rita.post(f"/review/{WAVE}", data={**proposed_of(html), "word": []})
        sign_in(ron, "ron")
        for _ in TEXTS:
            html = ron.get(f"/review/{WAVE}").text
            text = re.findall(r'(?s)<fieldset class="text">.*?<div class="decide">', html)
            assert text == re.findall(r'(?s)<fieldset class="text">.*?<div class="decide">', first[item_of(html)])
            answer = ron.post(f"/review/{WAVE}", data=proposed_of(html))
            assert (answer.status_code, answer.headers["location"]) == (303, f"/review/{WAVE}"), "agreeing and differing look alike"
    assert review.counts(store, WAVE) == {**dict.fromkeys(ReviewState, 0), ReviewState.DISPUTED: 2, ReviewState.AGREED: 1}


def test_a_third_sees_where_two_differ_and_decides(secure: Path, store: SecureStore) -> None:
    app = create_app(zone_in(secure))
    with TestClient(app, base_url=BASE) as rita, TestClient(app, base_url=BASE) as ron, TestClient(app, base_url=BASE) as rose:
        for client, name in ((rita, "rita"), (ron, "ron")):
            sign_in(client, name)
            for _ in TEXTS:
                sent = proposed_of(client.get(f"/review/{WAVE}").text)
                client.post(f"/review/{WAVE}", data={**sent, "word": []} if name == "rita" else sent)
        assert "Nothing is left for you" in rita.get("/review").text, "whoever read a text does not settle it"
        sign_in(rose, "rose")
        pages = [rose.get(f"/review/{WAVE}").text]
        stale = rose.post(f"/review/{WAVE}", data={**proposed_of(pages[0]), "round": "blind"})
        assert stale.status_code == 409
        rose.post(f"/review/{WAVE}", data=proposed_of(rose.get(f"/review/{WAVE}").text))
        pages.append(rose.get(f"/review/{WAVE}").text)
        rose.post(f"/review/{WAVE}", data={**proposed_of(pages[1]), "word": []})
    assert all("One reader hid this" not in html and "One reader hid it, the other did not" in html for html in pages)
    assert not any(name in html for html in pages for name in ("rita", "ron "))
    assert review.counts(store, WAVE)[ReviewState.RESOLVED] == 2
    assert sorted(bool(item.decided) for item in review.items(store, WAVE)) == [False, False, True]


def test_a_reader_puts_a_text_before_the_lead_and_no_page_of_the_review_tells_of_flags(desk: TestClient, store: SecureStore) -> None:
    with store.record(Entry("ann", "scrub", WAVE)) as connection:
        safeguarding_flags.add_flags(connection, store.ring, WAVE, [(row, "suicide") for row in range(len(TEXTS))])
    sign_in(desk, "rita")
    html = desk.get(f"/review/{WAVE}").text
    assert "suicide" not in html + desk.get("/review").text
    row = review.item(store, item_of(html)).text_row
    desk.post(f"/review/{WAVE}", data={**proposed_of(html), "danger": "yes"})
    raised = [flag.text_row for flag in safeguarding_flags.open_flags(store, WAVE) if flag.rule == "raised_by_a_reader"]
    assert raised == [row]


def test_each_view_is_in_the_ledger_by_a_count_that_names_no_text(desk: TestClient, store: SecureStore) -> None:
    sign_in(desk, "rita")
    before = store.verify_ledger()
    for _ in range(3):
        html = desk.get(f"/review/{WAVE}").text
    desk.get("/review")
    views = [signed.entry for signed in store.ledger()][before:]
    assert [(entry.actor, entry.verb, dict(entry.counts)) for entry in views] == [("rita", "review-view", {"texts": 1})] * 3
    assert item_of(html) not in "".join(map(str, views))


def test_a_text_that_cannot_be_written_into_the_ledger_is_not_shown(desk: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise LedgerError("The head file cannot be written: make room on the disk.")

    sign_in(desk, "rita")
    monkeypatch.setattr(review, "viewed", full)
    answer = desk.get(f"/review/{WAVE}")
    assert answer.status_code == 503
    assert not any(word in answer.text for word in ("Quillfeather", "homework", "Bramblewick"))


def test_nobody_leafs_through_the_texts_by_loading_signing_out_or_changing_the_browser(secure: Path) -> None:
    app = create_app(zone_in(secure))
    with TestClient(app, base_url=BASE) as rita, TestClient(app, base_url=BASE) as elsewhere:
        held = set()
        for client in (rita, elsewhere, rita):
            sign_in(client, "rita")
            held |= {item_of(client.get(f"/review/{WAVE}").text) for _ in range(2)}
            client.post("/logout", data={"csrf": csrf_of(client.get("/review").text)})
        assert len(held) == 1


def test_a_reviewer_cannot_decide_a_text_that_is_in_another_s_hands(secure: Path, store: SecureStore) -> None:
    app = create_app(zone_in(secure))
    with TestClient(app, base_url=BASE) as rita, TestClient(app, base_url=BASE) as ron:
        sign_in(rita, "rita")
        html = rita.get(f"/review/{WAVE}").text
        token = sign_in(ron, "ron")
        stolen = ron.post(f"/review/{WAVE}", data={**proposed_of(html), "csrf": token})
        assert stolen.status_code == 409
        assert review.counts(store, WAVE)[ReviewState.UNREAD] == 3
        assert ron.post(f"/review/{WAVE}/undo", data={"csrf": token}).status_code == 409


def test_a_quote_is_shown_to_who_may_approve_it_and_to_nobody_else(desk: TestClient, store: SecureStore) -> None:
    words = "more [place] for <b>everyone</b>"
    quotes.propose(store, WAVE, "aa" * 16, words, "9-17", "barriers", "money", "olga")
    shown = "more [place] for &lt;b&gt;everyone&lt;/b&gt;"
    for name, sees in (("olga", False), ("chris", True), ("ali", True)):
        token = sign_in(desk, name)
        before = store.verify_ledger()
        assert (shown in desk.get("/quotes").text) is sees, name
        views = [signed.entry.verb for signed in store.ledger()][before:]
        assert views == (["quote-view"] if sees else []), "each view of words is in the ledger"
        answer = desk.post(f"/quotes/{'aa' * 16}/approve", data={"csrf": token})
        assert answer.status_code == (303 if sees else 409), name
        assert shown not in desk.get("/quotes").text
    assert quotes.quote(store, "aa" * 16).state is quotes.QuoteState.APPROVED
    assert desk.post(f"/quotes/{'aa' * 16}/publish", data={"csrf": token}).status_code == 404
    for name in ("ann", "rita"):
        token = sign_in(desk, name)
        assert desk.get("/quotes").status_code == 403
        assert desk.post(f"/quotes/{'aa' * 16}/refuse", data={"csrf": token}).status_code == 403


def test_only_what_is_in_hand_is_coded_and_only_by_the_frame_s_themes(desk: TestClient, store: SecureStore) -> None:
    frame = register(store, FRAME, load_survey(), "ann")
    clean = store.vault.write(pd.DataFrame({"row": [7, 8], "field": ["barriers.text"] * 2, "text": ["no money <i>", "more parks"]}))
    with store.record(Entry("ann", "review", WAVE)) as connection:
        store.add_asset(connection, WAVE, "texts_clean", clean)
    assert draw(store, WAVE, frame, 9, "ann") == 2
    token = sign_in(desk, "ann")
    assert f"/themes/{WAVE}/barriers" in desk.get("/status").text
    address = f"/themes/{WAVE}/barriers"
    html = desk.get(address).text
    assert ("no money &lt;i&gt;" in html) != ("more parks" in html), "one text at a time"
    (coding,) = re.findall(r'name="coding" value="([^"]*)"', html)
    assert desk.get(address).text.count(coding) == 1
    assert desk.post(address, data={"csrf": token, "coding": "x", "theme": "money"}).status_code == 409
    assert desk.post(address, data={"csrf": token, "coding": coding, "theme": "<b>"}).status_code == 409
    assert desk.post(address, data={"csrf": token, "coding": coding, "theme": ["money", "school"]}).status_code == 303
    assert desk.post(address, data={"csrf": token, "coding": coding, "theme": "money"}).status_code == 409
    coded = [one.codes for one in themes.codings(store, WAVE, "barriers", 1) if one.codes is not None]
    assert coded == [("money", "school")]
    (second,) = re.findall(r'name="coding" value="([^"]*)"', desk.get(address).text)
    assert desk.post(address, data={"csrf": token, "coding": second}).status_code == 303, "a text can be about none"
    assert "Nothing waits to be coded" in desk.get(address).text
    token = sign_in(desk, "rita")
    assert desk.get(address).status_code == 403


def test_marks_that_no_page_offers_are_refused_and_nothing_is_decided(desk: TestClient, store: SecureStore) -> None:
    sign_in(desk, "rita")
    html = desk.get(f"/review/{WAVE}").text
    good = {"csrf": csrf_of(html), "item": item_of(html), "round": "blind", "kind": "PERSON"}
    for bad in (
        {"word": "0-9999"},
        {"word": "1-2-3"},
        {"word": "-1-4"},
        {"kind": "DROP TABLE"},
        {"kind": ""},
        {"kind-0": "x"},
        {"as-0-1": "<b>"},
    ):
        assert desk.post(f"/review/{WAVE}", data={**good, **bad}).status_code == 409, bad
    assert desk.post(f"/review/{WAVE}", data={**good, "kind": ["PERSON", "PLACE"]}).status_code == 400
    assert review.counts(store, WAVE)[ReviewState.UNREAD] == 3


def test_nothing_a_child_wrote_and_no_name_typed_at_the_login_is_logged(door: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        sign_in(door, "a-password-typed-as-name")
        sign_in(door, "rita")
        html = door.get(f"/review/{WAVE}").text
        door.post(
            f"/review/{WAVE}", data={"csrf": csrf_of(html), "item": item_of(html), "round": "blind", "word": "0-9999", "kind": "PERSON"}
        )
        door.post(f"/review/{WAVE}", content=b"%ff%zz", headers={"Content-Type": "application/x-www-form-urlencoded"})
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bigask")]
    assert not any(word in message for message in ours for word in ("Quillfeather", "homework", "Bramblewick", "a-password-typed"))


def test_texts_are_out_of_reach_once_their_key_is_destroyed(desk: TestClient, store: SecureStore) -> None:
    sign_in(desk, "rita")
    assert desk.get(f"/review/{WAVE}").status_code == 200
    store.ring.destroy(store.asset(WAVE, "texts").stored.key_id)
    answer = desk.get(f"/review/{WAVE}")
    assert answer.status_code == 409
    assert "destroyed" in answer.text
    assert not any(word in answer.text for word in ("Quillfeather", "homework", "Bramblewick"))


def test_no_text_stays_in_the_door_s_memory_however_the_key_is_destroyed(store: SecureStore) -> None:
    """Whoever copies the memory before the key is destroyed gets closed boxes; whoever copies it after gets the same, for ever."""
    texts = ClosedTexts(store)
    assert texts.text(WAVE, 1) == TEXTS[1]
    held = [box for boxes in texts._closed.values() for box in boxes.values()]
    key = SecretBox(store.ring.private(store.asset(WAVE, "texts").stored.key_id))
    assert sorted(key.decrypt(box).decode() for box in held) == sorted(TEXTS), "they are all there, and closed by the data set's own key"
    assert not any(word.encode() in box for box in held for text in TEXTS for word in text.split() if len(word) > 3)
    kept = (store.zone.keys / f"{store.asset(WAVE, 'texts').stored.key_id}.key").read_bytes()
    other = SecureStore(store.zone)  # another process, the one that ends the review
    destroy(other, other.wave(WAVE), "texts", "ann", "schedule.texts.until_step")
    with pytest.raises(StepRefused, match="have been destroyed"):
        texts.text(WAVE, 1)
    assert texts._closed == {}
    marker = store.zone.keys / f"{store.asset(WAVE, 'texts').stored.key_id}.destroyed"
    marker.unlink()
    marker.with_suffix(".key").write_bytes(kept)  # a backup of the key comes back: what is certified as destroyed stays so here
    with pytest.raises(StepRefused, match="have been destroyed"):
        ClosedTexts(store).text(WAVE, 1)
    marker.with_suffix(".key").unlink()
    for key_id in store.ring.ids():
        assert not any(_opens(store.ring.private(key_id), box) for box in held)


def _opens(key: bytes, box: bytes) -> bool:
    try:
        SecretBox(key).decrypt(box)
    except CryptoError:
        return False
    return True


def test_the_checker_sees_why_each_count_is_withheld_and_its_bounds(desk: TestClient, store: SecureStore) -> None:
    withheld, exact = evidence(store, WAVE, approval.read_draft(store, "autumn-2026").metadata["tables"][0])
    assert exact
    assert [one.labels for one in withheld] == [
        ("Northtown", "In between"), ("Northtown", "Unhappy"), ("Northfield", "In between"), ("Northfield", "Unhappy"),
    ]  # fmt: skip
    assert [one.reason == "Under the threshold" for one in withheld] == [False, False, False, True]
    # Northfield's two sum to 464 - 410 = 54 and each is at least 1; Northtown's follow from the North's 331 and 143.
    assert [(one.low, one.high) for one in withheld] == [(278, 330), (90, 142), (1, 53), (1, 53)]
    sign_in(desk, "chris")
    html = desk.get("/releases/autumn-2026/tables/life-by-place").text
    assert html.count("url(#drawn-primary)") == 1  # the picture of what is withheld, and why
    assert html.count("Under the threshold") == 1
    assert '<td class="govuk-table__cell govuk-table__cell--numeric">278</td>' in html


def test_evidence_that_does_not_fit_the_draft_is_said_to_be_so(store: SecureStore) -> None:
    about = approval.read_draft(store, "autumn-2026").metadata["tables"][0]
    with pytest.raises(StepRefused, match="does not fit the draft"):
        evidence(store, WAVE, {**about, "id": "another-table"})


def test_the_author_cannot_check_and_nobody_signs_twice(desk: TestClient, store: SecureStore, secure: Path) -> None:
    looked = {"looked": "life-by-place"}
    token = sign_in(desk, "olga")
    answer = desk.post("/releases/autumn-2026/check", data={"csrf": token, **looked})
    assert answer.status_code == 409
    assert "Three different people release a table" in answer.text
    token = sign_in(desk, "chris")
    unseen = desk.post("/releases/autumn-2026/check", data={"csrf": token})
    assert unseen.status_code == 409
    assert "Tick every table" in unseen.text
    assert desk.post("/releases/autumn-2026/check", data={"csrf": token, **looked}).status_code == 303
    for name in ("chris", "olga"):
        token = sign_in(desk, name)
        refused = desk.post("/releases/autumn-2026/approve", data={"csrf": token})
        assert refused.status_code == 409
        assert "Three different people release a table" in refused.text
        assert not (secure.parent / "release").exists()
    token = sign_in(desk, "ali")
    assert desk.post("/releases/autumn-2026/approve", data={"csrf": token}).status_code == 303
    assert releases.release(store, "autumn-2026").state is ReleaseState.RELEASED
    assert (secure.parent / "release/autumn-2026/approval.json").exists()
    assert store.verify_ledger() > 0


def test_a_draft_that_was_tampered_with_can_only_be_refused(desk: TestClient, store: SecureStore, secure: Path) -> None:
    path = secure / "drafts/autumn-2026/tables/life-by-place.csv"
    path.write_bytes(path.read_bytes().replace(b"2539", b"4711"))
    token = sign_in(desk, "chris")
    page = desk.get("/releases/autumn-2026")
    assert "cannot be trusted" in page.text
    assert "Sign as its checker" not in page.text
    assert desk.get("/releases/autumn-2026/tables/life-by-place").status_code == 409
    assert desk.get("/releases/autumn-2026/files/tables/life-by-place.csv").status_code == 409
    assert desk.post("/releases/autumn-2026/check", data={"csrf": token, "looked": "life-by-place"}).status_code == 409
    answer = desk.post("/releases/autumn-2026/refuse", data={"csrf": token, "reason": "Its files were changed."})
    assert answer.status_code == 303
    assert releases.release(store, "autumn-2026").state is ReleaseState.REFUSED


@pytest.mark.parametrize(
    "address",
    ["/releases/..%2f..%2fpassphrase", "/releases/autumn-2026/files/../../passphrase", "/releases/autumn-2026/files/..%2f..%2fpassphrase",
     "/releases/autumn-2026/files/manifest.json", "/releases/none", "/releases/autumn-2026/tables/none", "/docs", "/openapi.json"],
)  # fmt: skip
def test_nothing_but_a_draft_s_files_can_be_downloaded(door: TestClient, address: str) -> None:
    sign_in(door, "chris")
    answer = door.get(address)
    assert answer.status_code in (404, 409)
    assert "for tests only" not in answer.text
