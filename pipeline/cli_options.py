"""What the verbs of the command line share: their options, the way to the secure zone, and how progress and counts are shown."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.progress import Progress as Tell

if TYPE_CHECKING:  # a verb loads what it needs when it runs: `--help` is to answer at once
    from retention.secure_store import SecureStore
    from retention.settings import Settings

console = Console()


def _person(context: typer.Context, given: str) -> str:
    """Refuse a name that the ledger could not hold, or whose holder does not prove it, before any work is done for it."""
    from pipeline.cli_identity import require
    from retention.ledger import Entry, LedgerError

    try:
        Entry(given, "name", "office")
    except LedgerError:
        raise typer.BadParameter("a name of at most 64 letters, digits, dots and hyphens, without spaces, for example j.smith") from None
    settings, store = open_store()
    require(store, given, _verb(context))
    _open[settings] = store
    context.call_on_close(_open.clear)
    return given


def _verb(context: typer.Context) -> str:
    """The verb as it is typed after `bigask`, whatever the program was called."""
    words: list[str] = []
    at: Any = context
    while at.parent is not None:
        words.append(str(at.info_name))
        at = at.parent
    return " ".join(reversed(words))


WaveName = Annotated[str, typer.Option("--wave", help="The wave, as `bigask status` names it.")]
Person = Annotated[
    str,
    typer.Option("--as", help="Your account; it is written into the ledger. You are asked for its password and code.", callback=_person),
]


_open: dict[Settings, SecureStore] = {}  # opened to see who is there; the verb goes on with it, since opening is slow on purpose


def open_store() -> tuple[Settings, SecureStore]:
    """The settings and the secure zone."""
    from retention.secure_store import SecureStore
    from retention.settings import load_settings

    settings = load_settings()
    return settings, _open.pop(settings, None) or SecureStore(settings.secure)


def store_for_step() -> tuple[Settings, SecureStore]:
    """The same for a step, after removing what killed steps left behind. Raises LedgerError if the ledger does not hold."""
    from retention.steps import sweep

    settings, store = open_store()
    sweep(store)
    return settings, store


def bar(title: str, stack: ExitStack) -> Tell:
    """A progress bar for as long as the stack is open."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = stack.enter_context(Progress(*columns, console=console, disable=not console.is_terminal))
    task = progress.add_task(title, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


def print_counts(counts: dict[str, int | str]) -> None:
    """A step's counts, one a line."""
    for key, value in counts.items():
        console.print(f"{key:24} {value}", highlight=False, soft_wrap=True)
