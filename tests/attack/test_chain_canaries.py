"""A1-A5, A7, A19: a child with canaries in every answer and every header goes through the whole chain; every byte is searched."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import httpx
import numpy as np
import pytest

from forms.answers import Locator
from forms.survey import Kind, Page
from pipeline import simulate
from pipeline.directory import Directory
from pipeline.simulated_child import Child, Country
from pipeline.simulated_readers import close_flags
from pipeline.steps.locate import locate
from pipeline.steps.protect import protect
from pipeline.steps.release import draft
from pipeline.steps.review import review
from pipeline.steps.scrub import scrub
from pipeline.steps.tabulate import tabulate
from pipeline.steps.transfer import transfer
from retention.collection_store import connect_collection
from retention.keys import KeyDestroyed
from retention.review import read_all
from retention.seal import SealError, open_sealed
from retention.settings import CollectionZone
from tests.attack.whole_chain import ACTOR, WAVE, Installation, find, form_of

SCHOOL = "Quillfeather Xanthic Academy"
WORDS = "zyzzogeton wobblewump"
NAMED = "my friend Quorralthea Brumsworthy lives by us " + WORDS
AGENT = "CanaryBrowser/9.77 (Tablet of Class 4Q)"
ADDRESS, FORWARDED = "127.0.0.77", "203.0.113.201"
HEADERS = {
    "User-Agent": AGENT,
    "X-Forwarded-For": FORWARDED,
    "Forwarded": f"for={FORWARDED}",
    "X-Real-IP": FORWARDED,
    "Referer": "http://canary-referrer.example/class-4q",
    "Cookie": "canarycookie=biscuit4q77",
    "Accept-Language": "xx-canarylanguage",
}
IN_HEADERS = (AGENT, ADDRESS, FORWARDED, "canary-referrer.example", "biscuit4q77", "xx-canarylanguage")


class CanaryChild(Child):
    """Answers as any child, but writes canaries wherever there is a box, and lives where every box is shown."""

    def answer(self, page: Page) -> list[tuple[str, str]]:
        pairs = []
        for question in page.questions:
            if question.id == "where_live":
                pairs.append((question.id, "parents"))
            elif question.kind in (Kind.TEXT, Kind.SCHOOL, Kind.POSTCODE):
                words = {Kind.TEXT: NAMED, Kind.SCHOOL: SCHOOL, Kind.POSTCODE: self.postcode}[question.kind]
                pairs.append((str(question.text_field), words))
            else:
                pairs += super().answer(Page(page.id, (question,), page.row))
        return pairs

    @property
    def postcode(self) -> str:
        """A real postcode in England, as it is written on an envelope."""
        return self._home


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, list[str], Path]:
    """A closed wave with canary children in it; what they wrote; a copy of the collection folder made while they answered."""
    installation = Installation(tmp_path_factory.mktemp("chain") / "home")
    country = Country(Directory.embedded(), np.random.default_rng(5))
    canaries = [CanaryChild(form_of(name), country, seed) for seed, name in enumerate(("6-8", "9-12", "13-17", "easy-6-8", "easy-9-17"))]
    with installation.door() as address:
        asyncio.run(_answer(address, canaries))
        backup = installation.home.parent / "backup"
        shutil.copytree(installation.settings.collection.folder, backup)
    return installation, [SCHOOL, WORDS, NAMED, "Quorralthea", *(child.postcode for child in canaries), *IN_HEADERS], backup


async def _answer(address: str, children: list[CanaryChild]) -> None:
    transport = httpx.AsyncHTTPTransport(local_address=ADDRESS)
    async with httpx.AsyncClient(base_url=address, headers=HEADERS, transport=transport, timeout=60) as client:
        for child in children:
            await simulate.answer_form(client, child)


def _locators(folder: Path, key: bytes) -> list[Locator | None]:
    """What a key opens in a copy of the collection zone."""
    copy = connect_collection(CollectionZone(folder, f"sqlite:///{folder / 'responses.sqlite'}"))
    opened: list[Locator | None] = []
    for record in copy.records():
        try:
            opened.append(Locator.from_bytes(open_sealed(record.locator, key)))
        except SealError:
            opened.append(None)
    return opened


def test_a2_a4_a7_nothing_in_clear_from_collection_to_release_and_no_key_opens_a_backup(
    chain: tuple[Installation, list[str], Path],
) -> None:
    installation, needles, backup = chain
    store = installation.store
    assert installation.collection.count() == 5
    assert find(needles, installation.bytes_at_rest()) == []

    key = store.ring.private(installation.wave.locator_key)
    before = [locator for locator in _locators(backup, key) if locator is not None]
    assert sorted(locator.postcode for locator in before) == sorted(needles[4:9]), "the backup can be opened as long as the key is there"
    assert {locator.school for locator in before} == {SCHOOL}

    transfer(store, installation.collection, WAVE, ACTOR)
    assert find(needles, installation.bytes_at_rest()) == []
    assert installation.collection.count() == 0

    counts = locate(store, WAVE, ACTOR)
    assert counts["with_council"] == 5
    assert find(needles, installation.bytes_at_rest()) == []
    with pytest.raises(KeyDestroyed):
        store.ring.private(installation.wave.locator_key)
    surviving = [store.ring.private(key_id) for key_id in store.ring.ids()]
    assert surviving
    assert all(_locators(backup, other) == [None] * 5 for other in surviving)

    scrub(store, WAVE, ACTOR)
    assert find(needles, installation.bytes_at_rest()) == []
    texts = store.vault.read(store.asset(WAVE, "texts").stored)["text"].tolist()
    assert texts == [NAMED] * 5, "the texts are there, but only in the vault"
    for reader in ("first.reader", "second.reader"):
        read_all(store, WAVE, reader, lambda item: item.proposed)
    close_flags(store, WAVE)
    review(store, WAVE, ACTOR)
    clean = store.vault.read(store.asset(WAVE, "texts_clean").stored)["text"].tolist()
    assert not any("Quorralthea" in text or "Brumsworthy" in text for text in clean), "a name after 'my friend' is found"
    tabulate(store, WAVE, ACTOR)
    protect(store, WAVE, ACTOR)
    draft(store, WAVE, "attacked-tables", ACTOR)
    assert find(needles, installation.bytes_at_rest()) == []


def test_the_search_itself_finds_what_is_not_sealed(tmp_path: Path) -> None:
    needles = [SCHOOL, "S63 8XQ"]
    spellings = [
        f"x{SCHOOL}x".encode(), SCHOOL.encode("utf-16-le"), SCHOOL.lower().encode(), SCHOOL.encode().hex().encode(),
        b"school=Quillfeather+Xanthic+Academy&", b"s638xq", b"postcode=S63+8XQ",
    ]  # fmt: skip
    for number, spelling in enumerate(spellings):
        assert find(needles, [(f"file {number}", b"\0" * number + spelling)]), f"spelling {number}"
    assert find(needles, [("noise", bytes(range(256)) * 100)]) == []


def test_the_search_finds_a_response_that_was_stored_without_a_seal(tmp_path: Path) -> None:
    from retention.seal import BODY_SIZE, LOCATOR_SIZE, SealedResponse

    installation = Installation(tmp_path / "home")
    body = f'{{"texts":{{"barriers.text":"{NAMED}"}}}}'.encode().ljust(BODY_SIZE, b"\0")
    installation.collection.put([SealedResponse(b"i" * 16, body, bytes(LOCATOR_SIZE))])
    assert find([WORDS], installation.bytes_at_rest())
