"""Settings: read once, each fault one clear sentence, and no password in what is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention.settings import SecureZone, SettingsError, load_settings


def zone(tmp_path: Path, content: bytes | None, mode: int = 0o600) -> SecureZone:
    path = tmp_path / "passphrase"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    return SecureZone(tmp_path, "sqlite:///x", path)


def test_everything_has_a_default_below_one_home(tmp_path: Path) -> None:
    settings = load_settings({"BIGASK_HOME": str(tmp_path)})
    assert settings.collection.database_url == f"sqlite:///{tmp_path}/collection/responses.sqlite"
    assert settings.secure.database_url == f"sqlite:///{tmp_path}/secure/secure.sqlite"
    assert settings.collection.keys == tmp_path / "collection" / "keys"
    assert settings.secure.passphrase_file is None
    assert settings.release.folder == tmp_path / "release"


def test_the_passphrase_file_of_the_home_is_found(tmp_path: Path) -> None:
    (tmp_path / "secure").mkdir()
    (tmp_path / "secure" / "passphrase").touch()
    assert load_settings({"BIGASK_HOME": str(tmp_path)}).secure.passphrase_file == tmp_path / "secure" / "passphrase"


def test_an_empty_value_counts_as_none(tmp_path: Path) -> None:
    assert load_settings({"BIGASK_HOME": str(tmp_path), "BIGASK_SECURE_URL": ""}) == load_settings({"BIGASK_HOME": str(tmp_path)})
    assert load_settings({"BIGASK_HOME": ""}).home.name == "var"


@pytest.mark.parametrize("name", ["BIGASK_COLLECTION_URL", "BIGASK_SECURE_URL"])
@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u:sekrit@host/db", "must start with"),
        ("postgresql://u:sekrit@host/db", "must start with"),
        ("/var/lib/responses.sqlite", "must start with"),
        ("sqlite:///", "names no database"),
        ("postgresql+psycopg://u:sekrit@host", "names no database"),
        ("postgresql+psycopg://u:sekrit@host:port/db", "is no database URL"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///file::memory:?uri=true", "in memory"),
    ],
)
def test_a_database_url_that_cannot_be_used_is_refused(name: str, url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        load_settings({name: url})
    assert name in str(caught.value)
    assert "sek" not in str(caught.value)


def test_passwords_are_not_printed() -> None:
    url = "postgresql+psycopg://user:sekrit@host/db"
    settings = load_settings({"BIGASK_COLLECTION_URL": url, "BIGASK_SECURE_URL": url})
    assert settings.secure.database_url == url
    assert "sekrit" not in repr(settings)


def test_the_passphrase_is_read_without_its_line_end(tmp_path: Path) -> None:
    assert zone(tmp_path, b"twelve chars\n").passphrase() == "twelve chars"


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (None, 0, "does not exist"),
        (b"eleven char\n", 0o600, "shorter than 12"),
        (b"   \n", 0o600, "shorter than 12"),
        (b"a long passphrase", 0o640, "chmod 600"),
        (b"a long passphrase", 0o604, "chmod 600"),
        (b"a long passphrase", 0o620, "chmod 600"),
        (b"sekrit \xff\xfe passphrase", 0o600, "cannot be read as text"),
    ],
)
def test_a_passphrase_file_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes | None, mode: int, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        zone(tmp_path, content, mode).passphrase()
    assert "passphrase" in str(caught.value)
    assert "sekrit" not in str(caught.value)


def test_no_passphrase_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BIGASK_PASSPHRASE_FILE"):
        SecureZone(tmp_path, "sqlite:///x", None).passphrase()


def test_a_proxy_is_an_address_or_nobody(tmp_path: Path) -> None:
    assert load_settings({"BIGASK_HOME": str(tmp_path)}).collection.proxy == ""
    assert load_settings({"BIGASK_HOME": str(tmp_path), "BIGASK_PROXY": "127.0.0.1"}).collection.proxy == "127.0.0.1"
    for wrong in ("proxy.example.org", "10.0.0.0/8", "*", "127.0.0.1, 10.0.0.1"):
        with pytest.raises(SettingsError, match="BIGASK_PROXY"):
            load_settings({"BIGASK_HOME": str(tmp_path), "BIGASK_PROXY": wrong})
