"""Does every measure work, today? Runs the tests that measures are bound to and gathers what the report tells.

Nothing counts as protected because it is written down: a test that is not there, was skipped, failed, or ran too long ago is a gap, and
so are a missing signature, an overdue review and a difference between what runs and what was assessed.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

from governance.approvals import Kind, Signed
from governance.cases import kinds
from governance.gates import Gate
from governance.opening import Situation, standing
from governance.risks import Measure, Register
from retention.keys import write_private

ROOT = Path(__file__).parents[1]
SHOWN = "shown.json"
PACKAGES = ("fastapi", "granian", "highspy", "hypothesis", "pandas", "presidio-analyzer", "pynacl", "pytest", "spacy", "sqlalchemy")


class NotAssured(RuntimeError):
    """Something is unprotected, unproven or unsigned. The message says how much; the report says what."""


class Outcome(StrEnum):
    """What became of a test. The later ones are worse."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"
    ABSENT = "not collected"


@dataclass(frozen=True)
class Proof:
    """One test: what became of it now (the worst of its cases), and the last day on which it passed."""

    test: str
    outcome: Outcome
    cases: int
    last_shown: date | None


@dataclass(frozen=True)
class Evidence:
    """What the report tells. `gaps`: everything that keeps it from being a good one, in sentences."""

    at: Situation
    proofs: Mapping[str, Proof]
    gaps: tuple[str, ...]
    versions: Mapping[str, str]
    for_approval: bool

    def proven(self, measure: Measure) -> bool:
        """True if every test of the measure passed."""
        return all(self.proofs[test].outcome is Outcome.PASSED for test in measure.tests)

    def last_shown(self, measure: Measure) -> date | None:
        """The last day on which all tests of the measure had passed; None if one of them never has."""
        days = [self.proofs[test].last_shown for test in measure.tests]
        return None if None in days else min(day for day in days if day is not None)

    def require(self) -> None:
        """Raise NotAssured if there is any gap."""
        if self.gaps:
            more = f" and {len(self.gaps) - 1} more" if len(self.gaps) > 1 else ""
            raise NotAssured(f"{self.gaps[0].rstrip('.')}{more}: the report lists every gap; close them, then run it again.")


def assure(at: Situation, folder: Path, results: Path | None = None, for_approval: bool = False) -> Evidence:
    """Run the tests of every measure (or take these JUnit results) and judge the situation in earnest, demonstrations aside.

    Keeps in `folder` when each test last passed. `for_approval` leaves out the signatures that the report is to be signed for.
    Raises NotAssured if the results cannot be read.
    """
    tests = at.record.register.tests()
    absent = set(unfound(at.record.register))
    if results is None:
        folder.mkdir(parents=True, exist_ok=True)
        results = folder / "results.xml"
        run_tests([test for test in tests if test not in absent], results)
    outcomes = read_results(results)
    shown = _remember(folder / SHOWN, {test: outcomes.get(test, (Outcome.ABSENT, 0))[0] for test in tests}, at.today)
    proofs = {test: Proof(test, *outcomes.get(test, (Outcome.ABSENT, 0)), shown.get(test)) for test in tests}
    earnest = replace(at, signed=Signed(at.record, tuple(one for one in at.signed.decisions if one.kind != Kind.DEMONSTRATION)))
    return Evidence(earnest, proofs, tuple(_gaps(earnest, proofs, absent, for_approval)), versions(), for_approval)


def _gaps(at: Situation, proofs: Mapping[str, Proof], absent: Iterable[str], for_approval: bool) -> list[str]:
    gaps = [f"The module {name} is named by a measure and is not there." for name in absent if "::" not in name]
    for measure in at.record.register.measures:
        for test in measure.tests:
            outcome = proofs[test].outcome
            if outcome is not Outcome.PASSED:
                gaps.append(f"Measure '{measure.code}' is not shown to work: {test} was {outcome}.")
    gaps += [str(one) for one in standing(at).missing if not (for_approval and one.gate is Gate.G2)]
    return gaps + list(overdue(at))


def overdue(at: Situation) -> Iterator[str]:
    """What has run out and shuts no gate: training and clearance of the office's people, and laws that nobody has looked up for a year."""
    for person in at.record.people.staff:
        for what, until in (("training", person.trained_until), ("clearance", person.cleared_until)):
            if until < at.today and not person.example:
                yield f"The {what} of {person.account} ended on {until.isoformat()}: renew it, or take them out of people.yaml."
    for kind in kinds().values():
        if kind.unchecked(at.today):
            yield f"The clock of '{kind.title}' was last looked up on {kind.checked_on.isoformat()}: look up {kind.law}."


def unfound(register: Register, root: Path = ROOT) -> list[str]:
    """Modules and tests that the register names and that are not in the source."""
    modules = {module for measure in register.measures for module in measure.modules}
    lost = [name for name in sorted(modules) if not _module(name, root)]
    return lost + [test for test in register.tests() if test.partition("::")[2] not in _functions(root / test.partition("::")[0])]


def _module(name: str, root: Path) -> list[Path]:
    path = root.joinpath(*name.split("."))
    return [path.with_suffix(".py")] if path.with_suffix(".py").is_file() else sorted(path.rglob("*.py"))


def _functions(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def run_tests(tests: Iterable[str], results: Path) -> None:
    """Run these tests in a process of their own; JUnit results go to a file. Its progress is shown as pytest shows it."""
    results.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={results.absolute()}", *tests]
    subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - our own tests; whether they passed is in the results


def read_results(path: Path) -> dict[str, tuple[Outcome, int]]:
    """Worst outcome and number of cases of each test, by its name. Raises NotAssured if there are no results."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))  # noqa: S314 - written by our own pytest
    except (OSError, ElementTree.ParseError):
        raise NotAssured(f"There are no results of tests in {path.name}: run the tests with --junitxml.") from None
    found: dict[str, tuple[Outcome, int]] = {}
    order = list(Outcome)
    for case in cases:
        test = case.get("classname", "").replace(".", "/") + ".py::" + case.get("name", "").partition("[")[0]
        tags = {child.tag for child in case}
        outcome = Outcome.FAILED if tags & {"failure", "error"} else Outcome.SKIPPED if "skipped" in tags else Outcome.PASSED
        before, count = found.get(test, (Outcome.PASSED, 0))
        found[test] = (max(before, outcome, key=order.index), count + 1)
    return found


def _remember(path: Path, outcomes: Mapping[str, Outcome], today: date) -> dict[str, date]:
    """The last day on which each test passed, kept from run to run."""
    shown = last_shown(path) | {test: today for test, outcome in outcomes.items() if outcome is Outcome.PASSED}
    write_private(path, json.dumps({test: day.isoformat() for test, day in sorted(shown.items())}, indent=1).encode("ascii"))
    return shown


def last_shown(path: Path) -> dict[str, date]:
    """The last day on which each test passed, as `assure` keeps it; nothing if it has kept nothing there."""
    try:
        return {test: date.fromisoformat(day) for test, day in json.loads(path.read_text(encoding="ascii")).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def versions() -> dict[str, str]:
    """What ran: the source's commit and whether it was changed since, Python, the main packages, and the lock's SHA-256."""
    found = {"source": _commit(), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    lock = ROOT / "requirements.lock"
    found["requirements.lock"] = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "missing"
    return found


def module_hash(name: str) -> str:
    """First 12 hex digits of the SHA-256 of a module's source, or of all files of a package."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _module(name, ROOT))).hexdigest()[:12]


def _commit() -> str:
    try:
        head, changed = (
            subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603, S607
            for arguments in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown: no git repository here"
    return head + (", changed since" if changed else "")
