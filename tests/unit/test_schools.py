"""Names of schools as children write them, and when a name is not enough."""

import pandas as pd
import pytest

from pipeline.schools import ALIKE, SchoolDirectory, SchoolOutcome, key

A, B = "E09000001", "E09000002"
SCHOOLS = [
    ("St Mary's Catholic Primary School", "Greenford", "", "Primary", "Academies", A),
    ("St Mary's CofE Primary School", "Perivale", "", "Primary", "Academies", A),
    ("St Mary's CofE Primary School", "Hanwell", "Elthorne", "Primary", "Academies", A),
    ("Holy Trinity School", "Greenford", "", "Primary", "Academies", A),
    ("Holy Trinity School", "Perivale", "", "Secondary", "Academies", A),
    ("Abcdefghij", "", "", "Secondary", "Free Schools", A),  # ten letters: one wrong is 90
    ("Oakfield Academy", "", "", "Secondary", "Academies", A),
    ("Oakfields Academy", "", "", None, None, A),  # a school of which nothing is kept
    ("Hillside Nursery School", "", "", "Nursery", "Local authority maintained schools", B),
    ("The Riverbank School", "Ealing", "", "Secondary", "Academies", B),
]


def directory() -> SchoolDirectory:
    columns = ["name", "town", "locality", "phase", "type_group", "lad25cd"]
    return SchoolDirectory("made up", pd.DataFrame(SCHOOLS, columns=columns).astype("str"))


def outcomes(*written: tuple[str, str | None]) -> list[str]:
    frame = directory().match([name for name, _ in written], [council for _, council in written])
    return list(frame["school_outcome"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St. Mary’s C of E Primary", "saint marys church of england primary"),
        ("St Mary's R.C. Primary School", "ST MARYS CATHOLIC PRIMARY SCHOOL"),
        ("Holy Trinity & St John's", "st johns and holy trinity"),
        ("The Hill School, Ealing", "hill school ealing"),
        ("École Français", "ecole francais"),
        ("Park Inf & Jnr Sch", "Park Infants and Junior School"),
        ("Kingsmead Primary", "Kingsmead Primary School"),
        ("Mill CE VA Primary", "Mill Church of England Primary"),
    ],
)
def test_one_name_in_two_spellings_has_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


def test_different_schools_keep_different_keys() -> None:
    assert len({key(name) for name, *_ in SCHOOLS}) == len({name for name, *_ in SCHOOLS})


def test_a_name_that_several_schools_share_counts_only_if_they_agree_in_what_is_kept() -> None:
    assert outcomes(("St Marys C of E Primary School", A), ("holy trinity school", A), ("holy trinity school perivale", A)) == [
        SchoolOutcome.MATCHED,  # two schools, both of them primary academies in one council
        SchoolOutcome.SEVERAL,  # a primary and a secondary school
        SchoolOutcome.MATCHED,
    ]
    frame = directory().match(["holy trinity school", "holy trinity school perivale"], [A, A])
    assert list(frame["school_phase"].fillna("")) == ["", "Secondary"]
    assert list(frame["lad25cd"].fillna("")) == ["", A]


def test_likeness_at_its_edge() -> None:
    assert ALIKE == 90.0
    assert outcomes(("abcdefghij", A), ("abcdefghix", A), ("abcdefghxx", A)) == [
        SchoolOutcome.MATCHED,
        SchoolOutcome.MATCHED,
        SchoolOutcome.NOT_MATCHED,
    ]


def test_a_spelling_between_two_schools_is_doubtful_and_the_right_spelling_is_not() -> None:
    assert outcomes(("Oakfeld Academy", A), ("Oakfield Academy", A)) == [SchoolOutcome.SEVERAL, SchoolOutcome.MATCHED]


def test_nothing_is_said_of_a_school_of_which_nothing_is_kept() -> None:
    frame = directory().match(["Oakfields Academy", "Oakfields Academy"], [A, None])
    assert list(frame["school_outcome"]) == [SchoolOutcome.NOT_MATCHED] * 2
    assert frame[["school_phase", "school_type_group", "lad25cd"]].isna().all(axis=None)


def test_the_council_narrows_and_without_it_only_the_right_spelling_counts() -> None:
    assert outcomes(
        ("the riverbank school", A),
        ("the riverbank school", B),
        ("the rivrbank school", B),
        ("the riverbank school", None),
        ("the rivrbank school", None),
    ) == [
        SchoolOutcome.NOT_MATCHED,
        SchoolOutcome.MATCHED,
        SchoolOutcome.MATCHED,
        SchoolOutcome.MATCHED,
        SchoolOutcome.NOT_MATCHED,
    ]


@pytest.mark.parametrize("name", ["school", "the", "???", "x" * 201, "primary school"])
def test_a_word_is_not_a_school(name: str) -> None:
    assert outcomes((name, A), (name, None)) == [SchoolOutcome.NOT_MATCHED] * 2


def test_nothing_written_is_not_given() -> None:
    assert outcomes(("", A), ("  ", None)) == [SchoolOutcome.NOT_GIVEN] * 2
    assert len(directory().match([], [])) == 0


def test_a_council_without_schools_matches_nothing() -> None:
    assert outcomes(("the riverbank school", "E09000003")) == [SchoolOutcome.NOT_MATCHED]


def test_the_result_holds_no_name() -> None:
    frame = directory().match([name for name, *_ in SCHOOLS], [A] * len(SCHOOLS))
    assert list(frame.columns) == ["school_outcome", "school_phase", "school_type_group", "lad25cd"]


def test_a_list_without_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match="town, locality missing"):
        SchoolDirectory("made up", pd.DataFrame(columns=["name", "phase", "type_group", "lad25cd"]))
