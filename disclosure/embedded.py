"""What a picture carries beside what it shows: numbers in a drawing's attributes, titles and lengths, and in a PNG's text.

A chart made of true counts may hide a bar's label and still be as long as the count; a tool may leave its data in an attribute or in
the file's metadata. Held against what a table shows and withholds, every such number is looked at. What is found is for a
person to judge: in a drawing of percentages, a rest may be as long as a small count by chance. It belongs to the attack.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from disclosure.error import DisclosureError

GEOMETRY = frozenset(("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "width", "height", "d", "points"))
LOOKS = frozenset(("viewBox", "transform", "fill", "stroke", "style", "font-size", "font-weight", "stroke-width", "offset", "opacity"))
LENGTHS = ("width", "height")
SLACK = 0.02  # of a child: how far a length times the scale may be from a whole count
PNG = b"\x89PNG\r\n\x1a\n"
_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?![\w.])|(?<![\w.])\d+(?![\w.])")


@dataclass(frozen=True)
class Leak:
    """A withheld count that a picture gives back, and where in the file it stands."""

    file: str
    where: str
    count: int


def leaks(name: str, content: bytes, withheld: Collection[int], shown: Collection[int], words: Collection[str] = ()) -> list[Leak]:
    """Withheld counts in a picture (SVG or PNG) that no shown count explains. `words`: labels, whose own numbers are no counts.

    Lengths are counts times one scale, which a shown count and the length drawn for it give; a length that would be a withheld count at
    the scale of most shown ones gives it back. Raises DisclosureError for what is no picture.
    """
    known = set(shown) | {int(found.replace(",", "")) for text in words for found in _NUMBER.findall(text)}
    secret = set(withheld) - known
    if content.startswith(PNG):
        return [Leak(name, where, n) for where, text in _png_texts(content) for n in _counts(text) if n in secret]
    root = _svg(name, content)
    found = [Leak(name, where, n) for where, text in _svg_texts(root) for n in _counts(text) if n in secret]
    return found + [leak for side in LENGTHS for leak in _lengths(name, root, side, secret, set(shown))]


def _svg(name: str, content: bytes) -> ET.Element:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise DisclosureError(f"'{name}' declares a document type, which no drawing needs: write it without")
    try:
        return ET.fromstring(content)  # noqa: S314 - without entities
    except ET.ParseError:
        raise DisclosureError(f"'{name}' is neither an SVG nor a PNG picture") from None


def _svg_texts(root: ET.Element) -> Iterator[tuple[str, str]]:
    """Every text and attribute but those that only place or paint."""
    for element in root.iter():
        tag = str(element.tag).rpartition("}")[2]
        for attribute, value in element.attrib.items():
            short = attribute.rpartition("}")[2]
            if short not in GEOMETRY | LOOKS:
                yield f"<{tag} {short}>", value
        for text in (element.text, element.tail):
            if text and text.strip():
                yield f"<{tag}>", text


def _lengths(name: str, root: ET.Element, side: str, secret: set[int], shown: set[int]) -> Iterator[Leak]:
    drawn = sorted({float(value) for element in root.iter() if _is_number(value := element.get(side, ""))} - {0.0})
    scales = [(sum(_near(length / scale, shown) for length in drawn), scale) for scale in _scales(drawn, shown)]
    fits, scale = max(scales, default=(0, 1.0))
    if fits < 2:  # one length is always drawn to some scale
        return
    for length in drawn:
        count = round(length / scale)
        if count in secret and abs(length / scale - count) <= SLACK:
            yield Leak(name, f"{side} {length:g}", count)


def _scales(drawn: list[float], shown: set[int]) -> Iterator[float]:
    yield from (length / count for length in drawn for count in shown if count > 0)


def _near(value: float, counts: set[int]) -> bool:
    return round(value) in counts and abs(value - round(value)) <= SLACK


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _counts(text: str) -> list[int]:
    return [int(found.replace(",", "")) for found in _NUMBER.findall(text)]


def _png_texts(content: bytes) -> Iterator[tuple[str, str]]:
    """Text chunks of a PNG, packed ones too, and whatever lies behind its end."""
    at = len(PNG)
    while at + 12 <= len(content):
        (size,), kind = struct.unpack(">I", content[at : at + 4]), content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + size]
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            keyword, _, rest = data.partition(b"\0")
            for packed in (rest[1:], rest[2:].split(b"\0", 2)[-1]):
                try:
                    rest += b" " + zlib.decompress(packed)
                except zlib.error:
                    continue
            yield f"{kind.decode()} {keyword.decode('latin-1', 'replace')[:20]}", rest.decode("utf-8", "replace").replace("\0", " ")
        at += 12 + size
        if kind == b"IEND":
            break
    if content[at:].strip(b"\0"):
        yield "behind the end", content[at:].decode("utf-8", "replace")
