"""Deprivation, schools, names and maps; what is added, shown and removed; and which of it is in use."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forms.answers import Locator
from pipeline.councils import Councils
from pipeline.directory import Directory
from pipeline.geography.boundaries import Level, boundaries
from pipeline.geography.catalogue import add, added, remove, show
from pipeline.geography.in_use import directory_in_use, lookup, schools_in_use
from pipeline.geography.source import GeographyError
from pipeline.locate import Source, match
from pipeline.postcode import Outcome
from pipeline.schools import SchoolOutcome
from tests.integration.official_files import LAYOUTS, deprivation_table, gias_table, postcode_table, rows, write_zip

IMD2019, IOD2025 = ("2011", 32_844), ("2021", 33_755)


def put(tmp_path: Path, name: str, content: str | bytes) -> Path:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path / name


def cell(frame: pd.DataFrame, row: int, column: str) -> Any:
    return frame[column].iloc[row]


def test_deprivation_joins_only_the_lsoas_of_its_own_census(tmp_path: Path) -> None:
    home = tmp_path / "home"
    add(put(tmp_path, "file7.csv", deprivation_table(*IMD2019)), home)
    assert directory_in_use(home).imd == "IMD 2019"  # the embedded directory has LSOAs of 2011
    add(put(tmp_path, "new7.csv", deprivation_table(*IOD2025)), home)
    assert directory_in_use(home).imd == "IMD 2019"  # and none of 2021
    add(put(tmp_path, "onspd.csv", postcode_table(LAYOUTS["ONSPD 2026"])), home)
    directory = directory_in_use(home)
    assert directory.imd == "IoD 2025"
    england = directory.places.dropna(subset=["lsoa11cd"])
    for lsoa, column, count in (("lsoa11cd", "imd19_decile", 32_844), ("lsoa21cd", "imd25_decile", 33_755)):
        ranks = england[lsoa].str[3:].astype(int) + 1
        assert (england[column] == -(-ranks * 10 // count)).all()
    assert len(directory.origin.sources) == 3
    assert directory.licence.count("Communities and Local Government") == 2


def test_without_lsoas_of_2011_the_index_of_2019_is_not_joined(tmp_path: Path) -> None:
    home = tmp_path / "home"
    add(put(tmp_path, "file7.csv", deprivation_table(*IMD2019)), home)
    table = postcode_table(LAYOUTS["NSPL 2025"]).replace("imd20ind", "other")
    add(put(tmp_path, "nspl.csv", table), home)
    directory = directory_in_use(home)
    assert directory.imd is None
    assert directory.places["lsoa11cd"].isna().all()
    located = match([Locator(postcode="AL1 1AA", asked=True)], directory)
    assert cell(located, 0, "lsoa21cd").startswith("E01")
    assert located["imd_decile"].isna().all()


def test_the_index_reaches_the_located_row(tmp_path: Path) -> None:
    home = tmp_path / "home"
    add(put(tmp_path, "file7.csv", deprivation_table(*IMD2019)), home)
    directory = directory_in_use(home)
    row = match([Locator(postcode="SW1A 0AA", asked=True), Locator(council="E09000033", asked=True)], directory)
    assert cell(row, 0, "imd_decile") == -(-(int(cell(row, 0, "lsoa11cd")[3:]) + 1) * 10 // 32_844)
    assert pd.isna(cell(row, 1, "imd_decile"))  # a council has no decile


@pytest.mark.parametrize(
    ("year", "count", "spoil", "message"),
    [
        ("2011", 32_843, {}, "expected each of England's 32844 LSOAs once for IMD 2019, found 32843 rows"),
        ("2021", 32_844, {}, "expected each of England's 33755 LSOAs once for IoD 2025, found 32844 rows"),
        ("2011", 32_844, {5: (6, 2)}, "expected deciles that follow from the ranks.*found 1 that do not"),
        ("2011", 32_844, {32_843: (32_845, 10)}, "expected ranks 1 to 32844.*found 1 to 32845"),
        ("2011", 32_844, {0: (2, 1)}, "expected ranks 1 to 32844.*found 2 to 32844"),
        ("2011", 32_844, dict.fromkeys(range(330), (1, 1)), "32515 different"),
    ],
)
def test_deprivation_that_is_not_whole_is_refused(
    year: str, count: int, spoil: dict[int, tuple[int, int]], message: str, tmp_path: Path
) -> None:
    with pytest.raises(GeographyError, match=message):
        add(put(tmp_path, "file7.csv", deprivation_table(year, count, spoil)), tmp_path / "home")


SCHOOLS: list[dict[str, str]] = [
    {"EstablishmentName": "Käthe Kollwitz Primary School", "Postcode": "TR1 3AY", "CloseDate": ""},
    {"EstablishmentName": "Nine Elms High School", "PhaseOfEducation (name)": "Secondary", "Postcode": "SW1A 0AA"},
    {
        "EstablishmentName": "Long Meadow School",
        "EstablishmentTypeGroup (name)": "Special schools",
        "TypeOfEstablishment (name)": "Community special school",
        "PhaseOfEducation (name)": "Not applicable",
        "Postcode": "TR1 3AY",
    },
    {
        "EstablishmentName": "The Bridge Academy",
        "EstablishmentTypeGroup (name)": "Academies",
        "TypeOfEstablishment (name)": "Academy special converter",
        "PhaseOfEducation (name)": "Secondary",
        "Postcode": "TR1 3AY",
    },
    {
        "EstablishmentName": "Camp Primary School",
        "EstablishmentTypeGroup (name)": "Other types",  # a group that is on no list
        "TypeOfEstablishment (name)": "Service children's education",
        "Postcode": "TR1 3AY",
    },
    {
        "EstablishmentName": "Old Hall School",
        "EstablishmentTypeGroup (name)": "Independent schools",
        "TypeOfEstablishment (name)": "Other independent school",
        "PhaseOfEducation (name)": "Not applicable",
        "StatutoryHighAge": "18",
        "Postcode": "",
        "DistrictAdministrative (code)": "E07000026",
    },
    {"EstablishmentName": "Gone Primary School", "EstablishmentStatus (name)": "Closed", "CloseDate": "31-08-2025", "Postcode": "TR1 3AY"},
    {
        "EstablishmentName": "Sunshine Primary Children's Centre",
        "TypeOfEstablishment (name)": "Children's centre",
        "EstablishmentTypeGroup (name)": "Children's Centres",
        "Postcode": "TR1 3AY",
    },
]


def test_schools_give_phase_and_group_and_never_point_to_a_child(tmp_path: Path) -> None:
    home = tmp_path / "home"
    record = add(put(tmp_path, "edubasealldata20250901.csv", gias_table(SCHOOLS)), home)
    assert (record.product, record.vintage, record.rows) == ("GIAS", "2025-08", 6)
    directory = directory_in_use(home)
    schools = schools_in_use(home, directory)
    cornwall, westminster = "E06000052", "E09000033"
    written = [
        ("kathe kollwitz primary", cornwall, SchoolOutcome.MATCHED),
        ("kathe kollwitz", cornwall, SchoolOutcome.NOT_MATCHED),  # that may be another school
        ("Kathe Kolwitz Primary School", cornwall, SchoolOutcome.MATCHED),
        ("nine elms high school", cornwall, SchoolOutcome.NOT_MATCHED),  # not in Cornwall
        ("nine elms high school", westminster, SchoolOutcome.MATCHED),
        ("long meadow school", cornwall, SchoolOutcome.NOT_MATCHED),  # special
        ("the bridge academy", cornwall, SchoolOutcome.NOT_MATCHED),  # special by its type
        ("camp primary school", cornwall, SchoolOutcome.NOT_MATCHED),
        ("gone primary school", cornwall, SchoolOutcome.NOT_MATCHED),
        ("sunshine primary childrens centre", cornwall, SchoolOutcome.NOT_MATCHED),
    ]
    frame = match([Locator(council=lad, school=name, asked=True) for name, lad, _ in written], directory, schools)
    assert list(frame["school_outcome"]) == [outcome for *_, outcome in written]
    matched = frame["school_outcome"] == SchoolOutcome.MATCHED
    assert list(frame.loc[matched, "school_phase"]) == ["Primary", "Primary", "Secondary"]
    assert frame.loc[~matched, ["school_phase", "school_type_group"]].isna().all(axis=None)
    assert not frame.astype("str").apply(lambda column: column.str.contains("pecial|Not applicable")).any(axis=None)


def test_the_school_is_the_last_resort_for_a_council_and_gives_no_lsoa(tmp_path: Path) -> None:
    home = tmp_path / "home"
    add(put(tmp_path, "edubasealldata20250901.csv", gias_table(SCHOOLS)), home)
    directory = directory_in_use(home)
    schools = schools_in_use(home, directory)
    frame = match(
        [
            Locator(postcode="nowhere", school="Nine Elms High School", asked=True),
            Locator(school="Old Hall School", asked=True),  # no postcode: the council as GIAS states it, of an older code
            Locator(school="Nine Elm High School", asked=True),  # nearly right is not enough when the council is not known
            Locator(school="Long Meadow School", asked=True),
        ],
        directory,
        schools,
    )
    assert list(frame["source"]) == [Source.SCHOOL_POSTCODE, Source.SCHOOL_POSTCODE, Source.NONE, Source.NONE]
    assert list(frame["lad25cd"].fillna("")) == ["E09000033", "E06000063", "", ""]
    assert cell(frame, 1, "school_phase") == "All-through"
    assert frame["lsoa11cd"].isna().all()
    assert list(frame["nation"].fillna("")) == ["England", "England", "", ""]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gias_table(SCHOOLS)[:-20], "middle of a line"),
        (gias_table([{"URN": "100000"}, {"URN": "100000"}]), "different URN"),
        (gias_table([{"EstablishmentStatus (name)": "Closed", "EstablishmentName": "X"}]), "with status 'Open'"),
        (gias_table([{"OpenDate": "", "EstablishmentName": "X"}]), "nothing says how old it is"),
        (gias_table([]), "found none below its header"),
        (gias_table(SCHOOLS).replace(b"EstablishmentName", b"Name"), "expected one of"),
    ],
)
def test_a_list_of_schools_that_is_not_whole_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(GeographyError, match=message):
        add(put(tmp_path, "schools.csv", content), tmp_path / "home")


def names_table() -> str:
    councils = Councils.of_2025()
    lines = [f'{code},"{name}",{councils.regions[code]},Region' for code, name in councils.names.items()]
    return "\n".join(["\ufeffLAD25CD,LAD25NM,RGN25CD,RGN25NM", *lines, "W06000001,Isle of Anglesey,,"]) + "\n"


def test_names_of_exactly_the_councils_of_2025_are_taken(tmp_path: Path) -> None:
    assert add(put(tmp_path, "names.csv", names_table()), tmp_path / "home").rows == 296
    for old, new, message in (
        ("E09000033,", "E06000999,", "expected England's 296 councils of 2025 .* found 296 codes, 1 of them others"),
        ("E12000007", "E12000008", "expected every council in its region of 2025"),
    ):
        with pytest.raises(GeographyError, match=message):
            add(put(tmp_path, "wrong.csv", names_table().replace(old, new)), tmp_path / "home")


def region_map(x: float = -1.5, y: float = 52.0, count: int = 9) -> dict[str, Any]:
    features = [
        {
            "type": "Feature",
            "properties": {"RGN24CD": code, "RGN24NM": name, "SHAPE_Area": 1.0},
            "geometry": {"type": "MultiPolygon", "coordinates": [[[[x, y], [x + 0.1, y], [x, y + 0.1], [x, y]]]]},
        }
        for code, name in Councils.of_2025().region_names.items()
    ]
    return {"type": "FeatureCollection", "features": features[:count]}


def test_a_map_needs_every_area_in_longitude_and_latitude(tmp_path: Path) -> None:
    home = tmp_path / "home"
    record = add(put(tmp_path, "regions.geojson", json.dumps(region_map())), home)
    assert (record.product, record.rows) == ("Region boundaries", 9)
    kept = json.loads((home / record.id / "map.geojson").read_text(encoding="utf-8"))
    assert kept["features"][0]["properties"] == {"code": "E12000001", "name": "North East"}
    for wrong, message in (
        (region_map(x=430_000, y=290_000), "found other coordinates"),
        (region_map(count=8), "expected 9 areas of 2025 .* found 8"),
        ({"features": []}, "expected a GeoJSON map"),
        ([], "expected a GeoJSON map"),
    ):
        with pytest.raises(GeographyError, match=message):
            add(put(tmp_path, "wrong.geojson", json.dumps(wrong)), home)
    with pytest.raises(GeographyError, match="expected a GeoJSON map"):
        add(put(tmp_path, "cut.geojson", json.dumps(region_map())[:-50]), home)


def test_boundaries_come_back_with_their_licence(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert boundaries(home, Level.REGION) is None
    add(put(tmp_path, "regions.geojson", json.dumps(region_map())), home)
    found = boundaries(home, Level.REGION)
    assert found is not None
    assert [feature["properties"]["code"] for feature in found["features"]] == sorted(Councils.of_2025().region_names)
    assert "Open Government Licence" in found["licence"]
    assert boundaries(home, Level.COUNCIL) is None


@pytest.mark.parametrize(("pupils", "kept"), [("0", False), ("49", False), ("50", True), ("51", True), ("", True)])
def test_a_school_of_few_pupils_is_kept_as_no_type(pupils: str, kept: bool, tmp_path: Path) -> None:
    school = {"EstablishmentName": "Long Barn School", "EstablishmentTypeGroup (name)": "Independent schools", "Postcode": "TR1 3AY"}
    few = school | {"TypeOfEstablishment (name)": "Other independent school", "NumberOfPupils": pupils}
    home = tmp_path / "home"
    add(put(tmp_path, "edubasealldata.csv", gias_table([few])), home)
    frame = match(
        [Locator(council="E06000052", school="Long Barn School", asked=True)],
        Directory.embedded(),
        schools_in_use(home, Directory.embedded()),
    )
    assert (cell(frame, 0, "school_outcome") == SchoolOutcome.MATCHED) == kept
    assert pd.isna(cell(frame, 0, "school_type_group")) != kept


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("Community special school", "Special schools"), ("Foundation special school", "Special schools"),
        ("Non-maintained special school", "Special schools"), ("Other independent special school", "Independent schools"),
        ("Academy special converter", "Academies"), ("Academy special sponsor led", "Academies"), ("Free schools special", "Free Schools"),
        ("Pupil referral unit", "Local authority maintained schools"), ("Academy alternative provision converter", "Academies"),
        ("Free schools alternative provision", "Free Schools"), ("Special post 16 institution", "Colleges"),
        ("Secure units", "Other types"),
        ("Secure 16-19 academy", "Academies"), ("Online provider", "Online provider"), ("Service children's education", "Other types"),
        ("Hospital school", "Special schools"), ("Something new", "A group that is on no list"),
    ],
)  # fmt: skip
def test_no_special_school_or_secure_unit_is_kept_as_a_type_however_many_pupils_it_has(kind: str, group: str, tmp_path: Path) -> None:
    school = {"EstablishmentName": "Long Barn School", "TypeOfEstablishment (name)": kind, "EstablishmentTypeGroup (name)": group}
    many = school | {"NumberOfPupils": "900", "Postcode": "TR1 3AY", "PhaseOfEducation (name)": "Secondary"}
    home = tmp_path / "home"
    add(put(tmp_path, "edubasealldata.csv", gias_table([many, {"EstablishmentName": "Other School"}])), home)
    schools = schools_in_use(home, Directory.embedded())
    asked = [Locator(council="E06000052", school="Long Barn School", asked=True), Locator(school="Long Barn School", asked=True)]
    frame = match(asked, Directory.embedded(), schools)
    assert (frame["school_outcome"] == SchoolOutcome.NOT_MATCHED).all()
    assert frame[["school_phase", "school_type_group"]].isna().all(axis=None)
    assert pd.isna(cell(frame, 1, "lad25cd")), "not even its council"


def test_what_cannot_be_known_to_be_whole_says_so(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "plain", tmp_path / "zipped"
    assert "does not say how many rows" in add(put(tmp_path, "schools.csv", gias_table(SCHOOLS)), plain).whole
    assert "checksum" in add(write_zip(tmp_path / "schools.zip", {"edubasealldata.csv": gias_table(SCHOOLS)}), zipped).whole
    assert add(put(tmp_path, "file7.csv", deprivation_table(*IMD2019)), plain).whole == "every area is there"


def test_add_list_show_and_remove(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert added(home) == []
    table = postcode_table(LAYOUTS["ONSPD 2026"])
    first = add(put(tmp_path, "first.csv", table), home)
    assert add(put(tmp_path, "same.csv", table), home) == first
    assert added(home) == [first] == [show(first.id, home)]
    changed = rows()
    changed[0]["lad"] = changed[1]["lad"]
    with pytest.raises(GeographyError, match=f"remove '{first.id}' first"):
        add(put(tmp_path, "other.csv", postcode_table(LAYOUTS["ONSPD 2026"], changed)), home)
    with pytest.raises(GeographyError, match=f"'nspl' was not added; {first.id} was"):
        show("nspl", home)
    assert directory_in_use(home).name == "ONSPD 2026-01"
    remove(first.id, home)
    assert added(home) == []
    assert directory_in_use(home) is Directory.embedded()
    with pytest.raises(GeographyError, match="nothing was"):
        remove(first.id, home)


def test_the_newest_directory_is_in_use_and_onspd_before_nspl(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("NSPL 2025", "ONSPD 2026"):
        add(put(tmp_path, f"{name}.csv", postcode_table(LAYOUTS[name])), home)
    assert directory_in_use(home).name == "ONSPD 2026-01"
    newer = [row | {"dointr": "202605"} for row in rows()]
    add(put(tmp_path, "newer.csv", postcode_table(LAYOUTS["PCD 2022"], newer)), home)
    assert directory_in_use(home).name == "ONS postcode lookup 2026-05"


@pytest.mark.parametrize("damage", ["{", '{"id": "x"}', ""])
def test_a_damaged_record_is_refused(damage: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    record = add(put(tmp_path, "names.csv", names_table()), home)
    (home / record.id / "record.json").write_text(damage, encoding="utf-8")
    with pytest.raises(GeographyError, match=f"the record of '{record.id}' is damaged"):
        added(home)


def test_lookup_answers_a_list_for_checking(tmp_path: Path) -> None:
    asked = put(tmp_path, "asked.csv", '"SW1A 0AA",x\nCF10 4UW\nSW1A\n\nZE9 9ZZ\n')
    frame = lookup(asked, Directory.embedded())
    assert list(frame["postcode"]) == ["SW1A 0AA", "CF10 4UW", "SW1A", "", "ZE9 9ZZ"]
    assert list(frame["outcome"]) == [Outcome.MATCHED, Outcome.NOT_IN_ENGLAND, Outcome.PARTIAL, Outcome.NOT_GIVEN, Outcome.UNKNOWN]
    assert cell(frame, 0, "lad25cd") == "E09000033"


def test_a_zipped_geojson_and_a_zipped_table_are_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert add(write_zip(tmp_path / "map.zip", {"a/b.geojson": json.dumps(region_map())}), home).product == "Region boundaries"
    table = deprivation_table(*IMD2019)
    assert add(write_zip(tmp_path / "imd.zip", {"File 7.csv": table}), home).rows == 32_844
    assert np.all(directory_in_use(home).places["imd19_decile"].dropna().between(1, 10))
