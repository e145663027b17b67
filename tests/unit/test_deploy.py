"""What is shipped to run the collection zone: it starts what `python -m api child` offers, and holds nothing that opens a record."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from governance.permit import CHECK_HOLDS
from pipeline import cli
from retention.settings import load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "api" / "deploy"


def unit() -> dict[str, list[str]]:
    """The unit's settings; one that is there several times has several values."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "bigask-child.service").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def container() -> dict[str, list[str]]:
    """The container file's instructions."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "Containerfile").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition(" ")
            found.setdefault(name, []).append(value)
    return found


def offered(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Whether the door's command line takes these words; --help ends it before it opens anything."""
    return subprocess.run([sys.executable, "-m", *arguments, "--help"], cwd=ROOT, text=True, capture_output=True, check=False)


def test_the_unit_starts_what_the_door_offers() -> None:
    (start,) = unit()["ExecStart"]
    program, dash_m, *arguments = shlex.split(start)
    assert (program, dash_m) == ("/opt/bigask/.venv/bin/python", "-m")
    assert arguments[:2] == ["api", "child"]
    known = set(re.findall(r"--[a-z-]+", offered(arguments).stdout))
    assert {word for word in arguments if word.startswith("--")} <= known


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("PrivateTmp", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("LimitCORE", "0"),
        ("MemorySwapMax", "0"),
        ("StandardOutput", "null"),
        ("UMask", "0077"),
        ("Restart", "always"),
    ],
)
def test_the_unit_is_hardened(setting: str, value: str) -> None:
    assert unit()[setting] == [value]


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """Verified by systemd itself where it is; its words would be about the paths of another machine, which are replaced."""
    text = (DEPLOY / "bigask-child.service").read_text().replace("/opt/bigask/.venv/bin/python", sys.executable)
    copy = tmp_path / "bigask-child.service"
    copy.write_text(text.replace("/opt/bigask", str(ROOT)))
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], text=True, capture_output=True, check=False)
        assert "bigask-child" not in done.stderr, done.stderr
    assert "[Service]" in text


def test_the_container_starts_the_door_as_nobody_and_copies_no_key() -> None:
    found = container()
    (entry,), (command,) = found["ENTRYPOINT"], found["CMD"]
    words = [*re.findall(r'"([^"]*)"', entry), *re.findall(r'"([^"]*)"', command)]
    assert words[:4] == ["python", "-m", "api", "child"]
    assert {word for word in words[4:] if word.startswith("--")} <= set(re.findall(r"--[a-z-]+", offered(["api", "child"]).stdout))
    assert found["USER"] == ["65532"]
    copied = [source for line in found["COPY"] for source in line.split()[:-1]]
    assert all((ROOT / source).exists() for source in copied)
    for source in copied:
        assert not [path for path in (ROOT / source).rglob("*") if path.suffix in (".key", ".pem", ".sqlite") or path.name == "passphrase"]
    assert "ADD" not in found


@cache
def loaded() -> dict[str, str]:
    """Every module in a process that could run the door, and its file; the database drivers among them."""
    look = (
        "import sys; import api.__main__, api.child, api.workers, pipeline.failures, psycopg_binary;"
        "import sqlalchemy.dialects.postgresql.psycopg;"
        "print(*[f'{name}={m.__file__}' for name, m in list(sys.modules.items()) if getattr(m, '__file__', None)], sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, text=True, capture_output=True, check=True)
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_the_container_holds_all_that_the_door_imports_and_no_package_of_ours_that_it_does_not() -> None:
    copied = [source for line in container()["COPY"] for source in line.split()[:-1]]
    ours = [Path(file).relative_to(ROOT) for file in loaded().values() if file.startswith(str(ROOT)) and ".venv" not in file]
    assert ours
    missing = [str(path) for path in ours if not any(path.is_relative_to(source) for source in copied)]
    assert missing == []
    assert [source for source in copied if (ROOT / source).is_dir() and not any(path.is_relative_to(source) for path in ours)] == []


def pinned(lock: str) -> dict[str, str]:
    """Package to its version and hashes; for which machines it is needed may differ from lock to lock."""
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    return {entry.partition("==")[0]: re.sub(r" ;[^\\]*", " ", entry) for entry in entries}


# Hides whatever is installed here beside the door's own packages, and makes the door.
WITH_NOTHING_ELSE = """
import re, sys
from importlib.metadata import packages_distributions
allowed = set(sys.argv[1:])
hidden = {top for top, names in packages_distributions().items() if not {re.sub("[-_.]+", "-", name.lower()) for name in names} & allowed}
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden - {"api", "forms", "retention", "governance", "pipeline"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hide())
import api.__main__, api.workers, pipeline.failures, sqlalchemy.dialects.postgresql.psycopg
from api.child import application
application()
"""


def test_the_door_has_a_lock_of_its_own_with_what_it_loads_and_little_else(tmp_path: Path) -> None:
    """The same versions with the same hashes as everywhere; no frame library, no text engine, no framework that reports."""
    door, whole = pinned("requirements-door.lock"), pinned("requirements.lock")
    assert {name: whole.get(name) for name in door} == door
    assert ["requirements-door.lock", "./"] in [line.split() for line in container()["COPY"]]
    assert "--require-hashes -r requirements-door.lock" in container()["RUN"][1]
    assert len(door) < len(whole) / 3
    assert not {"pandas", "numpy", "pyarrow", "scipy", "spacy", "fastapi", "opentelemetry-api"} & set(door)
    done = subprocess.run(
        [sys.executable, "-c", WITH_NOTHING_ELSE, *door],
        cwd=ROOT, env={"PATH": os.environ["PATH"], "BIGASK_HOME": str(tmp_path)}, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_example_of_settings_is_understood() -> None:
    lines = [line for line in (DEPLOY / "child.env.example").read_text().splitlines() if line and not line.startswith("#")]
    given = dict(line.split("=", 1) for line in lines)
    zone = load_settings({**given, "BIGASK_HOME": "/state"}).collection
    assert zone.proxy == "127.0.0.1"
    assert zone.address == given["BIGASK_ADDRESS"]
    assert zone.database_url.startswith("postgresql+psycopg://bigask_door:")


def test_the_proxy_keeps_no_access_log_and_passes_nothing_of_the_sender_but_its_address() -> None:
    text = (DEPLOY / "Caddyfile").read_text()
    assert "output" not in text
    assert {f"header_up -{name}" for name in ("Forwarded", "User-Agent", "Referer", "Cookie")} <= {
        line.strip() for line in text.splitlines()
    }
    assert "header_up X-Forwarded-For {remote_host}" in text


def test_the_timer_starts_a_verb_that_there_is() -> None:
    """Daily, which is half of what a permit holds (governance.permit.CHECK_HOLDS)."""
    service, timer = ((DEPLOY / f"bigask-gate.{kind}").read_text() for kind in ("service", "timer"))
    (start,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    program, *verb = shlex.split(start)
    assert program == "/opt/bigask/.venv/bin/bigask"
    command = get_command(cli.app)
    for word in verb:
        assert isinstance(command, TyperGroup)
        command = command.commands[word]
    assert re.findall(r"^OnCalendar=(.*)$", timer, re.MULTILINE) == ["daily"]
    assert CHECK_HOLDS.days >= 2
