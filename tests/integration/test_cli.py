"""Every verb of the command line when something is wrong: the exit code of its kind, one clear sentence, nothing lost."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from disclosure import policy as policies
from pipeline import table_specs
from pipeline.steps import locate as locate_step
from retention import schedule
from retention.bundle import BundleWriter
from retention.schedule import load_schedule
from retention.steps import Verb
from tests.integration.chain import ANALYST, OPENED, PASSPHRASE, RELEASE, STEPS, WAVE, Office, Stages, before, release_it, responses
from tests.integration.command import Run

pytestmark = pytest.mark.usefixtures("quick")
AS = ("--as", ANALYST)
ON = ("--wave", WAVE, *AS)
VERBS = [verb.value for verb in list(STEPS)[:-1]]


def contents(home: Path) -> dict[str, str]:
    """Every file of the three zones by its hash, but for SQLite's own side files and the lock."""
    skipped = ("-wal", "-shm", "-journal", ".lock")
    files = (path for path in sorted(home.rglob("*")) if path.is_file() and not path.name.endswith(skipped))
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def one_sentence(told: str) -> str:
    """What stands on standard error, if it is one sentence that can be shown to anybody."""
    assert re.fullmatch(r"[A-Z`'0-9][^\n]*[.!?]\n", told), told
    assert "Traceback" not in told
    words = {word for response in responses() for text in response.texts.values() for word in [text] if len(text) > 6}
    assert not [word for word in words if word in told]
    assert not [r for r in responses() if r.locator.postcode and r.locator.postcode in told]
    return told


def drop_triggers(office: Office) -> None:
    with office.store.engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")


