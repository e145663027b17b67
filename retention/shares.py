"""Shares of the passphrase, or of one wave: so many of several people open it together, and fewer of them know nothing about it.

Shamir's secret sharing over GF(256), with the polynomial of AES. What is shared is a random key of 256 bits: it closes the passphrase in a
file, or locks the two private keys of a wave. Each share says what the whole key's hash is, so a wrong or altered one is found; a hash of
256 random bits gives nothing away, and one share gives nothing to guess a passphrase by.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from retention.keys import KeyRingError, write_private

_POLYNOMIAL = 0x11B  # x^8 + x^4 + x^3 + x + 1
MOST = 255
ZONE = "zone"  # what most shares open; the others name a wave


class SharesError(KeyRingError):
    """Shares that do not open, or cannot be made like this. The message holds nothing of them."""


@dataclass(frozen=True)
class Holders:
    """People who open a wave together: so many of them are needed. Their shares are written into a folder, to be given away."""

    people: tuple[str, ...]
    needed: int
    folder: Path


def _multiply(one: int, other: int) -> int:
    product = 0
    while other:
        product ^= one * (other & 1)
        one <<= 1
        one ^= _POLYNOMIAL * (one >> 8)
        other >>= 1
    return product


def _inverse(one: int) -> int:
    found = 1
    for _ in range(254):  # in a field of 256, x^254 is 1/x
        found = _multiply(found, one)
    return found


def split(secret: bytes, needed: int, count: int) -> dict[int, bytes]:
    """Shares by number (1 to `count`), of which any `needed` give the secret back. Raises SharesError."""
    if not 2 <= needed <= count <= MOST:
        raise SharesError(f"At least two people are needed, of at most {MOST}, and no more than there are.")
    polynomials = [(byte, *secrets.token_bytes(needed - 1)) for byte in secret]
    return {at: bytes(_value(coefficients, at) for coefficients in polynomials) for at in range(1, count + 1)}


def _value(coefficients: Sequence[int], at: int) -> int:
    found = 0
    for coefficient in reversed(coefficients):
        found = _multiply(found, at) ^ coefficient
    return found


def combine(shares: Mapping[int, bytes]) -> bytes:
    """What these shares give at zero: the secret, if they are enough and unaltered; else some other bytes. Raises SharesError."""
    if not shares or len({len(share) for share in shares.values()}) != 1 or not all(1 <= at <= MOST for at in shares):
        raise SharesError("These are not shares of one secret.")
    weights = {}
    for at in shares:
        weight = 1
        for other in shares:
            if other != at:
                weight = _multiply(weight, _multiply(other, _inverse(at ^ other)))
        weights[at] = weight
    length = len(next(iter(shares.values())))
    found = bytearray(length)
    for at, share in shares.items():
        for place in range(length):
            found[place] ^= _multiply(share[place], weights[at])
    return bytes(found)


def share_key(key: bytes, opens: str, folder: Path, people: Sequence[str], needed: int) -> list[Path]:
    """Write one share of a key for each person. `opens`: a wave, or the passphrase. Returns the files. Raises SharesError."""
    if len(set(people)) != len(people):
        raise SharesError("Each person gets one share: there is a name twice.")
    paths = []
    for (at, part), person in zip(split(key, needed, len(people)).items(), people, strict=True):
        path = folder / f"share-{opens}-{person}.json"
        about = {"opens": opens, "share": at, "of": person, "needed": needed, "whole": _hash(key)}
        write_private(path, json.dumps({**about, "value": part.hex()}).encode())
        paths.append(path)
    return paths


def keys_of(shares: Sequence[Path]) -> dict[str, bytes]:
    """The keys that these shares open, by what they open. Raises SharesError if any are too few, altered, or of two keys."""
    groups: dict[str, dict[int, bytes]] = {}
    about: dict[str, set[tuple[int, str]]] = {}
    for path in shares:
        try:
            data = json.loads(path.read_text(encoding="ascii"))
            opens = str(data["opens"])
            groups.setdefault(opens, {})[int(data["share"])] = bytes.fromhex(data["value"])
            about.setdefault(opens, set()).add((int(data["needed"]), str(data["whole"])))
        except (OSError, ValueError, KeyError, TypeError):
            raise SharesError("A share cannot be read: ask its holder for it again.") from None
    found = {}
    for opens, parts in groups.items():
        if len(about[opens]) != 1:
            raise SharesError(f"These shares do not open '{opens}': one is altered, or of another zone.")
        ((needed, whole),) = about[opens]
        if len(parts) < max(needed, 2):
            raise SharesError(f"{max(needed, 2)} different shares are needed, and {len(parts)} are here: ask another holder.")
        found[opens] = combine(parts)
        if _hash(found[opens]) != whole:
            raise SharesError(f"These shares do not open '{opens}': one is altered, or of another zone.")
    return found


def share_passphrase(passphrase: str, closed: Path, folder: Path, people: Sequence[str], needed: int) -> list[Path]:
    """Close the passphrase in a file and write one share for each person. Returns the shares' files. Raises SharesError."""
    key = secrets.token_bytes(SecretBox.KEY_SIZE)
    paths = share_key(key, ZONE, folder, people, needed)
    write_private(closed, bytes(SecretBox(key).encrypt(passphrase.encode())))
    return paths


def open_passphrase(closed: Path, key: bytes) -> str:
    """The passphrase that a shared key opens. Raises SharesError."""
    try:
        return bytes(SecretBox(key).decrypt(closed.read_bytes())).decode()
    except (OSError, CryptoError, ValueError):
        raise SharesError("These shares do not open the passphrase: one is altered, or of another zone.") from None


def _hash(key: bytes) -> str:
    return hashlib.sha256(b"bigask share of " + key).hexdigest()
