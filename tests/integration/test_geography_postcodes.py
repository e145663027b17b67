"""ONSPD, NSPL and the ONS lookup as they are published, old and new, zipped or not; and every way they can be wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.directory import Directory
from pipeline.geography import stream
from pipeline.geography.catalogue import add, added
from pipeline.geography.in_use import directory_in_use
from pipeline.geography.source import GeographyError
from pipeline.postcode import Outcome, normalise
from tests.integration.official_files import COUNCILS, LAYOUTS, ONSPD_2026, PRODUCTS, VINTAGE, postcode_table, rows, write_zip


def directory_of(tmp_path: Path, text: str, name: str = "a download.csv") -> Directory:
    (tmp_path / name).write_text(text, encoding="utf-8")
    add(tmp_path / name, tmp_path / "home")
    return directory_in_use(tmp_path / "home")


def find(directory: Directory, *postcodes: str) -> pd.DataFrame:
    return directory.lookup(np.array([normalise(text).postcode for text in postcodes], "S7"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_places(layout: str, tmp_path: Path) -> None:
    header = LAYOUTS[layout]
    directory = directory_of(tmp_path, postcode_table(header))
    record = added(tmp_path / "home")[0]
    assert (record.product, record.vintage, record.rows) == (PRODUCTS[layout], VINTAGE, len(rows()) + 1)  # and Gibraltar
    assert len(record.sha256) == 64
    assert "Royal Mail data © Royal Mail copyright and database right 2026" in record.licence
    for row in rows():
        found = find(directory, row["postcode"]).iloc[0]
        if row["lad"].startswith("E"):
            assert found["outcome"] == (Outcome.MATCHED_TERMINATED if row["doterm"] else Outcome.MATCHED)
            assert found["lad25cd"] == row["lad"]
            for stem in ("lsoa11", "msoa11", "lsoa21", "msoa21"):
                if stem in header or f"{stem}cd" in header:
                    assert found[f"{stem}cd"] == row[stem]
            if "imd" in header or "imd20ind" in header:
                assert found["imd19_decile"] == -(-int(row["imd"]) * 10 // 32844)
        else:
            assert found["outcome"] == (Outcome.NOT_IN_ENGLAND if row["lad"] else Outcome.NO_GRID_REFERENCE)
            assert found.drop(["outcome", "nation"]).isna().all()
    assert list(find(directory, "BT1 1AA", "CF1 1AA", "EH1 1AA", "GY1 1AA", "JE1 1AA", "IM1 1AA", "GX11 1AA")["nation"]) == [
        "Northern Ireland",
        "Wales",
        "Scotland",
        "Guernsey",
        "Jersey",
        "Isle of Man",
        "Gibraltar",
    ]


@pytest.mark.parametrize(("old", "new"), [("lad25cd", "lad31cd"), ("rgn25cd", "rgn31cd"), ("imd20ind", "imd31ind")])
def test_the_year_in_a_column_may_move(old: str, new: str, tmp_path: Path) -> None:
    directory = directory_of(tmp_path, postcode_table(ONSPD_2026).replace(old, new))
    assert find(directory, "AL1 1AA")["lad25cd"].notna().all()


def test_capitals_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    header, *lines = postcode_table(ONSPD_2026).splitlines()
    directory = directory_of(tmp_path, "\ufeff" + "\r\n".join([header.upper(), *lines]) + "\r\n")
    assert find(directory, "AL1 1AA")["lsoa11cd"].notna().all()


def test_postcodes_with_one_space_are_read_as_those_of_seven_characters(tmp_path: Path) -> None:
    table = postcode_table(LAYOUTS["PCD 2022"])
    for row in rows():
        outward, inward = row["postcode"].split()
        table = table.replace(f'"{outward:<4}{inward}"', f'"{row["postcode"]}"', 1)
    directory = directory_of(tmp_path, table)
    assert find(directory, "B1 1AA", "AL1 1AA")["outcome"].tolist() == [Outcome.NO_GRID_REFERENCE, Outcome.MATCHED]


def test_an_older_council_code_leads_to_the_council_of_2025(tmp_path: Path) -> None:
    made = rows()
    made[0] |= {"lad": "E07000026"}
    directory = directory_of(tmp_path, postcode_table(ONSPD_2026, made))
    assert find(directory, made[0]["postcode"])["lad25cd"].tolist() == ["E06000063"]


def test_the_whole_table_is_found_in_a_zip_wherever_it_lies(tmp_path: Path) -> None:
    table = postcode_table(ONSPD_2026)
    part = "\n".join(table.splitlines()[:3]) + "\n"
    path = write_zip(
        tmp_path / "download.zip",
        {
            "User Guide/guide.csv": "about,this\n1,2\n",
            "Documents/LA names and codes.csv": "LAD25CD,LAD25NM\n" + "".join(f"{c},Council {c}\n" for c in COUNCILS),
            "ANY/Path At All/multi_csv/part_AB.csv": part,
            "ANY/Path At All/whole.csv": table,
        },
    )
    record = add(path, tmp_path / "home")
    assert (record.product, record.rows) == ("ONSPD", len(rows()) + 1)


def test_places_do_not_depend_on_the_size_of_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = directory_of(tmp_path, postcode_table(ONSPD_2026))
    monkeypatch.setattr(stream, "BLOCK_BYTES", 2048)
    (tmp_path / "second").mkdir()
    batches = directory_of(tmp_path / "second", postcode_table(ONSPD_2026))
    assert np.array_equal(whole.codes, batches.codes)
    postcodes = [row["postcode"] for row in rows()]
    pd.testing.assert_frame_equal(find(whole, *postcodes), find(batches, *postcodes))


def test_numbers_too_large_for_one_integer_are_numbered_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = directory_of(tmp_path, postcode_table(ONSPD_2026))
    monkeypatch.setattr(stream, "_INT64", 1000)
    (tmp_path / "second").mkdir()
    again = directory_of(tmp_path / "second", postcode_table(ONSPD_2026))
    pd.testing.assert_frame_equal(whole.places, again.places)
    assert np.array_equal(whole.place, again.place)


def changed(**fields: str) -> Callable[[], str]:
    def table() -> str:
        made = rows()
        made[3] |= fields
        return postcode_table(ONSPD_2026, made)

    return table


TABLE = postcode_table(ONSPD_2026)
REFUSED: list[tuple[str, Callable[[], str], str]] = [
    ("another file", lambda: "a,b,c\n1,2,3\n", "expected one of ONSPD, NSPL.*found in .* a table of 3 columns: a, b, c"),
    ("nothing", lambda: "", "expected one of"),
    ("a header alone", lambda: ",".join(ONSPD_2026) + "\n", "no whole table|expected postcodes"),
    ("cut in a line", lambda: TABLE[:-9], "ends in the middle of a line"),
    ("cut in a field at a newline", lambda: TABLE[: TABLE.rindex(",")] + "\n", "no whole table"),
    ("cut at a line", lambda: "\n".join(TABLE.splitlines()[:60]) + "\n", "found none of .*: it is cut off or a part"),
    ("one area only", lambda: "\n".join(TABLE.splitlines()[:2]) + "\n", "cut off or a part"),
    ("twice the same", lambda: TABLE + TABLE.split("\n", 1)[1], "found .* of them twice"),
    ("two with headers", lambda: TABLE + TABLE, "found 1 rows without: is a second file in it"),
    ("two vintages", lambda: TABLE.replace("wd25cd", "lad24cd"), "expected one column for lad, found lad25cd, lad24cd"),
    ("no LSOA", lambda: TABLE.replace("lsoa11cd", "x").replace("lsoa21cd", "y"), "expected a column of LSOAs"),
    ("a later council", changed(lad="E06000099"), "newer than this program's list"),
    ("no council code", changed(lad="Leeds"), "expected council codes .*found 'Leeds'"),
    ("no LSOA code", changed(lsoa11="Leeds 001A"), "expected codes like E01000001 in lsoa11cd"),
    ("no date", changed(doterm="31/12/2020"), "expected months as YYYYMM"),
    ("no month", changed(doterm="202013"), "expected months as YYYYMM"),
    ("a rank beyond the last", changed(imd="32845"), "expected ranks of 1 to 32844"),
    ("a rank that is none", changed(imd="low"), "expected ranks of 1 to 32844"),
    ("no postcode", lambda: TABLE.replace("AL1 1AA", "AL1-1AA"), "found 1 rows without"),
]


@pytest.mark.parametrize(("name", "table", "message"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_wrong_truncated_or_mixed_file_is_refused(name: str, table: Callable[[], str], message: str, tmp_path: Path) -> None:
    (tmp_path / "download.csv").write_text(table(), encoding="utf-8")
    with pytest.raises(GeographyError, match=message):
        add(tmp_path / "download.csv", tmp_path / "home")
    assert not (tmp_path / "home").exists() or not list((tmp_path / "home").iterdir())


def test_a_zip_is_refused_if_it_is_cut_off_empty_or_holds_two_editions(tmp_path: Path) -> None:
    home = tmp_path / "home"
    whole = write_zip(tmp_path / "whole.zip", {"a.csv": TABLE}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GeographyError, match="no whole zip file"):
        add(tmp_path / "cut.zip", home)
    middle = len(whole) // 3
    (tmp_path / "damaged.zip").write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    with pytest.raises(GeographyError, match=r"cannot be read to its end|no whole table"):
        add(tmp_path / "damaged.zip", home)
    with pytest.raises(GeographyError, match=r"expected one whole table in two\.zip, found 2"):
        add(write_zip(tmp_path / "two.zip", {"a.csv": TABLE, "b.csv": postcode_table(LAYOUTS["NSPL 2025"])}), home)
    with pytest.raises(GeographyError, match=r"found neither in empty\.zip"):
        add(write_zip(tmp_path / "empty.zip", {"guide.pdf": "x"}), home)
    with pytest.raises(GeographyError, match="there is no file"):
        add(tmp_path / "missing.zip", home)
    (tmp_path / "table.xlsx").write_bytes(b"x")
    with pytest.raises(GeographyError, match=r"found neither in table\.xlsx"):
        add(tmp_path / "table.xlsx", home)
    assert added(home) == []


def test_an_early_rank_is_not_taken_for_that_of_2019(tmp_path: Path) -> None:
    made = [row | {"doterm": row["doterm"] and "201901"} for row in rows()]
    directory = directory_of(tmp_path, postcode_table(LAYOUTS["ONSPD 2021"], made))
    assert directory.vintage == "2019-01"
    assert directory.imd is None
