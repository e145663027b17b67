"""Counts that a picture gives back although the table withholds them: in attributes, titles, lengths and metadata."""

from __future__ import annotations

import struct
import zlib

import pytest

from disclosure.embedded import PNG, Leak, _png_texts, leaks
from disclosure.error import DisclosureError

SHOWN, WITHHELD = {120, 60, 40, 1200}, {7, 13}


def svg(inside: str) -> bytes:
    bars = "".join(f'<rect x="0" y="{k}" width="{2.5 * n}" height="18"/><text>{n}</text>' for k, n in enumerate((120, 60, 40)))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7 13" width="960" height="200">{bars}{inside}</svg>'.encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(kind: bytes, data: bytes, behind: bytes = b"") -> bytes:
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


END = chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (chunk(b"IDAT", b"7") + END, []),
        (chunk(b"tEXt", b"data\0sad=7") + chunk(b"tEXt", b"more\0as\0well") + END, [("tEXt data", "sad=7"), ("tEXt more", "as well")]),
        (chunk(b"zTXt", b"data\0\0" + zlib.compress(b"sad=7")) + END, [("zTXt data", "sad=7")]),
        (chunk(b"iTXt", b"data\0\1\0\0\0" + zlib.compress(b"sad 7")) + END, [("iTXt data", "sad 7")]),
        (chunk(b"iTXt", b"data\0\1\0en\0Daten\0" + zlib.compress(b"sad 7")) + END, [("iTXt data", "sad 7")]),
        (chunk(b"eXIf", b"II\0seven 7") + END, [("eXIf II", "seven 7")]),
        (chunk(b"tEXt", b"a keyword that is too long\0\xff7") + END, [("tEXt a keyword that is to", "\ufffd7")]),
        (END + b"\0\0", []),
        (END + b"X", [("behind the end", "X")]),
        (END + b"sad \xff7", [("behind the end", "sad \ufffd7")]),
        (END + chunk(b"tEXt", b"data\0sad=7"), [("behind the end", None)]),
        (b"cut off", [("behind the end", "cut off")]),
    ],
    ids=range(12),
)
def test_all_texts_of_a_png_are_read(content: bytes, texts: list[tuple[str, str | None]]) -> None:
    """What was packed is read beside what it was packed in."""
    found = list(_png_texts(PNG + content))
    assert [where for where, _ in found] == [where for where, _ in texts]
    for (_, text), (_, expected) in zip(found, texts, strict=True):
        assert expected is None or text == expected or text.endswith(f" {expected}")


def test_what_stands_beside_a_packed_text_is_read_too() -> None:
    ((_, text),) = _png_texts(PNG + chunk(b"iTXt", b"data\0\1\0\0sad 13\0" + zlib.compress(b"sad 7")) + END)
    assert "sad 13" in text
    assert text.endswith(" sad 7")


def test_what_is_found_is_told_with_its_file_and_place() -> None:
    linked = '<a xmlns:xlink="http://www.w3.org/1999/xlink" xlink:title="7"/>'
    assert leaks("a.svg", svg(linked), WITHHELD, SHOWN) == [Leak("a.svg", "<a title>", 7)]
    assert leaks("a.svg", svg('<rect width="17.5"/>'), WITHHELD, SHOWN) == [Leak("a.svg", "width 17.5", 7)]
    assert leaks("a.png", png(b"tEXt", b"data\x00sad=7"), WITHHELD, SHOWN) == [Leak("a.png", "tEXt data", 7)]


def test_labels_explain_their_numbers_also_those_of_thousands() -> None:
    text = svg("<text>1,300 and more</text>")
    assert [leak.count for leak in leaks("a.svg", text, {1300}, SHOWN)] == [1300]
    assert leaks("a.svg", text, {1300}, SHOWN, ["1,300 and more"]) == []


@pytest.mark.parametrize("content", [b"<!DOCTYPE svg><svg/>", b"<svg><!ENTITY a '7'></svg>"])
def test_a_drawing_that_declares_anything_is_refused_for_that(content: bytes) -> None:
    with pytest.raises(DisclosureError, match="declares a document type"):
        leaks("a.svg", content, WITHHELD, SHOWN)


def test_lengths_of_nought_tell_nothing_and_a_length_of_one_does() -> None:
    def drawn(*heights: str) -> bytes:
        return ("<svg>" + "".join(f'<rect height="{height}"/>' for height in heights) + "</svg>").encode()

    assert leaks("a.svg", drawn("20", "10", "0"), {0}, {140, 70, 0}) == []
    assert leaks("a.svg", drawn("20", "10", "1"), {7}, {140, 70, 0}) == [Leak("a.svg", "height 1", 7)]
    assert leaks("a.svg", drawn(), {7}, {140, 70}) == leaks("a.svg", drawn("1"), {7}, set()) == []
