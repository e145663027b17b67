"""`bigask safeguarding`: whether somebody acts in time on what children wrote. Counts and days alone, for whoever watches the system."""

from __future__ import annotations

import typer

from pipeline.cli_options import console, open_store

app = typer.Typer(no_args_is_help=True, help="The safeguarding queue, as counts.")


@app.callback()
def _group() -> None:
    """A group of one verb stays a group."""


@app.command()
def status() -> None:
    """How many texts wait for the leads, and how many for too long: then it fails, so that a timer can alert people."""
    from governance.safeguarding import SafeguardingError, queue
    from retention.secure_store import today

    day = today()
    found = queue(open_store()[1])
    overdue = [one for one in found if one.overdue(day)]
    escalated = sum(one.escalated(day) for one in overdue)
    console.print(f"{len(found)} wait, {len(overdue)} overdue, {escalated} before the data protection officer.", highlight=False)
    if overdue:
        latest = (day - min(one.due_on for one in overdue)).days
        raise SafeguardingError(f"{len(overdue)} flagged texts are overdue, one by {latest} days: reach the leads now.")
