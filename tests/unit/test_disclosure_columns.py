"""Files are read a piece at a time, and give the same whatever the size of the pieces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import disclosure.columns as columns
from disclosure.columns import numbers, positions, read_columns
from disclosure.error import DisclosureError
from disclosure.files import audit_files, protect_files
from disclosure.inner_files import read_csv
from disclosure.policy import Group, load_policy

POLICY = replace(load_policy("ons-threshold-10"), group_disclosure=Group.NONE)
TEXT = "\ufeffplace, answer ,n\n a,x ,3\nb,x,20\na,y,30\nb,y, 25\nc,x,\nc,y,007\n"


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("rows", [1, 2, 5, 6, 7])
def test_pieces_of_any_size_give_the_same_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(columns, "ROWS", rows)
    frame = read_columns(written(tmp_path, TEXT))
    assert {name: frame[name].tolist() for name in frame} == {
        "place": ["a", "b", "a", "b", "c", "c"],
        "answer": ["x", "x", "y", "y", "x", "y"],
        "n": ["3", "20", "30", "25", "", "007"],
    }
    assert all(isinstance(frame[name].dtype, pd.CategoricalDtype) for name in frame)


def test_positions_and_numbers_are_those_of_each_text() -> None:
    column = pd.Series(["b", "a", "b", "?"])
    for given in (column, column.astype("category")):
        assert positions(given, {"a": 0, "b": 1}).tolist() == [1, 0, 1, -1]
    found = numbers(pd.Series(["3", "", "x", "2.5", "3"]).astype("category"))
    assert np.isnan(found).tolist() == [False, True, True, False, False]
    assert found[[0, 3, 4]].tolist() == [3.0, 2.5, 3.0]
    assert numbers(pd.Series([1, 2, 2])).tolist() == [1.0, 2.0, 2.0]
    assert np.isnan(numbers(pd.Series([None, 1]))).tolist() == [True, False]
    assert positions(pd.Series([None, "a"]), {"a": 0}).tolist() == [-1, 0]


def test_a_bad_row_in_a_later_piece_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "ROWS", 2)
    with pytest.raises(DisclosureError, match="has an empty code in column 'place'"):
        read_csv(written(tmp_path, "place,n\na,1\nb,2\nc,3\n ,4\n"))
    tree = written(tmp_path, "code,parent\nTotal,\na,Total\nb,Total\n", "tree.csv")
    with pytest.raises(DisclosureError, match="'q' in column 'place' is an unknown code"):
        protect_files([written(tmp_path, "place,n\na,1\nb,2\nq,3\n")], {"place": tree}, POLICY, tmp_path / "out")
    with pytest.raises(DisclosureError, match="whole numbers"):
        protect_files([written(tmp_path, "place,n\na,1\nb,2\nc,2.5\n")], {}, POLICY, tmp_path / "out")
    with pytest.raises(DisclosureError, match="no rows"):
        read_csv(written(tmp_path, "place,n\n"))


def test_files_read_and_written_in_pieces_are_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    rows = [f"{p},{a},{k},{n}" for p in "abcd" for a in "xyz" for k in "12" for n in [int(rng.integers(0, 30))]]
    path = written(tmp_path, "\n".join(["place,answer,age,n", *rows]) + "\n")
    whole = protect_files([path], {}, POLICY, tmp_path / "whole")
    monkeypatch.setattr(columns, "ROWS", 5)
    protect_files([path], {}, POLICY, tmp_path / "pieces")
    assert (tmp_path / "whole/t.csv").read_bytes() == (tmp_path / "pieces/t.csv").read_bytes()
    assert pd.read_csv(tmp_path / "whole/t.csv", dtype={"n": "Int64", "age": "str"}).equals(whole.tables[0].to_frame())
    assert audit_files([tmp_path / "pieces"], {}, POLICY).exposed == ()
