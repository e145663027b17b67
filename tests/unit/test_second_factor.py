"""Second factors: what an app would show opens, nothing else does, and the secret lies nowhere in clear."""

from __future__ import annotations

import pyotp
import pytest

from api.staff_session import UsedCodes
from retention import second_factor, staff
from retention.second_factor import RECOVERY_CODES, STEP, Enrolment
from retention.secure_store import SecureStore
from retention.staff import Role, StaffError, add_member
from tests.second_factors import SECRET, code_of, enrol

NOW = 2_000_000 * STEP


@pytest.fixture
def store(sqlite_store: SecureStore) -> SecureStore:
    add_member(sqlite_store, "rita", Role.REVIEWER, "twelve chars", by="adam")
    return sqlite_store


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")])
def test_the_codes_are_those_of_rfc_6238(at: int, code: str) -> None:
    """Appendix B's vectors for SHA-1, of which an app shows the last six digits."""
    assert second_factor.step_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", code, at) == at // STEP


@pytest.mark.parametrize(("shift", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_holds_one_step_on_either_side(shift: int, taken: bool) -> None:
    code = code_of(NOW // STEP + shift)
    assert (second_factor.step_of(SECRET, code, NOW) is not None) is taken


@pytest.mark.parametrize("code", ["", "0", "abcdef", "١٢٣٤٥٦", "1234567"])
def test_what_is_no_code_proves_nothing(code: str) -> None:
    assert second_factor.step_of(SECRET, code, NOW) is None


def test_an_enrolment_needs_a_code_of_its_own_and_happens_once(store: SecureStore) -> None:
    enrolment = second_factor.begin("rita")
    assert enrolment.secret != second_factor.begin("rita").secret
    assert second_factor.confirm(store, enrolment, code_of(NOW // STEP), NOW) is None
    assert not second_factor.enrolled(store, "rita")
    assert second_factor.accepted(store, "rita", "000000", NOW) is None
    codes = second_factor.confirm(store, enrolment, pyotp.TOTP(enrolment.secret).generate_otp(NOW // STEP), NOW)
    assert codes is not None
    assert len(set(codes)) == RECOVERY_CODES
    assert second_factor.enrolled(store, "rita")
    with pytest.raises(StaffError, match="has a second factor already"):
        second_factor.confirm(store, Enrolment("rita", SECRET), code_of(NOW // STEP), NOW)
    with pytest.raises(StaffError):
        second_factor.confirm(store, Enrolment("nobody", SECRET), code_of(NOW // STEP), NOW)


def test_neither_secret_nor_codes_lie_in_clear(store: SecureStore) -> None:
    codes = enrol(store, "rita")
    files = b"".join(path.read_bytes() for path in store.zone.folder.rglob("*") if path.is_file())
    assert SECRET.encode() not in files
    assert not any(code.encode() in files for code in codes)


def test_a_recovery_code_works_once_and_for_its_owner_alone(store: SecureStore) -> None:
    add_member(store, "ron", Role.REVIEWER, "twelve chars", by="adam")
    codes = enrol(store, "rita")
    enrol(store, "ron")
    assert second_factor.accepted(store, "ron", codes[0], NOW) is None
    assert isinstance(second_factor.accepted(store, "rita", codes[0].upper() + " ", NOW), str)
    assert second_factor.accepted(store, "rita", codes[0], NOW) is None
    assert isinstance(second_factor.accepted(store, "rita", codes[1], NOW), str)
    assert [entry.entry.verb for entry in store.ledger()].count("staff-recovery-code") == 2


def test_a_used_code_is_used_up_with_all_before_it() -> None:
    used = UsedCodes()
    assert used.first_use("rita", 10)
    assert not used.first_use("rita", 10)
    assert not used.first_use("rita", 9)
    assert used.first_use("ron", 10)
    assert used.first_use("rita", 11)


def test_nobody_makes_changes_resets_or_closes_their_own_account(store: SecureStore) -> None:
    enrol(store, "rita")
    attempts = (
        lambda: add_member(store, "adam", Role.ADMINISTRATOR, "twelve chars", by="adam"),
        lambda: add_member(store, "adam", Role.ADMINISTRATOR, "twelve chars", by="Adam"),
        lambda: staff.change_role(store, "rita", Role.ADMINISTRATOR, by="rita"),
        lambda: second_factor.reset(store, "rita", by="rita"),
        lambda: staff.remove_member(store, "rita", by="rita"),
    )
    entries = store.verify_ledger()
    for attempt in attempts:
        with pytest.raises(StaffError, match="their own account"):
            attempt()
    assert store.verify_ledger() == entries
    assert staff.member(store, "rita") == staff.Member("rita", Role.REVIEWER)
    assert second_factor.enrolled(store, "rita")


def test_a_role_is_changed_and_an_account_closed_by_somebody_else(store: SecureStore) -> None:
    staff.change_role(store, "rita", Role.ANALYST, by="adam")
    assert [account.member.role for account in staff.accounts(store)] == [Role.ANALYST]
    staff.remove_member(store, "rita", by="adam")
    assert staff.member(store, "rita") is None
    for decide in (lambda: staff.remove_member(store, "rita", by="adam"), lambda: second_factor.reset(store, "rita", by="adam")):
        with pytest.raises(StaffError, match="no account of this name"):
            decide()


def test_two_people_are_safeguarding_leads_and_no_third(store: SecureStore) -> None:
    for name in ("lea", "leo"):
        add_member(store, name, Role.SAFEGUARDING_LEAD, "twelve chars", by="adam")
    with pytest.raises(StaffError, match="2 accounts with the role safeguarding lead"):
        add_member(store, "liz", Role.SAFEGUARDING_LEAD, "twelve chars", by="adam")
    with pytest.raises(StaffError, match="2 accounts with the role safeguarding lead"):
        staff.change_role(store, "rita", Role.SAFEGUARDING_LEAD, by="adam")
    staff.change_role(store, "lea", Role.SAFEGUARDING_LEAD, by="adam")
    staff.change_role(store, "lea", Role.REVIEWER, by="adam")
    staff.change_role(store, "rita", Role.SAFEGUARDING_LEAD, by="adam")
