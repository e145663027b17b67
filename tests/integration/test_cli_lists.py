"""`bigask lists` and `bigask scrub-text`: what an analyst adds is known at once, and a file that cannot be used is one sentence."""

import io
import json
from pathlib import Path

import pytest

from tests.integration.command import Run

TEXT = "they go hollowmere vale and its ok"


def _scrubbed(bigask: Run, monkeypatch: pytest.MonkeyPatch, *options: str) -> dict[str, object]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"id": 1, "text": TEXT}) + "\n"))
    code, out, err = bigask("scrub-text", *options)
    assert code == 0, err
    found: dict[str, object] = json.loads(out)
    return found


def test_an_added_school_is_known_until_it_is_removed(bigask: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "schools.csv"
    path.write_text("EstablishmentName,Town\nHollowmere Vale Primary School,\n", encoding="utf-8")
    code, out, _ = bigask("lists", "add", str(path))
    assert code == 0
    identity = out.split(":")[0]
    assert "1 schools" in out
    assert identity in bigask("lists", "list")[1]
    found = _scrubbed(bigask, monkeypatch)
    assert found["text"] == "they go [school] and its ok"
    assert found["id"] == 1
    assert bigask("lists", "remove", identity)[0] == 0
    assert bigask("lists", "list")[1] == ""


def test_a_file_without_a_list_is_one_sentence(bigask: Run, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("id,answer\n1,my friend tunde\n", encoding="utf-8")
    code, _, err = bigask("lists", "add", str(path))
    assert code == 8
    assert "EstablishmentName" in err
    assert "tunde" not in err


def test_a_cluster_without_encryption_is_refused_before_anything_is_sent(bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"id": 1, "text": TEXT}) + "\n"))
    code, out, err = bigask("scrub-text", "--scheduler", "tcp://192.0.2.1:8786")
    assert (code, out) == (6, "")
    assert "tls://" in err
