"""The README tells the truth: its commands exist, its links lead somewhere, its exit codes and settings are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pipeline import failures
from pipeline.cli import app

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", sorted(set(re.findall(r"\bmake ([a-z-]+)", README)) - {"alone"}))
def test_every_make_verb_exists(verb: str) -> None:
    assert re.search(rf"^{verb}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("line", re.findall(r"^bigask ([^#\n]+)", README, re.MULTILINE))
def test_every_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)
    verbs = [word for word in words[:2] if re.fullmatch(r"[a-z-]+", word)]
    command = get_command(app)
    depth = 0
    while hasattr(command, "commands") and depth < len(verbs):
        command = command.commands[verbs[depth]]
        depth += 1
    shown = CliRunner().invoke(app, [*verbs[:depth], "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for option in (word for word in words if word.startswith("--")):
        assert option in {name for parameter in command.params for name in parameter.opts}, option


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_every_setting_is_read() -> None:
    source = (ROOT / "retention" / "settings.py").read_text(encoding="utf-8")
    assert set(re.findall(r"`(BIGASK_[A-Z_]+)`", README)) == set(re.findall(r"BIGASK_[A-Z]+(?:_[A-Z]+)*", source))


def test_the_exit_codes_are_those_of_the_code() -> None:
    told = {int(code) for code in re.findall(r"\b(\d) [a-z]", README[README.index("Exit codes") :].split("\n\n")[0])}
    assert told - {0, 2} == set(failures.EXIT_CODES)
