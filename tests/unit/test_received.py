"""Nothing that a sealed record holds is believed: it is what a form of ours sends, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forms.answers import Locator
from forms.load import load_survey
from pipeline.received import NotOfOurForms, read_locator, response_reader
from tests.integration.chain import responses

FORM = load_survey().forms["9-12"]
GOOD: dict[str, Any] = {
    "form": "9-12",
    "version": FORM.version,
    "choices": {"age": ["9"], "happiness.online": ["ok"], "important": ["friends", "home"]},
    "texts": {"barriers.text": "money"},
}


@pytest.mark.parametrize("locator", [Locator(), Locator("sw1a 0aa", "Any School", "E09000033", True), Locator(asked=True)])
def test_a_locator_comes_back_as_it_was_sealed(locator: Locator) -> None:
    assert read_locator(locator.to_bytes()) == locator


@pytest.mark.parametrize(
    "change",
    [
        {"a": 1},
        {"a": None},
        {"p": 7},
        {"p": None},
        {"s": ["x"]},
        {"c": {}},
        {"p": "\ud800"},
        {"s": " x"},
        {"p": "a\0b"},
        {"x": ""},
        {"a": False},
    ],
)
def test_a_locator_that_no_form_sends_is_refused(change: dict[str, Any]) -> None:
    good = {"a": True, "c": "", "p": "SW1A 0AA", "s": ""}
    read_locator(json.dumps(good).encode())
    with pytest.raises(NotOfOurForms) as refused:
        read_locator(json.dumps(good | change).encode())
    assert str(refused.value) == ""


@pytest.mark.parametrize("content", [b"", b"\xff", b"null", b"[]", b'"x"', b"{}", b"[" * 5000, b"1" * 5000])
def test_what_is_no_record_at_all_is_refused(content: bytes) -> None:
    for read in (read_locator, response_reader(load_survey())):
        with pytest.raises(NotOfOurForms):
            read(content)


def test_every_response_that_the_forms_make_is_read_whole() -> None:
    read = response_reader(load_survey())
    for response in responses():
        assert read(response.body()).body() == response.body()


@pytest.mark.parametrize(
    "change",
    [
        {"form": "9-13"}, {"form": 9}, {"form": None}, {"form": ["9-12"]}, {"version": "1"}, {"version": None}, {"choices": []},
        {"texts": None},
        {"choices": {"age": "9"}}, {"choices": {"age": []}}, {"choices": {"age": ["9", "10"]}}, {"choices": {"age": [9]}},
        {"choices": {"age": ["44"]}}, {"choices": {"zofia": ["9"]}}, {"choices": {"important": ["friends", "friends"]}},
        {"choices": {"important": ["education", "friends", "job", "money", "home", "planet"]}}, {"choices": {"postcode": ["opt_out"]}},
        {"texts": {"barriers.text": ""}}, {"texts": {"barriers.text": "x" * 1001}}, {"texts": {"barriers.text": " x"}},
        {"texts": {"barriers.text": 1}}, {"texts": {"barriers.text": "\udc00"}}, {"texts": {"postcode.text": "SW1A 0AA"}}, {"extra": 1},
    ],
)  # fmt: skip
def test_a_response_that_no_form_sends_is_refused(change: dict[str, Any]) -> None:
    read = response_reader(load_survey())
    read(json.dumps(GOOD).encode())
    with pytest.raises(NotOfOurForms):
        read(json.dumps(GOOD | change).encode())


def test_lengths_at_their_edge() -> None:
    read = response_reader(load_survey())
    read(json.dumps(GOOD | {"texts": {"barriers.text": "x" * 1000}}).encode())
    read(json.dumps(GOOD | {"choices": {"important": ["education", "friends", "job", "money", "home"]}}).encode())
