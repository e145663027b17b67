"""Static files: from memory, by an address that changes with their content, and nothing beside them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.requests import Request

from api.static_files import StaticFiles


def request(accepts: str = "") -> Request:
    return Request({"type": "http", "method": "GET", "headers": [(b"accept-encoding", accepts.encode())]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.css").write_text("a{color:red}" * 50)
    (tmp_path / "deep" / "b.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("no")
    return tmp_path


def test_a_file_is_packed_for_whoever_can_unpack_it(folder: Path) -> None:
    files = StaticFiles(folder)
    plain, packed = files.response("a.css", request()), files.response("a.css", request("br, gzip"))
    assert plain is not None
    assert packed is not None
    assert gzip.decompress(bytes(packed.body)) == bytes(plain.body)
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in plain.headers["cache-control"]


def test_the_address_changes_with_any_content_or_name(folder: Path) -> None:
    before = StaticFiles(folder).prefix
    assert StaticFiles(folder).prefix == before
    (folder / "deep" / "b.svg").write_text("<svg></svg>")
    changed = StaticFiles(folder).prefix
    (folder / "a.css").rename(folder / "c.css")
    assert len({before, changed, StaticFiles(folder).prefix}) == 3


@pytest.mark.parametrize("name", ["secret.txt", "../a.css", "deep/../a.css", "/a.css", "", "deep"])
def test_nothing_else_is_served(folder: Path, name: str) -> None:
    files = StaticFiles(folder)
    assert files.response(name, request()) is None
    with pytest.raises(KeyError):
        files.url(name)
