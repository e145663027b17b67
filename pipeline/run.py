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

from forms.load import load_survey
from pipeline import approval
from pipeline.directory import Directory
from pipeline.doors import open_door
from pipeline.planted import caught
from pipeline.progress import Progress as Tell
from pipeline.simulate import load_planted, save_planted, simulate
from pipeline.simulated_child import Cohort
from pipeline.steps.locate import locate
from pipeline.steps.protect import protect
from pipeline.steps.release import draft
from pipeline.steps.review import review
from pipeline.steps.scrub import scrub
from pipeline.steps.tabulate import tabulate
from pipeline.steps.transfer import transfer
from retention import releases
from retention.collection_store import CollectionStore, connect_collection
from retention.keys import write_private
from retention.releases import ReleaseState
from retention.review import decide_all
from retention.secure_store import SecureStore, Wave
from retention.settings import Settings, load_settings
from retention.staff import Role, add_member
from retention.steps import Verb
from retention.waves import open_wave

ANALYST, REVIEWER, CHECKER, APPROVER = "scripted-analyst", "scripted-reviewer", "scripted-checker", "scripted-approver"
_DEMO = re.compile(r"^demo-(\d+)$")


def prepare(settings: Settings) -> Settings:
    """Make a passphrase for a machine that has none yet, in a file that only its owner can read."""
    if settings.secure.passphrase_file is None:
        write_private(settings.secure.folder / "passphrase", secrets.token_urlsafe(24).encode())
        return load_settings()
    return settings


def run(settings: Settings, children: int, seed: int, console: Console) -> dict[str, Any]:
    """Everything, from the first question to the released tables. Interrupted and run again, it goes on. Returns the summary."""
    store, collection = SecureStore(settings.secure), connect_collection(settings.collection)
    store.vault.sweep({asset.stored.name for wave in store.waves() for asset in store.assets(wave.id)})
    survey = load_survey()
    wave = _wave(store, collection, settings, survey.id)
    folder = settings.home / "simulation" / wave.id
    cohort = Cohort(survey.forms, seed, Directory.embedded()).children(children)
    save_planted(folder / "planted.json", [planted for child in cohort for planted in child.planted()])
    with _bars(console) as bar:
        if Verb.TRANSFER not in store.steps(wave.id):
            with open_door("child") as door:
                simulate(door, cohort, folder / "finished", bar(f"{children} invented children answer over HTTP"))
        transfer(store, collection, wave.id, ANALYST, bar("transfer: sealed records to the secure zone"))
        locate(store, wave.id, ANALYST, bar("locate: postcodes become areas, then their key is destroyed"))
        scrub(store, wave.id, ANALYST, bar("scrub: personal data in free text"))
        if Verb.REVIEW not in store.steps(wave.id):
            _measure(store, wave, folder)
            decide_all(store, wave.id, REVIEWER)
        review(store, wave.id, ANALYST)
        tabulate(store, wave.id, ANALYST, bar("tabulate: answers become counts"))
        protect(store, wave.id, ANALYST, bar("protect: disclosure control, then the attack on it"))
    _release(store, settings, wave)
    _staff(store, settings)
    summary = summarise(store, settings, wave, folder)
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    return summary


def _wave(store: SecureStore, collection: CollectionStore, settings: Settings, survey_id: str) -> Wave:
    """The demonstration wave that an interrupted run left, or a new one."""
    demos = sorted((int(match.group(1)), wave) for wave in store.waves() if (match := _DEMO.match(wave.id)))
    for _, wave in demos:
        if not any(found.state is ReleaseState.RELEASED for found in releases.releases(store, wave.id)):
            if not store.steps(wave.id):
                return open_wave(store, collection, settings.collection, wave.id, survey_id, ANALYST)
            return wave
    number = demos[-1][0] + 1 if demos else 1
    return open_wave(store, collection, settings.collection, f"demo-{number}", survey_id, ANALYST)


def _measure(store: SecureStore, wave: Wave, folder: Path) -> None:
    """Compare the proposals with what was planted, while both still exist."""
    texts = store.vault.read(store.asset(wave.id, "texts").stored)
    spans = store.vault.read(store.asset(wave.id, "spans").stored)
    result = caught(texts, spans, load_planted(folder / "planted.json"))
    (folder / "caught.json").write_text(json.dumps(asdict(result)) + "\n", encoding="ascii")


