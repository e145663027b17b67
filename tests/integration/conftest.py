"""The stages of one wave, shared by the tests of the steps and of the command line."""

from __future__ import annotations

import pytest
from nacl import pwhash

from retention import keys
from tests.integration.chain import Stages


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    """Made with Argon2id at its least cost; whoever opens a copy needs the same (`quick_passphrase`)."""
    return Stages(tmp_path_factory.mktemp("stages"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "PASSPHRASE_OPSLIMIT", pwhash.argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr(keys, "PASSPHRASE_MEMLIMIT", pwhash.argon2id.MEMLIMIT_MIN)
