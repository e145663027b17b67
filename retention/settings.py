"""Where each zone keeps its things, read once from the environment and never again.

A process is handed the settings of its own zone only: the child door gets `CollectionZone`, the pipeline and the staff door
`SecureZone`, the researcher door `ReleaseZone`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from retention.shares import ZONE, keys_of, open_passphrase

# https, since a child's answers travel there; http for a trial on one machine
_ADDRESS = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?")


class SettingsError(ValueError):
    """A setting that is missing or cannot be used. The message says which, and what to do."""


@dataclass(frozen=True)
class CollectionZone:
    """The public server: public keys and sealed responses."""

    folder: Path
    database_url: str = field(repr=False)  # may hold a password
    address: str = ""  # of the child door, as the public writes it; empty if it was not set
    proxy: str = ""  # IP address of the one proxy that is believed when it says whom it speaks for; empty: nobody is

    @property
    def keys(self) -> Path:
        """Folder of the public keys."""
        return self.folder / "keys"


@dataclass(frozen=True)
class SecureZone:
    """The evidence team's network: private keys, vault, ledger."""

    folder: Path
    database_url: str = field(repr=False)  # may hold a password
    passphrase_file: Path | None
    staff_proxy: str = ""  # IP address of the proxy that signs staff in; empty: they sign in with passwords
    staff_proxy_secret_file: Path | None = None
    share_files: tuple[Path, ...] = ()  # of several people, who open the zone or a wave together

    @property
    def keys(self) -> Path:
        """Folder of the private keys, each file under the passphrase."""
        return self.folder / "keys"

    @property
    def closed_passphrase(self) -> Path:
        """The passphrase as closed under the key that people hold shares of."""
        return self.folder / "passphrase.closed"

    @property
    def vault(self) -> Path:
        """Folder of the encrypted data sets."""
        return self.folder / "vault"

    @property
    def certificates(self) -> Path:
        """Folder of the signed certificates of destruction."""
        return self.folder / "certificates"

    def passphrase(self) -> str:
        """The passphrase of the private keys.

        From the shares of several people if any are named, else from its file. Raises SettingsError if there is neither, or if others
        than its owner may read a file; SharesError if the shares do not open it.
        """
        shared = self.shared_keys()
        if ZONE in shared:
            return open_passphrase(self.closed_passphrase, shared[ZONE])
        if self.passphrase_file is None:
            raise SettingsError("No passphrase: name the file that holds it in BIGASK_PASSPHRASE_FILE (mode 0600).")
        return _secret(self.passphrase_file, "passphrase", "BIGASK_PASSPHRASE_FILE", 12)

    def shared_keys(self) -> dict[str, bytes]:
        """The keys that the shares named in BIGASK_SHARES open: of the passphrase, or of waves by their names.

        Raises SettingsError if others than its owner may read a share; SharesError if they are too few or do not fit.
        """
        for path in self.share_files:
            if not path.is_file() or path.stat().st_mode & 0o077:
                raise SettingsError("A share named in BIGASK_SHARES is not there, or others can read it (mode 0600).")
        return keys_of(self.share_files)

    def proxy_secret(self) -> str:
        """What the staff door's proxy proves itself with. Raises SettingsError as `passphrase` does."""
        if self.staff_proxy_secret_file is None:
            raise SettingsError("BIGASK_STAFF_PROXY needs a secret: name its file in BIGASK_STAFF_PROXY_SECRET_FILE (mode 0600).")
        return _secret(self.staff_proxy_secret_file, "proxy secret", "BIGASK_STAFF_PROXY_SECRET_FILE", 32)


def _secret(path: Path, what: str, setting: str, shortest: int) -> str:
    if not path.is_file():
        raise SettingsError(f"The {what} file named in {setting} does not exist.")
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"Others can read the {what} file: run chmod 600 on it, and change the {what}.")
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The {what} file cannot be read as text: write one line of UTF-8 into it.") from None
    if len(found) < shortest:
        raise SettingsError(f"The {what} is shorter than {shortest} characters: choose a longer one.")
    return found


@dataclass(frozen=True)
class ReleaseZone:
    """The public, read-only side: approved aggregates."""

    folder: Path


@dataclass(frozen=True)
class Settings:
    """All three zones, for the commands that span them on one machine."""

    home: Path
    collection: CollectionZone
    secure: SecureZone
    release: ReleaseZone


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from BIGASK_HOME (default `var`), BIGASK_COLLECTION_URL, BIGASK_SECURE_URL, BIGASK_PASSPHRASE_FILE,
    BIGASK_ADDRESS, BIGASK_PROXY, BIGASK_STAFF_PROXY, BIGASK_STAFF_PROXY_SECRET_FILE and BIGASK_SHARES (files, parted as PATH is).

    An empty value counts as none. Raises SettingsError for a database URL of an unknown kind, or of a database in memory, and
    for an address that is no website's or a proxy that is no IP address.
    """
    given = os.environ if environment is None else environment
    source = {name: value for name, value in given.items() if value}
    home = Path(source.get("BIGASK_HOME", "var")).absolute()
    collection, secure = home / "collection", home / "secure"
    collection_url = source.get("BIGASK_COLLECTION_URL", f"sqlite:///{collection / 'responses.sqlite'}")
    secure_url = source.get("BIGASK_SECURE_URL", f"sqlite:///{secure / 'secure.sqlite'}")
    for name, url in (("BIGASK_COLLECTION_URL", collection_url), ("BIGASK_SECURE_URL", secure_url)):
        _check(name, url)
    named = source.get("BIGASK_PASSPHRASE_FILE")
    default = secure / "passphrase"
    passphrase_file = Path(named) if named else (default if default.exists() else None)
    proxy_secret = source.get("BIGASK_STAFF_PROXY_SECRET_FILE")
    shares = tuple(Path(one) for one in source.get("BIGASK_SHARES", "").split(os.pathsep) if one)
    return Settings(
        home,
        CollectionZone(collection, collection_url, _address(source.get("BIGASK_ADDRESS", "")), _proxy("BIGASK_PROXY", source)),
        SecureZone(
            secure, secure_url, passphrase_file, _proxy("BIGASK_STAFF_PROXY", source), Path(proxy_secret) if proxy_secret else None, shares
        ),
        ReleaseZone(home / "release"),
    )


def _proxy(name: str, source: Mapping[str, str]) -> str:
    given = source.get(name, "")
    try:
        return str(ip_address(given)) if given else ""
    except ValueError:
        raise SettingsError(f"{name} must be the IP address of the proxy before the door, such as 127.0.0.1") from None


def _address(given: str) -> str:
    address = given.rstrip("/")
    if address and not _ADDRESS.fullmatch(address):
        raise SettingsError("BIGASK_ADDRESS must be the child door's public address alone, such as https://survey.example.org")
    return address


def _check(name: str, url: str) -> None:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError(f"{name} must start with sqlite:/// or postgresql+psycopg://")
    try:
        database = make_url(url).database or ""
    except (ArgumentError, ValueError):
        raise SettingsError(f"{name} is no database URL: check its host, port and password (special characters as %XX).") from None
    if not database:
        raise SettingsError(f"{name} names no database: end it with a file path, or with a database's name.")
    if url.startswith("sqlite") and (":memory:" in database or database.startswith("file:")):
        raise SettingsError(f"{name} names a database in memory, which keeps nothing: end it with a file path.")
