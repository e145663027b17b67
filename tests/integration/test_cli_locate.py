"""The commands around locating: the contractor's extracts, certificates on another machine, the report on quality."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from retention.secure_store import today
from tests.integration.chain import WAVE, Stages
from tests.integration.command import Run

pytestmark = pytest.mark.usefixtures("quick")


def test_extracts_are_added_listed_and_attested(stages: Stages, bigask: Run, home: Path) -> None:
    stages.copy("opened", home)
    due = str(today() + timedelta(days=30))
    given = ("--wave", WAVE, "--holder", "hosting.ltd", "--what", "backup", "--as", "an.alyst")
    assert bigask("extracts", "add", *given, "--due", due)[0] == 0
    assert bigask("extracts", "add", *given, "--due", "2020-01-01")[0] == 3
    code, told, _ = bigask("extracts", "list")
    assert (code, "waits for the statement" in told) == (0, True)
    assert bigask("extracts", "attest", "1", "--statement", "letter-17", "--as", "an.alyst")[0] == 0
    assert "attested" in bigask("extracts", "list")[1]
    assert bigask("extracts", "attest", "1", "--statement", "letter-18", "--as", "an.alyst")[0] == 3


def test_a_certificate_is_verified_on_another_machine_with_the_public_key_alone(
    stages: Stages, bigask: Run, home: Path, tmp_path: Path
) -> None:
    office = stages.copy("locate", tmp_path / "office")
    mailed = tmp_path / "mailed"
    mailed.mkdir()
    for path in (office / "secure" / "certificates" / f"{WAVE}-locators.json", office / "secure" / "keys" / "ledger.pub"):
        shutil.copy(path, mailed)
    shutil.rmtree(office)
    certificate, key = str(mailed / f"{WAVE}-locators.json"), str(mailed / "ledger.pub")
    code, told, _ = bigask("certificates", "verify", certificate, "--key", key)
    assert (code, told.count("true")) == (0, 1)
    assert f"24 locators of wave {WAVE}" in told
    assert not home.exists(), "no office is needed, nor made"
    assert bigask("certificates", "verify", certificate)[0] == 5
    altered = mailed / "altered.json"
    altered.write_text(Path(certificate).read_text(encoding="utf-8").replace('\\"records\\":24', '\\"records\\":25'), encoding="utf-8")
    assert altered.read_text(encoding="utf-8") != Path(certificate).read_text(encoding="utf-8")
    assert bigask("certificates", "verify", str(altered), "--key", key)[0] == 4


def test_the_report_on_quality_is_drawn_for_terminal_and_page(stages: Stages, bigask: Run, home: Path) -> None:
    stages.copy("scrub", home)
    code, told, _ = bigask("quality", "report", "--wave", WAVE)
    assert code == 0
    assert "Flagged answers, by rule" in told
    page = home / "secure" / "reports" / f"{WAVE}-quality.html"
    assert page.stat().st_mode & 0o077 == 0
    assert page.read_text(encoding="utf-8").count("<svg") == 5
    assert bigask("quality", "report", "--wave", "nowhere")[0] == 3
