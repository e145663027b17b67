"""The steps: none before its proofs, none twice, and one that fails leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pandas as pd
import pytest
from sqlalchemy import delete, update

from retention import secure_store as secure_store_module
from retention import steps as steps_module
from retention import tables
from retention.database import DatabaseUnavailable
from retention.destroy import certified, destroy
from retention.ledger import LedgerError
from retention.schedule import RuleMissing
from retention.secure_store import SecureStore, StepRefused
from retention.steps import NEEDS, Verb, require, step, sweep
from tests.secure_waves import CANARY, frame, new_wave, run_before, run_step

VERBS = list(Verb)


def everything_at_rest(store: SecureStore) -> dict[str, bytes]:
    """The files of vault and keys, but for the words that say what was destroyed."""
    folders = (store.zone.vault, store.zone.keys)
    return {path.name: path.read_bytes() for folder in folders for path in folder.iterdir() if path.suffix != ".destroyed"}


def rows(store: SecureStore) -> dict[str, int]:
    with store.reading() as connection:
        return {name: len(connection.execute(table.select()).all()) for name, table in tables.secure.tables.items()}


def test_every_step_has_its_needs_and_each_follows_the_one_before() -> None:
    assert set(NEEDS) == set(Verb)
    assert NEEDS[Verb.TRANSFER].step is None
    assert [NEEDS[verb].step for verb in VERBS[1:]] == VERBS[:-1]
    for earlier, later in pairwise(VERBS):
        assert set(NEEDS[earlier].destroyed) <= set(NEEDS[later].destroyed), "what was destroyed stays destroyed"
    assert "locators" in NEEDS[Verb.SCRUB].destroyed
    assert {"locators", "bodies", "texts", "spans"} <= set(NEEDS[Verb.TABULATE].destroyed)


@pytest.mark.parametrize("verb", VERBS[1:])
def test_no_step_starts_before_the_one_it_needs(sqlite_store: SecureStore, verb: Verb) -> None:
    wave = new_wave(sqlite_store)
    before = (everything_at_rest(sqlite_store), rows(sqlite_store))
    with pytest.raises(StepRefused, match=f"run `bigask {NEEDS[verb].step}` first"), step(sqlite_store, wave, verb, "tester"):
        pytest.fail("the step must not start")
    assert (everything_at_rest(sqlite_store), rows(sqlite_store)) == before


def test_no_step_starts_without_each_of_its_certificates(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)

    def refused_for(verb: Verb, kind: str) -> None:
        with pytest.raises(StepRefused, match=f"no certificate that its .*{kind}"):
            require(sqlite_store, wave, verb)

    for verb in VERBS:
        for kind in NEEDS[verb].destroyed:
            if kind not in certified(sqlite_store, wave.id):
                refused_for(verb, kind)
                destroy(sqlite_store, wave, kind, "tester", "schedule.test")
        for kind in NEEDS[verb].destroyed:
            mine = tables.certificate.c.kind == kind
            with sqlite_store.engine.begin() as connection:
                kept = connection.execute(tables.certificate.select().where(mine)).one()._asdict()
                connection.execute(delete(tables.certificate).where(mine))
            refused_for(verb, kind)
            with sqlite_store.engine.begin() as connection:
                connection.execute(tables.certificate.insert().values(kept))
        run_step(sqlite_store, wave, verb)
    assert set(sqlite_store.steps(wave.id)) == set(Verb)


def test_a_date_in_the_register_is_no_certificate(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.SCRUB)
    require(sqlite_store, wave, Verb.SCRUB)
    with sqlite_store.engine.begin() as connection:
        kept = connection.execute(tables.certificate.select()).one()._asdict()

    def certificate(**changes: str) -> None:
        with sqlite_store.engine.begin() as connection:
            connection.execute(delete(tables.certificate))
            if changes:
                connection.execute(tables.certificate.insert().values({**kept, **changes}))

    certificate(id=kept["id"])
    require(sqlite_store, wave, Verb.SCRUB)  # the same certificate put back
    other_document = kept["document"].replace('"records":5', '"records":4')
    for changes in ({}, {"document": other_document}, {"signature": "00" * 64}, {"signature": "none"}, {"kind": "bodies"}):
        certificate(**changes)
        with pytest.raises(StepRefused, match="no certificate"):
            require(sqlite_store, wave, Verb.SCRUB)


def test_a_certificate_is_worth_nothing_if_the_key_is_back(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_step(sqlite_store, wave, Verb.TRANSFER)
    key_file = sqlite_store.zone.keys / f"{wave.locator_key}.key"
    backup = key_file.read_bytes()
    run_step(sqlite_store, wave, Verb.LOCATE)
    destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    key_file.write_bytes(backup)
    with pytest.raises(StepRefused, match="no certificate"):
        require(sqlite_store, wave, Verb.SCRUB)
    destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    assert not key_file.exists()
    require(sqlite_store, wave, Verb.SCRUB)


def test_a_step_writes_data_sets_counts_and_ledger_together(secure_store: SecureStore) -> None:
    wave = new_wave(secure_store)
    run_step(secure_store, wave, Verb.TRANSFER)
    with step(secure_store, wave, Verb.LOCATE, "tester") as running:
        running.save("located", frame(4))
        running.counts["responses"] = 4
    assert secure_store.steps(wave.id)[Verb.LOCATE] == {"responses": 4}
    asset = secure_store.asset(wave.id, "located")
    assert asset.stored.rows == 4
    pd.testing.assert_frame_equal(secure_store.vault.read(asset.stored), frame(4))
    latest = list(secure_store.ledger())[-1].entry
    assert (latest.actor, latest.verb, latest.wave, latest.counts) == ("tester", "locate", wave.id, {"responses": 4})


def test_a_column_without_a_rule_is_not_stored(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.LOCATE)
    with pytest.raises(RuleMissing, match="the column 'postcode' of 'located'"), step(sqlite_store, wave, Verb.LOCATE, "tester") as running:
        running.save("located", pd.DataFrame({"row": [0], "postcode": [CANARY]}))
    assert [asset.kind for asset in sqlite_store.assets(wave.id)] == ["bodies", "locators"]


def test_a_step_is_done_once(secure_store: SecureStore) -> None:
    wave = new_wave(secure_store)
    run_step(secure_store, wave, Verb.TRANSFER)
    before = (everything_at_rest(secure_store), rows(secure_store))
    with pytest.raises(StepRefused, match="has been done"):
        run_step(secure_store, wave, Verb.TRANSFER)
    assert (everything_at_rest(secure_store), rows(secure_store)) == before


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("where", ["body", "write", "ledger entry", "unknown kind", "encryption"])
def test_a_step_that_fails_leaves_neither_file_nor_key_nor_row(
    secure_store: SecureStore, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    wave = new_wave(secure_store)
    run_step(secure_store, wave, Verb.TRANSFER)
    before = (everything_at_rest(secure_store), rows(secure_store))

    def fail(*_: object) -> None:
        raise Killed

    expected = {"ledger entry": LedgerError, "unknown kind": RuleMissing}.get(where, Killed)
    with pytest.raises(expected), step(secure_store, wave, Verb.LOCATE, "tester") as running:  # noqa: PT012
        running.save("located", frame())
        if where == "body":
            fail()
        elif where == "write":
            running.also(fail)
        elif where == "ledger entry":
            running.counts["what"] = "a child's own words"
        elif where == "unknown kind":
            running.save("diary", frame())
        else:
            monkeypatch.setattr("retention.vault.file_hash", fail)
            running.save("answers", frame())
    monkeypatch.undo()
    assert (everything_at_rest(secure_store), rows(secure_store)) == before
    assert Verb.LOCATE not in secure_store.steps(wave.id)


def test_a_step_that_fails_after_its_commit_keeps_what_it_registered(sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    wave = new_wave(sqlite_store)
    run_step(sqlite_store, wave, Verb.TRANSFER)

    def disk_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(secure_store_module, "write_head", disk_full)
        with pytest.raises(LedgerError, match="head file cannot be written"):
            run_step(sqlite_store, wave, Verb.LOCATE)
    assert Verb.LOCATE in sqlite_store.steps(wave.id)
    pd.testing.assert_frame_equal(sqlite_store.vault.read(sqlite_store.asset(wave.id, "located").stored), frame())
    sqlite_store.verify_ledger()


def test_nothing_is_removed_while_nobody_knows_whether_the_commit_arrived(
    sqlite_store: SecureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = new_wave(sqlite_store)
    run_step(sqlite_store, wave, Verb.TRANSFER)
    before = set(everything_at_rest(sqlite_store))

    def silent(*_: object) -> None:
        raise DatabaseUnavailable("no answer")

    def write_and_lose_the_database(patch: pytest.MonkeyPatch) -> None:
        with step(sqlite_store, wave, Verb.LOCATE, "tester") as running:
            running.save("located", frame())
            patch.setattr(SecureStore, "record", silent)
            patch.setattr(SecureStore, "assets", silent)

    with monkeypatch.context() as patch, pytest.raises(DatabaseUnavailable):
        write_and_lose_the_database(patch)
    assert len(set(everything_at_rest(sqlite_store)) - before) == 2
    assert sweep(sqlite_store) == 1  # the file; its key goes with it
    assert set(everything_at_rest(sqlite_store)) == before


def test_one_kind_of_data_set_is_stored_once_for_a_wave(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_step(sqlite_store, wave, Verb.TRANSFER)
    for kinds in (("located", "located"), ("locators",)):
        with pytest.raises(StepRefused, match="already"), step(sqlite_store, wave, Verb.LOCATE, "tester") as running:  # noqa: PT012
            for kind in kinds:
                running.save(kind, frame())


HOLD = "import fcntl, sys; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX); print('held', flush=True); input()"


def test_one_step_at_a_time_and_no_sweeping_meanwhile(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    command = [sys.executable, "-c", HOLD, str(sqlite_store.zone.folder / "step.lock")]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    try:
        with pytest.raises(StepRefused, match="Another step is running"):
            run_step(sqlite_store, wave, Verb.TRANSFER)
        with pytest.raises(StepRefused, match="Another step is running"):
            sweep(sqlite_store)
    finally:
        other.kill()  # the lock does not outlive its process
        other.communicate()
    run_step(sqlite_store, wave, Verb.TRANSFER)


def test_sweeping_removes_strays_only(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.SCRUB)
    kept = everything_at_rest(sqlite_store)
    stray = sqlite_store.vault.write(frame())
    (sqlite_store.vault.folder / "half-a-bundle.bundle").write_bytes(b"x" * 1000)
    assert sweep(sqlite_store) == 2
    assert sweep(sqlite_store) == 0
    assert everything_at_rest(sqlite_store) == kept
    assert sqlite_store.ring.is_destroyed(stray.key_id)
    assert sqlite_store.ring.exists(wave.body_key)


def test_sweeping_beside_another_database_removes_nothing(sqlite_store: SecureStore) -> None:
    """A wrong BIGASK_SECURE_URL: to an empty database every data set would be a stray."""
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.SCRUB)
    kept = everything_at_rest(sqlite_store)
    zone = sqlite_store.zone
    other = SecureStore(type(zone)(zone.folder, f"sqlite:///{zone.folder / 'other.sqlite'}", zone.passphrase_file))
    with pytest.raises(LedgerError, match="ends before entry"):
        sweep(other)
    assert everything_at_rest(sqlite_store) == kept


def test_canaries_lie_nowhere_in_clear_after_every_step(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_before(sqlite_store, wave, Verb.RELEASE)
    run_step(sqlite_store, wave, Verb.RELEASE)
    assert set(sqlite_store.steps(wave.id)) == set(Verb)
    content = b"".join(path.read_bytes() for path in sqlite_store.zone.folder.rglob("*") if path.is_file())
    assert wave.id.encode() in content  # the search can see
    assert CANARY.encode() not in content
    assert b"Zebra" not in content


def test_a_register_that_says_destroyed_without_a_key_that_is_gone_is_refused(sqlite_store: SecureStore) -> None:
    wave = new_wave(sqlite_store)
    run_step(sqlite_store, wave, Verb.TRANSFER)
    run_step(sqlite_store, wave, Verb.LOCATE)
    with sqlite_store.engine.begin() as connection:
        connection.execute(update(tables.asset).values(destroyed_on=secure_store_module.today()))
    with pytest.raises(StepRefused, match="no certificate"), steps_module.step(sqlite_store, wave, Verb.SCRUB, "tester"):
        pytest.fail("the step must not start")
