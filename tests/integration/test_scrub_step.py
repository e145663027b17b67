"""A scrub step that is killed among the texts goes on where it was, and leaves nothing that could be read."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from pipeline.scrub.scan import Found, Part
from pipeline.scrub.scrubber import Scrubber
from pipeline.steps.scrub import scrub
from pipeline.steps.scrub_texts import parts_folder
from retention.keys import KeyDestroyed
from retention.steps import Verb, sweep
from tests.integration.chain import ANALYST, WAVE, Office, responses

pytestmark = pytest.mark.usefixtures("quick")
SMALL = 5


class Killed(BaseException):
    """As if the process had ended."""


class Counting(Scrubber):
    """Counts the texts it reads, and ends after so many parts."""

    def __init__(self, dies_after: int | None = None) -> None:
        super().__init__(model=False)
        self.texts: list[str] = []
        self._left = dies_after

    def run(self, parts: Iterable[Part]) -> Iterator[tuple[int, Found]]:
        for part in parts:
            if self._left == 0:
                raise Killed
            self._left = None if self._left is None else self._left - 1
            yield part.number, self.find_part(part.texts)

    def find_part(self, texts: Sequence[str]) -> Found:
        self.texts += texts
        return super().find_part(texts)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A wave that waits for `scrub`, in parts of a few texts."""
    monkeypatch.setattr("pipeline.scrub.scan.PART", SMALL)
    made = Office.at(tmp_path / "home")
    made.open_wave(responses())
    made.run(Verb.TRANSFER)
    made.run(Verb.LOCATE)
    return made


def _spans(office: Office) -> pd.DataFrame:
    return office.store.vault.read(office.store.asset(WAVE, "spans").stored)


def test_a_killed_step_goes_on_where_it_was(office: Office) -> None:
    with pytest.raises(Killed):
        scrub(office.store, WAVE, ANALYST, scrubber=Counting(dies_after=2))
    folder = parts_folder(office.store, office.wave)
    kept = [path.read_bytes() for path in folder.iterdir()]
    assert len(kept) == 2
    assert not any(word in raw for raw in kept for word in (b"PERSON", b"learnt", b"[["))
    sweep(office.store)  # as every command does first
    again = Counting()
    told: list[tuple[int, int]] = []
    scrub(office.store, WAVE, ANALYST, lambda done, total: told.append((done, total)), scrubber=again)
    different = {text for response in responses() for text in response.texts.values()}
    assert len(again.texts) == len(different) - 2 * SMALL
    assert told[-1] == (len(different), len(different))
    assert not folder.exists()
    with pytest.raises(KeyDestroyed):
        office.store.ring.private(office.wave.body_key)
    texts = office.store.vault.read(office.store.asset(WAVE, "texts").stored)["text"].tolist()
    whole = Counting().find_many(texts)
    spans = _spans(office)
    assert list(spans[["text_row", "start", "end"]].itertuples(index=False, name=None)) == [
        (row, span.start, span.end) for row, found in enumerate(whole) for span in found
    ]


def test_what_a_killed_process_left_is_removed_by_the_next_run(office: Office) -> None:
    scrub(office.store, WAVE, ANALYST, scrubber=Counting())
    folder = parts_folder(office.store, office.wave)
    folder.mkdir(parents=True)
    (folder / "left").write_bytes(b"sealed")
    scrub(office.store, WAVE, ANALYST, scrubber=Counting())
    assert not folder.exists()
