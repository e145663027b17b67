"""`bigask retention`, `safeguarding`, `staff`, `ledger` and `keys` as people and timers run them."""

from __future__ import annotations

import getpass
import os
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar
from sqlalchemy import update

from pipeline import cli_identity
from retention import tables
from retention.holdings import OFFICE, due, holding, holdings
from retention.ledger import Entry
from retention.review_tables import safeguarding_flag
from retention.safeguarding_flags import add_flags
from retention.secure_store import SecureStore, today
from retention.settings import load_settings
from retention.steps import Verb
from tests.integration.command import Run
from tests.integration.test_cli import one_sentence
from tests.secure_waves import new_wave, run_before

WHY = "The second wave is compared with this one."
YESTERDAY = today() - timedelta(days=1)
pytestmark = pytest.mark.usefixtures("new_office")


@pytest.fixture
def store(new_office: Path) -> SecureStore:
    """A wave whose tables were made so long ago that they are due."""
    made = SecureStore(load_settings({"BIGASK_HOME": str(new_office)}).secure)
    run_before(made, new_wave(made), Verb.PROTECT)
    with made.record(Entry("tester", "made-earlier", "2026-spring")) as connection:
        connection.execute(update(tables.asset).where(tables.asset.c.kind.in_(["tables", "located"])).values(review_on=YESTERDAY))
    return made


def test_destruction_is_tried_dry_then_done_then_done_already(store: SecureStore, bigask: Run) -> None:
    code, out, _ = bigask("retention", "destroy", "--as", "anna")
    assert code == 0
    assert "2 would be destroyed" in out
    assert "Nothing was" in out
    assert {one.kind for one in due(store)} == {"tables", "located"}
    code, out, _ = bigask("retention", "destroy", "--as", "anna", "--yes")
    assert code == 0
    assert "2 destroyed and certified, 6 records in all" in out
    assert due(store) == []
    assert "0 destroyed" in bigask("retention", "destroy", "--as", "anna", "--yes")[1]
    code, out, _ = bigask("ledger", "show", "--verb", "destroy-tables", "--actor", "anna")
    assert "authority=schedule.tables.review" in out
    assert len(out.splitlines()) == 1
    files = sorted(map(str, store.zone.certificates.glob("*.json")))
    assert bigask("certificates", "verify", *files)[0] == 0


def test_what_is_kept_longer_says_by_whom(store: SecureStore, bigask: Run) -> None:
    until = (today() + timedelta(days=100)).isoformat()
    given = ("retention", "review", "tables", "--wave", "2026-spring", "--as", "dora")
    code, _, err = bigask(*given, "--reason", "short", "--until", until)
    assert code == 3
    assert "at least 20 letters" in one_sentence(err)
    assert bigask(*given, "--reason", WHY, "--until", until)[0] == 0
    assert holding(store, "2026-spring", "tables").due_on == date.fromisoformat(until)
    out = bigask("retention", "status")[1]
    assert "(kept longer by dora)" in out
    assert "DUE: destroy it, or decide" in out
    assert "destroyed " in out
    assert "1 due." in bigask("retention", "due")[1]
    assert (
        bigask("retention", "review", "backups", "--wave", OFFICE, "--as", "sven", "--reason", "All older ones were overwritten.")[0] == 0
    )


def test_the_calendar_is_a_file(store: SecureStore, bigask: Run, tmp_path: Path) -> None:
    assert bigask("retention", "calendar", str(tmp_path / "days.ics"))[0] == 0
    events = Calendar.from_ical((tmp_path / "days.ics").read_bytes()).walk("VEVENT")
    assert len(events) == sum(one.destroyed_on is None for one in holdings(store))


def test_a_timer_hears_of_flagged_texts_that_nobody_decided(store: SecureStore, bigask: Run) -> None:
    assert bigask("safeguarding", "status")[:2] == (0, "0 wait, 0 overdue, 0 before the data protection officer.\n")
    with store.record(Entry("tester", "scrub", "2026-spring")) as connection:
        add_flags(connection, store.ring, "2026-spring", [(0, "suicide")])
    assert bigask("safeguarding", "status")[0] == 0
    with store.record(Entry("tester", "earlier", "2026-spring")) as connection:
        connection.execute(update(safeguarding_flag).values(flagged_on=today() - timedelta(days=4)))
    code, out, err = bigask("safeguarding", "status")
    assert (code, out) == (3, "1 wait, 1 overdue, 1 before the data protection officer.\n")
    assert "overdue, one by 3 days" in one_sentence(err)


