"""`bigask residual`: what slips through the scrubber, how many more texts to read, and drawing them."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli_options import Person, WaveName, console, open_store, store_for_step

app = typer.Typer(no_args_is_help=True, help="What slips through the scrubber, bounded by a random sample.")


@app.command()
def show(wave: WaveName) -> None:
    """The residual rate, its upper bound, and how many more texts to read for the bound that the policy asks."""
    from pipeline.residual import plan, residual
    from pipeline.review_policy import load_review_policy

    policy = load_review_policy()
    found = residual(open_store()[1], wave, policy)
    lines = [
        f"unread texts             {found.unread}",
        f"drawn, settled, missed   {found.drawn}, {found.read}, {found.missed}",
        f"upper bound              {found.upper:.2f} of 1,000 (one-sided, {found.confidence:.2%} confidence, look {found.looks})",
        f"policy                   at most {policy.most_per_1000:g} of 1,000",
    ]
    lines += [f"if {one.further} more are missed     read {one.texts} more texts" for one in plan(found, policy)]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


@app.command("read-more")
def more(wave: WaveName, texts: Annotated[int, typer.Option(min=1, help="How many.")], person: Person) -> None:
    """Draw more of the unread texts at random into the queue; the seed goes into the ledger before anyone looks."""
    from pipeline.review_queue import read_more

    drawn = read_more(store_for_step()[1], wave, texts, person)
    console.print(f"{drawn} more texts wait to be read at the staff door.", highlight=False)


@app.command()
def verify(wave: WaveName) -> None:
    """Draw every sample of a wave again from its seed, and compare."""
    from pipeline.review_queue import verify_draws

    left = len(verify_draws(open_store()[1], wave))
    console.print(f"The sample is the one that its seeds draw; {left} texts were never drawn.", highlight=False)
