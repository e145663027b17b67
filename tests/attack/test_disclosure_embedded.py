"""Counts that a picture gives back although the table withholds them: in attributes, titles, lengths and metadata."""

from __future__ import annotations

import struct
import zlib

import pytest

from disclosure.embedded import PNG, leaks
from disclosure.error import DisclosureError

SHOWN, WITHHELD = {120, 60, 40, 1200}, {7, 13}


def svg(inside: str) -> bytes:
    bars = "".join(f'<rect x="0" y="{k}" width="{2.5 * n}" height="18"/><text>{n}</text>' for k, n in enumerate((120, 60, 40)))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7 13" width="960" height="200">{bars}{inside}</svg>'.encode()


def png(kind: bytes, data: bytes, behind: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    return PNG + chunk(kind, data) + chunk(b"IEND", b"") + behind


def test_a_drawing_of_shown_counts_alone_leaks_nothing() -> None:
    assert leaks("a.svg", svg('<text>1,200</text><rect width="33" height="18"/>'), WITHHELD, SHOWN) == []
    assert leaks("a.svg", svg("<text>Ages 7 to 12</text>"), WITHHELD, SHOWN, ["Ages 7 to 12"]) == []


@pytest.mark.parametrize(
    ("inside", "where"),
    [
        ('<rect data-value="7" width="33"/>', "<rect data-value>"),
        ('<g aria-label="sad: 7 children"/>', "<g aria-label>"),
        ("<title>sad, 7</title>", "<title>"),
        ("<desc>n = 7</desc>", "<desc>"),
        ('<metadata>{"n": 7}</metadata>', "<metadata>"),
        ('<rect width="17.5" height="18" fill="url(#withheld)"/>', "width 17.5"),
    ],
)
def test_a_withheld_count_in_an_attribute_a_text_or_a_length_is_found(inside: str, where: str) -> None:
    (leak,) = leaks("a.svg", svg(inside), WITHHELD, SHOWN)
    assert (leak.where, leak.count) == (where, 7)


@pytest.mark.parametrize(
    "content",
    [
        png(b"tEXt", b"data\x00sad=7"),
        png(b"zTXt", b"data\x00\x00" + zlib.compress(b"sad=7")),
        png(b"iTXt", b"data\x00\x01\x00en\x00\x00" + zlib.compress(b"sad 7")),
        png(b"tEXt", b"made by\x00us", b"sad,7"),
    ],
)
def test_a_withheld_count_in_the_metadata_of_a_png_is_found(content: bytes) -> None:
    assert [leak.count for leak in leaks("a.png", content, WITHHELD, SHOWN)] == [7]
    assert leaks("a.png", png(b"tEXt", b"made by\x00us 120"), WITHHELD, SHOWN) == []


@pytest.mark.parametrize("content", [b"no picture", b'<!DOCTYPE svg [<!ENTITY a "7">]><svg>&a;</svg>'])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(DisclosureError, match=r"a\.svg"):
        leaks("a.svg", content, WITHHELD, SHOWN)


def test_two_lengths_give_the_scale_and_one_does_not() -> None:
    def drawn(*widths: float) -> bytes:
        return ("<svg>" + "".join(f'<rect width="{width:g}"/>' for width in widths) + "</svg>").encode()

    assert leaks("a.svg", drawn(60, 7), {7}, {60}) == []
    assert [leak.count for leak in leaks("a.svg", drawn(60, 40, 7), {7}, {60, 40})] == [7]
