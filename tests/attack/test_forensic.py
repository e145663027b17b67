"""A19: after `locate` no disk, log, journal, crash or backup leads back to a postcode or a school; on SQLite and on PostgreSQL.

The same examination finds them as soon as the destruction is not what it says.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest

from forms.answers import Locator
from pipeline.steps import locate as locate_step
from pipeline.steps import locate_part
from retention import keys as key_module
from retention.destroy import certified
from retention.secure_store import StepRefused
from retention.steps import Verb
from tests.attack.examiner import Findings, boxes_in, crash_while_locating, examine
from tests.conftest import DATABASES
from tests.integration.chain import PASSPHRASE, STEPS, WAVE, Office, responses
from tests.postgres import Postgres

pytestmark = pytest.mark.usefixtures("quick")
SCHOOL = "Quillfeather Xanthic Academy"
HOMES = ("S63 8XQ", "TR1 3AY", "ZE9 9ZZ")  # two that are found and one that is not


@dataclass
class Scene:
    """An office with canary children among the others, and what the contractor kept of it while they answered."""

    office: Office
    home: Path
    urls: dict[str, str]
    folders: list[Path]
    kept: list[bytes] = field(default_factory=list)  # sealed locators in the contractor's backup
    server: Postgres | None = None

    def flush(self) -> None:
        """What a database still holds in memory goes to its files."""
        if self.server is not None:
            with psycopg.connect(f"postgresql://bigask@127.0.0.1:{self.server.port}/postgres", autocommit=True) as connection:
                connection.execute("CHECKPOINT")

    def examine(self) -> Findings:
        self.flush()
        return examine(self.folders, PASSPHRASE, self.office.store.zone.keys, self.kept, [SCHOOL, *HOMES])

    def logs(self) -> list[Path]:
        """The write-ahead logs of the collection database."""
        if self.server is not None:
            return [path for path in (self.server.data / "pg_wal").iterdir() if path.is_file()]
        return list(self.office.settings.collection.folder.glob("*-wal"))


@pytest.fixture(params=DATABASES)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    home, urls, folders, server = tmp_path / "home", {}, [tmp_path], None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        urls = {name: server.new_database() for name in ("BIGASK_COLLECTION_URL", "BIGASK_SECURE_URL")}
        folders += [server.data / "pg_wal", server.data / "global", *server.folders_of(urls.values())]
    for name in ("logs", "tmp"):
        (home / name).mkdir(parents=True)
    office = Office.at(home, **urls)
    ordinary = responses()
    canaries = [replace(ordinary[n], locator=Locator(home_, SCHOOL, "", True)) for n, home_ in enumerate(HOMES)]
    office.open_wave((*canaries, *ordinary[len(canaries) :]))
    scene = Scene(office, home, urls, folders, [record.locator for record in office.collection.records()], server)
    scene.flush()
    shutil.copytree(server.data / "pg_wal" if server else office.settings.collection.folder, tmp_path / "backup of the contractor")
    (tmp_path / "backup of the contractor" / "dump").write_bytes(b"".join(scene.kept))
    return scene


def test_nothing_leads_back_once_the_key_is_destroyed(scene: Scene, tmp_path: Path) -> None:
    before = scene.examine()
    assert before.in_clear == [], "nothing lies in clear, even while they answer"
    assert before.opened == len(scene.kept), "as long as the key is there, the examiner can open everything"
    scene.office.run(Verb.TRANSFER)
    bundle = scene.office.store.vault.folder / scene.office.store.asset(WAVE, "locators").stored.name
    shutil.copy(bundle, tmp_path / "backup of the contractor" / "vault")
    assert crash_while_locating(scene.home, "abort", scene.urls) == -signal.SIGABRT
    assert crash_while_locating(scene.home, "raise", scene.urls) == 1
    said = (scene.home / "logs" / "crash.log").read_text(encoding="utf-8")
    assert "in the middle of matching" in said
    assert "Fatal Python error: Aborted" in said
    assert not list((scene.home / "tmp").glob("core*")), "no image of the memory was written"
    assert scene.examine().in_clear == []
    for verb in list(STEPS)[1:]:
        scene.office.run(verb)
        if verb is Verb.SCRUB:
            scene.office.decide()
    assert certified(scene.office.store, WAVE) >= {"locators", "bodies"}
    after = scene.examine()
    assert after.nothing, f"{after.opened} records open with {after.keys} keys, in clear {after.in_clear}"


def _no_destruction(patch: pytest.MonkeyPatch, _: Path) -> None:
    patch.setattr(locate_step, "destroy", lambda *_, **__: None)


def _a_copy_that_nobody_registered(_: pytest.MonkeyPatch, home: Path) -> None:
    shutil.copytree(home / "secure" / "keys", home / "secure" / "keys.old")


def _moved_instead_of_overwritten(patch: pytest.MonkeyPatch, home: Path) -> None:
    def move(path: Path) -> None:
        if path.exists():
            path.rename(home / "tmp" / f"trash-{path.name}")

    patch.setattr(key_module, "overwrite_and_remove", move)


def _written_on_the_way(patch: pytest.MonkeyPatch, home: Path) -> None:
    whole = locate_part.match

    def match(locators: list[Locator], *rest: object) -> object:
        (home / "tmp" / "debug.json").write_text(json.dumps([[place.postcode.lower(), place.school] for place in locators]))
        return whole(locators, *rest)

    patch.setattr(locate_part, "match", match)


@pytest.mark.parametrize(
    ("sabotage", "opens", "in_clear"),
    [
        (_no_destruction, True, False),
        (_a_copy_that_nobody_registered, True, False),
        (_moved_instead_of_overwritten, True, False),
        (_written_on_the_way, False, True),
    ],
)
def test_the_examination_finds_them_when_the_destruction_is_none(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    sabotage: Callable[[pytest.MonkeyPatch, Path], None],
    opens: bool,
    in_clear: bool,
) -> None:
    scene.office.run(Verb.TRANSFER)
    sabotage(monkeypatch, scene.home)
    scene.office.run(Verb.LOCATE)
    found = scene.examine()
    assert not found.nothing
    assert found.opened == (len(scene.kept) if opens else 0)
    assert bool(found.in_clear) == in_clear
    assert not in_clear or {number for number, _ in found.in_clear} == set(range(1 + len(HOMES)))
    if sabotage is _no_destruction:
        with pytest.raises(StepRefused, match="there is no certificate that its locators was destroyed"):
            scene.office.run(Verb.SCRUB)


def test_wiping_empties_the_log_where_it_can_and_says_so_where_it_cannot(scene: Scene) -> None:
    told = scene.office.run(Verb.TRANSFER)
    scene.flush()
    files = [path for path in scene.office.settings.collection.folder.rglob("*") if path.is_file()]
    assert boxes_in(files, scene.kept) == 0
    if scene.server is None:
        assert told["write_ahead_log"] == "emptied"
        assert boxes_in(scene.logs(), scene.kept) == 0
    else:
        assert told["write_ahead_log"] == "holds_sealed_records_until_recycled"
        assert boxes_in(scene.logs(), scene.kept) > len(scene.kept) / 2, "all but those cut by the end of a page; if none, mend the words"
