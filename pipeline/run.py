"""The main job on embedded defaults: invented children answer over HTTP, and every step runs to the released tables.

What a person must do elsewhere (reading texts, checking, approving) is done by a script here, and said so.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from disclosure.error import DisclosureError
from forms.load import load_survey
from pipeline import approval, gate
from pipeline.directory import Directory
from pipeline.doors import open_door
from pipeline.planted import caught
from pipeline.progress import Progress as Tell
from pipeline.run_summary import APPROVER, CHECKER, summarise
from pipeline.simulate import load_planted, save_planted, simulate
from pipeline.simulated_child import Child, Cohort
from pipeline.simulated_readers import close_flags, read_everything
from pipeline.steps.locate import locate
from pipeline.steps.protect import protect
from pipeline.steps.release import draft
from pipeline.steps.review import review
from pipeline.steps.scrub import scrub
from pipeline.steps.tabulate import tabulate
from pipeline.steps.transfer import transfer
from retention.collection_store import CollectionStore, NoWave, WaveState, connect_collection
from retention.keys import write_private
from retention.releases import ReleaseState
from retention.secure_store import SecureStore, Wave
from retention.settings import Settings, SettingsError, load_settings
from retention.staff import Role, add_member, authenticate
from retention.steps import Verb, sweep

ANALYST = "scripted-analyst"
SUMMARY = "summary.json"
_DEMO = re.compile(r"demo-(\d+)")


def prepare(settings: Settings) -> Settings:
    """Make a passphrase for a machine that has none yet, in a file that only its owner can read.

    Raises SettingsError where keys are already under a passphrase that nobody names any more.
    """
    if settings.secure.passphrase_file is not None:
        return settings
    if any(settings.secure.keys.glob("*.key")):
        raise SettingsError("The keys are there but not their passphrase: name the file that holds it in BIGASK_PASSPHRASE_FILE.")
    write_private(settings.secure.folder / "passphrase", secrets.token_urlsafe(24).encode())
    return load_settings()


def run(settings: Settings, children: int, seed: int, console: Console) -> dict[str, Any]:
    """Everything, from the first question to the released tables. Interrupted and run again, it goes on. Returns the summary.

    It goes on with the children that the wave began with, whatever is asked for then.
    """
    store, collection = SecureStore(settings.secure), connect_collection(settings.collection)
    sweep(store)
    survey = load_survey()
    gate.demonstrate(store, settings.collection, survey.id, ANALYST)
    wave = _wave(store, settings, survey.id)
    folder = _folder(settings, wave.id)
    children, seed = _cohort(folder, children, seed)
    with _bars(console) as bar:
        if Verb.TRANSFER not in store.steps(wave.id):
            _answer(store, collection, settings, wave, Cohort(survey.forms, seed, Directory.embedded()).children(children), bar)
        transfer(store, collection, wave.id, ANALYST, bar("transfer sealed records to the secure zone"))
        locate(store, wave.id, ANALYST, bar("locate, then destroy the postcodes' key"))
        scrub(store, wave.id, ANALYST, bar("scrub personal data in free text"))
        if Verb.REVIEW not in store.steps(wave.id):
            _measure(store, wave, folder)
            read_everything(store, wave.id, load_planted(folder / "planted.json"))
            close_flags(store, wave.id)
        review(store, wave.id, ANALYST)
        tabulate(store, wave.id, ANALYST, bar("tabulate answers into counts"))
        try:
            protect(store, wave.id, ANALYST, bar("protect the tables, then attack them"))
        except DisclosureError as refused:  # of these answers nothing may leave: the next run asks other children
            write_private(folder / SUMMARY, json.dumps({"wave": wave.id, "refused": str(refused)}).encode())
            raise
    _release(store, settings, wave)
    _staff(store, settings)
    summary = summarise(store, settings, wave, _caught(folder))
    write_private(folder / SUMMARY, (json.dumps(summary, indent=1) + "\n").encode())
    return summary


def _folder(settings: Settings, wave_id: str) -> Path:
    return settings.home / "simulation" / wave_id


def _wave(store: SecureStore, settings: Settings, survey_id: str) -> Wave:
    """The demonstration wave that has no summary yet, because its run was interrupted; or the next one, not yet registered."""
    demos = sorted((int(match[1]), wave) for wave in store.waves() if (match := _DEMO.fullmatch(wave.id)))
    for _, wave in demos:
        if not (_folder(settings, wave.id) / SUMMARY).exists():
            return wave
    number = demos[-1][0] + 1 if demos else 1
    return Wave(f"demo-{number}", survey_id, "", "")


def _cohort(folder: Path, children: int, seed: int) -> tuple[int, int]:
    """How many children, and which: as the wave began, if it has begun."""
    path = folder / "cohort.json"
    if not path.exists():
        write_private(path, json.dumps([children, seed]).encode())
    children, seed = json.loads(path.read_text(encoding="ascii"))
    return int(children), int(seed)


def _answer(store: SecureStore, collection: CollectionStore, settings: Settings, wave: Wave, cohort: list[Child], bar: Any) -> None:
    """Open the wave and let the children answer; a wave that is closed has all its answers."""
    try:
        there = collection.wave()
        if there.id == wave.id and there.state is WaveState.CLOSED:
            return
    except NoWave:
        pass
    gate.open_survey(store, collection, settings.collection, wave.id, load_survey(wave.survey), ANALYST)
    folder = _folder(settings, wave.id)
    save_planted(folder / "planted.json", [planted for child in cohort for planted in child.planted()])
    with open_door("child") as door:
        simulate(door, cohort, folder / "finished", bar(f"{len(cohort)} invented children answer over HTTP"))


def _measure(store: SecureStore, wave: Wave, folder: Path) -> None:
    """Compare the proposals with what was planted, while both still exist."""
    texts = store.vault.read(store.asset(wave.id, "texts").stored)
    spans = store.vault.read(store.asset(wave.id, "spans").stored)
    result = caught(texts, spans, load_planted(folder / "planted.json"))
    write_private(folder / "caught.json", json.dumps(asdict(result)).encode())


def _caught(folder: Path) -> dict[str, int] | None:
    """What `_measure` found; None if somebody removed its file, for the texts it compared are destroyed."""
    path = folder / "caught.json"
    return dict(json.loads(path.read_text(encoding="ascii"))) if path.exists() else None


def _release(store: SecureStore, settings: Settings, wave: Wave) -> None:
    release = draft(store, wave.id, f"{wave.id}-tables", ANALYST)
    if release.state is ReleaseState.DRAFTED:
        release = approval.check(store, release.id, CHECKER)
    if release.state is ReleaseState.CHECKED:
        approval.approve(store, release.id, APPROVER, settings.release)
    approval.publish_released(store, settings.release)


def _staff(store: SecureStore, settings: Settings) -> None:
    """Accounts to try the staff door with. Their passwords are first written into a file that only its owner can read, so that an
    interrupted run finds those that it made.
    """
    path = settings.secure.folder / "demo-accounts.txt"
    if not path.exists():
        lines = [f"demo-{role.value.replace('_', '-')} {secrets.token_urlsafe(12)} {role.value}\n" for role in Role]
        write_private(path, "".join(lines).encode())
    for line in path.read_text(encoding="utf-8").splitlines():
        name, password, role = line.split()
        if authenticate(store, name, password) is None:
            add_member(store, name, Role(role), password, by=ANALYST)


@contextmanager
def _bars(console: Console) -> Iterator[Any]:
    columns = (TextColumn("{task.description:42}"), BarColumn(bar_width=14), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:

        def bar(title: str) -> Tell:
            task = progress.add_task(title, total=None)

            def tell(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            return tell

        yield bar
