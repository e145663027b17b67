"""A wave of invented children at every stage of the chain, each a folder of its own to copy, use and break."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from forms.answers import Answers, Response, complete, path, read
from forms.load import load_survey
from pipeline import approval
from pipeline.directory import Directory
from pipeline.gate import demonstrate, open_survey
from pipeline.scrub import Scrubber
from pipeline.simulated_child import Child, Cohort
from pipeline.simulated_readers import close_flags
from pipeline.steps.locate import locate
from pipeline.steps.protect import protect
from pipeline.steps.release import draft
from pipeline.steps.review import review
from pipeline.steps.scrub import scrub
from pipeline.steps.tabulate import tabulate
from pipeline.steps.transfer import transfer
from retention.collection_store import CollectionStore, connect_collection
from retention.keys import public_key, write_private
from retention.review import read_all
from retention.seal import seal_response
from retention.secure_store import SecureStore, Wave
from retention.settings import Settings, load_settings
from retention.steps import Verb

WAVE, RELEASE, ANALYST, READERS = "2026-spring", "spring-tables", "an.alyst", ("re.viewer", "se.cond")
CHILDREN = 24
PASSPHRASE = "a passphrase for tests only"
OPENED = "opened"


@cache
def scrubber() -> Scrubber:
    return Scrubber()


@cache
def responses(children: int = CHILDREN, seed: int = 2021) -> tuple[Response, ...]:
    """What so many invented children of all six forms answer, through the forms' own logic."""
    return tuple(_response(child) for child in Cohort(load_survey().forms, seed, Directory.embedded()).children(children))


def _response(child: Child) -> Response:
    pairs: list[tuple[str, str]] = []
    seen: set[str] = set()
    answers = Answers()
    while page := next((page for page in path(child.form, answers) if page.id not in seen), None):
        seen.add(page.id)
        pairs += child.answer(page)
        answers = read(child.form, pairs)
    return complete(child.form, answers)


@dataclass
class Office:
    """All three zones below one folder, opened as a new process would open them."""

    settings: Settings
    store: SecureStore
    collection: CollectionStore

    @classmethod
    def at(cls, home: Path, **urls: str) -> Office:
        """The office in this folder, which may be new. `urls`: BIGASK_... database URLs, SQLite below `home` by default."""
        if not (home / "secure" / "passphrase").exists():
            write_private(home / "secure" / "passphrase", PASSPHRASE.encode())
        settings = load_settings({"BIGASK_HOME": str(home), **urls})
        return cls(settings, SecureStore(settings.secure), connect_collection(settings.collection))

    @property
    def wave(self) -> Wave:
        return self.store.wave(WAVE)

    def open_wave(self, answered: tuple[Response, ...]) -> None:
        """Open the wave and put these responses into the collection store, sealed as the child door seals them."""
        demonstrate(self.store, self.settings.collection, "big_ask", ANALYST)
        wave = open_survey(self.store, self.collection, self.settings.collection, WAVE, load_survey(), ANALYST)
        body, locator = (public_key(self.settings.collection.keys, key) for key in (wave.body_key, wave.locator_key))
        self.collection.put([seal_response(secrets.token_bytes(16), response, body, locator) for response in answered])

    def run(self, verb: Verb) -> Any:
        """One step, as the command of its name runs it."""
        return STEPS[verb](self)

    def decide(self) -> None:
        """What people do at the staff door before `review` can end."""
        for reader in READERS:
            read_all(self.store, WAVE, reader, lambda item: item.proposed)
        close_flags(self.store, WAVE)


STEPS: dict[Verb, Callable[[Office], Any]] = {
    Verb.TRANSFER: lambda office: transfer(office.store, office.collection, WAVE, ANALYST),
    Verb.LOCATE: lambda office: locate(office.store, WAVE, ANALYST),
    Verb.SCRUB: lambda office: scrub(office.store, WAVE, ANALYST, scrubber=scrubber()),
    Verb.REVIEW: lambda office: review(office.store, WAVE, ANALYST),
    Verb.TABULATE: lambda office: tabulate(office.store, WAVE, ANALYST),
    Verb.PROTECT: lambda office: protect(office.store, WAVE, ANALYST),
    Verb.RELEASE: lambda office: draft(office.store, WAVE, RELEASE, ANALYST),
}


def before(verb: Verb) -> str:
    """The stage at which this step may start."""
    verbs = list(STEPS)
    return OPENED if verb is verbs[0] else verbs[verbs.index(verb) - 1].value


class Stages:
    """Folders of the same wave after each step; made once, in order, as far as somebody asks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, stage: str, home: Path) -> Path:
        """A copy at this stage: OPENED, or the name of the last step that was done (texts are decided before `review`)."""
        shutil.copytree(self._made(stage), home)
        return home

    def _made(self, stage: str) -> Path:
        home = self._folder / stage
        if home.exists():
            return home
        making = self._folder / f"making-{stage}"
        if stage == OPENED:
            Office.at(making).open_wave(responses())
        else:
            verb = Verb(stage)
            shutil.copytree(self._made(before(verb)), making)
            office = Office.at(making)
            office.run(verb)
            if verb is Verb.SCRUB:
                office.decide()
        making.rename(home)
        return home


def release_it(office: Office) -> None:
    """Check and approve the draft, by two other people."""
    approval.check(office.store, RELEASE, "che.cker")
    approval.approve(office.store, RELEASE, "ap.prover", office.settings.release)
