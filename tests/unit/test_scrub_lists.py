"""The lists load whole, know what they should, and can be made smaller or larger."""

import dataclasses

import pytest

from pipeline.scrub import lists
from pipeline.scrub.lists import NameLists


def test_the_lists_know_names_of_many_communities() -> None:
    known = lists.load()
    for name in ("oliver", "khadija", "oluwadamilola", "jakub", "saoirse", "gurpreet", "ffion", "thuy", "chidi", "razvan"):
        assert name in known.given, name
    for name in ("okonkwo", "begum", "kowalczyk", "singh", "o'neill", "higginbottom"):
        assert name in known.surnames, name


def test_towns_and_public_names_are_found_at_their_longest() -> None:
    known = lists.load()
    assert known.place_at(["market", "rasen", "is", "small"], 0)[0] == 2
    assert known.public_at(["harry", "kane", "scored"], 0) == (2, "person")
    assert known.public_at(["harry", "was", "mean"], 0) == (0, "")


def test_half_of_the_names_can_be_taken_away_and_always_the_same_half() -> None:
    known = lists.load()
    half = known.without(0.5)
    assert 0.48 < len(half.given) / len(known.given) < 0.52
    assert half.given == known.without(0.5).given
    assert known.without(0).given == known.given


def test_an_analysts_own_lists_are_added() -> None:
    known = lists.load().with_added(given=["Zyxander"], surnames=["Qwerthaite"], places=["Nether Wibbleby"], schools=["Wibbleby High"])
    assert known.is_name("zyxander")
    assert known.is_name("qwerthaite")
    assert known.place_at(["nether", "wibbleby"], 0) == (2, 0)
    assert "wibbleby high" in known.schools


def test_empty_lists_are_refused() -> None:
    known = lists.load()
    values = {field.name: getattr(known, field.name) for field in dataclasses.fields(known) if field.init}
    with pytest.raises(ValueError, match="'given' is empty"):
        NameLists(**{**values, "given": {}})
