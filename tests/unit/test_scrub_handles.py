"""Names on platforms are told by shape or by what leads to them; ordinary mixtures of letters and figures are not."""

import pytest

from pipeline.scrub import handles, lists


def _found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in handles.find(text, lists.load())]


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("add me on snap wolfie_x09", "wolfie_x09"),
        ("my insta is @pudding.lane", "@pudding.lane"),
        ("discord is grumpytoad#4417", "grumpytoad#4417"),
        ("my roblox is zxqplumm", "zxqplumm"),
        ("follow me on tiktok glimmerfrogz ok", "glimmerfrogz"),
        ("find NoodleKnight77 on xbox", "NoodleKnight77"),
        ("some guy called xx_bazza_xx keeps messaging", "xx_bazza_xx"),
    ],
)
def test_finds(text: str, handle: str) -> None:
    assert handle in _found(text)


@pytest.mark.parametrize(
    "text",
    [
        "covid19 ruined year7 for me",
        "i play fifa23 and gta5 on my ps5",
        "see u 2moro m8 thats gr8",
        "more football please add me to the team",
        "i am in key-stage-2 and its 3pm",
        "school is boring.Also the food is bad",
        "stop hitting me and tahts all",
        "a 12-year-old should not have to",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert _found(text) == []
