"""Schools that an analyst added are found whole and shortened, and left where no school is meant."""

import pytest

from pipeline.scrub import Scrubber, lists
from pipeline.scrub.listed_schools import find, index
from pipeline.scrub.words import split

KNOWN = lists.load().with_added(
    schools=[
        "Hawthorn Vale Primary School",
        "St Mary's Church of England Voluntary Aided Primary School",
        "Saint Wulfhild's RC Infant School",
        "Quernmore Academy",
        "Hope School",
        "The Green School for Girls",
        "Park View Community School",
        "Primary School",
    ]
)


def _found(text: str) -> list[str]:
    return [text[s.start : s.end] for s in find(split(text), KNOWN)]


@pytest.mark.parametrize(
    ("text", "school"),
    [
        ("i go to hawthorn vale primary school", "hawthorn vale primary school"),
        ("hawthorn vale primary is ok", "hawthorn vale primary"),
        ("they go hawthorn vale and its ok", "hawthorn vale"),
        ("at st. marys church of england its cold", "st. marys church of england"),
        ("St Mary’s primary has a pond", "St Mary’s primary"),
        ("saint wulfhilds", "saint wulfhilds"),
        ("quernmore academy", "quernmore academy"),
        ("i was at quernmore till june", "quernmore"),
        ("my mum teaches at hope school", "hope school"),
        ("Hope School is small", "Hope School"),
        ("she left park view in year 9", "park view"),
        ("park view school has a roof garden", "park view school"),
        ("i attend the green school", "green school"),
    ],
)
def test_finds(text: str, school: str) -> None:
    assert _found(text) == [school]


@pytest.mark.parametrize(
    "text",
    [
        "i hope school gets better",
        "there is hope",
        "we have a park view from our flat",
        "the green is muddy",
        "my primary school is big",
        "",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert _found(text) == []


def test_without_a_list_there_is_nothing_to_find() -> None:
    assert list(find(split("hawthorn vale primary school"), lists.load())) == []


def test_cores_leave_off_what_many_schools_end_in() -> None:
    assert index(frozenset({"hawthorn vale primary school", "primary school"})) == {"hawthorn": (("hawthorn", "vale"),)}


def test_a_list_raises_what_the_whole_finds() -> None:
    text = "we beat park view at rounders"
    assert Scrubber(model=False).find(text) != Scrubber(lists=KNOWN, model=False).find("we left park view last year")
    spans = Scrubber(lists=KNOWN, model=False).find("she left park view in year 9")
    assert [(s.start, s.end, s.label) for s in spans] == [(9, 18, "SCHOOL")]
