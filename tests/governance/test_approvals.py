"""Who may sign what; and what is signed cannot be altered in the store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from forms.load import load_survey
from governance.approvals import Kind, amend, approve, consult_ico, demonstrate, review
from governance.drift import Part, load_declared
from governance.gates import GateShut
from governance.opening import standing
from governance.record import load_record
from pipeline.gate import issue_permit, situation
from retention.decisions import decide, decisions
from retention.ledger import LedgerError
from retention.secure_store import SecureStore, today
from retention.settings import CollectionZone
from tests.governance.records import SHIPPED, SIGNERS, STATEMENT, change, own_record, sign_all, stored_signatures

REASON = "The wording was made plainer after a reading with children."


@pytest.fixture
def folder(sqlite_store: SecureStore) -> Path:
    """The office's own record, where it belongs."""
    return own_record(sqlite_store.zone.folder / "assessment")


def collection(tmp_path: Path) -> CollectionZone:
    zone = CollectionZone(tmp_path / "collection", f"sqlite:///{tmp_path}/c.sqlite")
    zone.keys.mkdir(parents=True)
    return zone


def test_signed_by_its_people_the_survey_may_open(sqlite_store: SecureStore, folder: Path, tmp_path: Path) -> None:
    zone = collection(tmp_path)
    at = situation(sqlite_store, zone, load_survey())
    (folder / "declared.yaml").write_text((SHIPPED / "declared.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(GateShut, match="Nobody has signed 'measures'"):
        issue_permit(sqlite_store, zone, load_survey())
    sign_all(sqlite_store, at.record)
    now = situation(sqlite_store, zone, load_survey())
    assert [one for one in standing(now).missing if one.gate.value == "G2"] == []
    assert {one.entry.verb for one in sqlite_store.ledger()} == {"dpia-approve"}


@pytest.mark.parametrize("what", list(SIGNERS))
def test_only_the_role_that_is_asked_for_signs(sqlite_store: SecureStore, folder: Path, what: str) -> None:
    record = load_record(folder)
    for other, account in SIGNERS.items():
        if other == what:
            assert approve(sqlite_store, record, what, account, STATEMENT).kind == Kind.APPROVAL
        else:
            with pytest.raises(GateShut, match=f"'{what}' is signed by somebody who is .*; {account} is not"):
                approve(sqlite_store, record, what, account, STATEMENT)
    assert stored_signatures(sqlite_store, record).approved_by(what) == SIGNERS[what]


@pytest.mark.parametrize(
    ("what", "account", "statement", "sentence"),
    [
        ("everything", "olivia.owner", STATEMENT, "There is no approval 'everything'"),
        ("measures", "stran.ger", STATEMENT, "not among the people of the record"),
        ("measures", "olivia.owner", "  yes  ", "Say it in a sentence"),
    ],
)
def test_what_is_no_signature(sqlite_store: SecureStore, folder: Path, what: str, account: str, statement: str, sentence: str) -> None:
    with pytest.raises(GateShut, match=sentence):
        approve(sqlite_store, load_record(folder), what, account, statement)
    assert decisions(sqlite_store) == []


def test_the_bundled_example_cannot_be_signed(sqlite_store: SecureStore) -> None:
    with pytest.raises(GateShut, match="This record is an example and cannot be approved"):
        approve(sqlite_store, load_record(SHIPPED), "measures", "example-owner", STATEMENT)


def test_an_example_person_signs_nothing(sqlite_store: SecureStore, folder: Path) -> None:
    change(folder, "people.yaml", 'example: "false"', 'example: "true"')
    with pytest.raises(GateShut, match=r"olivia\.owner is an example and signs nothing"):
        approve(sqlite_store, load_record(folder), "measures", "olivia.owner", STATEMENT)


@pytest.mark.parametrize("what", ["trained", "cleared"])
@pytest.mark.parametrize(("days", "allowed"), [(1, True), (0, True), (-1, False)])
def test_training_and_clearance_must_hold_on_the_day(sqlite_store: SecureStore, folder: Path, what: str, days: int, allowed: bool) -> None:
    until = (today() + timedelta(days=300)).isoformat()
    change(folder, "people.yaml", f"{what}_until: {until}", f"{what}_until: {(today() + timedelta(days=days)).isoformat()}")
    record = load_record(folder)
    if allowed:
        approve(sqlite_store, record, "measures", "olivia.owner", STATEMENT)
    else:
        with pytest.raises(GateShut, match=r"of olivia\.owner ended on .*: renew it"):
            approve(sqlite_store, record, "measures", "olivia.owner", STATEMENT)


def test_reviews_opinions_and_amendments_are_kept_with_their_words(sqlite_store: SecureStore, folder: Path) -> None:
    record, declared = load_record(folder), load_declared(folder)
    live = {**declared, Part.POLICY: {**declared[Part.POLICY], "threshold": "5"}}
    review(sqlite_store, record, "dora.officer", "Everything was looked at again.")
    consult_ico(sqlite_store, record, "dora.officer", "IC-1", "The ICO had no objection to it.")
    assert [str(one) for one in amend(sqlite_store, record, declared, live, Part.POLICY, "adam.asset", REASON)] == [
        "policy: 'threshold' is 5; assessed was 10."
    ]
    kept = decisions(sqlite_store)
    assert [(one.seq, one.kind, one.actor) for one in kept] == [
        (1, "dpia-review", "dora.officer"),
        (2, "dpia-consult-ico", "dora.officer"),
        (3, "dpia-amend", "adam.asset"),
    ]
    assert kept[2].content["reason"] == REASON
    assert stored_signatures(sqlite_store, record).amended(declared) == live


def test_an_amendment_needs_a_difference_and_somebody_who_may_sign(sqlite_store: SecureStore, folder: Path) -> None:
    record, declared = load_record(folder), load_declared(folder)
    live = {**declared, Part.POLICY: {**declared[Part.POLICY], "threshold": "5"}}
    with pytest.raises(GateShut, match="there is nothing to amend"):
        amend(sqlite_store, record, declared, declared, Part.POLICY, "adam.asset", REASON)
    with pytest.raises(GateShut, match="An amendment is signed by somebody who may sign an approval"):
        amend(sqlite_store, record, declared, live, Part.POLICY, "example-reader", REASON)
    assert decisions(sqlite_store) == []


def test_a_demonstration_is_put_up_once_and_again_when_something_changed(sqlite_store: SecureStore) -> None:
    record, declared = load_record(SHIPPED), load_declared(SHIPPED)
    changed = {**declared, Part.POLICY: {**declared[Part.POLICY], "threshold": "5"}}
    for live, count in ((declared, 1), (declared, 1), (changed, 2), (changed, 2)):
        demonstrate(sqlite_store, record, declared, live, "anna")
        assert len(decisions(sqlite_store)) == count
    signed = stored_signatures(sqlite_store, record)
    assert signed.demonstration
    assert signed.amended(declared) == changed


def test_what_is_signed_in_earnest_is_not_demonstrated(sqlite_store: SecureStore, folder: Path) -> None:
    record, declared = load_record(folder), load_declared(folder)
    sign_all(sqlite_store, record)
    demonstrate(sqlite_store, record, declared, {**declared, Part.FORMS: {"x": "1"}}, "anna")
    assert not stored_signatures(sqlite_store, record).demonstration
    assert Kind.DEMONSTRATION not in {one.kind for one in decisions(sqlite_store)}


# -- the store of decisions


def test_decisions_come_back_as_they_were_made(secure_store: SecureStore) -> None:
    made = [decide(secure_store, "dpia-review", "f" * 64, "anna", {"outcome": f"Nothing new, said {n} people."}) for n in range(3)]
    assert decisions(secure_store) == made
    assert secure_store.verify_ledger() == 3


@pytest.mark.parametrize(
    "change_it",
    [
        "UPDATE decision SET actor = 'eve' WHERE seq = 2",
        "UPDATE decision SET kind = 'dpia-approve' WHERE seq = 2",
        "UPDATE decision SET content = '{}' WHERE seq = 2",
        "UPDATE decision SET subject = 'e' WHERE seq = 2",
        "UPDATE decision SET decided_on = '2001-01-01' WHERE seq = 2",
        "UPDATE decision SET signature = 'nonsense' WHERE seq = 2",
        "DELETE FROM decision WHERE seq = 2",
    ],
)
def test_an_altered_decision_is_found(secure_store: SecureStore, change_it: str) -> None:
    for number in range(3):
        decide(secure_store, "dpia-review", "f" * 64, "anna", {"outcome": str(number)})
    with secure_store.engine.begin() as connection:
        connection.execute(text(change_it))
    with pytest.raises(LedgerError, match="Decision 2 of the office was altered or is missing"):
        decisions(secure_store)


def test_a_decision_by_a_name_that_the_ledger_cannot_hold_is_not_made(sqlite_store: SecureStore) -> None:
    with pytest.raises(LedgerError):
        decide(sqlite_store, "dpia-review", "f" * 64, "anna with spaces", {})
    assert decisions(sqlite_store) == []
