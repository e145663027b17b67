"""The whole scrubber on texts of our own: who is private, who is public, and what the shell promises."""

import io
import json

import pytest

from api import review_desk
from pipeline.scrub import Scrubber, Span, lists, scrub_stream, spans
from pipeline.scrub.scrubber import LAYERS
from pipeline.scrub.text_stream import StreamError


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return Scrubber()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("my teacher mr adeyemi is lovely", "adeyemi"),
        ("me and kasia wont get on the same bus again", "kasia"),
        ("Dear Mrs. Bhattacharya please can we have a pond", "Mrs. Bhattacharya"),
        ("i am in year 5 at Thornbeck Primary School and its loud", "Thornbeck Primary School"),
        ("there is no bus out of little thornwick on sundays", "little thornwick"),
        ("they mug you on gasworks lane at night", "gasworks lane"),
        ("we stay at 14b Fenwick Gardens with my nan", "14b Fenwick Gardens"),
        ("my freind olivver got a dog", "olivver"),
        ("Grace pushed me at lunch and laughed", "Grace"),
    ],
)
def test_private_names_are_masked_whole(scrubber: Scrubber, text: str, secret: str) -> None:
    start = text.index(secret)
    covered = {i for span in scrubber.find(text) for i in range(span.start, span.end)}
    assert set(range(start, start + len(secret))) <= covered


@pytest.mark.parametrize(
    ("text", "label"),
    [("my nhs number is 943 476 5919", "NHS"), ("my number is 07700 900123", "PHONE"), ("born 14-01-2008 ring me", "DOB")],
)
def test_what_has_two_forms_is_called_by_the_one_that_says_more(scrubber: Scrubber, text: str, label: str) -> None:
    assert [s.label for s in scrubber.find(text)] == [label]


@pytest.mark.parametrize(
    "text",
    [
        "i want to be like marcus rashford when i grow up",
        "harry potter is my favourite book",
        "my school is too big and the food is bad",
        "the high street has nothing but vape shops",
        "i hope there will be grace and joy in may",
        "we went to mcdonalds in manchester",
        "i play roblox and minecraft with my friends",
        "idk",
        "",
        "   \n",
    ],
)
def test_public_names_and_ordinary_words_stay(scrubber: Scrubber, text: str) -> None:
    assert scrubber.find(text) == ()


def test_a_public_first_name_is_private_where_the_text_says_so(scrubber: Scrubber) -> None:
    text = "my best friend is called ariana and she moved away"
    assert [text[s.start : s.end] for s in scrubber.find(text)] == ["ariana"]


def test_many_is_one_by_one(scrubber: Scrubber) -> None:
    texts = ["my mate tunde has a bike", "idk", "i go to Elmsworth High", "idk", "ring 07700 900123", "my sister zofia sings"] * 3
    alone = [[(s.start, s.end, s.label) for s in scrubber.find(text)] for text in texts]
    seen: list[tuple[int, int]] = []
    found = scrubber.find_many(texts, lambda done, total: seen.append((done, total)))
    assert [[(s.start, s.end, s.label) for s in spans] for spans in found] == alone
    assert seen == [(5, 5)]
    assert scrubber.find_many([]) == []


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="no such layer: guesswork"):
        Scrubber(layers=["guesswork"])
    with pytest.raises(ValueError, match="between 0 and 1"):
        Scrubber(threshold=0)


@pytest.mark.parametrize("layer", [name for name in LAYERS if name not in ("learnt", "school list")])
def test_a_layer_can_be_used_alone_and_names_itself(layer: str) -> None:
    text = "grace said khadija and mr okonjo: ls6 3qp, add me on snap wolf_x9"
    assert {span.layer for span in Scrubber(layers=[layer]).find(text)} == {layer}


def test_the_desk_has_a_reason_in_words_for_every_layer_and_kind() -> None:
    assert set(review_desk.LAYERS) == set(LAYERS)
    assert set(review_desk.KINDS) >= set(spans.LABELS)


def test_without_half_of_the_names_a_context_still_tells(scrubber: Scrubber) -> None:
    poor = Scrubber(lists=lists.load().without(1 - 1e-3))
    text = "my best friend jakub moved away"
    assert [text[s.start : s.end] for s in poor.find(text)] == ["jakub"]


def test_the_stream_keeps_order_ids_and_everything_else(scrubber: Scrubber) -> None:
    rows = [{"id": 7, "text": "my friend tunde  is nice 🙂"}, {"id": "x", "text": "idk"}]
    out = io.StringIO()
    assert scrub_stream([json.dumps(rows[0]) + "\n", "\n", json.dumps(rows[1])], out, scrubber.run) == 2
    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["id"], first["text"]) == (7, "my friend [name 1]  is nice 🙂")
    assert set(first["spans"][0]) == {"start", "end", "label", "score", "layer"}
    assert second == {"id": "x", "spans": [], "text": "idk"}


@pytest.mark.parametrize("line", ["{broken", "[]", '{"id": 1}', '{"id": null, "text": "secret"}', '{"id": 1, "text": 5}'])
def test_a_broken_line_is_named_and_not_quoted(scrubber: Scrubber, line: str) -> None:
    out = io.StringIO()
    with pytest.raises(StreamError, match="line 2") as caught:
        scrub_stream(['{"id": 1, "text": "ok"}', line], out, scrubber.run)
    assert "secret" not in str(caught.value)
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("start", "end", "label", "score"), [(-1, 2, "PERSON", 1), (2, 2, "PERSON", 1), (0, 1, "SHOE", 1), (0, 1, "PERSON", 1.1)]
)
def test_spans_that_make_no_sense_are_refused(start: int, end: int, label: str, score: float) -> None:
    with pytest.raises(ValueError, match=r"span|kind"):
        Span(start, end, label, score, "t")
