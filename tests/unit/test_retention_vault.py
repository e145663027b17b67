"""The vault: noise without its key, refused when altered, and nothing left of what failed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from retention.keys import KeyDestroyed, KeyKind, KeyRing
from retention.vault import StoredFile, Vault, VaultError, file_hash

CANARY = "the-den-behind-Zebra-Street"


@pytest.fixture
def vault(tmp_path: Path, quick: None) -> Vault:
    return Vault(tmp_path / "vault", KeyRing(tmp_path / "keys", "correct horse battery"))


def frame(rows: int = 50) -> pd.DataFrame:
    return pd.DataFrame({"Zebra_column": range(rows), "text": [CANARY] * rows, "none": pd.Series([None] * rows, dtype="str")})


def test_a_data_set_comes_back_as_it_was(vault: Vault) -> None:
    for rows in (0, 1, 50):
        stored = vault.write(frame(rows))
        assert stored.rows == rows
        pd.testing.assert_frame_equal(vault.read(stored), frame(rows), check_dtype=False)


def test_neither_content_nor_column_names_lie_in_clear(vault: Vault) -> None:
    vault.write(frame())
    files = [path for folder in (vault.folder, vault.folder.parent / "keys") for path in folder.iterdir()]
    assert len(files) == 4  # the data set, its key, the ring and its lock
    for path in files:
        assert b"Zebra" not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600


def test_each_data_set_has_a_key_of_its_own(vault: Vault) -> None:
    first, second = vault.write(frame()), vault.write(frame())
    assert first.key_id != second.key_id
    assert (vault.folder / first.name).read_bytes() != (vault.folder / second.name).read_bytes()
    vault._ring.destroy(first.key_id)
    with pytest.raises(KeyDestroyed):
        vault.read(first)
    assert len(vault.read(second)) == 50


@pytest.mark.parametrize("position", [4, 100, -100, -9, -1])
def test_an_altered_file_is_refused(vault: Vault, position: int) -> None:
    stored = vault.write(frame())
    path = vault.folder / stored.name
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(VaultError, match="was altered"):
        vault.read(stored)
    registered = StoredFile(stored.name, stored.key_id, stored.rows, file_hash(path))  # even if the register was altered with it
    with pytest.raises(VaultError, match="does not open") as caught:
        vault.read(registered)
    assert "Zebra" not in str(caught.value)


@pytest.mark.parametrize("length", [0, 3, 200, -1])
def test_a_truncated_file_is_refused(vault: Vault, length: int) -> None:
    stored = vault.write(frame())
    path = vault.folder / stored.name
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(VaultError, match="was altered"):
        vault.read(stored)
    with pytest.raises(VaultError, match="does not open"):
        vault.read(StoredFile(stored.name, stored.key_id, stored.rows, file_hash(path)))


def test_a_file_under_the_key_of_another_is_refused(vault: Vault) -> None:
    first, second = vault.write(frame()), vault.write(frame())
    ring = vault._ring.folder
    (ring / f"{first.key_id}.key").write_bytes((ring / f"{second.key_id}.key").read_bytes())
    with pytest.raises(VaultError, match="does not open with its key"):
        vault.read(first)


def test_a_missing_file_is_said_to_be_missing(vault: Vault) -> None:
    stored = vault.write(frame())
    (vault.folder / stored.name).unlink()
    with pytest.raises(VaultError, match="not in the vault any more"):
        vault.read(stored)


def test_a_write_that_fails_leaves_nothing(vault: Vault) -> None:
    with pytest.raises(Exception, match=r".+"):
        vault.write(pd.DataFrame({"mixed": [1, "two", object()]}))
    assert list(vault.folder.iterdir()) == []
    assert list(vault._ring.ids()) == []


def test_discarding_takes_the_key_of_a_data_set_but_never_a_waves(vault: Vault) -> None:
    stored = vault.write(frame())
    vault._ring.create("body-1", KeyKind.SEALED_BOX)
    (vault.folder / "bodies.bundle").write_bytes(b"sealed")
    vault.discard(stored)
    vault.discard(stored)
    vault.discard(StoredFile("bodies.bundle", "body-1", 1, ""))
    assert list(vault.folder.iterdir()) == []
    assert list(vault._ring.ids()) == ["body-1"]


def test_sweeping_removes_strays_only(vault: Vault) -> None:
    kept, stray = vault.write(frame()), vault.write(frame())
    vault._ring.create("body-1", KeyKind.SEALED_BOX)
    vault._ring.create("data-without-file", KeyKind.SYMMETRIC)
    (vault.folder / "bodies-1.bundle").write_bytes(b"sealed")
    assert vault.sweep({kept.name, "bodies-1.bundle"}) == 1
    assert {path.name for path in vault.folder.iterdir()} == {kept.name, "bodies-1.bundle"}
    assert set(vault._ring.ids()) == {"body-1", kept.key_id}
    assert vault._ring.is_destroyed(stray.key_id)
    assert len(vault.read(kept)) == 50


def test_trying_keys_finds_the_one_that_opens(vault: Vault) -> None:
    stored, other = vault.write(frame()), vault.write(frame())
    right, wrong = vault._ring.private(stored.key_id), vault._ring.private(other.key_id)
    assert vault.opens_with(stored.name, [wrong, right])
    assert not vault.opens_with(stored.name, [wrong])
    assert not vault.opens_with(stored.name, [])
    assert not vault.opens_with("none.parquet", [right])
