"""What is held and until when: the day moves by a signed decision alone, and what is due is destroyed and stays so."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from api.retention_chart import timeline
from pipeline.retention_calendar import as_calendar
from retention import destroy as destroy_module
from retention import destroy_due as due_module
from retention import review, safeguarding_flags
from retention.destroy import DestructionFailed, certificates, verify_certificate
from retention.destroy_due import destroy_due
from retention.destroy_rows import GROUPS, rows
from retention.extracts import register
from retention.holdings import LONGEST, OFFICE, By, Holding, Loudness, due, holding, holdings, keep, reviewed
from retention.keys import KeyDestroyed
from retention.ledger import Entry
from retention.review import Reason
from retention.review_marks import Mark
from retention.schedule import load_schedule
from retention.secure_store import SecureStore, StepRefused, Wave, today
from retention.staff import Role, add_member
from retention.steps import Verb
from tests.secure_waves import new_wave, run_before

LONG_AFTER = today() + timedelta(days=4000)
WHY = "The second wave is compared with this one."


def quiet(_done: int, _of: int) -> None:
    """Nobody looks at a bar in a test."""


@pytest.fixture
def wave(secure_store: SecureStore) -> Wave:
    """A wave with one of everything: data sets, marks, a flag, an extract, an account."""
    made = new_wave(secure_store)
    run_before(secure_store, made, Verb.PROTECT)
    with secure_store.record(Entry("tester", "scrub", made.id)) as connection:
        review.add_items(connection, made.id, [(0, Reason.FLAGGED, (Mark(0, 3, "PERSON"),)), (1, Reason.SAMPLE, ())])
        safeguarding_flags.add_flags(connection, secure_store.ring, made.id, [(1, "suicide")])
    register(secure_store, made.id, "contractor", "nightly", today() + timedelta(days=5), "tester")
    add_member(secure_store, "rita", Role.REVIEWER, "twelve chars", by="adam")
    return made


def test_everything_is_listed_with_a_day_and_an_owner(secure_store: SecureStore, wave: Wave) -> None:
    found = holdings(secure_store)
    kinds = {(one.wave, one.kind) for one in found}
    assert {(wave.id, asset.kind) for asset in secure_store.assets(wave.id)} <= kinds
    assert {(wave.id, "review_marks"), (wave.id, "safeguarding"), (wave.id, "extract-1"), (OFFICE, "account-rita")} <= kinds
    assert {(OFFICE, name) for name in load_schedule().elsewhere} <= kinds
    assert {"backups", "logs", "keys", "register", "collection_server"} <= set(load_schedule().elsewhere)
    assert all(one.owner and one.what and one.due_on > one.made_on for one in found if one.kind != "extract-1")


def test_every_table_that_is_not_kept_for_good_is_destroyed_by_some_group() -> None:
    reviewed_tables = {name.removeprefix("secure.") for name, rule in load_schedule().tables.items() if "review_after_days" in rule}
    secure = {name for name in reviewed_tables if not name.startswith("collection.")} - {"staff"}
    assert secure == {name for group in GROUPS.values() for name in group}


@pytest.mark.parametrize(
    ("left", "loud"),
    [(31, Loudness.SILENT), (30, Loudness.AHEAD), (8, Loudness.AHEAD), (7, Loudness.SOON), (1, Loudness.SOON), (0, Loudness.DUE),
     (-7, Loudness.DUE), (-8, Loudness.LATE)],
)  # fmt: skip
def test_reminders_grow_louder(left: int, loud: Loudness) -> None:
    day = date(2026, 6, 1)
    one = Holding("w", "k", "what", "owner", day - timedelta(days=90), day + timedelta(days=left), By.KEY)
    assert one.loudness(day) is loud
    assert Holding(**{**one.__dict__, "destroyed_on": day}).loudness(day) is Loudness.SILENT


def test_a_day_moves_by_a_signed_decision_with_person_reason_and_new_day(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.TABULATE)
    was = holding(sqlite_store, wave.id, "answers").due_on
    until = today() + timedelta(days=LONGEST)
    for day, reason in ((was, WHY), (until + timedelta(days=1), WHY), (today() - timedelta(days=1), WHY), (until, "too short")):
        with pytest.raises(StepRefused):
            keep(sqlite_store, wave.id, "answers", day, reason, "dora")
    assert holding(sqlite_store, wave.id, "answers").due_on == was
    sqlite_store.engine.dispose()
    with sqlite_store.record(Entry("tester", "made-earlier", wave.id)) as connection:
        connection.exec_driver_sql("UPDATE asset SET review_on = ?", ((today() - timedelta(days=1)).isoformat(),))
    assert "answers" in {one.kind for one in due(sqlite_store)}
    keep(sqlite_store, wave.id, "answers", until, WHY, "dora")
    kept = holding(sqlite_store, wave.id, "answers")
    assert (kept.due_on, kept.kept_by) == (until, "dora")
    assert "answers" not in {one.kind for one in due(sqlite_store)}
    reviewed(sqlite_store, wave.id, "answers", "Looked at, and still needed as decided.", "dora")
    assert holding(sqlite_store, wave.id, "answers").due_on == until


def test_what_goes_with_a_step_is_kept_longer_by_nobody(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.LOCATE)
    with pytest.raises(StepRefused, match="goes with the step `locate`: nobody keeps it longer"):
        keep(sqlite_store, wave.id, "locators", today() + timedelta(days=60), WHY, "dora")


def test_what_lies_elsewhere_is_looked_at_and_due_again_after_its_period(sqlite_store: SecureStore) -> None:
    new_wave(sqlite_store)
    first = holding(sqlite_store, OFFICE, "backups").due_on
    assert reviewed(sqlite_store, OFFICE, "backups", "All older backups were overwritten.", "sven").content["until"] == first.isoformat()
    with pytest.raises(StepRefused, match="looked at, not kept longer"):
        keep(sqlite_store, OFFICE, "backups", first + timedelta(days=9), WHY, "sven")
    with pytest.raises(StepRefused, match="Nothing called 'nothing'"):
        reviewed(sqlite_store, OFFICE, "nothing", "All older backups were overwritten.", "sven")


def test_when_the_day_comes_all_is_destroyed_and_only_the_allowed_survive(secure_store: SecureStore, wave: Wave) -> None:
    held = [one for one in holdings(secure_store) if one.by is not By.HAND and one.destroyed_on is None]
    outcome = destroy_due(secure_store, "tester", quiet, LONG_AFTER)
    assert {one.kind for one in outcome.destroyed} == {one.kind for one in held}
    assert outcome.records == sum(one.records for one in held) > 0
    assert {one.kind for one in outcome.by_hand} >= {"backups", "extract-1", "account-rita"}
    assert list(secure_store.vault.folder.iterdir()) == []
    assert set(secure_store.ring.ids()) == {"ledger"}
    assert all(rows(secure_store, wave.id, kind) == 0 for kind in GROUPS)
    survivors = {path.name.partition("-")[0] for path in secure_store.zone.folder.rglob("*") if path.is_file() and path.suffix == ".json"}
    assert survivors == {"2026", "ring.json"}  # certificates of the wave, and the ring's salt
    for path in secure_store.zone.certificates.iterdir():
        assert verify_certificate(path, secure_store.zone.keys)["wave"] == wave.id
    assert {found.kind for found in certificates(secure_store, wave.id)} >= {one.kind for one in held}
    assert destroy_due(secure_store, "tester", quiet, LONG_AFTER).destroyed == ()
    secure_store.verify_ledger()


def test_stopped_in_the_middle_it_goes_on_where_it_was(sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.PROTECT)
    real, calls = destroy_module.destroy, []

    def dies_at_the_second(store: SecureStore, of: Wave, kind: str, actor: str, authority: str) -> object:
        calls.append(kind)
        if len(calls) == 2:
            raise DestructionFailed("stopped")
        return real(store, of, kind, actor, authority)

    monkeypatch.setattr(due_module, "destroy", dies_at_the_second)
    before = len(due(sqlite_store, LONG_AFTER))
    with pytest.raises(DestructionFailed):
        destroy_due(sqlite_store, "tester", quiet, LONG_AFTER)
    assert len(due(sqlite_store, LONG_AFTER)) == before - 1
    destroy_due(sqlite_store, "tester", quiet, LONG_AFTER)
    assert {one.by for one in due(sqlite_store, LONG_AFTER)} == {By.HAND}


@pytest.mark.parametrize("with_keys", [False, True])
def test_a_restored_backup_does_not_bring_it_back(sqlite_store: SecureStore, tmp_path: Path, with_keys: bool) -> None:
    """Database, vault and even the key folder as they were: the certificate's word is enough to destroy the keys again."""
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.TABULATE)
    stored = sqlite_store.asset(wave.id, "located").stored
    assert len(sqlite_store.vault.read(stored)) > 0
    sqlite_store.engine.dispose()
    folder, backup = sqlite_store.zone.folder, tmp_path / "backup"
    shutil.copytree(folder, backup, ignore=None if with_keys else shutil.ignore_patterns("keys"))
    destroy_due(sqlite_store, "tester", quiet, LONG_AFTER)
    sqlite_store.engine.dispose()
    if with_keys:
        shutil.rmtree(folder / "keys")  # the word "destroyed" goes with it
    shutil.copytree(backup, folder, dirs_exist_ok=True)
    assert (folder / "vault" / stored.name).exists()
    again = SecureStore(sqlite_store.zone)
    if with_keys:
        assert "destroy-again" in {one.entry.verb for one in again.ledger()}
    with pytest.raises(KeyDestroyed):
        again.vault.read(again.asset(wave.id, "located").stored)
    assert set(again.ring.ids()) == {"ledger"}


