"""Separation of duties on the command line: a table of who may use which verb, and every way to use one as somebody else."""

from __future__ import annotations

import getpass
import io
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from forms.load import load_survey
from governance.approvals import Kind
from pipeline import cli, cli_identity
from pipeline.cli_identity import SIGNING, WHO_MAY, on_trust, require
from pipeline.gate import demonstrate
from retention.decisions import decide
from retention.secure_store import SecureStore
from retention.settings import CollectionZone
from retention.staff import Role, StaffError, add_member, member
from tests.release_samples import quick_passphrases
from tests.second_factors import STEP, code_of
from tests.staff_samples import PASSWORD, PEOPLE, make_office, zone_in

A, C, D, M = Role.ANALYST, Role.OUTPUT_CHECKER, Role.DATA_PROTECTION_OFFICER, Role.ADMINISTRATOR
TABLE: dict[str, set[Role]] = {
    "wave open": {A},
    "transfer": {A},
    "locate": {A},
    "scrub": {A},
    "review": {A},
    "tabulate": {A},
    "protect": {A},
    "residual read-more": {A},
    "themes frame": {A},
    "themes code": {A},
    "themes train": {A},
    "builder prepare": {A},
    "builder draft": {A},
    "extracts add": {A},
    "extracts attest": {A},
    "quotes propose": {A},
    "quotes publish": {A},
    "quotes texts": {A},
    "release draft": {A},
    "release check": {C},
    "release approve": {C},
    "release refuse": {C},
    "release withdraw": {C},
    "retention destroy": {A},
    "retention review": {D},
    "staff add": {M},
    "staff role": {M},
    "staff reset": {M},
    "staff remove": {M},
    "keys share": {M},
    "ledger export": {D, M},
    "dpia demonstrate": set(Role),
    "dpia approve": set(Role),
    "dpia review": set(Role),
    "dpia consult-ico": set(Role),
    "dpia amend": set(Role),
}
Typing = Callable[..., list[str]]
NOW = 70_000_000  # the step of time that the terminal's clock shows
ONE_OF = {role: name for name, role in reversed(PEOPLE.items())}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("office") / "secure"
    make_office(folder)
    return folder


