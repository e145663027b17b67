"""Parts of a long step lie sealed under a key derived from the one whose destruction ends it."""

from pathlib import Path

import pytest

from retention.sealed_parts import SealedParts

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


def test_a_part_comes_back_from_the_same_key_alone(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path / "parts", KEY)
    name = parts.name(["one", "two"])
    assert parts.get(name) is None
    parts.put(name, b"spans")
    assert SealedParts(tmp_path / "parts", KEY).get(name) == b"spans"
    assert SealedParts(tmp_path / "parts", OTHER).get(name) is None


def test_names_tell_what_a_part_is_made_from_only_to_the_key(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path / "parts", KEY)
    names = {parts.name(texts) for texts in (["ab", "c"], ["a", "bc"], ["abc"], ["ab", "c", ""], ["\ud800"])}
    assert len(names) == 5
    assert parts.name(["ab", "c"]) == SealedParts(tmp_path / "parts", KEY).name(["ab", "c"])
    assert parts.name(["ab", "c"]) != SealedParts(tmp_path / "parts", OTHER).name(["ab", "c"])


def test_nothing_lies_there_in_clear_and_only_for_its_owner(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path / "parts", KEY)
    parts.put(parts.name(["a"]), b"my friend tunde" * 3)
    (path,) = (tmp_path / "parts").iterdir()
    assert b"tunde" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("left", [0, 20, 44])
def test_a_damaged_part_is_made_again(tmp_path: Path, left: int) -> None:
    parts = SealedParts(tmp_path / "parts", KEY)
    name = parts.name(["a"])
    parts.put(name, b"spans")
    path = tmp_path / "parts" / name
    path.write_bytes(path.read_bytes()[:left] + b"?" * (left > 40))
    assert parts.get(name) is None
    parts.put(name, b"spans")
    assert parts.get(name) == b"spans"


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        SealedParts(tmp_path / "parts", b"short")
