"""Whoever takes over the process that answers researchers gets the prepared codes, and nothing else of the secure zone."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pandas as pd
import pytest

from forms.load import load_survey
from pipeline.builder_handed import Handed, NotHanded, handed_of, open_builder
from pipeline.builder_matrix import variables_of
from pipeline.builder_prepare import DATA_SET
from pipeline.doors import open_door
from pipeline.table_specs import load_table_specs
from retention.answered import AnsweredLog, definitions
from retention.answered_wire import AnsweredWire, keeping
from retention.database import DatabaseUnavailable
from retention.ledger import Entry
from retention.secure_store import SecureStore, StepRefused, Wave
from retention.vault import VaultError, read_file
from tests.builder_samples import WAVE
from tests.release_samples import quick_passphrases, secure_zone

CHILDREN = 3000
SECRET_SETTINGS = ("BIGASK_HOME", "BIGASK_SECURE_URL", "BIGASK_COLLECTION_URL", "BIGASK_PASSPHRASE_FILE", "BIGASK_SHARES")


def prepared_frame() -> pd.DataFrame:
    """Codes of the declared variables: everybody alike, but for two of them."""
    columns = {name: [0] * CHILDREN for name in variables_of(load_table_specs(load_survey()))}
    columns["gender"] = [number % 2 for number in range(CHILDREN)]
    columns["age_band"] = [number % 3 for number in range(CHILDREN)]
    return pd.DataFrame(
        {name: pd.Series(column, dtype="uint16" if name == "area" else "uint8") for name, column in columns.items()}
    ).assign(record_key=pd.Series(range(CHILDREN), dtype="uint16"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SecureStore:
    quick_passphrases(monkeypatch)
    made = SecureStore(secure_zone(tmp_path / "secure"))
    made.add_wave(Wave(WAVE, "big_ask", "body", "locator"), Entry("ann", "wave-open", WAVE))
    for kind, frame in ((DATA_SET, prepared_frame()), ("responses", pd.DataFrame({"row": [1]})), ("answers", pd.DataFrame({"row": [1]}))):
        with made.record(Entry("ann", "test", WAVE)) as connection:
            made.add_asset(connection, WAVE, kind, made.vault.write(frame))
    return made


def test_its_key_opens_the_prepared_codes_and_no_other_data_set(store: SecureStore, tmp_path: Path) -> None:
    (handed,) = handed_of(store, tmp_path / "log").waves
    key = bytes.fromhex(handed.key)
    opened = {asset.kind for asset in store.assets(WAVE) if store.vault.opens_with(asset.stored.name, [key])}
    assert opened == {DATA_SET}
    responses = store.asset(WAVE, "responses").stored
    with pytest.raises(VaultError, match="does not open"):
        read_file(store.vault.folder / responses.name, responses.sha256, key)


def test_it_answers_where_nothing_but_its_one_file_is_left(store: SecureStore, tmp_path: Path) -> None:
    handed = handed_of(store, tmp_path / "log")
    alone = Path(handed.waves[0].path)
    for path in (tmp_path / "secure").rglob("*"):
        if path.is_file() and path != alone:
            path.unlink()
    kept: list[str] = []
    with keeping({WAVE: AnsweredLog(kept.extend)}, tmp_path / "log"), open_door("builder", 0, handed.to_line()) as address:
        told = httpx.get(f"{address}/api/v1/query?by=gender&by=age_band")
    assert told.status_code == 200
    assert len(kept) == 1


def test_its_environment_does_not_say_where_the_zone_is(store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRET_SETTINGS:
        monkeypatch.setenv(name, "/canary")
    with open_builder(store):
        found = [(process / "environ").read_bytes() for process in Path("/proc").iterdir() if _is_child_of(process, os.getpid())]
    assert found
    assert not any(b"BIGASK" in environment for environment in found)


def _is_child_of(process: Path, parent: int) -> bool:
    try:
        return process.name.isdigit() and int((process / "stat").read_text().rpartition(")")[2].split()[1]) == parent
    except OSError:  # it has ended
        return False


def test_what_it_answers_is_on_record_though_it_can_write_no_record(store: SecureStore) -> None:
    with open_builder(store) as address:
        for asked in ("by=gender", "by=gender&by=age_band", "by=gender"):
            assert httpx.get(f"{address}/api/v1/query?{asked}").status_code == 200
        assert len(definitions(store, WAVE)) == 2
    store.verify_ledger()


def test_without_its_keeper_no_answer_leaves(store: SecureStore, tmp_path: Path) -> None:
    def broken(_asked: object) -> None:
        raise DatabaseUnavailable("The database does not answer.")

    handed = handed_of(store, tmp_path / "log")
    with keeping({WAVE: AnsweredLog(broken)}, tmp_path / "log"), open_door("builder", 0, handed.to_line()) as address:
        told = httpx.get(f"{address}/api/v1/query?by=gender")
    assert told.status_code == 500
    assert "values" not in told.text


@pytest.mark.parametrize("line", [b'"one"\n', b"[1]\n", b"{\n", b"[" + b'"a",' * 300 + b'"a"]\n', b'["' + b"a" * 3000 + b'"]\n'])
def test_the_keeper_takes_definitions_and_nothing_else(line: bytes, tmp_path: Path) -> None:
    kept: list[str] = []
    with keeping({WAVE: AnsweredLog(kept.extend)}, tmp_path / "log"):
        with closing(AnsweredWire(tmp_path / "log", WAVE)) as wire:
            wire._connection.sendall(line)
            assert wire._lines.readline() == b"failed\n"
            wire.write(["{}"])
        with closing(AnsweredWire(tmp_path / "log", "another wave")) as stranger, pytest.raises(DatabaseUnavailable):
            stranger.write(["{}"])
    assert kept == ["{}"]
    assert (tmp_path / "log").exists() is False


def test_the_socket_is_its_owners_alone(tmp_path: Path) -> None:
    with keeping({}, tmp_path / "log"):
        assert (tmp_path / "log").stat().st_mode & 0o077 == 0


def test_a_zone_without_a_prepared_wave_hands_nothing_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick_passphrases(monkeypatch)
    empty = SecureStore(secure_zone(tmp_path / "secure"))
    with pytest.raises(StepRefused, match="bigask builder prepare"):
        handed_of(empty, tmp_path / "log")


def test_started_by_hand_it_says_how_to_start_it() -> None:
    for line in (b"", b"{}\n", b"nonsense\n"):
        ended = subprocess.run((sys.executable, "-m", "api", "builder"), input=line, capture_output=True, check=False)
        assert ended.returncode == 5
        assert b"bigask builder serve" in ended.stderr
    with pytest.raises(NotHanded):
        Handed.from_line(b'{"waves": [{}], "log": ""}')
