"""What children write in the postcode box, and the one thing it can mean."""

import numpy as np
import pytest

from pipeline.postcode import AREAS, MAX_CHARS, NO_CODE, Outcome, normalise, pack, pack_outward, unpack

WHOLE = [
    ("M1 1AE", "M1  1AE"),
    ("m1 1ae", "M1  1AE"),
    ("m11ae", "M1  1AE"),
    ("  m1   1ae ", "M1  1AE"),
    ("M 1 1 A E", "M1  1AE"),
    ("M1-1AE.", "M1  1AE"),
    ("Ｍ１ １ＡＥ", "M1  1AE"),  # full-width letters of an East Asian keyboard
    ("m60 1nw", "M60 1NW"),
    ("cr2 6xh", "CR2 6XH"),
    ("dn55 1pt", "DN551PT"),
    ("w1a 1hq", "W1A 1HQ"),
    ("ec1a 1bb", "EC1A1BB"),
    ("gir 0aa", "GIR 0AA"),
    ("NPT 0AD", "NPT 0AD"),
    ("M1 1AE Manchester", "M1  1AE"),
    ("m11ae (my dads)", "M1  1AE"),
    ("my postcode is M1 1AE!", "M1  1AE"),
    ("flat L S11AA", "S1  1AA"),  # a house's letter is no part of it among other words
    ("M1 1AE, m1 1ae", "M1  1AE"),  # the same one twice
    ("SWIA 1AA", "SW1A1AA"),
    ("SW1A IAA", "SW1A1AA"),
    ("W1O 1AA", "W10 1AA"),  # O is no third letter
    ("0X1 1AA", "OX1 1AA"),
    ("S01 1AA", "SO1 1AA"),
    ("M6O 1NW uk", "M60 1NW"),
    ("co1 1aa", "CO1 1AA"),
]
MALFORMED = [
    "SW1A1",  # SW1A 1 or SW1 A1: an outward code that runs on is not read
    "ZZ99 9ZZ",  # no such area
    "M1 1AE or M1 1AF",
    "A B1 2CD",  # B1 2CD after a word, or AB1 2CD
    "M1 1AC",  # C, I, K, M, O and V are not in use in an inward code
    "M01 1AA",
    "A1A 1AA",
    "IT IS SO",  # words that could be bent into shape
    "SO IAM",
    "no its",  # N0 1TS, if letters alone could be digits
    "go old",
    "L S11AA",  # S1 1AA after a letter, or LS1 1AA
    "no",
    "123456",
    "M1 Manchester",
    "???",
    "M1 1AE" + "x" * MAX_CHARS,
]


@pytest.mark.parametrize(("raw", "postcode"), WHOLE)
def test_a_whole_postcode_is_read(raw: str, postcode: str) -> None:
    reading = normalise(raw)
    assert (reading.postcode, reading.outcome) == (postcode, None)


@pytest.mark.parametrize("raw", MALFORMED)
def test_what_has_no_single_reading_is_malformed(raw: str) -> None:
    reading = normalise(raw)
    assert (reading.outcome, reading.postcode, reading.outward) == (Outcome.MALFORMED, "", "")


@pytest.mark.parametrize(
    ("raw", "outward"), [("m1", "M1"), (" SW1A ", "SW1A"), ("SW1A 1", "SW1A"), ("sw1a 1a", "SW1A"), ("M11", "M11"), ("NPT", "NPT")]
)
def test_an_outward_code_is_partial(raw: str, outward: str) -> None:
    reading = normalise(raw)
    assert (reading.outcome, reading.outward, reading.postcode) == (Outcome.PARTIAL, outward, "")


@pytest.mark.parametrize("raw", ["", "   ", "\n\t"])
def test_nothing_written_is_not_given(raw: str) -> None:
    assert normalise(raw).outcome is Outcome.NOT_GIVEN


def test_a_reading_never_shows_the_postcode() -> None:
    for raw in ("M1 1AE", "SW1A"):
        assert "1A" not in repr(normalise(raw))
        assert "1A" not in str(normalise(raw))


def test_area_list_has_the_known_number_of_areas() -> None:
    assert len(AREAS - {"GX", "BF", "GY", "JE", "IM"}) == 121


def test_packing_keeps_order_and_refuses_what_is_no_postcode() -> None:
    postcodes = ["AB101AA", "M1  1AE", "M1  1AF", "M1  2AA", "M10 0AA", "SW1A1AA"]
    codes = pack(postcodes)
    assert list(codes) == sorted(codes)
    assert unpack(codes) == postcodes
    assert list(pack(["m1  1ae", "M1-11AE", ""])) == [NO_CODE] * 3
    assert pack(np.array([], dtype="S7")).shape == (0,)


def test_an_outward_code_starts_its_own_postcodes() -> None:
    start = pack_outward("M1")
    first, last, next_one = pack(["M1  0AA", "M1  9ZZ", "M1A 0AA"])
    assert start <= first < last < start + 37**3 <= next_one
