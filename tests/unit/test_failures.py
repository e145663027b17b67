"""What a failure is told as: known kinds by their own sentence, strangers by type and place alone."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from pipeline.failures import EXIT_CODES, UNEXPECTED, exit_code, sentence
from retention.keys import WrongPassphrase
from retention.secure_store import StepRefused

ROOT = Path(__file__).parents[2]
NAMES = [name for names in EXIT_CODES.values() for name in names]
# No verb can meet them: a door tells them to the one who posted, or the secure store to whoever must wait (StepRefused).
CAUGHT_WITHIN = {
    "pipeline.received.NotOfOurForms",
    "pipeline.keying.NotUnderstood",
    "api.journey.MalformedPost",
    "api.journey.OtherVersion",
    "forms.answers.AnswerError",
    "governance.permit.PermitInvalid",
    "retention.file_lock.Locked",
    "disclosure.hidden_sheets._Beside",
}
SECRET = "my name is Zofia and I live at S63 8XQ"


def _exceptions_of_ours() -> set[str]:
    """Every exception class that a module of ours defines, unless its base is one of ours too."""
    kinds = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)}
    found = set()
    for package in ("forms", "disclosure", "retention", "governance", "pipeline", "api"):
        for path in (ROOT / package).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and kinds & {ast.unparse(base) for base in node.bases}:
                    found.add(f"{module}.{node.name}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_known_kind_exists_under_its_name(name: str) -> None:
    module, _, kind = name.rpartition(".")
    found = getattr(import_module(module), kind)
    assert issubclass(found, Exception)
    assert f"{found.__module__}.{found.__qualname__}" == name, "it is known by the module that defines it"


def test_every_exception_of_ours_has_an_exit_code() -> None:
    assert _exceptions_of_ours() - set(NAMES) == CAUGHT_WITHIN


def test_no_kind_has_two_exit_codes() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert not {0, UNEXPECTED, 2, 130} & set(EXIT_CODES), "taken: success, the unexpected, wrong usage, interrupted"


def test_a_kind_of_a_known_kind_is_known() -> None:
    assert exit_code(WrongPassphrase("The passphrase does not open the keys.")) == 5
    assert exit_code(StepRefused("Not now.")) == 3


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Run it again.", "Run it again."),
        ("there is no policy 'x': choose another", "There is no policy 'x': choose another."),
        ("Two\n  lines", "Two lines."),
        ("Is it there?", "Is it there?"),
    ],
)
def test_a_known_failure_is_one_sentence(message: str, told: str) -> None:
    assert sentence(StepRefused(message)) == told


def _derive_fails() -> None:
    from pipeline.scrub.redact import redact

    redact({"text": SECRET}, {"text": SECRET})  # type: ignore[dict-item]


def test_a_stranger_is_told_by_type_and_place_without_any_value() -> None:
    with pytest.raises(AttributeError) as raised:
        _derive_fails()
    told = sentence(raised.value)
    assert exit_code(raised.value) == UNEXPECTED
    assert told.startswith("Unexpected AttributeError in pipeline.scrub.redact, line ")
    assert "\n" not in told


@pytest.mark.parametrize(
    "error", [ValueError(SECRET), KeyError(SECRET), ExceptionGroup(SECRET, [ValueError(SECRET)]), OSError(2, SECRET, SECRET)]
)
def test_the_message_of_a_stranger_is_never_told(error: Exception) -> None:
    assert not [part for part in ("Zofia", "S63", "name is") if part in sentence(error)]
    assert type(error).__name__ in sentence(error)


def test_the_command_line_loads_no_engine_before_a_verb_needs_it() -> None:
    heavy = ("pandas", "numpy", "pyarrow", "scipy", "spacy", "presidio_analyzer", "sqlalchemy", "fastapi", "highspy")
    script = f"import sys, pipeline.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
