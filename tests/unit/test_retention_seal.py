"""Sealing: one size whatever is in it, one key that opens it, and no word of its content in an error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey, PublicKey, SealedBox

from forms.answers import Locator, Response
from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse, SealError, capacity, open_sealed, opens, seal, seal_response

PRIVATE = PrivateKey.generate()
PUBLIC, SECRET = bytes(PRIVATE.public_key), bytes(PRIVATE)
CANARY = b"the secret den behind the school"


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=capacity(LOCATOR_SIZE)))
def test_every_content_comes_back_and_makes_the_same_size(content: bytes) -> None:
    box = seal(content, LOCATOR_SIZE, PUBLIC)
    assert len(box) == LOCATOR_SIZE
    assert open_sealed(box, SECRET) == content


@pytest.mark.parametrize("size", [BODY_SIZE, LOCATOR_SIZE])
def test_the_largest_content_fits_and_one_byte_more_is_refused(size: int) -> None:
    most = capacity(size)
    for length in (0, 1, most - 1, most):
        box = seal(b"x" * length, size, PUBLIC)
        assert len(box) == size
        assert open_sealed(box, SECRET) == b"x" * length
    with pytest.raises(SealError, match="larger than the fixed size"):
        seal(b"x" * (most + 1), size, PUBLIC)


def test_the_same_content_never_looks_the_same() -> None:
    assert seal(CANARY, LOCATOR_SIZE, PUBLIC) != seal(CANARY, LOCATOR_SIZE, PUBLIC)


@pytest.mark.parametrize("length", [0, 1, 47, 48, 500, LOCATOR_SIZE - 1])
def test_a_truncated_box_does_not_open(length: int) -> None:
    box = seal(CANARY, LOCATOR_SIZE, PUBLIC)[:length]
    assert not opens(box, SECRET)
    with pytest.raises(SealError) as caught:
        open_sealed(box, SECRET)
    assert "den" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("position", [0, 31, 32, 47, 48, 60, LOCATOR_SIZE - 1])
def test_an_altered_box_does_not_open(position: int) -> None:
    box = bytearray(seal(CANARY, LOCATOR_SIZE, PUBLIC))
    box[position] ^= 1
    with pytest.raises(SealError, match="wrong key, or the record was altered"):
        open_sealed(bytes(box), SECRET)


def test_another_key_does_not_open() -> None:
    box, other = seal(CANARY, LOCATOR_SIZE, PUBLIC), bytes(PrivateKey.generate())
    assert opens(box, SECRET)
    assert not opens(box, other)
    with pytest.raises(SealError):
        open_sealed(box, other)


@pytest.mark.parametrize(
    "padded",
    [b"", b"\0\0", b"\0\0\0\x05abcd", b"\xff\xff\xff\xff" + b"x" * 100, b"\0\0\0\x01ab"],
    ids=["empty", "no length", "longer than it is", "far longer", "words after the end"],
)
def test_what_a_stranger_sealed_to_our_public_key_is_refused(padded: bytes) -> None:
    box = SealedBox(PublicKey(PUBLIC)).encrypt(padded)
    assert opens(box, SECRET)
    with pytest.raises(SealError, match="not padded as ours are"):
        open_sealed(box, SECRET)


@pytest.mark.parametrize("sizes", [(15, BODY_SIZE, LOCATOR_SIZE), (17, BODY_SIZE, LOCATOR_SIZE), (16, BODY_SIZE - 1, LOCATOR_SIZE),
                                   (16, BODY_SIZE, LOCATOR_SIZE + 1)])  # fmt: skip
def test_a_sealed_response_of_another_size_cannot_be_made(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(SealError, match="fixed sizes"):
        SealedResponse(*(bytes(size) for size in sizes))


def test_body_and_locator_open_with_their_own_keys_only() -> None:
    other = PrivateKey.generate()
    response = Response("tiny", "1", {"mood": ("happy",)}, {"wish": "a den"}, Locator(postcode="ZZ1 1ZZ", asked=True))
    sealed = seal_response(b"n" * 16, response, PUBLIC, bytes(other.public_key))
    assert open_sealed(sealed.body, SECRET) == response.body()
    assert Locator.from_bytes(open_sealed(sealed.locator, bytes(other))) == response.locator
    assert b"ZZ1" not in open_sealed(sealed.body, SECRET)
    with pytest.raises(SealError):
        open_sealed(sealed.locator, SECRET)
