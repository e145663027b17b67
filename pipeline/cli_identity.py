"""Who is at the terminal: `--as` names an account, its password and second factor prove it, and its role must allow the verb.

Until an office signs anything in earnest, names are taken on trust: while nobody has an account, or for a demonstration. Somebody who holds
the passphrase file can write to the zone without this program; what is kept apart here is colleagues who use it.
"""

from __future__ import annotations

import getpass
import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from governance.approvals import Kind
from retention import second_factor
from retention.decisions import decisions
from retention.staff import Member, Role, StaffError, accounts, authenticate

if TYPE_CHECKING:
    from retention.secure_store import SecureStore

_ANALYST, _CHECKER, _OFFICER, _ADMINISTRATOR = (
    frozenset({role}) for role in (Role.ANALYST, Role.OUTPUT_CHECKER, Role.DATA_PROTECTION_OFFICER, Role.ADMINISTRATOR)
)
_EVERYBODY = frozenset(Role)
# Who may use a verb that is done by somebody. One that is not here is nobody's.
WHO_MAY: Mapping[str, frozenset[Role]] = {
    **dict.fromkeys(("wave open", "transfer", "locate", "scrub", "review", "tabulate", "protect"), _ANALYST),
    **dict.fromkeys(("residual read-more", "themes frame", "themes code", "themes train", "builder prepare", "builder draft"), _ANALYST),
    **dict.fromkeys(("extracts add", "extracts attest", "quotes propose", "quotes publish", "quotes texts", "release draft"), _ANALYST),
    **dict.fromkeys(("release check", "release approve", "release refuse", "release withdraw"), _CHECKER),
    "retention destroy": _ANALYST,
    "retention review": _OFFICER,
    **dict.fromkeys(("staff add", "staff role", "staff reset", "staff remove", "keys share"), _ADMINISTRATOR),
    "ledger export": _OFFICER | _ADMINISTRATOR,
    "dpia demonstrate": _EVERYBODY,
    # Who may sign what is in the record of the survey (people.yaml); here they prove who they are.
    **dict.fromkeys(("dpia approve", "dpia review", "dpia consult-ico", "dpia amend"), _EVERYBODY),
}
SIGNING = frozenset({"dpia approve", "dpia review", "dpia consult-ico", "dpia amend"})  # never on trust
_WRONG = "Not signed in: the name, the password or the code is not right."


def on_trust(store: SecureStore) -> bool:
    """True while nothing was approved in earnest, and either nobody has an account yet or this is a demonstration."""
    kinds = {one.kind for one in decisions(store)}
    return Kind.APPROVAL not in kinds and (Kind.DEMONSTRATION in kinds or not accounts(store))


def require(store: SecureStore, name: str, verb: str) -> None:
    """Let somebody use a verb: asks for password and code at the terminal. Raises StaffError if they may not, or cannot be asked."""
    if verb not in WHO_MAY:
        raise StaffError(f"Nobody may use `bigask {verb}`: say in pipeline/cli_identity.py who may.")
    if verb not in SIGNING and on_trust(store):
        return
    member = _proved(store, name)
    if member.role not in WHO_MAY[verb]:
        allowed = " or ".join(sorted(role.replace("_", " ") for role in WHO_MAY[verb]))
        raise StaffError(f"`bigask {verb}` is for the role {allowed}; {name} has the role {member.role.replace('_', ' ')}.")


def _proved(store: SecureStore, name: str) -> Member:
    if not accounts(store):
        raise StaffError("Nobody has an account yet: `bigask staff add NAME --role administrator --as SETUP` makes the first.")
    member = authenticate(store, name, _asked(f"Password of {name}: "))
    enrolled = member is not None and second_factor.enrolled(store, name)
    if member is not None and not enrolled:
        _enrol(store, name)
        return member
    code = _asked("Code of your app: ")  # asked of an unknown name and after a wrong password too
    if member is None or second_factor.accepted(store, name, code, time.time()) is None:
        raise StaffError(_WRONG)
    return member


def _enrol(store: SecureStore, name: str) -> None:
    """The second factor of somebody who has none yet, before anything else, as at the staff door."""
    from pipeline.cli_options import console

    enrolment = second_factor.begin(name)
    console.print(f"Put this into your authenticator app: {enrolment.address}", highlight=False, soft_wrap=True, markup=False)
    codes = second_factor.confirm(store, enrolment, _asked("Code that it shows now: ").replace(" ", ""), time.time())
    if codes is None:
        raise StaffError("That is not the code of this moment: run it again, with the new secret that it shows.")
    console.print(f"Each of these works once if you lose it; they are not shown again: {', '.join(codes)}", highlight=False, soft_wrap=True)


def _asked(words: str) -> str:
    """What somebody types at the terminal, unseen. Raises StaffError where there is no terminal: it is never read from a pipe."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(words)
        except (getpass.GetPassWarning, EOFError):
            raise StaffError("There is no terminal to ask for a password at: sign in on one.") from None
