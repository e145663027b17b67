"""`bigask quality`: what the rules of quality found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_options import WaveName, console, open_store

app = typer.Typer(no_args_is_help=True, help="Doubtful answers: flagged and counted, never dropped.")


@app.callback()
def _group() -> None:
    """A group of one verb stays a group."""


@app.command()
def report(wave: WaveName, out: Annotated[Path | None, typer.Option(help="Where to write the page with the charts.")] = None) -> None:
    """Draw what was found, here and as a page in the secure folder (or at --out)."""
    from forms.load import load_survey
    from pipeline.quality_report import as_html, as_lines
    from pipeline.quality_report import report as make
    from pipeline.quality_rules import load_rules
    from retention.keys import write_private

    settings, store = open_store()
    found = make(store, wave, load_rules(load_survey(store.wave(wave).survey)))
    path = out or settings.secure.folder / "reports" / f"{wave}-quality.html"
    write_private(path, as_html(found).encode())
    for line in as_lines(found):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    console.print(f"\nPage: {path}", highlight=False, soft_wrap=True, markup=False)
