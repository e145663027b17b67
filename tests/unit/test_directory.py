"""The postcode directory: what it answers, and what it refuses to be made of."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.directory import Directory, DirectoryError, Origin
from pipeline.postcode import Outcome, pack

ORIGIN = Origin("made up", "2025-11", "none", {"none": "0"})
PLACES = pd.DataFrame(
    {
        "nation": ["England", "England", "England", "Wales", None],
        "lsoa11cd": ["E01000001", None, "E01000002", None, None],
        "msoa11cd": ["E02000001", None, "E02000001", None, None],
        "lad25cd": ["E09000001", "E09000002", "E09000001", None, None],
    },
    dtype="str",
)
POSTCODES = ["AB1 0AA", "M1  1AE", "M1  1AF", "M2  1AA", "ZE1 0AA"]


def make(places: pd.DataFrame = PLACES, place: tuple[int, ...] = (0, 1, 2, 3, 4), postcodes: list[str] | None = None) -> Directory:
    terminated = np.array([False, False, True, True, True])
    return Directory(ORIGIN, pack(postcodes or POSTCODES), np.array(place, dtype=np.int32), terminated, places)


def test_every_outcome_of_a_lookup() -> None:
    asked = np.array([*POSTCODES, "AA1 1AA", "ZZ1 1AA", "nothing"], dtype="S7")
    frame = make().lookup(asked)
    assert list(frame["outcome"]) == [
        Outcome.MATCHED,
        Outcome.MATCHED,
        Outcome.MATCHED_TERMINATED,
        Outcome.NOT_IN_ENGLAND,
        Outcome.NO_GRID_REFERENCE,
        Outcome.UNKNOWN,
        Outcome.UNKNOWN,
        Outcome.UNKNOWN,
    ]
    assert list(frame["lad25cd"].fillna("")) == ["E09000001", "E09000002", "E09000001", "", "", "", "", ""]
    assert list(frame["lsoa11cd"].fillna("")) == ["E01000001", "", "E01000002", "", "", "", "", ""]


def test_an_empty_lookup_has_no_rows_and_all_columns() -> None:
    frame = make().lookup(np.array([], dtype="S7"))
    assert list(frame.columns) == ["outcome", *PLACES.columns]
    assert len(frame) == 0


def test_places_of_an_outward_code_stop_at_its_edge() -> None:
    directory = make(postcodes=["M1  1AE", "M1  1AF", "M10 1AA", "M1A 1AA", "M2  1AA"])
    assert list(directory.places_of_outward("M1").index) == [0, 1]
    assert list(directory.places_of_outward("M10").index) == [2]
    assert len(directory.places_of_outward("M9")) == 0


def test_the_council_of_an_outward_code_is_that_of_all_its_known_places() -> None:
    postcodes = ["M1  1AE", "M1  1AF", "M1  1AG", "M2  1AA", "M3  1AA"]
    assert make(place=(0, 2, 4, 1, 3), postcodes=postcodes).council_of_outward("M1") == "E09000001"  # one place is not known
    assert make(place=(0, 2, 1, 1, 3), postcodes=postcodes).council_of_outward("M1") is None  # two councils
    assert make(place=(0, 2, 3, 1, 3), postcodes=postcodes).council_of_outward("M1") is None  # and Wales
    assert make(place=(4, 4, 4, 1, 3), postcodes=postcodes).council_of_outward("M1") is None  # nothing is known
    assert make(postcodes=postcodes).council_of_outward("M3") is None
    assert make(postcodes=postcodes).council_of_outward("M9") is None


def test_save_and_load_give_the_same_directory_and_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make().save(tmp_path / name)
    for name in ("postcodes.parquet", "places.parquet", "directory.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    loaded = Directory.load(tmp_path / "a")
    assert loaded.origin == ORIGIN
    pd.testing.assert_frame_equal(loaded.lookup(np.array(POSTCODES, "S7")), make().lookup(np.array(POSTCODES, "S7")))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: make(PLACES.drop(columns="msoa11cd")), "msoa11cd missing"),
        (lambda: make(postcodes=POSTCODES[::-1]), "sorted"),
        (lambda: make(postcodes=[POSTCODES[0], *POSTCODES[:4]]), "each there once"),
        (lambda: make(postcodes=["nothing", *POSTCODES[1:]]), "well formed"),
        (lambda: make(place=(0, 1, 2, 3, 5)), "place that is not there"),
        (lambda: make(place=(0, 1, 2, 3, -1)), "place that is not there"),
        (lambda: make(place=(0, 1, 2, 3)), "a place and a status for every postcode"),
        (lambda: make(PLACES.assign(lad25cd="E06000999", nation="England")), "expected English councils of 2025"),
        (lambda: make(PLACES.assign(nation="Atlantis")), "expected nations"),
        (lambda: make(PLACES.assign(nation="Wales")), "lies in another nation"),
    ],
)
def test_a_directory_that_is_not_whole_is_refused(spoil: Callable[[], Directory], message: str) -> None:
    with pytest.raises(DirectoryError, match=message):
        spoil()


@pytest.mark.parametrize("name", ["postcodes.parquet", "places.parquet", "directory.json"])
def test_a_damaged_folder_is_refused(tmp_path: Path, name: str) -> None:
    make().save(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(DirectoryError, match="cannot be read"):
        Directory.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DirectoryError, match="cannot be read"):
        Directory.load(tmp_path)


def test_the_index_of_multiple_deprivation_is_there_only_if_it_was_added() -> None:
    bare = make()
    assert bare.imd is None
    assert bare.imd_decile(bare.lookup(np.array(POSTCODES, "S7"))).isna().all()
    old = make(PLACES.assign(imd19_decile=pd.array([1, None, 10, None, None], dtype="Int8")))
    assert old.imd == "IMD 2019"
    assert list(old.imd_decile(old.lookup(np.array(POSTCODES[:3], "S7"))).fillna(0)) == [1, 0, 10]


def test_the_embedded_directory_says_what_it_is() -> None:
    directory = Directory.embedded()
    assert directory is Directory.embedded()
    assert len(directory.codes) > 2_700_000
    assert "Open Government Licence" in directory.licence
    assert "Royal Mail" in directory.licence
    assert json.dumps(directory.origin.sources).count("whl") == 2