def test_accounts_are_made_changed_and_closed_by_somebody_else(store: SecureStore, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(("a long enough password",))
    monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
    code, _, err = bigask("staff", "add", "rita", "--role", "reviewer", "--as", "setup")
    assert (code, "first account is an administrator's" in one_sentence(err)) == (3, True)
    assert bigask("staff", "add", "adam", "--role", "administrator", "--as", "setup")[0] == 0
    monkeypatch.setattr(cli_identity, "require", lambda *_: None)  # tests/attack/test_cli_roles.py holds who may do what
    monkeypatch.setattr(getpass, "getpass", lambda _: "another long password")
    assert bigask("staff", "add", "rita", "--role", "reviewer", "--as", "adam")[0] == 0
    code, _, err = bigask("staff", "add", "adam", "--role", "administrator", "--as", "adam")
    assert code == 3
    assert "their own account" in one_sentence(err)
    assert "rita" in bigask("staff", "list")[1]
    assert "no second factor yet" in bigask("staff", "list")[1]
    assert bigask("staff", "role", "rita", "--role", "analyst", "--as", "adam")[0] == 0
    assert bigask("staff", "role", "rita", "--role", "king", "--as", "adam")[0] == 2
    assert bigask("staff", "reset", "rita", "--as", "adam")[0] == 0
    assert bigask("staff", "remove", "rita", "--as", "rita")[0] == 3
    assert bigask("staff", "remove", "rita", "--as", "adam")[0] == 0
    assert "rita" not in bigask("staff", "list")[1]


def test_the_ledger_leaves_as_a_file_and_is_verified_without_the_zone(
    store: SecureStore, bigask: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, key = tmp_path / "ledger.jsonl", tmp_path / "ledger.pub"
    assert bigask("ledger", "export", str(path), "--as", "anna")[0] == 0
    key.write_bytes((store.zone.keys / "ledger.pub").read_bytes())
    monkeypatch.setenv("BIGASK_HOME", str(tmp_path / "nothing"))
    code, out, _ = bigask("ledger", "verify", "--file", str(path), "--key", str(key))
    assert code == 0
    assert "all in order" in out
    assert not (tmp_path / "nothing").exists()
    path.write_text(path.read_text(encoding="ascii").replace("tester", "nobody", 1), encoding="ascii")
    code, _, err = bigask("ledger", "verify", "--file", str(path), "--key", str(key))
    assert code == 4
    assert "entry 1 was edited" in one_sentence(err)
    assert bigask("ledger", "verify", "--file", str(path))[0] == 2


def test_divided_the_passphrase_is_in_no_file_and_two_people_open_the_zone(
    store: SecureStore, bigask: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = tmp_path / "shares"
    code, out, _ = bigask("keys", "share", "ann", "ben", "cat", "--as", "adam", "--out", str(shares))
    assert code == 0
    assert "2 of 3 open the zone" in out
    assert not (home / "secure" / "passphrase").exists()
    assert bigask("ledger", "verify")[0] == 5
    files = sorted(map(str, shares.iterdir()))
    monkeypatch.setenv("BIGASK_SHARES", files[0])
    code, _, err = bigask("ledger", "verify")
    assert code == 5
    assert "2 different shares are needed, and 1 are here" in one_sentence(err)
    monkeypatch.setenv("BIGASK_SHARES", os.pathsep.join(files[1:]))
    assert bigask("ledger", "verify")[0] == 0


def test_a_whole_zone_put_back_to_an_earlier_day_is_found_by_an_end_that_was_noted_on_paper(
    store: SecureStore, bigask: Run, home: Path, tmp_path: Path
) -> None:
    """Database, keys, certificates and head file together agree with themselves: nothing on the machine can tell."""
    store.engine.dispose()
    shutil.copytree(home, tmp_path / "earlier")
    earlier = bigask("ledger", "head")[1].strip()
    assert bigask("retention", "destroy", "--as", "anna", "--yes")[0] == 0
    noted = bigask("ledger", "head")[1].strip()
    assert re.fullmatch(r"[0-9]+:[0-9a-f]{64}", noted)
    code, out, _ = bigask("ledger", "verify", "--head", noted)
    assert (code, "stands as it was noted" in out) == (0, True)
    assert bigask("ledger", "verify", "--head", earlier)[0] == 0, "an older end still stands in the longer ledger"
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "earlier", home)
    assert bigask("ledger", "verify")[0] == 0, "which is why the end is noted elsewhere"
    code, _, err = bigask("ledger", "verify", "--head", noted)
    assert (code, "was put back to an earlier day" in one_sentence(err)) == (4, True)
    assert bigask("ledger", "verify", "--head", noted[:20])[0] == 4, "a hash written off in part is enough"
    for wrong in ("", "7", f"{earlier.partition(':')[0]}:", "x:abc", f"1:{'0' * 64}"):
        assert bigask("ledger", "verify", "--head", wrong)[0] == 4, wrong