def _release(store: SecureStore, settings: Settings, wave: Wave) -> None:
    release = draft(store, wave.id, f"{wave.id}-tables", ANALYST)
    if release.state is ReleaseState.DRAFTED:
        release = approval.check(store, release.id, CHECKER)
    if release.state is ReleaseState.CHECKED:
        approval.approve(store, release.id, APPROVER, settings.release)
    approval.publish_released(store, settings.release)


def _staff(store: SecureStore, settings: Settings) -> None:
    """Accounts to try the staff door with, their passwords in a file that only its owner can read."""
    path = settings.secure.folder / "demo-accounts.txt"
    if path.exists():
        return
    accounts = [(f"demo-{role.value.replace('_', '-')}", role, secrets.token_urlsafe(12)) for role in Role]
    for name, role, password in accounts:
        add_member(store, name, role, password, by=ANALYST)
    write_private(path, "".join(f"{name}  {password}  ({role.value})\n" for name, role, password in accounts).encode())


def summarise(store: SecureStore, settings: Settings, wave: Wave, folder: Path) -> dict[str, Any]:
    """The run in figures; each is in the ledger, a data set or a released file as well."""
    steps = {verb: dict(counts) for verb, counts in store.steps(wave.id).items()}
    released = [found for found in releases.releases(store, wave.id) if found.state is ReleaseState.RELEASED]
    attack = json.loads(store.vault.read(store.asset(wave.id, "attack").stored)["document"].iloc[0])["report"]
    return {
        "wave": wave.id,
        "steps": steps,
        "caught": json.loads((folder / "caught.json").read_text(encoding="ascii")),
        "tables": attack["tables"],
        "attack": {key: attack["attack"][key] for key in ("withheld", "narrowest")} | {"exposed": len(attack["attack"]["exposed"])},
        "releases": [found.id for found in released],
        "ledger_entries": store.verify_ledger(),
        "certificates": sorted(path.name for path in settings.secure.certificates.glob(f"{wave.id}-*.json")),
        "files": {"released": str(settings.release.folder), "secure": str(settings.secure.folder)},
    }


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """The summary for a person."""
    located, scrubbed, reviewed = (summary["steps"][verb] for verb in (Verb.LOCATE, Verb.SCRUB, Verb.REVIEW))
    found, attack = summary["caught"], summary["attack"]
    share = f"{found['touched'] / found['planted']:.1%}" if found["planted"] else "none planted"
    console.print()
    console.rule(f"Wave {summary['wave']}")
    lines = [
        f"Answered     {summary['steps'][Verb.TRANSFER]['responses']} invented children, over HTTP, each answer sealed on arrival",
        f"Located      {located['with_council']} of {located['responses']} to a council; postcodes and schools destroyed, with certificate",
        f"Scrubbed     {scrubbed['texts']} free texts, {scrubbed['texts_flagged']} flagged; of {found['planted']} planted pieces of "
        f"personal data {share} caught; {found['clean_touched']} of {found['clean_texts']} texts without any were touched",
        f"Reviewed     {reviewed['texts_read']} texts ([bold]by a script here; by people in earnest[/bold]), then the raw texts were destroyed",
        f"Tables       {len(summary['tables'])} released as {', '.join(summary['releases'])}, protected as one system",
    ]
    for table in summary["tables"]:
        hidden = int(table["primary"]) + int(table["secondary"])
        lines.append(f"               {table['id']:36} {table['cells']:5} cells, {hidden:4} withheld")
    lines += [
        f"The attack   found {attack['exposed']} of {attack['withheld']} withheld counts; each of the others can still be at least "
        f"{(attack['narrowest'] or 0) + 1} different numbers",
        f"Checked by   {CHECKER} and {APPROVER} ([bold]scripts here; two people in earnest[/bold])",
        f"Ledger       {summary['ledger_entries']} entries, chain and signatures verified; {len(summary['certificates'])} certificates",
        f"Files        {summary['files']['released']} (public), {summary['files']['secure']} (the evidence team's)",
        "Next         make serve   opens the three doors; accounts for the staff door are in demo-accounts.txt of the secure folder",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


@contextmanager
def _bars(console: Console) -> Iterator[Any]:
    columns = (TextColumn("{task.description:62}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:

        def bar(title: str) -> Tell:
            task = progress.add_task(title, total=None)

            def tell(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            return tell

        yield bar
