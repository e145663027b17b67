"""Each step of the chain: refused without its predecessor's proof, done once, and killed anywhere without losing or doubling."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nacl import pwhash

from forms.answers import Locator, Response
from pipeline.simulated_readers import close_flags
from pipeline.steps.scrub import scrub
from pipeline.steps.transfer import WIPED, transfer
from retention import keys
from retention.bundle import BundleError, BundleWriter, read_bundle
from retention.collection_store import WaveState
from retention.destroy import BUNDLES, certificates, certified
from retention.keys import KeyDestroyed, public_key
from retention.ledger import Entry, LedgerError
from retention.releases import ReleaseState, releases
from retention.review import counts, items, read, waiting
from retention.review_marks import Mark
from retention.safeguarding_flags import add_flags
from retention.seal import LOCATOR_SIZE, open_sealed, seal
from retention.secure_store import StepRefused, Wave
from retention.steps import Verb, sweep
from tests.integration.chain import OPENED, STEPS, WAVE, Office, Stages, before, responses, scrubber

pytestmark = pytest.mark.usefixtures("quick")
# What each step destroys once its own result is safe.
DESTROYS = {Verb.LOCATE: {"locators"}, Verb.SCRUB: {"bodies"}, Verb.REVIEW: {"texts", "spans"}}
WRITES = {
    Verb.TRANSFER: {"bodies", "locators"},
    Verb.LOCATE: {"located"},
    Verb.SCRUB: {"responses", "answers", "texts", "spans", "quality"},
    Verb.REVIEW: {"texts_clean"},
    Verb.TABULATE: {"tables"},
    Verb.PROTECT: {"protected", "attack"},
    Verb.RELEASE: set(),
}


class Killed(BaseException):
    """Stands for whatever ends a process: nothing in the house catches it."""


@contextmanager
def dying(at: int, how: Callable[[], None]) -> Iterator[list[int]]:
    """Die at the so-many-th flush to the disk (from 0). Yields how many there have been."""
    flushed = [0]
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if flushed[0] == at:
            how()
        flushed[0] += 1
        real(descriptor)

    os.fsync = fsync
    try:
        yield flushed
    finally:
        os.fsync = real


def _raise() -> None:
    raise Killed


def state(office: Office) -> dict[str, Any]:
    """Everything that must be the same after a step, whether or not it was interrupted."""
    store = office.store
    assets = store.assets(WAVE)
    live = {asset.kind: asset.stored for asset in assets if asset.destroyed_on is None}
    frames = {}
    for kind, stored in live.items():
        if kind in BUNDLES:
            private = store.ring.private(stored.key_id)
            frames[kind] = sorted(open_sealed(box, private) for box in read_bundle(store.vault.folder / stored.name, kind, BUNDLES[kind]))
        else:
            frames[kind] = store.vault.read(stored).drop(columns="key", errors="ignore").to_csv()  # of a secret made by chance
    return {
        "steps": {verb: dict(found) for verb, found in store.steps(WAVE).items() if verb != Verb.TRANSFER},
        "kinds": Counter(asset.kind for asset in assets),
        "content": frames,
        "certified": certified(store, WAVE),
        "certificates": Counter(found.kind for found in certificates(store, WAVE)),
        "ledger": [signed.entry.verb for signed in store.ledger()],
        "queue": counts(store, WAVE) if Verb.SCRUB in store.steps(WAVE) else None,
        "releases": [(found.id, found.state, found.sha256) for found in releases(store)],
        "collection": (office.collection.wave().state, office.collection.count()),
    }


def without_chance(found: dict[str, Any]) -> dict[str, Any]:
    """Records of a wave are carried over in an order drawn anew, and the sample that people read is drawn from a seed of its own."""
    steps = {verb: {name: value for name, value in counts.items() if name != "sample_seed"} for verb, counts in found["steps"].items()}
    return {**found, "steps": steps, "queue": found["queue"] and sum(found["queue"].values())}


def assert_tidy(office: Office) -> None:
    """Vault and key ring hold exactly what is registered and not destroyed, and the ledger holds."""
    sweep(office.store)
    live = [asset.stored for asset in office.store.assets(WAVE) if asset.destroyed_on is None]
    assert {path.name for path in office.store.vault.folder.iterdir()} == {stored.name for stored in live}
    data_keys = {key for key in office.store.ring.ids() if key.startswith("data-")}
    assert data_keys == {stored.key_id for stored in live if stored.key_id.startswith("data-")}
    office.store.verify_ledger()


@pytest.mark.parametrize("verb", STEPS)
def test_a_step_writes_what_it_should_destroys_what_it_must_and_does_so_once(stages: Stages, tmp_path: Path, verb: Verb) -> None:
    office = Office.at(stages.copy(before(verb), tmp_path / "home"))
    there = {asset.kind for asset in office.store.assets(WAVE)}
    first = office.run(verb)
    assert {asset.kind for asset in office.store.assets(WAVE)} - there == WRITES[verb]
    done = state(office)
    assert certified(office.store, WAVE) >= DESTROYS.get(verb, set())
    assert office.run(verb) == first, "run again, it gives the same answer"
    assert Office.at(tmp_path / "home").run(verb) == first, "by a new process too"
    assert state(office) == done, "and changes nothing, the ledger included"
    assert_tidy(office)


@pytest.mark.parametrize("verb", list(STEPS)[1:])
def test_a_step_is_refused_before_its_predecessor(stages: Stages, tmp_path: Path, verb: Verb) -> None:
    earlier = before(Verb(before(verb))) if before(verb) != OPENED else OPENED
    office = Office.at(stages.copy(earlier, tmp_path / "home"))
    found = state(office)
    with pytest.raises(StepRefused, match=f"cannot start on wave '{WAVE}': run `bigask {before(verb)}` first"):
        office.run(verb)
    assert state(office) == found
    assert_tidy(office)


@pytest.mark.parametrize(("verb", "proof"), [(Verb.SCRUB, "locators"), (Verb.TABULATE, "texts"), (Verb.RELEASE, "bodies")])
def test_a_step_is_refused_when_a_certificate_is_missing(stages: Stages, tmp_path: Path, verb: Verb, proof: str) -> None:
    office = Office.at(stages.copy(before(verb), tmp_path / "home"))
    with office.store.engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("DELETE FROM certificate WHERE kind = ?", (proof,))
    with pytest.raises(StepRefused, match="there is no certificate that its"):
        office.run(verb)


def _points(verb: Verb, flushes: int, most: int) -> list[int]:
    """Some moments at which to die, the first and the last among them; others on every machine alike."""
    if flushes <= most:
        return list(range(flushes))
    return sorted({0, flushes - 1, *random.Random(verb.value).sample(range(1, flushes - 1), most - 2)})


def _interrupted_everywhere(stages: Stages, tmp_path: Path, verb: Verb, most: int) -> None:
    whole = Office.at(stages.copy(before(verb), tmp_path / "whole"))
    with dying(-1, _raise) as flushed:
        whole.run(verb)
    expected = without_chance(state(whole))
    for point in _points(verb, flushed[0], most):
        home = stages.copy(before(verb), tmp_path / f"killed-{point}")
        with pytest.raises(Killed), dying(point, _raise):
            Office.at(home).run(verb)
        office = Office.at(home)
        sweep(office.store)
        office.run(verb)
        assert without_chance(state(office)) == expected, f"interrupted at flush {point} of {flushed[0]}"
        assert_tidy(office)


@pytest.mark.parametrize("verb", STEPS)
def test_a_step_that_ends_anywhere_is_finished_by_running_it_again(stages: Stages, tmp_path: Path, verb: Verb) -> None:
    _interrupted_everywhere(stages, tmp_path, verb, most=2 if verb in (Verb.PROTECT, Verb.RELEASE) else 3)


@pytest.mark.long
@pytest.mark.parametrize("verb", STEPS)
def test_a_step_that_ends_at_any_flush_is_finished_by_running_it_again(stages: Stages, tmp_path: Path, verb: Verb) -> None:
    _interrupted_everywhere(stages, tmp_path, verb, most=10**6)


def _die_for_good() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _run_and_die(home: str, verb: str, point: int) -> None:
    """In a process of its own: a step that is killed with no chance to tidy up."""
    keys.PASSPHRASE_OPSLIMIT, keys.PASSPHRASE_MEMLIMIT = pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN
    with dying(point, _die_for_good):
        Office.at(Path(home)).run(Verb(verb))


def test_sigkill_in_the_middle_of_any_step_loses_and_doubles_nothing(stages: Stages, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.chain", "pipeline.steps.protect"])
    draw = random.Random(20)
    for verb in STEPS:
        whole = Office.at(stages.copy(before(verb), tmp_path / f"whole-{verb}"))
        with dying(-1, _raise) as flushed:
            whole.run(verb)
        home = stages.copy(before(verb), tmp_path / f"killed-{verb}")
        process = context.Process(target=_run_and_die, args=(str(home), verb.value, draw.randrange(flushed[0])))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        process.close()
        office = Office.at(home)
        sweep(office.store)
        office.run(verb)
        assert without_chance(state(office)) == without_chance(state(whole)), verb
        assert_tidy(office)


def test_after_the_transfer_every_answer_is_there_once_and_the_server_holds_none(stages: Stages, tmp_path: Path) -> None:
    office = Office.at(stages.copy(Verb.TRANSFER, tmp_path / "home"))
    bodies = Counter(state(office)["content"]["bodies"])
    assert bodies == Counter(response.body() for response in responses())
    assert state(office)["collection"] == (WaveState.WIPED, 0)
    assert [signed.entry.verb for signed in office.store.ledger()].count(WIPED) == 1


def test_a_wave_without_answers_reaches_its_empty_tables(tmp_path: Path) -> None:
    office = Office.at(tmp_path / "home")
    office.open_wave(())
    for verb in list(STEPS)[:-2]:
        office.run(verb)
    assert office.store.steps(WAVE)[Verb.TABULATE]["tables"] == 12
    assert len(office.store.vault.read(office.store.asset(WAVE, "tables").stored)) == 0


def test_another_wave_on_the_server_is_not_transferred(stages: Stages, tmp_path: Path) -> None:
    office = Office.at(stages.copy(OPENED, tmp_path / "home"))
    office.store.add_wave(Wave("another", "big_ask", "body-another", "locator-another"), Entry("an.alyst", "wave-open", "another"))
    with pytest.raises(StepRefused, match=f"The collection server holds wave '{WAVE}', not 'another'"):
        transfer(office.store, office.collection, "another", "an.alyst")
    assert office.collection.wave().state is WaveState.OPEN
    assert office.collection.count() == len(responses())


def test_a_bundle_made_anew_with_a_digest_of_its_own_is_not_opened(stages: Stages, tmp_path: Path) -> None:
    """Whoever can write into the vault can make a bundle that is whole; only the register knows which one was transferred."""
    office = Office.at(stages.copy(Verb.TRANSFER, tmp_path / "home"))
    path = office.store.vault.folder / office.store.asset(WAVE, "locators").stored.name
    forged = list(read_bundle(path, "locators", LOCATOR_SIZE))[1:]
    public = public_key(office.store.zone.keys, office.wave.locator_key)
    writer = BundleWriter(path, "locators", LOCATOR_SIZE)
    for record in [*forged, seal(Locator(asked=True).to_bytes(), LOCATOR_SIZE, public)]:
        writer.add(record)
    writer.finish()
    with pytest.raises(BundleError, match="are not those that were transferred"):
        office.run(Verb.LOCATE)
    assert office.store.ring.exists(office.wave.locator_key), "nothing is destroyed"


def test_review_waits_for_every_text(stages: Stages, tmp_path: Path) -> None:
    office = Office.at(stages.copy(Verb.LOCATE, tmp_path / "home"))
    office.run(Verb.SCRUB)
    unread = waiting(office.store, WAVE)
    assert unread > 0
    with pytest.raises(StepRefused, match=f"{unread} texts of wave '{WAVE}' wait to be read"):
        office.run(Verb.REVIEW)
    texts = office.store.vault.read(office.store.asset(WAVE, "texts").stored).set_index("text_row")["text"]
    first, *others = items(office.store, WAVE)
    whole = Mark(0, len(texts[first.text_row]), "PERSON")
    for reader in ("re.viewer", "se.cond"):
        read(office.store, first.id, [whole], reader, len(texts[first.text_row]))
        for item in others[:-1]:
            read(office.store, item.id, item.proposed, reader, len(texts[item.text_row]))
    last = others[-1]
    read(office.store, last.id, last.proposed, "re.viewer", len(texts[last.text_row]))
    with pytest.raises(StepRefused, match=f"1 texts of wave '{WAVE}' wait"):
        office.run(Verb.REVIEW)
    read(office.store, last.id, last.proposed, "se.cond", len(texts[last.text_row]))
    row = last.text_row
    with office.store.record(Entry("re.viewer", "safeguarding-flag", WAVE)) as connection:
        add_flags(connection, office.store.ring, WAVE, [(row, "raised_by_a_reader")])
    with pytest.raises(StepRefused, match="wait for the safeguarding lead: their words would be destroyed unseen"):
        office.run(Verb.REVIEW)
    close_flags(office.store, WAVE)
    told = office.run(Verb.REVIEW)
    clean = office.store.vault.read(office.store.asset(WAVE, "texts_clean").stored)["text"]
    assert (told["texts"], told["texts_read"]) == (len(texts), unread)
    assert clean[first.text_row] != texts[first.text_row]
    assert clean[first.text_row].startswith("[")
    with pytest.raises(KeyDestroyed):
        office.store.vault.read(office.store.asset(WAVE, "texts").stored)


def test_every_flagged_text_is_in_the_queue_and_some_that_looked_clean(stages: Stages, tmp_path: Path) -> None:
    office = Office.at(stages.copy(Verb.LOCATE, tmp_path / "home"))
    told = scrub(office.store, WAVE, "an.alyst", scrubber=scrubber())
    spans = office.store.vault.read(office.store.asset(WAVE, "spans").stored)
    texts = office.store.vault.read(office.store.asset(WAVE, "texts").stored)
    queue = items(office.store, WAVE)
    flagged = {item.text_row for item in queue if item.reason == "flagged"}
    sampled = {item.text_row for item in queue if item.reason == "sample"}
    assert flagged == set(spans["text_row"])
    assert sampled == set(texts["text_row"]) - flagged, "fewer texts than the sample: all are read"
    assert (told["texts"], told["texts_flagged"], told["texts_sampled"]) == (len(texts), len(flagged), len(sampled))
    typed = Counter((name, text) for response in responses() for name, text in response.texts.items())
    assert Counter(zip(texts["field"], texts["text"], strict=True)) == typed


def test_a_draft_says_what_it_holds_and_is_never_replaced(stages: Stages, tmp_path: Path) -> None:
    office = Office.at(stages.copy(Verb.RELEASE, tmp_path / "home"))
    (known,) = releases(office.store)
    assert known.state is ReleaseState.DRAFTED
    folder = office.settings.secure.folder / "drafts" / known.id
    before_it = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    office.run(Verb.RELEASE)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before_it


def test_an_edited_ledger_stops_the_chain_before_anything_is_swept(stages: Stages, tmp_path: Path) -> None:
    office = Office.at(stages.copy(Verb.SCRUB, tmp_path / "home"))
    stray = office.store.vault.folder / "left-behind.parquet"
    stray.write_bytes(b"x")
    with office.store.engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("UPDATE ledger SET actor = 'nobody' WHERE seq = 2")
    with pytest.raises(LedgerError, match="entry 2 was edited"):
        sweep(office.store)
    assert stray.exists()


def test_the_opened_responses_are_those_that_were_given(stages: Stages, tmp_path: Path) -> None:
    """Codes and texts after `scrub`, put together again by row, are the responses; only which row is whose was drawn."""
    office = Office.at(stages.copy(Verb.LOCATE, tmp_path / "home"))
    office.run(Verb.SCRUB)
    load = {kind: office.store.vault.read(office.store.asset(WAVE, kind).stored) for kind in ("responses", "answers", "texts")}
    rebuilt = Counter()
    for row, form, version in load["responses"].itertuples(index=False):
        chosen = load["answers"][load["answers"]["row"] == row]
        codes = {name: tuple(group["code"]) for name, group in chosen.groupby("field")}
        typed = load["texts"][load["texts"]["row"] == row]
        texts = dict(zip(typed["field"], typed["text"], strict=True))
        rebuilt[Response(form, version, codes, texts, Locator()).body()] += 1
    assert rebuilt == Counter(response.body() for response in responses())


def test_the_server_is_not_wiped_while_it_holds_the_only_whole_copy(
    stages: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office.at(stages.copy(OPENED, tmp_path / "home"))
    with monkeypatch.context() as killed:
        killed.setattr(type(office.collection), "wipe", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            office.run(Verb.TRANSFER)
    path = office.store.vault.folder / office.store.asset(WAVE, "bodies").stored.name
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(StepRefused, match="is not wiped: the bodies"):
        office.run(Verb.TRANSFER)
    assert office.collection.count() == len(responses())
    path.write_bytes(whole)
    office.run(Verb.TRANSFER)
    assert office.collection.count() == 0


def _interrupt(_store: object) -> None:
    raise KeyboardInterrupt
