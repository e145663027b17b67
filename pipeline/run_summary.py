"""What a run came to: in figures, each of which is in the ledger, a data set or a released file as well, and in words."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from rich.console import Console

from pipeline.residual import Residual, residual
from retention import releases
from retention.releases import ReleaseState
from retention.secure_store import SecureStore, Wave
from retention.settings import Settings
from retention.steps import Verb

CHECKER, APPROVER = "scripted-checker", "scripted-approver"


def summarise(store: SecureStore, settings: Settings, wave: Wave, caught: dict[str, int] | None) -> dict[str, Any]:
    """The run in figures; each is in the ledger, a data set or a released file as well."""
    steps = {verb: dict(counts) for verb, counts in store.steps(wave.id).items()}
    released = [found for found in releases.releases(store, wave.id) if found.state is ReleaseState.RELEASED]
    attack = json.loads(store.vault.read(store.asset(wave.id, "attack").stored)["document"].iloc[0])["report"]
    return {
        "wave": wave.id,
        "steps": steps,
        "caught": caught,
        "residual": asdict(residual(store, wave.id)),
        "tables": attack["tables"],
        "attack": {key: attack["attack"][key] for key in ("withheld", "narrowest")} | {"exposed": len(attack["attack"]["exposed"])},
        "releases": [found.id for found in released],
        "ledger_entries": store.verify_ledger(),
        "certificates": sorted(path.name for path in settings.secure.certificates.glob(f"{wave.id}-*.json")),
        "files": {"released": str(settings.release.folder), "secure": str(settings.secure.folder)},
    }


def print_summary(summary: dict[str, Any], console: Console) -> None:
    """The summary for a person."""
    located, scrubbed, reviewed = (summary["steps"][verb] for verb in (Verb.LOCATE, Verb.SCRUB, Verb.REVIEW))
    found, attack = summary["caught"], summary["attack"]
    console.print()
    console.rule(f"Wave {summary['wave']}")
    lines = [
        f"Answered     {summary['steps'][Verb.TRANSFER]['responses']} invented children, over HTTP, each answer sealed on arrival",
        f"Located      {located['with_council']} of {located['responses']} to a council; postcodes and schools destroyed, with certificate",
        f"Scrubbed     {scrubbed['texts']} free texts, {scrubbed['texts_flagged']} flagged; {_caught(found)}",
        f"Reviewed     {reviewed['texts_read']} texts, each by two ([bold]by a script here; by people in earnest[/bold]), "
        f"{reviewed['texts_resolved']} settled by a third; the raw texts were destroyed",
        f"For the lead {scrubbed['for_the_lead']} texts put before the safeguarding lead ([bold]closed by a script here[/bold])",
        f"Unseen       {_residual(Residual(**summary['residual']))}",
        f"Tables       {len(summary['tables'])} released as {', '.join(summary['releases']) or 'nothing'}, protected as one system",
    ]
    for table in summary["tables"]:
        hidden = int(table["primary"]) + int(table["secondary"])
        lines.append(f"               {table['id']:36} {table['cells']:5} cells, {hidden:4} withheld")
    lines += [
        f"The attack   found {attack['exposed']} of {attack['withheld']} different withheld counts{_left_open(attack['narrowest'])}",
        f"Checked by   {CHECKER} and {APPROVER} ([bold]scripts here; two people in earnest[/bold])",
        f"Ledger       {summary['ledger_entries']} entries, chain and signatures verified; {len(summary['certificates'])} certificates",
        f"Files        {summary['files']['released']} (public), {summary['files']['secure']} (the evidence team's)",
        "Next         make serve   opens the three doors; accounts for the staff door are in demo-accounts.txt of the secure folder",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _residual(found: Residual) -> str:
    if found.drawn == found.unread:
        return f"nothing unread: two people read each of the {found.unread} texts that the machine was sure of"
    bound = f"at most {found.upper:.1f} of 1,000 unread texts, with {found.confidence:.1%} confidence"
    return f"{bound} ({found.missed} of {found.read} in a random sample of {found.unread} that nobody had to read)"


def _left_open(narrowest: int | None) -> str:
    return "" if narrowest is None else f"; each of the others can still be at least {narrowest + 1} different numbers"


def _caught(found: dict[str, int] | None) -> str:
    if found is None:
        return "what was caught was not measured"
    if not found["planted"]:
        return "no personal data were planted"
    share = f"{found['touched']} of {found['planted']} planted pieces of personal data caught ({found['touched'] / found['planted']:.1%})"
    return f"{share}; {found['clean_touched']} of {found['clean_texts']} texts without any were touched. Real writing is harder: see README"
