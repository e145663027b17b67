"""Whatever is done to a postcode that a hand can do to it, it is read as itself or not at all."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.directory import Directory, Origin
from pipeline.postcode import AREAS, Outcome, normalise, pack, unpack
from tests.unit.test_directory import ORIGIN, PLACES

INWARD = "ABDEFGHJLNPQRSTUWXYZ"
DIGITS = "0123456789"
LETTER = {"O": "0", "0": "O", "I": "1", "1": "I"}


@st.composite
def postcodes(draw: st.DrawFn) -> str:
    """Any postcode of an existing area and of the form that its outward code may have."""
    area = draw(st.sampled_from(sorted(AREAS)))
    district = draw(st.integers(0, 99).map(str))
    if len(district) == 1:
        third = "ABCDEFGHJKPSTUW" if len(area) == 1 else "ABEHMNPRVWXY"
        district += draw(st.sampled_from(["", *third]))
    return f"{area}{district} {draw(st.sampled_from(DIGITS))}{draw(st.sampled_from(INWARD))}{draw(st.sampled_from(INWARD))}"


def fixed(postcode: str) -> str:
    outward, inward = postcode.split()
    return f"{outward:<4}{inward}"


@given(postcodes(), st.data())
def test_case_spaces_and_marks_change_nothing(postcode: str, data: st.DataObject) -> None:
    drawn = st.sampled_from(["", " ", "  ", "-", ".", "\t", "\u00a0"])
    written = "".join(c + data.draw(drawn) for c in postcode.replace(" ", ""))
    reading = normalise(data.draw(st.sampled_from([str.lower, str.upper, str.title]))(written))
    assert reading.postcode in (fixed(postcode), "")
    if not any(c in written for c in " -.\t\u00a0"):
        assert reading.postcode == fixed(postcode)


@given(postcodes(), st.lists(st.booleans(), min_size=7, max_size=7))
@example("SO1 1AA", [False, True] + [False] * 5)
@example("S0 1AA", [False, True] + [False] * 5)
@settings(max_examples=500)
def test_letters_for_digits_are_put_right_or_not_read_but_never_read_as_another(postcode: str, swaps: list[bool]) -> None:
    letters = postcode.replace(" ", "")
    written = "".join(LETTER.get(c, c) if swap else c for c, swap in zip(letters, swaps, strict=False))
    assert normalise(written).postcode in (fixed(postcode), "")


@given(postcodes(), st.lists(st.sampled_from(["at", "home", "near", "the", "park", "in", "Leeds", "so", "my", "oi"]), max_size=4))
def test_words_after_it_change_nothing(postcode: str, words: list[str]) -> None:
    assert normalise(" ".join([postcode, *words])).postcode == fixed(postcode)


@given(postcodes(), postcodes())
def test_two_postcodes_are_none(one: str, other: str) -> None:
    reading = normalise(f"{one} or {other}")
    assert (reading.postcode == fixed(one)) if one == other else (reading.outcome is Outcome.MALFORMED)


@given(st.text(max_size=60))
def test_any_text_has_a_reading_and_exactly_one_kind_of_it(text: str) -> None:
    reading = normalise(text)
    assert (reading.postcode != "") + (reading.outward != "") + (reading.outcome in (Outcome.MALFORMED, Outcome.NOT_GIVEN)) == 1
    if reading.postcode:
        assert normalise(reading.postcode) == reading


@given(st.lists(postcodes(), max_size=50))
def test_packed_postcodes_sort_and_unpack_as_text(some: list[str]) -> None:
    ordered = sorted(fixed(postcode) for postcode in some)
    codes = pack(ordered)
    assert unpack(codes) == ordered
    assert np.all(codes[1:] >= codes[:-1])


@given(st.lists(postcodes(), min_size=1, max_size=40, unique=True), st.lists(postcodes(), max_size=40), st.data())
def test_lookup_agrees_with_a_dictionary(held: list[str], asked: list[str], data: st.DataObject) -> None:
    codes = np.sort(pack([fixed(postcode) for postcode in held]))
    place = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(held), max_size=len(held))), dtype=np.int32)
    terminated = np.array(data.draw(st.lists(st.booleans(), min_size=len(held), max_size=len(held))), dtype=np.bool_)
    directory = Directory(Origin(**vars(ORIGIN)), codes, place, terminated, PLACES)
    truth = dict(zip(unpack(codes), zip(place, terminated, strict=True), strict=True))
    wanted = [fixed(postcode) for postcode in [*asked, *held[:5]]]
    frame = directory.lookup(np.array(wanted, dtype="S7"))
    for postcode, outcome, lad in zip(wanted, frame["outcome"], frame["lad25cd"].fillna(""), strict=True):
        if postcode not in truth:
            assert (outcome, lad) == (Outcome.UNKNOWN, "")
            continue
        row, ended = truth[postcode]
        nation, council = (PLACES[column].fillna("").iloc[row] for column in ("nation", "lad25cd"))
        expected = {"England": Outcome.MATCHED_TERMINATED if ended else Outcome.MATCHED, "": Outcome.NO_GRID_REFERENCE}
        assert outcome == expected.get(nation, Outcome.NOT_IN_ENGLAND)
        assert lad == council
