"""Mutation testing of `disclosure/`: `python -m tests.mutation [MODULE...]`, by default every module that `tests/survivors/` names.

mutmut changes a module in every small way there is and runs its tests on each change. What no test notices must be explained in the
module's page of `survivors/`; one that is not there, and one that is there but no longer survives, is printed, and the exit is not 0.
All happens in a copy. `--folder DIR` keeps that copy, and a run that was stopped goes on where it was; where tests have changed since,
take another.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

ROOT = Path(__file__).parent.parent
SURVIVORS = Path(__file__).with_name("survivors")
EVERYWHERE = "everywhere"
COPIED = ("api", "pipeline", "forms", "disclosure", "retention", "governance", "tests")
TEXTS = r"raise \w+\("  # what a refusal says is not changed: that it is said, is
NOTICED = ("killed", "timeout", "segfault")
PYTEST = ("--hypothesis-seed=0", "--hypothesis-profile=mutation", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not long")


class Change(NamedTuple):
    """One change of a function, and the lines it changes, put together."""

    function: str
    before: str
    after: str


@dataclass(frozen=True)
class Module:
    """A module's tests, and the changes that they need not notice."""

    tests: tuple[str, ...]
    explained: frozenset[Change]


@dataclass(frozen=True)
class Survivors:
    """`survivors/`: a page for each module; `anywhere`: what may be changed in every module; `slow`: tests that are left out."""

    modules: Mapping[str, Module]
    anywhere: tuple[re.Pattern[str], ...]
    slow: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path) -> Survivors:
        """Raises ValueError for an entry without a reason, or one that is no change; OSError if there is no page for everywhere."""
        pages = {page.stem: yaml.safe_load(page.read_text(encoding="utf-8")) for page in sorted(folder.glob("*.yaml"))}
        if EVERYWHERE not in pages:
            raise FileNotFoundError(f"{folder / EVERYWHERE}.yaml is missing")
        everywhere = pages.pop(EVERYWHERE)
        modules = {
            f"disclosure/{name}.py": Module(
                tuple(page["tests"]), frozenset(change for group in page.get("survivors", ()) for change in _changes(name, group))
            )
            for name, page in pages.items()
        }
        anywhere = tuple(re.compile(each["differ_only_in"]) for each in everywhere["anywhere"] if _reason("anywhere", each))
        return cls(modules, anywhere, tuple(everywhere["slow"]))

    def compare(self, path: str, found: Iterable[Change]) -> tuple[list[Change], list[Change]]:
        """Survivors of a module that nothing explains; and what is explained, but does not survive."""
        survived, explained = set(found), self.modules[path].explained
        new = [change for change in survived - explained if not any(_differ_only_in(part, change) for part in self.anywhere)]
        return sorted(new), sorted(explained - survived)


def _reason(where: str, group: Mapping[str, Any]) -> str:
    if not str(group.get("reason", "")).strip():
        raise ValueError(f"{where}: every group of survivors needs a reason")
    return str(group["reason"])


def _changes(name: str, group: Mapping[str, Any]) -> list[Change]:
    """The changes of one reason: for each function its lines, `- ` before and, below, `+ ` each that it may become."""
    _reason(name, group)
    found = []
    for function, lines in group.items():
        before = ""
        for line in lines.splitlines() if function != "reason" else ():
            if line.startswith("- "):
                before = line[2:]
            elif line.startswith("+ ") and before:
                found.append(Change(function, before, line[2:]))
            else:
                raise ValueError(f"{name}, {function}: '{line}' is neither what was (- ...) nor, below it, what it may become (+ ...)")
    return found


def _differ_only_in(part: re.Pattern[str], change: Change) -> bool:
    return part.sub("", change.before) == part.sub("", change.after)


def copy(folder: Path) -> None:
    """Puts the project as it stands into a folder. What mutmut has found there is kept."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", folder)


def mutate(folder: Path, path: str, tests: Sequence[str], slow: Sequence[str], processes: int) -> None:
    """Runs mutmut on one module of a copy. Raises RuntimeError if it did not come to its end."""
    config = configparser.RawConfigParser()
    config["mutmut"] = {
        "source_paths": "disclosure",
        "only_mutate": path,
        "also_copy": "\n".join(name for name in COPIED if name != "disclosure"),
        "do_not_mutate_patterns": TEXTS,
        "pytest_add_cli_args_test_selection": "\n".join([*tests, ""]),
        "pytest_add_cli_args": "\n".join([*PYTEST, *(f"--deselect={test}" for test in slow)]),
        "timeout_multiplier": "4",
        "timeout_constant": "2",
    }
    with (folder / "setup.cfg").open("w", encoding="utf-8") as file:
        config.write(file)
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", "run", "--max-children", str(processes)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"mutmut ended with {done.returncode} on {path}: {(done.stdout + done.stderr)[-2000:]}")


def survived(folder: Path, path: str) -> tuple[list[Change], int]:
    """Changes of a module that no test noticed, and how many there were in all. Raises RuntimeError if some were not tried."""
    outcome = json.loads((folder / "mutants" / f"{path}.meta").read_text(encoding="utf-8"))["exit_code_by_key"]
    found = []
    with contextlib.chdir(folder):
        for name, code in outcome.items():
            status = status_by_exit_code[code]
            if status == "not checked":
                raise RuntimeError(f"{name} was not tried: run mutmut to its end")
            if status not in NOTICED:
                found.append(change_of(name, get_diff_for_mutant(name, path=Path(path))))
    return found, len(outcome)


def change_of(name: str, diff: str) -> Change:
    """A mutant's name is module.x_function__mutmut_1, or module.xǁClassǁmethod__mutmut_1."""
    function = name.rpartition(".")[2].rpartition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    lines = diff.splitlines()[3:]
    before, after = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return Change(function, before, after)


def shown(path: str, changes: Sequence[Change]) -> str:
    """Changes as a module's page of `survivors/` holds them."""
    lines, last = [f"{path}:"], Change("", "", "")
    for change in changes:
        if change.function != last.function:
            lines.append(f"  {change.function}: |")
        if (change.function, change.before) != (last.function, last.before):
            lines.append(f"    - {change.before}")
        lines.append(f"    + {change.after}")
        last = change
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Mutation testing, held against what is explained in tests/survivors/.")
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="disclosure/primary.py, say; all that tests/survivors/ names if none is given"
    )
    parser.add_argument("--folder", type=Path, help="keep the copy, and what was found, in this folder")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    survivors = Survivors.read(SURVIVORS)
    if unknown := [path for path in given.modules if path not in survivors.modules]:
        parser.error(f"{unknown[0]} has no page in {SURVIVORS.name}/: name there the tests that are about it")
    wrong = False
    with tempfile.TemporaryDirectory() as temporary:
        base = given.folder or Path(temporary)
        for path in given.modules or survivors.modules:
            folder = base / Path(path).stem
            copy(folder)
            mutate(folder, path, survivors.modules[path].tests, survivors.slow, given.processes)
            found, tried = survived(folder, path)
            new, gone = survivors.compare(path, found)
            print(f"{path}: {tried} changes, {len(found)} not noticed by any test, {len(new)} of them not explained", flush=True)
            if new:
                print("Not noticed, and not explained: write a test that fails, or a reason why none can.", shown(path, new), sep="\n")
            if gone:
                print("Explained, but noticed, or no longer there: take it out.", shown(path, gone), sep="\n")
            wrong |= bool(new or gone)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
