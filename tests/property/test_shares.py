"""Shares: enough of them open, one fewer tells nothing, and an altered one is found."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention import shares as module
from retention.secure_store import SecureStore
from retention.settings import SettingsError, load_settings
from retention.shares import ZONE, SharesError, combine, keys_of, open_passphrase, share_passphrase, split

PEOPLE = ("ann", "ben", "cat")
PASSPHRASE = "correct horse battery staple"


def slow_multiply(one: int, other: int) -> int:
    """By the book: multiply as polynomials over two elements, then divide by the field's polynomial."""
    product = 0
    for bit in range(8):
        if other >> bit & 1:
            product ^= one << bit
    for bit in range(15, 7, -1):
        if product >> bit & 1:
            product ^= 0x11B << (bit - 8)
    return product


def test_the_field_is_that_of_aes_and_every_element_has_its_inverse() -> None:
    assert all(module._multiply(one, other) == slow_multiply(one, other) for one in range(256) for other in range(256))
    assert all(module._multiply(one, module._inverse(one)) == 1 for one in range(1, 256))
    assert module._multiply(0x57, 0x83) == 0xC1  # FIPS 197, section 4.2


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=4), st.integers(2, 5), st.integers(0, 4))
def test_any_enough_shares_give_the_secret_back(secret: bytes, needed: int, more: int) -> None:
    shares = split(secret, needed, needed + more)
    for chosen in combinations(shares, needed):
        assert combine({at: shares[at] for at in chosen}) == secret
    assert combine(shares) == secret


def test_one_share_fewer_fits_every_secret_equally_well() -> None:
    """By counting: for one byte and 2 of 2, a given share can come of each of the 256 secrets by exactly one polynomial."""
    for at in (1, 2, 255):
        seen = Counter((secret, module._value((secret, slope), at)) for secret in range(256) for slope in range(256))
        assert len(seen) == 256 * 256
        assert set(seen.values()) == {1}


@pytest.mark.parametrize(("needed", "count"), [(1, 3), (0, 3), (4, 3), (2, 256)])
def test_what_would_not_be_sharing_is_refused(needed: int, count: int) -> None:
    with pytest.raises(SharesError):
        split(b"secret", needed, count)


@pytest.mark.parametrize("shares", [{}, {1: b"a", 2: b"bc"}, {0: b"a", 1: b"b"}, {256: b"a", 1: b"b"}])
def test_what_are_not_shares_is_refused(shares: dict[int, bytes]) -> None:
    with pytest.raises(SharesError):
        combine(shares)


def divided(folder: Path) -> tuple[Path, list[Path]]:
    closed = folder / "passphrase.closed"
    return closed, share_passphrase(PASSPHRASE, closed, folder / "shares", PEOPLE, 2)


def opened(closed: Path, shares: Sequence[Path]) -> str:
    return open_passphrase(closed, keys_of(shares)[ZONE])


def test_two_of_three_open_the_passphrase_and_one_does_not(tmp_path: Path) -> None:
    closed, paths = divided(tmp_path)
    for pair in combinations(paths, 2):
        assert opened(closed, pair) == PASSPHRASE
    for few in ((paths[0],), (paths[0], paths[0])):
        with pytest.raises(SharesError, match="2 different shares are needed"):
            opened(closed, few)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (closed, *paths))
    assert not any(PASSPHRASE.encode() in path.read_bytes() for path in (closed, *paths))


@pytest.mark.parametrize("change", [{"share": 3}, {"value": "00" * 32}, {"value": "zz"}, {"value": "00"}, {"needed": 3}])
def test_an_altered_share_is_found(tmp_path: Path, change: dict[str, object]) -> None:
    closed, paths = divided(tmp_path)
    paths[0].write_text(json.dumps({**json.loads(paths[0].read_text(encoding="ascii")), **change}), encoding="ascii")
    with pytest.raises(SharesError) as caught:
        opened(closed, paths[:2])
    assert PASSPHRASE not in str(caught.value)


def test_a_share_of_another_zone_and_a_name_twice_are_refused(tmp_path: Path) -> None:
    closed, paths = divided(tmp_path / "one")
    _, others = divided(tmp_path / "other")
    with pytest.raises(SharesError, match="of another zone"):
        opened(closed, (paths[0], others[1]))
    with pytest.raises(SharesError, match="a name twice"):
        share_passphrase(PASSPHRASE, closed, tmp_path, ("ann", "ann"), 2)


def test_two_people_open_the_zone_where_no_file_holds_the_passphrase(sqlite_store: SecureStore, tmp_path: Path) -> None:
    zone = sqlite_store.zone
    paths = share_passphrase(zone.passphrase(), zone.closed_passphrase, tmp_path / "shares", PEOPLE, 2)
    assert zone.passphrase_file is not None
    zone.passphrase_file.unlink()
    with pytest.raises(SettingsError):
        SecureStore(zone)
    with pytest.raises(SharesError):
        SecureStore(replace(zone, share_files=(paths[0],)))
    assert SecureStore(replace(zone, share_files=(paths[0], paths[2]))).verify_ledger() == 0
    paths[0].chmod(0o644)
    with pytest.raises(SettingsError, match="others can read it"):
        SecureStore(replace(zone, share_files=(paths[0], paths[2])))


def test_the_shares_are_named_in_the_environment() -> None:
    named = load_settings({"BIGASK_SHARES": os.pathsep.join(("/a/one.json", "/b/two.json"))}).secure.share_files
    assert named == (Path("/a/one.json"), Path("/b/two.json"))
    assert load_settings({}).secure.share_files == ()
