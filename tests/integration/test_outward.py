"""Nations of outward codes: offline, from our own file, and none for a code on a border."""

import socket
from pathlib import Path

import pandas as pd
import pytest

from pipeline import outward
from pipeline.directory import Directory
from pipeline.embed_directory import outward_codes


def test_nations_are_those_of_the_directory_itself() -> None:
    directory = Directory.embedded()
    codes = pd.Series(outward_codes(directory)["postal_code"].unique())
    sample = codes.sample(150, random_state=4).tolist()
    for code, nation in zip(sample, outward.nations(sample), strict=True):
        nations = directory.places_of_outward(code)["nation"].dropna().unique()
        assert nation == (nations[0] if len(nations) == 1 else None)


def test_a_border_and_an_unknown_code_have_no_nation() -> None:
    assert outward.nations(["CH1", "ZZ9", "M1", "CH1", "TR1"]) == [None, None, "England", None, "England"]
    assert outward.nations([]) == []


def test_no_network_and_no_file_is_touched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    outward._gazetteer.cache_clear()
    folder = Path(outward.__file__).parent / "data" / "geography"
    before = sorted(path.name for path in folder.iterdir())
    assert outward.nations(["EH1"]) == ["Scotland"]
    assert sorted(path.name for path in folder.iterdir()) == before
    monkeypatch.setattr(outward, "files", lambda _: tmp_path)
    outward._gazetteer.cache_clear()
    with pytest.raises(FileNotFoundError, match="install the program again"):
        outward.nations(["EH1"])
    outward._gazetteer.cache_clear()


def test_the_shipped_file_is_derived_from_the_shipped_directory() -> None:
    shipped = Path(outward.__file__).parent / "data" / "geography" / "GB.txt"
    assert outward_codes(Directory.embedded()).to_csv(index=False, lineterminator="\n") == shipped.read_text(encoding="utf-8")
