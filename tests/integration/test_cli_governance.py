"""`bigask dpia` and `gate`: from an example that opens nothing to a wave that is open, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from forms.load import load_survey
from governance.permit import standing_at_the_door
from pipeline import cli_identity
from retention.settings import load_settings
from tests.governance.records import SIGNERS, STATEMENT, own_record
from tests.integration.command import Run
from tests.integration.test_cli import one_sentence

AS = ("--as", "anna")
OPEN = ("wave", "open", "spring", *AS)
pytestmark = pytest.mark.usefixtures("new_office")


def door_is_open(home: Path) -> bool:
    return standing_at_the_door(load_settings({"BIGASK_HOME": str(home)}).collection, load_survey()).open


def test_the_example_opens_nothing_and_says_why(home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = bigask(*OPEN)
    assert code == 3
    assert "Nobody has signed 'measures'" in one_sentence(err)
    code, out, _ = bigask("gate", "show")
    assert code == 3
    assert "G2  shut" in out
    assert "- Nobody has signed 'residual_risk'" in out
    signing = ("dpia", "approve", "measures", "--as", "example-owner", "--statement", STATEMENT)
    code, _, err = bigask(*signing)
    assert (code, "Nobody has an account yet" in one_sentence(err)) == (3, True), "nothing is signed on trust"
    monkeypatch.setattr(cli_identity, "require", lambda *_: None)
    code, _, err = bigask(*signing)
    assert (code, "is an example and cannot be approved" in one_sentence(err)) == (3, True)
    assert not door_is_open(home)


def test_a_demonstration_opens_and_says_that_it_is_one(home: Path, bigask: Run) -> None:
    assert "Every page says that it is a try-out" in bigask("dpia", "demonstrate", *AS)[1]
    assert bigask(*OPEN)[0] == 0
    assert door_is_open(home)
    code, out, _ = bigask("gate", "show")
    assert code == 0
    assert "This is a demonstration" in out


def test_an_office_signs_amends_and_opens(home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_identity, "require", lambda *_: None)  # tests/attack/test_cli_roles.py holds who may do what
    own_record(home / "secure" / "assessment")
    assert bigask("dpia", "declare")[0] == 0
    for what, account in SIGNERS.items():
        assert bigask("dpia", "approve", what, "--as", account, "--statement", STATEMENT)[0] == 0
    assert bigask("dpia", "drift")[0] == 0
    code, _, err = bigask("dpia", "amend", "hosts", "--as", "dora.officer", "--reason", "We moved the door to another machine.")
    assert (code, "there is nothing to amend" in one_sentence(err)) == (3, True)
    monkeypatch.setenv("BIGASK_ADDRESS", "https://ask.example.org")
    code, _, err = bigask(*OPEN)
    assert (code, "'child door' is ask.example.org" in one_sentence(err)) == (3, True)
    for part in ("hosts", "processors"):
        assert bigask("dpia", "amend", part, "--as", "dora.officer", "--reason", "We moved the door to another machine.")[0] == 0
    assert bigask(*OPEN)[0] == 0
    assert door_is_open(home)
    code, out, _ = bigask("gate", "permit")
    assert (code, "until" in out) == (0, True)
    assert "The next review is due by" in bigask("dpia", "review", "--as", "dora.officer", "--outcome", "Looked at all of it again.")[1]


def test_the_bundled_record_is_checked_whole(home: Path, bigask: Run) -> None:
    code, out, _ = bigask("dpia", "check")
    assert code == 0
    assert "all found" in out


def test_a_broken_record_is_one_sentence(home: Path, bigask: Run) -> None:
    folder = own_record(home / "secure" / "assessment")
    (folder / "people.yaml").write_text("roles: {}\n")
    code, _, err = bigask("gate", "show")
    assert code == 8
    assert one_sentence(err) == "People.yaml: 'escalation' is missing: add it.\n"


def test_an_unknown_part_cannot_be_amended(home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_identity, "require", lambda *_: None)
    code, _, err = bigask("dpia", "amend", "weather", "--as", "anna", "--reason", "It rained for a whole week.")
    assert code == 2
    assert "the parts are window" in " ".join(err.split())


def test_evidence_with_gaps_ends_with_a_code(home: Path, bigask: Run, tmp_path: Path) -> None:
    (tmp_path / "given.xml").write_text("<testsuites/>")
    code, out, err = bigask("assure", "--results", str(tmp_path / "given.xml"), "--out", str(tmp_path / "evidence"))
    assert code == 3
    assert "the report lists every gap" in one_sentence(err)
    assert (tmp_path / "evidence" / "evidence.html").is_file()
    assert (tmp_path / "evidence" / "evidence.pdf").is_file()
    assert "evidence.html" in out