def test_an_invented_certificate_destroys_nothing(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.LOCATE)
    folder = sqlite_store.zone.certificates
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(
        ('{"document": "{\\"wave\\": \\"2026-spring\\", \\"key\\": \\"body-2026-spring\\"}", "signature": "00"}', "{", "[]")
    ):
        (folder / f"{number}.json").write_text(content, encoding="utf-8")
    assert SecureStore(sqlite_store.zone).ring.exists(wave.body_key)


def test_the_calendar_has_a_day_for_each_with_reminders_and_keeps_its_names(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.SCRUB)
    found = holdings(sqlite_store)
    events = Calendar.from_ical(as_calendar(found)).walk("VEVENT")
    held = [one for one in found if one.destroyed_on is None]
    assert [event["dtstart"].dt for event in events] == [one.due_on for one in held]
    assert all(len(event.walk("VALARM")) == 3 for event in events)
    uids = [str(event["uid"]) for event in events]
    assert len(set(uids)) == len(uids)
    assert uids == [str(event["uid"]) for event in Calendar.from_ical(as_calendar(found)).walk("VEVENT")]


def test_the_timeline_draws_what_is_held_and_says_how_much_is_due(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.SCRUB)
    found = holdings(sqlite_store)
    held = [one for one in found if one.destroyed_on is None]
    drawn = timeline(found, LONG_AFTER)
    assert drawn.count("<rect ") == len(held)
    assert f"{len(held)} are due" in drawn
    assert "0 are due" in timeline(found, today())
    assert timeline([], today()) == ""
