"""The stages of one wave, shared by the tests of the steps and of the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from nacl import pwhash

from pipeline import cli
from retention import keys
from tests.integration.chain import Stages
from tests.integration.command import Run


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """Made with Argon2id at its least cost; whoever opens a copy needs the same (`quick_passphrase`)."""
    return Stages(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "PASSPHRASE_OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(keys, "PASSPHRASE_MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def new_office(home: Path, quick: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that has a passphrase and nothing else, named to commands."""
    (home / "secure").mkdir(parents=True)
    (home / "secure" / "passphrase").write_text("a passphrase for tests only")
    (home / "secure" / "passphrase").chmod(0o600)
    monkeypatch.setenv("BIGASK_HOME", str(home))
    return home


@pytest.fixture
def bigask(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process: its exit code, standard output and standard error."""
    monkeypatch.setenv("BIGASK_HOME", str(home))
    for name in ("BIGASK_COLLECTION_URL", "BIGASK_SECURE_URL", "BIGASK_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["bigask", *arguments])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run
