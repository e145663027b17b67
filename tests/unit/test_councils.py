"""England's councils of 2025 and what became of older ones."""

from types import MappingProxyType

import pytest

from pipeline.councils import Councils, UnknownCouncilError
from pipeline.directory import Directory


def test_there_are_296_councils_in_nine_regions() -> None:
    councils = Councils.of_2025()
    assert len(councils.names) == 296
    assert len(councils.region_names) == 9
    assert set(councils.regions.values()) == set(councils.region_names)
    assert sum(region == "E12000007" for region in councils.regions.values()) == 33  # the London boroughs and the City


def test_the_councils_are_those_of_the_embedded_directory() -> None:
    assert set(Directory.embedded().places["lad25cd"].dropna()) == set(Councils.of_2025().names)


@pytest.mark.parametrize(
    ("old", "today"),
    [("E07000026", "E06000063"), ("E07000191", "E06000066"), ("E08000019", "E08000039"), ("E09000001", "E09000001")],
)
def test_an_older_code_leads_to_one_council_of_today(old: str, today: str) -> None:
    assert Councils.of_2025().of_today(old) == today


@pytest.mark.parametrize("code", ["E06000099", "W06000001", "E12000007", ""])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(UnknownCouncilError, match="newer than"):
        Councils.of_2025().of_today(code)


def test_a_list_with_a_hole_is_refused() -> None:
    names = MappingProxyType({"E09000001": "City of London"})
    nothing: MappingProxyType[str, str] = MappingProxyType({})
    region = MappingProxyType({"E09000001": "E12000007"})
    region_names = MappingProxyType({"E12000007": "London"})
    with pytest.raises(ValueError, match="not whole"):
        Councils(names, nothing, region_names, nothing)
    with pytest.raises(ValueError, match="no longer in use"):
        Councils(names, region, region_names, names)
