"""Matching against the embedded directory: public postcodes of public buildings, and what is known of them."""

import pandas as pd
import pytest

from forms.answers import Locator
from pipeline.directory import Directory
from pipeline.locate import COLUMNS, Source, match
from pipeline.postcode import Outcome
from pipeline.schools import SchoolOutcome


def located(*locators: Locator) -> pd.DataFrame:
    return match(list(locators), Directory.embedded())


# The Palace of Westminster, Manchester's town hall, York's Minster, and Truro's County Hall; all from public records.
KNOWN = [
    ("SW1A 0AA", "E09000033", "E12000007"),
    ("m2 5db", "E08000003", "E12000002"),
    ("Y01 7HH", "E06000014", "E12000003"),
    ("TR1 3AY please", "E06000052", "E12000009"),
]


@pytest.mark.parametrize(("written", "lad", "region"), KNOWN)
def test_a_home_postcode_gives_every_area(written: str, lad: str, region: str) -> None:
    row = located(Locator(postcode=written, asked=True)).iloc[0]
    assert row["source"] == Source.HOME_POSTCODE
    assert (row["lad25cd"], row["rgn"], row["nation"]) == (lad, region, "England")
    assert row["lsoa11cd"].startswith("E01")
    assert row["msoa11cd"].startswith("E02")
    assert row["outcome"] in (Outcome.MATCHED, Outcome.MATCHED_TERMINATED)


@pytest.mark.parametrize(
    ("written", "nation"),
    [
        ("CF10 4UW", "Wales"),
        ("EH99 1SP", "Scotland"),
        ("BT4 3XX", "Northern Ireland"),
        ("GY1 1WH", "Guernsey"),
        ("JE1 1SG", "Jersey"),
        ("IM1 3PN", "Isle of Man"),
        ("GX11 1AA", "Gibraltar"),
    ],
)
def test_a_home_outside_england_is_an_answer_and_nothing_is_put_in_its_place(written: str, nation: str) -> None:
    row = located(Locator(postcode=written, council="E09000001", asked=True)).iloc[0]
    assert (row["outcome"], row["nation"], row["source"]) == (Outcome.NOT_IN_ENGLAND, nation, Source.HOME_POSTCODE)
    assert pd.isna(row["lad25cd"])
    assert pd.isna(row["rgn"])


@pytest.mark.parametrize(
    ("written", "nation", "lad"),
    [
        ("TR1", "England", "E06000052"),  # wholly in Cornwall
        ("SW1A", "England", None),  # Westminster and beyond
        ("EH99", "Scotland", None),
        ("CH1", None, None),  # England and Wales
        ("M9 4", "England", None),
    ],
)
def test_a_partial_postcode_gives_only_what_all_of_it_shares(written: str, nation: str | None, lad: str | None) -> None:
    row = located(Locator(postcode=written, asked=True)).iloc[0]
    assert row["outcome"] == Outcome.PARTIAL
    assert (None if pd.isna(row["nation"]) else row["nation"]) == nation
    assert (None if pd.isna(row["lad25cd"]) else row["lad25cd"]) == lad
    assert pd.isna(row["lsoa11cd"])


def test_fallback_is_the_stated_council_and_says_so() -> None:
    frame = located(
        Locator(postcode="SW1A 0AA", council="E06000052", asked=True),
        Locator(postcode="nowhere", council="E06000052", asked=True),
        Locator(postcode="ZE9 9ZZ", council="E06000052", asked=True),
        Locator(postcode="CH1", council="E06000050", asked=True),
        Locator(council="E06000052", asked=True),
        Locator(council="E99999999", asked=True),
        Locator(asked=True),
        Locator(postcode="SW1A 0AA", council="E06000052", school="Any School", asked=False),  # forged: never asked
    )
    assert list(frame["source"]) == ["home postcode", *["stated council"] * 4, "none", "none", "none"]
    assert list(frame["lad25cd"].fillna("")) == ["E09000033", "E06000052", "E06000052", "E06000050", "E06000052", "", "", ""]
    assert list(frame["outcome"]) == [
        Outcome.MATCHED,
        Outcome.MALFORMED,
        Outcome.UNKNOWN,
        Outcome.PARTIAL,
        Outcome.NOT_GIVEN,
        Outcome.NOT_GIVEN,
        Outcome.NOT_GIVEN,
        Outcome.NOT_ASKED,
    ]
    assert frame.loc[1:, "lsoa11cd"].isna().all()
    assert frame.loc[7, ["lad25cd", "rgn", "nation", "school_phase"]].isna().all()
    assert frame.loc[7, "school_outcome"] == SchoolOutcome.NOT_ASKED


def test_the_result_has_the_columns_and_no_written_word() -> None:
    locator = Locator(postcode="SW1A 0AA", school="Hogwarts School", asked=True)
    frame = located(locator)
    assert tuple(frame.columns) == COLUMNS
    assert not frame.astype("str").apply(lambda column: column.str.contains("0AA|Hogwarts|SW1A")).any().any()
    assert frame.loc[0, "school_outcome"] == SchoolOutcome.NO_DIRECTORY
    assert frame["imd_decile"].isna().all()
    assert tuple(located().columns) == COLUMNS
    assert len(located()) == 0