@pytest.fixture
def office(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of an office whose people have accounts and second factors, and in which nothing is a demonstration."""
    quick_passphrases(monkeypatch)
    shutil.copytree(template, tmp_path / "home" / "secure")
    monkeypatch.setenv("BIGASK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(cli_identity.time, "time", lambda: float(NOW * STEP))
    return tmp_path / "home"


@pytest.fixture
def store(office: Path) -> SecureStore:
    return SecureStore(zone_in(office / "secure"))


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Typing:
    """What somebody types at the terminal, in order; gives what they were asked."""
    asked: list[str] = []

    def types(*words: str) -> list[str]:
        left = iter(words)

        def typed(prompt: str) -> str:
            asked.append(prompt)
            return next(left)

        monkeypatch.setattr(getpass, "getpass", typed)
        return asked

    return types


def verbs(group: TyperGroup, before: str = "") -> Iterator[str]:
    """Every verb that somebody does: those that take --as."""
    for name, command in group.commands.items():
        path = f"{before} {name}".strip()
        if isinstance(command, TyperGroup):
            yield from verbs(command, path)
        elif any("--as" in option.opts for option in command.params):
            yield path


def run(*arguments: str) -> tuple[int, str]:
    """The exit code of a command and what it said on standard error."""
    said, before = io.StringIO(), (sys.argv, sys.stderr)
    sys.argv, sys.stderr = ["bigask", *arguments], said
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv, sys.stderr = before
    return code, said.getvalue()


def test_every_verb_that_somebody_does_is_in_the_table_and_no_other() -> None:
    app = get_command(cli.app)
    assert isinstance(app, TyperGroup)
    assert sorted(verbs(app)) == sorted(TABLE)
    assert {verb: set(roles) for verb, roles in WHO_MAY.items()} == TABLE


@pytest.mark.parametrize("role", list(Role))
def test_each_may_use_what_the_table_says_and_nothing_else(store: SecureStore, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    monkeypatch.setattr(cli_identity, "_proved", member)
    for verb, roles in TABLE.items():
        if role in roles:
            require(store, ONE_OF[role], verb)
        else:
            with pytest.raises(StaffError, match="is for the role"):
                require(store, ONE_OF[role], verb)


def test_no_role_both_prepares_and_lets_go_and_none_that_grants_does_either() -> None:
    may = {role: {verb for verb, roles in TABLE.items() if role in roles and roles != set(Role)} for role in Role}
    shared = {verb for one in Role for other in Role if one < other for verb in may[one] & may[other]}
    assert shared == {"ledger export"}
    assert not may[Role.REVIEWER] | may[Role.SAFEGUARDING_LEAD]


def test_a_verb_that_nobody_placed_is_nobodys(store: SecureStore) -> None:
    with pytest.raises(StaffError, match="Nobody may use `bigask release burn`"):
        require(store, "ann", "release burn")


def test_with_password_and_code_the_verb_is_done_under_that_name(store: SecureStore, typing: Typing, tmp_path: Path) -> None:
    asked = typing(PASSWORD, code_of(NOW))
    code, said = run("ledger", "export", str(tmp_path / "ledger.jsonl"), "--as", "dora")
    assert (code, said) == (0, "")
    assert asked == ["Password of dora: ", "Code of your app: "]
    assert list(store.ledger())[-1].entry.actor == "dora"


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("dora", "not her password", code_of(NOW)),
        ("dora", PASSWORD, "000000"),
        ("dora", PASSWORD, code_of(NOW - 3)),
        ("dora", PASSWORD, ""),
        ("nobody", PASSWORD, code_of(NOW)),
    ],
)
def test_whatever_is_wrong_is_asked_and_told_alike_and_nothing_is_done(
    store: SecureStore, typing: Typing, tmp_path: Path, name: str, password: str, code: str
) -> None:
    before = store.verify_ledger()
    asked = typing(password, code)
    ended, said = run("ledger", "export", str(tmp_path / "ledger.jsonl"), "--as", name)
    assert (ended, said) == (3, "Not signed in: the name, the password or the code is not right.\n")
    assert len(asked) == 2
    assert not (tmp_path / "ledger.jsonl").exists()
    assert store.verify_ledger() == before


def test_the_right_person_in_the_wrong_role_is_refused(store: SecureStore, typing: Typing) -> None:
    typing(PASSWORD, code_of(NOW))
    code, said = run("release", "approve", "autumn-2026", "--as", "ann")
    assert (code, said) == (3, "`bigask release approve` is for the role output checker; ann has the role analyst.\n")


def test_a_recovery_code_works_once(store: SecureStore, typing: Typing, tmp_path: Path) -> None:
    cli_identity.second_factor.reset(store, "dora", "adam")
    typing(PASSWORD, code_of(NOW))
    enrolment = cli_identity.second_factor.Enrolment("dora", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    codes = cli_identity.second_factor.confirm(store, enrolment, code_of(NOW), float(NOW * STEP))
    assert codes
    export = ("ledger", "export", str(tmp_path / "ledger.jsonl"), "--as", "dora")
    typing(PASSWORD, codes[0])
    assert run(*export)[0] == 0
    typing(PASSWORD, codes[0])
    assert run(*export)[0] == 3


def test_whoever_has_no_second_factor_sets_one_before_anything_else(
    store: SecureStore, typing: Typing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli_identity.second_factor.reset(store, "dora", "adam")
    export = ("ledger", "export", str(tmp_path / "ledger.jsonl"), "--as", "dora")
    typing(PASSWORD, "000000")
    assert run(*export)[0] == 3
    assert "otpauth://totp/" in capsys.readouterr().out
    assert not (tmp_path / "ledger.jsonl").exists()
    assert not cli_identity.second_factor.enrolled(store, "dora")


def test_a_password_is_never_read_from_a_pipe(store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def unseen_is_not_possible(_prompt: str) -> str:
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        return PASSWORD

    monkeypatch.setattr(getpass, "getpass", unseen_is_not_possible)
    assert run("ledger", "export", "x", "--as", "dora") == (3, "There is no terminal to ask for a password at: sign in on one.\n")


# -- where names are taken on trust


def test_before_there_is_an_account_things_can_be_tried_and_nothing_signed(sqlite_store: SecureStore) -> None:
    assert on_trust(sqlite_store)
    for verb in WHO_MAY:
        if verb in SIGNING:
            with pytest.raises(StaffError, match="Nobody has an account yet"):
                require(sqlite_store, "anna", verb)
        else:
            require(sqlite_store, "anna", verb)
    add_member(sqlite_store, "adam", Role.ADMINISTRATOR, PASSWORD, by="setup")
    assert not on_trust(sqlite_store)


def test_a_demonstration_goes_on_without_asking_until_anything_is_signed_in_earnest(sqlite_store: SecureStore, tmp_path: Path) -> None:
    demonstrate(sqlite_store, CollectionZone(tmp_path / "c", f"sqlite:///{tmp_path}/c.sqlite"), load_survey().id, "anna")
    add_member(sqlite_store, "adam", Role.ADMINISTRATOR, PASSWORD, by="setup")
    assert on_trust(sqlite_store)
    require(sqlite_store, "anna", "transfer")
    decide(sqlite_store, Kind.APPROVAL, "0" * 64, "olivia", {"what": "measures"})
    assert not on_trust(sqlite_store), "an approval of any text ends it for good"
    demonstrate(sqlite_store, CollectionZone(tmp_path / "c", f"sqlite:///{tmp_path}/c.sqlite"), load_survey().id, "anna")
    assert not on_trust(sqlite_store)


def test_an_office_with_accounts_is_not_made_a_demonstration_by_a_stranger(store: SecureStore, typing: Typing) -> None:
    typing("no idea", "")
    assert run("dpia", "demonstrate", "--as", "mallory")[0] == 3
    assert not on_trust(store)