def test_the_whole_chain_by_its_verbs(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(OPENED, home)
    for verb in VERBS:
        code, out, err = bigask(verb, *ON)
        assert (code, err) == (0, "")
        if verb not in (Verb.REVIEW, Verb.TABULATE, Verb.PROTECT):
            assert re.search(rf"responses +{len(responses())}\n", out)
        if verb == Verb.SCRUB:
            code, out, err = bigask("review", *ON)
            assert code == 3, one_sentence(err)
            Office.at(home).decide()
    assert bigask("release", "draft", RELEASE, *ON)[0] == 0
    assert bigask("release", "check", RELEASE, "--as", "che.cker")[0] == 0
    assert bigask("release", "approve", RELEASE, "--as", "ap.prover")[0] == 0
    assert (home / "release" / RELEASE / "manifest.json").is_file()
    assert bigask("release", "publish") == (0, f"Published: {RELEASE}.\n", "")
    assert bigask("ledger", "verify")[0] == 0
    certificates = sorted(str(path) for path in (home / "secure" / "certificates").glob("*.json"))
    code, out, _ = bigask("certificates", "verify", *certificates)
    assert (code, out.count("true\n")) == (0, 4)
    code, out, _ = bigask("status", "--json")
    (wave,) = json.loads(out)["waves"]
    assert (wave["next"], wave["releases"]) == (None, [{"release": RELEASE, "state": "released"}])
    assert bigask("release", "withdraw", RELEASE, "--as", "ap.prover", "--reason", "A table had the wrong title.")[0] == 0


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_wave(stages: Stages, home: Path, bigask: Run, verb: str) -> None:
    before_it = contents(stages.copy(OPENED, home))
    code, out, err = bigask(verb, "--wave", "nowhere", *AS)
    assert (code, out) == (3, "")
    assert one_sentence(err) == "There is no wave 'nowhere': `bigask status` lists those there are.\n"
    assert contents(home) == before_it


@pytest.mark.parametrize("verb", VERBS[1:])
def test_a_step_out_of_order(stages: Stages, home: Path, bigask: Run, verb: str) -> None:
    stages.copy(OPENED, home)
    code, _, err = bigask(verb, *ON)
    assert code == 3
    assert f"run `bigask {before(Verb(verb))}` first" in one_sentence(err)
    assert Office.at(home).collection.count() == len(responses())


def test_a_closed_wave_takes_no_more_answers(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(Verb.TRANSFER, home)
    code, _, err = bigask("simulate", "--wave", WAVE, "--children", "1")
    assert (code, one_sentence(err)) == (3, f"Wave '{WAVE}' is wiped: it takes no more answers.\n")
    code, _, err = bigask("wave", "open", WAVE, *AS)
    assert code == 3
    assert "has been used for a wave" in one_sentence(err)


def test_another_wave_than_the_open_one(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(OPENED, home)
    code, _, err = bigask("simulate", "--wave", "another", "--children", "1")
    assert (code, one_sentence(err)) == (3, f"The collection server holds wave '{WAVE}', not 'another'.\n")
    code, _, err = bigask("wave", "open", "second", *AS)
    assert code == 3
    assert "transfer it before another is opened" in one_sentence(err)


def test_a_second_transfer_changes_nothing(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(Verb.TRANSFER, home)
    entries = bigask("ledger", "verify")[1]
    first, second = bigask("transfer", *ON), bigask("transfer", *ON)
    assert first == second
    assert first[0] == 0
    assert bigask("ledger", "verify")[1] == entries


def test_two_steps_at_once(stages: Stages, home: Path, bigask: Run) -> None:
    with Office.at(stages.copy(OPENED, home)).store.alone():
        code, _, err = bigask("transfer", *ON)
    assert (code, one_sentence(err)) == (3, "Another step is running in this secure zone: wait until it has ended.\n")
    assert bigask("transfer", *ON)[0] == 0


def test_a_wrong_passphrase(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(OPENED, home)
    (home / "secure" / "passphrase").write_text("not the one they were closed with\n")
    before_it = contents(home)
    for verb in ("status", "transfer"):
        code, _, err = bigask(verb, *(ON if verb == "transfer" else ()))
        assert (code, one_sentence(err)) == (5, "The passphrase does not open the keys: check it and try again.\n")
    assert contents(home) == before_it


def test_a_passphrase_that_others_can_read(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(OPENED, home)
    (home / "secure" / "passphrase").chmod(0o640)
    code, _, err = bigask("transfer", *ON)
    assert code == 5
    assert "Others can read the passphrase file" in one_sentence(err)
    assert PASSPHRASE not in err


def test_no_passphrase_at_all(home: Path, bigask: Run) -> None:
    code, _, err = bigask("status")
    assert code == 5
    assert "BIGASK_PASSPHRASE_FILE" in one_sentence(err)


def test_keys_whose_passphrase_is_lost_are_not_given_another(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(OPENED, home)
    (home / "secure" / "passphrase").unlink()
    code, _, err = bigask("run", "--children", "1")
    assert code == 5
    assert "The keys are there but not their passphrase" in one_sentence(err)
    assert not (home / "secure" / "passphrase").exists()


@pytest.mark.parametrize(("verb", "kind"), [(Verb.LOCATE, "locators"), (Verb.SCRUB, "bodies")])
@pytest.mark.parametrize("damage", ["truncated", "altered", "gone", "another"])
def test_a_bundle_that_is_not_the_one_that_was_transferred(
    stages: Stages, home: Path, bigask: Run, verb: Verb, kind: str, damage: str
) -> None:
    stages.copy(before(verb), home)
    path = home / "secure" / "vault" / f"{kind}-{WAVE}.bundle"
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "another":
        with BundleWriter(path, kind, 1024 if kind == "locators" else 8192) as writer:
            writer.finish()
    else:
        path.write_bytes(whole[:-100] if damage == "truncated" else whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    code, _, err = bigask(verb.value, *ON)
    assert code == 4
    assert "restore the file" in one_sentence(err)
    path.write_bytes(whole)
    assert bigask(verb.value, *ON)[0] == 0, "once it is restored, nothing is lost"


@pytest.mark.parametrize(("verb", "kind"), [(Verb.TABULATE, "answers"), (Verb.PROTECT, "tables"), (Verb.RELEASE, "protected")])
def test_an_altered_data_set(stages: Stages, home: Path, bigask: Run, verb: Verb, kind: str) -> None:
    office = Office.at(stages.copy(before(verb), home))
    path = office.store.vault.folder / office.store.asset(WAVE, kind).stored.name
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    arguments = ("release", "draft", RELEASE, *ON) if verb is Verb.RELEASE else (verb.value, *ON)
    code, _, err = bigask(*arguments)
    assert (code, one_sentence(err)) == (
        4,
        "A data set was altered after it was written: it is not used. Restore it from its backup.\n",
    )
    path.write_bytes(whole)
    assert bigask(*arguments)[0] == 0


@pytest.mark.parametrize("arguments", [("status",), ("ledger", "verify"), ("locate", *ON)])
def test_an_edited_ledger(stages: Stages, home: Path, bigask: Run, arguments: tuple[str, ...]) -> None:
    office = Office.at(stages.copy(Verb.TRANSFER, home))
    drop_triggers(office)
    with office.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ledger SET actor = 'nobody' WHERE seq = 1")
    code, _, err = bigask(*arguments)
    assert (code, one_sentence(err)) == (4, "Ledger entry 1 was edited: restore the ledger from its backup.\n")
    assert not office.store.steps(WAVE).get(Verb.LOCATE)


def test_a_certificate_that_is_not_true(stages: Stages, home: Path, bigask: Run, tmp_path: Path) -> None:
    stages.copy(Verb.LOCATE, home)
    (certificate,) = (home / "secure" / "certificates").glob("*.json")
    forged = tmp_path / "forged.json"
    forged.write_text(certificate.read_text().replace('\\"records\\":24', '\\"records\\":25'))
    assert forged.read_text() != certificate.read_text()
    for path in (forged, tmp_path / "none.json"):
        code, _, err = bigask("certificates", "verify", str(path))
        assert code == 4, one_sentence(err)


def test_a_data_set_without_a_rule(stages: Stages, home: Path, bigask: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages.copy(Verb.TRANSFER, home)
    rules = load_schedule()
    fewer = schedule.Schedule({kind: rule for kind, rule in rules.rules.items() if kind != "located"}, rules.columns, rules.tables)
    with monkeypatch.context() as patched:
        patched.setattr("retention.steps.load_schedule", lambda: fewer)
        code, _, err = bigask("locate", *ON)
    assert code == 8
    assert "No retention rule for 'located'" in one_sentence(err)
    assert bigask("locate", *ON)[0] == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: re.sub(r"threshold:\n(\s+)value: 10\n", r"threshold:\n", text), "rule 'threshold' must have exactly"),
        (lambda text: text.replace("value: 10", "value: ten", 1), "a whole number is needed"),
        (lambda _: "not: a policy", "must have exactly: name, title, rules"),
        (lambda _: "{", "cannot be read as YAML"),
    ],
)
def test_a_policy_without_a_number(
    stages: Stages, home: Path, bigask: Run, tmp_path: Path, damage: Callable[[str], str], said: str
) -> None:
    stages.copy(Verb.TABULATE, home)
    good = (policies.FOLDER / "ons-threshold-10.yaml").read_text(encoding="utf-8")
    bad = tmp_path / "policy.yaml"
    bad.write_text(damage(good), encoding="utf-8")
    assert bad.read_text(encoding="utf-8") != good
    code, _, err = bigask("protect", *ON, "--policy", str(bad))
    assert code == 7
    assert said in one_sentence(err)
    code, _, err = bigask("protect", *ON, "--policy", "no-such-policy")
    assert code == 7, one_sentence(err)


def test_tables_that_are_not_declared(stages: Stages, home: Path, bigask: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages.copy(Verb.REVIEW, home)
    monkeypatch.setattr(table_specs, "TABLES", tmp_path)
    code, _, err = bigask("tabulate", *ON)
    assert (code, one_sentence(err)) == (8, "No tables are declared for survey 'big_ask': write pipeline/tables/big_ask.yaml.\n")


def test_nobody_releases_alone(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(Verb.RELEASE, home)
    for arguments in (("check", RELEASE, *AS), ("approve", RELEASE, "--as", "che.cker"), ("check", "no-such-release", "--as", "che.cker")):
        code, _, err = bigask("release", *arguments)
        assert code == 3, one_sentence(err)
    assert bigask("release", "check", RELEASE, "--as", "che.cker")[0] == 0
    for person in (ANALYST, "che.cker"):
        code, _, err = bigask("release", "approve", RELEASE, "--as", person)
        assert code == 3
        assert "Three different people" in one_sentence(err)
    assert not (home / "release").exists()


def test_a_draft_that_was_changed_after_it_was_made(stages: Stages, home: Path, bigask: Run) -> None:
    stages.copy(Verb.RELEASE, home)
    table = next((home / "secure" / "drafts" / RELEASE / "tables").glob("*.csv"))
    table.write_bytes(table.read_bytes() + b"\n")
    code, _, err = bigask("release", "check", RELEASE, "--as", "che.cker")
    assert code == 3
    assert "cannot be trusted" in one_sentence(err)


def test_a_release_that_was_changed_after_it_was_released(stages: Stages, home: Path, bigask: Run) -> None:
    office = Office.at(stages.copy(Verb.RELEASE, home))
    release_it(office)
    shutil.rmtree(home / "release" / RELEASE)
    assert bigask("release", "publish")[0] == 0, "a publication that was interrupted is completed"
    assert (home / "release" / RELEASE).is_dir()
    code, _, err = bigask("release", "refuse", RELEASE, "--as", "ap.prover", "--reason", "Somebody changed their mind.")
    assert code == 3
    assert "is released: it cannot become refused" in one_sentence(err)


@pytest.mark.parametrize("person", ["two words", "", "x" * 65, "an\nother"])
def test_a_name_that_the_ledger_cannot_hold_is_refused_before_any_work(stages: Stages, home: Path, bigask: Run, person: str) -> None:
    before_it = contents(stages.copy(OPENED, home))
    code, _, err = bigask("transfer", "--wave", WAVE, "--as", person)
    assert code == 2
    assert "Traceback" not in err
    assert contents(home) == before_it


def test_a_weak_password_and_an_unknown_role(home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Office.at(home)
    monkeypatch.setattr("getpass.getpass", lambda _: "short")
    code, _, err = bigask("staff", "add", "j.smith", "--role", "administrator", *AS)
    assert (code, one_sentence(err)) == (3, "A password needs at least 12 characters.\n")
    assert bigask("staff", "add", "j.smith", "--role", "king", *AS)[0] == 2
    monkeypatch.setattr("getpass.getpass", lambda _: "a long enough password")
    code, _, err = bigask("staff", "add", "j.smith", "--role", "reviewer", *AS)
    assert (code, one_sentence(err)) == (3, "The first account is an administrator's, who makes the others: --role administrator.\n")
    assert bigask("staff", "add", "j.smith", "--role", "administrator", *AS)[0] == 0
    assert bigask("staff", "add", "j.smith", "--role", "administrator", *AS)[0] == 3


def test_a_database_that_does_not_answer(home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Office.at(home)
    monkeypatch.setenv("BIGASK_SECURE_URL", "postgresql+psycopg://nobody:hunter2@127.0.0.1:1/none")
    code, _, err = bigask("status")
    assert code == 6
    assert "hunter2" not in one_sentence(err)


@pytest.mark.parametrize("url", ["mysql://x", "sqlite:///", "postgresql+psycopg://u:p@h:port/x"])
def test_a_database_url_that_is_none(bigask: Run, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("BIGASK_SECURE_URL", url)
    code, _, err = bigask("status")
    assert code == 5
    assert "BIGASK_SECURE_URL" in one_sentence(err)


def test_what_nobody_foresaw_is_told_without_a_value(stages: Stages, home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stages.copy(Verb.TRANSFER, home)

    def fail(*_: object) -> None:
        raise KeyError("my name is Zofia, S63 8XQ")

    with monkeypatch.context() as patched:
        patched.setattr(locate_step, "Matcher", fail)
        code, out, err = bigask("locate", *ON)
    assert (code, out) == (1, "")
    assert one_sentence(err).startswith("Unexpected KeyError in pipeline.steps.locate, line ")
    assert "Zofia" not in err
    assert bigask("locate", *ON)[0] == 0


def test_interrupting_says_that_it_goes_on(stages: Stages, home: Path, bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stages.copy(Verb.TRANSFER, home)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(locate_step, "Matcher", interrupted)
        code, _, err = bigask("locate", *ON)
    assert (code, err) == (130, "Interrupted: run it again, it goes on where it stopped.\n")
    assert bigask("locate", *ON)[0] == 0


def test_a_line_that_is_no_json_is_named_by_its_number(bigask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"id": 1, "text": "more parks"}\nmy name is Zofia\n'))
    code, _, err = bigask("scrub-text")
    assert code == 8
    assert one_sentence(err).startswith("Line 2 is no JSON")
    assert "Zofia" not in err


def test_the_installed_command_gives_the_same_code_and_sentence(tmp_path: Path) -> None:
    """In a process of its own, as a shell script would see it."""
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "status"]
    environment = {"BIGASK_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stdout) == (5, "")
    assert one_sentence(done.stderr)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, None])
def test_a_door_stops_cleanly(stages: Stages, home: Path, how: signal.Signals | None) -> None:
    stages.copy(OPENED, home)
    with _door(home, "--until-eof") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        if how is None:
            process.stdin.close()
        else:
            process.send_signal(how)
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_port_that_is_taken_is_one_sentence(stages: Stages, home: Path) -> None:
    stages.copy(OPENED, home)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = _door(home, "--port", str(port))
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (6, "")
    assert one_sentence(err).startswith(f"Port {port} cannot be opened")


def _door(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {"BIGASK_HOME": str(home), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "api", "child", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, cwd=Path(__file__).parents[2], **pipes)  # type: ignore[call-overload, no-any-return]
