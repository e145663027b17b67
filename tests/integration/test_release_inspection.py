"""A leak that is planted in the tables or the files of a release stops its draft, and nothing of the draft stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from disclosure.dimension import Counts, Dimension
from disclosure.error import DisclosureError
from disclosure.policy import load_policy
from disclosure.published_table import PublishedTable, Status
from pipeline import approval, drafting, release_files
from pipeline.drafting import register
from pipeline.release_description import ReleaseDimension, ReleaseTable
from pipeline.release_inspection import require_nothing_hidden, require_records_apart
from retention import releases
from retention.releases import ReleaseRefused
from retention.secure_store import SecureStore
from tests.release_samples import description, published, release_table
from tests.staff_samples import WAVE, make_office

AUTHOR = "ann"
POLICY = load_policy("ons-threshold-10")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SecureStore:
    return make_office(tmp_path_factory.mktemp("office") / "secure")


def true_counts() -> Mapping[str, Counts]:
    """What was counted: a withheld cell is 17 or more, so that no small number of the page is taken for it."""
    table = published()
    counts = table.values.copy()
    counts[table.withheld] = 1700 + np.arange(int(table.withheld.sum()))
    return {table.id: counts}


def drafted(store: SecureStore, name: str) -> None:
    register(store, description(release_id=name), [release_table()], true_counts(), AUTHOR)


def test_a_clean_release_is_drafted_and_says_what_was_tried(made: SecureStore) -> None:
    drafted(made, "clean")
    draft = approval.read_draft(made, "clean")
    assert draft.metadata["attack"]["record_sets"] == 1
    assert require_nothing_hidden(draft.folder, [release_table()], true_counts()) == len(draft.metadata["tables"][0]["files"])


def in_attribute(content: bytes) -> bytes:
    return content.replace(b"<rect ", b'<rect data-n="1700" ', 1)


def in_picture(content: bytes) -> bytes:
    return content + b"n = 1,700"


def in_archive(content: bytes) -> bytes:
    return b"1700" + content


def behind_the_columns(content: bytes) -> bytes:
    at = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    return content[:at] + b"1700" + content[at:]


def in_csv(content: bytes) -> bytes:
    return content.replace(b",,,[c]", b",1700,,")


@pytest.mark.parametrize(
    ("writer", "plant", "kind"),
    [
        ("draw", in_attribute, "svg"), ("as_png", in_picture, "png"), ("spreadsheet", in_archive, "xlsx"),
        ("opendocument", in_archive, "ods"), ("as_parquet", behind_the_columns, "parquet"), ("as_csv", in_csv, "csv"),
    ],
)  # fmt: skip
def test_a_leak_in_any_file_stops_the_draft(
    made: SecureStore, monkeypatch: pytest.MonkeyPatch, writer: str, plant: Callable[[bytes], bytes], kind: str
) -> None:
    write = getattr(release_files, writer)
    monkeypatch.setattr(release_files, writer, lambda *given: plant(write(*given)))
    with pytest.raises(DisclosureError, match=rf"nothing is drafted: '.*\.{kind}'") as refused:
        drafted(made, f"planted-{kind}")
    assert "1700" not in str(refused.value)
    assert "1,700" not in str(refused.value)
    assert not approval.draft_folder(made.zone, f"planted-{kind}").exists()
    assert f"planted-{kind}" not in {one.id for one in releases.releases(made)}


def test_a_file_of_an_unknown_kind_stops_the_draft(made: SecureStore, tmp_path: Path) -> None:
    drafted(made, "kinds")
    folder = tmp_path / "copy"
    shutil.copytree(approval.draft_folder(made.zone, "kinds"), folder)
    about = (folder / "release.json").read_text("utf-8")
    (folder / "release.json").write_text(about.replace('"ods":', '"doc":'), "utf-8")
    with pytest.raises(DisclosureError, match="of a kind that nobody can search"):
        require_nothing_hidden(folder, [release_table()], true_counts())


def test_counts_of_another_shape_are_not_those_of_the_table(made: SecureStore) -> None:
    drafted(made, "shapes")
    with pytest.raises(DisclosureError, match="have it protected anew"):
        require_nothing_hidden(approval.draft_folder(made.zone, "shapes"), [release_table()], {release_table().id: np.zeros((2, 2), int)})


def test_a_draft_is_never_built_over_another(made: SecureStore) -> None:
    drafted(made, "first")
    with pytest.raises(ReleaseRefused, match="a release is never replaced"):
        drafted(made, "first")
    assert approval.read_draft(made, "first").metadata["id"] == "first"


def pairs() -> list[PublishedTable]:
    """Two tables, two by two, in which no small count is shown, and that leave one way only for two variables that neither has."""
    place, age, mood = Dimension.flat("place", ["a", "b"]), Dimension.flat("age", ["old", "young"]), Dimension.flat("mood", ["low", "high"])
    made = []
    for name, dimensions, inner in (("ages", (age, place), [[3, 30], [40, 0]]), ("moods", (mood, place), [[43, 0], [0, 30]])):
        counts = np.array(inner)
        for axis in range(2):
            counts = np.concatenate([counts.sum(axis=axis, keepdims=True), counts], axis=axis)
        withheld = counts == 3
        status = np.where(withheld, Status.PRIMARY, Status.PUBLISHED).astype(np.str_)
        made.append(PublishedTable(name, dimensions, np.where(withheld, -1, counts), status, withheld.astype(int), population=WAVE))
    return made


def test_records_that_tables_give_back_together_stop_the_draft(made: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DisclosureError, match=r"the tables ages, moods give back 1 records of few children together"):
        require_records_apart(pairs(), POLICY)
    assert require_records_apart(pairs()[1:], POLICY) == 1
    built: list[object] = []
    monkeypatch.setattr(drafting, "build_release", lambda *given, **_: built.append(given))
    tables = [
        ReleaseTable(table, table.id, tuple(ReleaseDimension(d.name, {code: code for code in d.codes}) for d in table.dimensions))
        for table in pairs()
    ]
    with pytest.raises(DisclosureError, match="records of few children"):
        register(made, description(release_id="records"), tables, {}, AUTHOR)
    assert built == []
