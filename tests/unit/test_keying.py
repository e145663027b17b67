"""Typing a paper in: numbers as printed, what is left empty, going back, and plain words for whatever does not fit."""

from __future__ import annotations

import pytest

from forms.load import load_survey
from forms.setting import Setting
from pipeline.keying import NotUnderstood, Paper

FORMS = load_survey().forms


def at(form_id: str, field: str, given: dict[str, str] | None = None) -> Paper:
    """A paper typed in up to this field: `given` where it says so, else nothing."""
    paper = Paper(FORMS[form_id])
    while (entry := paper.next_entry()) is not None and entry.field != field:
        paper.type((given or {}).get(entry.field, ""))
    assert entry is not None
    return paper


def test_numbers_are_those_of_the_boxes_and_nothing_is_i_dont_want_to_say() -> None:
    paper = at("6-8", "feelings")
    paper.type("1, 8 3")
    while paper.next_entry() is not None:
        paper.type("")
    response = paper.response()
    assert response.choices["feelings"] == ("happy", "calm", "sad")
    assert response.choices["gender"] == ("opt_out",)
    assert response.choices["happiness.playing"] == ("opt_out",)
    assert "make_better" not in response.choices  # a text box that was left empty is just empty, as on the website


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("feelings", "1 2 3 4", "At most 3"),
        ("feelings", "1 12", "do not go together"),
        ("feelings", "0", "from 1 to 12"),
        ("feelings", "13", "from 1 to 12"),
        ("feelings", "happy", "from 1 to 12"),
        ("age", "1 2", "At most 1"),
        ("make_better.text", "x" * 1001, "1001 characters; the form takes 1000"),
    ],
)
def test_what_does_not_fit_is_told_and_asked_again(field: str, typed: str, told: str) -> None:
    paper = at("6-8", field)
    before = paper.next_entry()
    with pytest.raises(NotUnderstood, match=told) as caught:
        paper.type(typed)
    assert "xxx" not in str(caught.value)
    assert paper.next_entry() == before


@pytest.mark.parametrize(("typed", "code"), [("leeds", "E08000035"), ("Herefordsh", "E06000019"), ("bristol", "E06000023")])
def test_a_council_is_found_by_its_name(typed: str, code: str) -> None:
    paper = at("9-12", "council", {"where_live": "1"})
    paper.type(typed)
    assert paper.next_entry() is None
    assert paper.response().locator.council == code


@pytest.mark.parametrize(("typed", "told"), [("north", "Several councils fit: North"), ("Atlantis", "No council")])
def test_a_council_that_is_not_one_is_asked_again(typed: str, told: str) -> None:
    paper = at("9-12", "council", {"where_live": "1"})
    with pytest.raises(NotUnderstood, match=told):
        paper.type(typed)


def test_a_box_for_something_else_opens_its_line_and_a_text_spares_its_boxes() -> None:
    paper = at("9-12", "support")
    paper.type("10")
    entry = paper.next_entry()
    assert entry is not None
    assert entry.field == "support.text"
    paper.type("A neighbour")
    written = at("9-12", "barriers.text")
    written.type("Buses")
    following = written.next_entry()
    assert following is not None
    assert following.field == "age"


def test_going_back_asks_the_one_before_again_and_forgets_what_is_not_asked_any_more() -> None:
    paper = at("9-12", "school.text", {"where_live": "1"})
    paper.type("Old Hall School")
    while (entry := paper.next_entry()) is None or entry.field != "where_live":
        paper.back()
    paper.type("7")  # a young offender institution
    while paper.next_entry() is not None:
        paper.type("")
    response = paper.response()
    assert (response.locator.school, response.locator.asked) == ("", False)
    assert not [values for _, values in paper.summary() if "Old Hall" in values]


def test_back_at_the_first_stays_there() -> None:
    paper = Paper(FORMS["4-5"])
    paper.back()
    entry = paper.next_entry()
    assert entry is not None
    assert entry.label == "1"


def test_the_summary_reads_as_the_paper_does() -> None:
    paper = at("9-12", "worries", {"happiness.friendships": "2", "important": "1 2"})
    told = dict(paper.summary())
    assert told["1a"] == "Happy"
    assert told["1b"] == "I don't want to say"
    assert told["2"] == "A good education; Good friends"


def test_the_paper_of_a_secure_setting_is_typed_in_without_a_place() -> None:
    paper = Paper(FORMS["13-17"], Setting.SECURE)
    fields = []
    while (entry := paper.next_entry()) is not None:
        fields.append(entry.field)
        paper.type("1" if entry.field == "where_live" else "")
    assert not {"school", "school.text", "postcode", "postcode.text", "council"} & set(fields)
    assert paper.response().locator.asked  # whoever ticks an open home all the same is stored as a child who left the place empty
