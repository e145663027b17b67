"""Deriving the embedded directory: two files of different months, joined without inventing anything."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import py7zr

from pipeline.directory import Directory
from pipeline.embed_directory import LOOKUP, derive, outward_codes, read_areas_2022
from pipeline.postcode import Outcome, unpack
from tests.unit.test_directory import ORIGIN

AREAS = pd.DataFrame(
    [
        ("M1  1AE", None, "E01000001", "E02000001"),
        ("M1  1AF", "200001", "E01000001", "E02000001"),
        ("CH1 4AA", None, "W01000001", "W02000001"),  # in Wales by the earlier file
        ("CH1 4AB", None, "W01000001", "W02000001"),
        ("GY1 1AA", None, "L99999999", "L99999999"),
        ("ZE1 0AA", "200901", None, None),
    ],
    columns=["pcd7", "doterm", "lsoa11cd", "msoa11cd"],
)
COUNCILS = pd.DataFrame(
    [
        ("ZE1 0AA", None),
        ("M1  1AE", "E08000003"),
        ("M1  1AF", "E08000016"),  # an older code of Barnsley
        ("M1  9ZZ", "E08000003"),  # newer than the earlier file
        ("CH1 4AA", "E06000050"),  # in England by the later file
        ("CH1 4AB", "W06000005"),
        ("GY1 1AA", "L99999999"),
        ("BT1 1AA", "N09000003"),
    ],
    columns=["pcd7", "laua"],
)


def answers(directory: Directory) -> dict[str, tuple[str, ...]]:
    codes = unpack(directory.codes)
    frame = directory.lookup(np.array(codes, dtype="S7")).fillna("-")
    columns = ["outcome", "nation", "lsoa11cd", "msoa11cd", "lad25cd"]
    return dict(zip(codes, frame[columns].itertuples(index=False, name=None), strict=True))


def test_the_later_file_places_and_the_earlier_one_refines() -> None:
    nothing = ("-", "-", "-")
    assert answers(derive(AREAS, COUNCILS, ORIGIN)) == {
        "BT1 1AA": (Outcome.NOT_IN_ENGLAND, "Northern Ireland", *nothing),
        "CH1 4AA": (Outcome.MATCHED, "England", "-", "-", "E06000050"),
        "CH1 4AB": (Outcome.NOT_IN_ENGLAND, "Wales", *nothing),
        "GX111AA": (Outcome.NOT_IN_ENGLAND, "Gibraltar", *nothing),
        "GY1 1AA": (Outcome.NOT_IN_ENGLAND, "Guernsey", *nothing),
        "M1  1AE": (Outcome.MATCHED, "England", "E01000001", "E02000001", "E08000003"),
        "M1  1AF": (Outcome.MATCHED_TERMINATED, "England", "E01000001", "E02000001", "E08000038"),
        "M1  9ZZ": (Outcome.MATCHED, "England", "-", "-", "E08000003"),
        "ZE1 0AA": (Outcome.NO_GRID_REFERENCE, "-", *nothing),
    }


def test_outward_codes_list_every_nation_and_council_they_touch() -> None:
    frame = outward_codes(derive(AREAS, COUNCILS, ORIGIN)).fillna("")
    rows = list(zip(frame["postal_code"], frame["state_name"], frame["community_code"], strict=True))
    assert rows == [
        ("BT1", "Northern Ireland", ""),
        ("CH1", "England", "E06000050"),
        ("CH1", "Wales", ""),
        ("GX11", "Gibraltar", ""),
        ("GY1", "Guernsey", ""),
        ("M1", "England", "E08000003"),
        ("M1", "England", "E08000038"),
    ]


def test_the_earlier_file_is_read_out_of_its_archive_in_its_package(tmp_path: Path) -> None:
    table = 'pcd7,pcd8,doterm,lsoa11cd,msoa11cd,ladnmw\n"M1  1AE","M1   1AE","","E01000001","E02000001","Ynys Môn"\n'
    packed = io.BytesIO()
    with py7zr.SevenZipFile(packed, "w") as archive:
        archive.writestr(table.encode("latin-1"), f"{LOOKUP}.csv")
    with zipfile.ZipFile(tmp_path / "package.whl", "w") as wheel:
        wheel.writestr(f"somewhere/{LOOKUP}.7z", packed.getvalue())
    frame = read_areas_2022(tmp_path / "package.whl")
    assert frame.fillna("").to_dict("records") == [{"pcd7": "M1  1AE", "doterm": "", "lsoa11cd": "E01000001", "msoa11cd": "E02000001"}]
    assert frame["doterm"].isna().all()
