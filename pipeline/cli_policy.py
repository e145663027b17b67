"""`bigask policy`: read a policy of disclosure control in plain words, or check one before it is used."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli_options import console

app = typer.Typer(no_args_is_help=True, help="Policies of disclosure control, in plain words.")
Name = Annotated[str, typer.Argument(help="A policy's name, or its YAML file.")]


def _say(text: str = "") -> None:
    console.print(text, highlight=False, soft_wrap=True, markup=False)


@app.command("list")
def list_policies() -> None:
    """The policies that come with the project."""
    from disclosure.policy import available, load_policy

    for name in available():
        _say(f"{name:20} {load_policy(name).title}")


@app.command()
def show(policy: Name) -> None:
    """What a policy does, rule by rule, with the sources and reasons of its numbers."""
    from disclosure.explain import explain
    from disclosure.policy import load_policy

    rules = load_policy(policy)
    _say(f"{rules.name}: {rules.title}")
    for rule in explain(rules):
        _say(f"\n{rule.text}\n  Why: {rule.reason}\n  Source: {rule.source}")


@app.command()
def check(policy: Name) -> None:
    """Refuse a policy that cannot be trusted (exit code 7), and say what deserves a second look in one that can."""
    from disclosure.explain import check as look_at
    from disclosure.policy import load_policy

    rules = load_policy(policy)
    remarks = look_at(rules)
    _say(f"{rules.name} can be used: every rule is stated, with source and reason.")
    for remark in remarks:
        _say(f"- {remark}")
