"""Sealing: what a child sends is closed at once, to a key that the web server does not hold (A7).

A record is padded to one fixed size, whatever form it answers and however much was typed, then put into a libsodium
sealed box (X25519, XSalsa20-Poly1305). Body and locator go to different keys, so one can be destroyed without the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from nacl.bindings import crypto_box_seal
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from forms.answers import Response

_OVERHEAD = 48  # bytes that a sealed box adds: an ephemeral public key and a tag
_LENGTH = 4  # bytes that hold the unpadded length
BODY_SIZE = 8192  # bytes of every sealed body
LOCATOR_SIZE = 1024  # bytes of every sealed locator


class SealError(ValueError):
    """A record that cannot be sealed or opened. Never holds any of its content."""


@dataclass(frozen=True)
class SealedResponse:
    """One response as it is stored: an id that means nothing, and two closed boxes of fixed size."""

    id: bytes
    body: bytes
    locator: bytes

    def __post_init__(self) -> None:
        if len(self.id) != 16 or len(self.body) != BODY_SIZE or len(self.locator) != LOCATOR_SIZE:
            raise SealError("A sealed response must have an id of 16 bytes and boxes of the fixed sizes.")


def capacity(size: int) -> int:
    """Bytes of content that a sealed record of `size` bytes can hold."""
    return size - _OVERHEAD - _LENGTH


def seal(content: bytes, size: int, key: bytes) -> bytes:
    """`content` padded and sealed to the public `key` (32 bytes): always `size` bytes.

    Raises SealError if it does not fit; forms are checked against the size before they are served.
    """
    if len(content) > capacity(size):
        raise SealError("A record is larger than the fixed size of sealed records.")
    padded = len(content).to_bytes(_LENGTH, "big") + content.ljust(capacity(size), b"\0")
    return crypto_box_seal(padded, key)


def opens(box: bytes, private_key: bytes) -> bool:
    """True if this key opens the box, whatever is in it."""
    try:
        SealedBox(PrivateKey(private_key)).decrypt(box)
    except CryptoError:
        return False
    return True


class Opener:
    """Opens many records with one private key (32 bytes), whose public part is worked out once: nearly half of the work of each."""

    def __init__(self, private_key: bytes) -> None:
        self._box = SealedBox(PrivateKey(private_key))

    def open(self, box: bytes) -> bytes:
        """The content of a sealed record. Raises SealError if this key does not open it or it was altered.

        Anyone with the public key can close a box, so a stranger's padding is refused too.
        """
        try:
            padded = self._box.decrypt(box)
        except CryptoError:
            raise SealError("A sealed record does not open: wrong key, or the record was altered.") from None
        length, content = int.from_bytes(padded[:_LENGTH], "big"), padded[_LENGTH:]
        if len(padded) < _LENGTH or length > len(content) or content.count(0, length) != len(content) - length:
            raise SealError("A sealed record is not padded as ours are: it was not sealed by this server.")
        return content[:length]


def open_sealed(box: bytes, private_key: bytes) -> bytes:
    """The content of one sealed record; for many, an Opener. Raises SealError."""
    return Opener(private_key).open(box)


def seal_response(response_id: bytes, response: Response, body_key: bytes, locator_key: bytes) -> SealedResponse:
    """One response, closed: body and locator to their own keys."""
    body = seal(response.body(), BODY_SIZE, body_key)
    locator = seal(response.locator.to_bytes(), LOCATOR_SIZE, locator_key)
    return SealedResponse(response_id, body, locator)
