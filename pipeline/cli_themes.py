"""`bigask themes`: what answers are about, from proposals to a classifier that is good enough to be counted, or is not."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_options import Person, WaveName, bar, console, open_store

if TYPE_CHECKING:
    from pipeline.theme_model import Quality

app = typer.Typer(no_args_is_help=True, help="Themes of free text: propose, frame, code, train, report.")
FrameId = Annotated[str, typer.Option("--frame", help="The id of a registered code frame.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]


@app.command()
def propose(
    wave: WaveName,
    field: Annotated[str, typer.Option(help="The question's text, such as barriers.text.")],
    topics: Annotated[int, typer.Option(min=1, max=50)] = 8,
    seed: Seed = 0,
) -> None:
    """Words that stand together in many answers: a start for a code frame, never its end."""
    from pipeline.themes import proposals

    for number, topic in enumerate(proposals(open_store()[1], wave, field, topics, seed), start=1):
        console.print(f"{number:3}  {topic.answers:7}+ answers  {', '.join(topic.words)}", highlight=False, soft_wrap=True)


@app.command()
def frame(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A code frame as YAML.")], person: Person) -> None:
    """Check a code frame and register its version, which stays as it is for good."""
    from forms.load import load_survey
    from pipeline.theme_frame import read_frame
    from pipeline.themes import register

    document = file.read_text(encoding="utf-8")
    made = register(open_store()[1], document, load_survey(read_frame(document).survey), person)
    console.print(f"Frame {made.id}, version {made.version}: {len(made.themes)} themes, {made.sha256}", highlight=False, soft_wrap=True)


@app.command()
def code(wave: WaveName, frame_id: FrameId, person: Person, texts: Annotated[int, typer.Option(min=1)] = 300) -> None:
    """Draw cleaned texts at random to be coded by hand at the staff door."""
    from pipeline.themes import draw, frame_of

    store = open_store()[1]
    drawn = draw(store, wave, frame_of(store, frame_id), texts, person)
    console.print(f"{drawn} texts wait to be coded at the staff door.", highlight=False)


@app.command()
def train(wave: WaveName, frame_id: FrameId, person: Person, seed: Seed = 0) -> None:
    """Measure each theme by cross-validation on what people coded; only good ones are tabulated."""
    from pipeline import themes

    store = open_store()[1]
    with ExitStack() as stack:
        found = themes.train(store, wave, themes.frame_of(store, frame_id), person, seed, bar("train", stack))
    _print(found)


@app.command()
def report(wave: WaveName, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """What the last training of each frame found."""
    from pipeline.theme_model import Quality
    from retention.themes import trainings

    for training in trainings(open_store()[1], wave):
        entries = json.loads(training.document)
        if as_json:
            console.print_json(json.dumps({"frame": training.frame, "version": training.version, "themes": entries}))
            continue
        console.print(f"Frame {training.frame}, version {training.version}, seed {training.seed}", highlight=False)
        _print([Quality(**{key: value for key, value in entry.items() if key != "good"}) for entry in entries])


def _print(found: list[Quality]) -> None:
    from pipeline.review_policy import load_review_policy

    policy = load_review_policy()
    console.print(f"{'theme':20} {'coded':>6} {'precision':>19} {'recall':>19} {'kappa':>19}  tabulated", highlight=False, soft_wrap=True)
    for one in found:
        shares = " ".join(_interval(share) for share in (one.precision, one.recall, one.kappa))
        console.print(f"{one.theme:20} {one.examples:6} {shares}  {'yes' if one.good(policy) else 'no'}", highlight=False, soft_wrap=True)


def _interval(share: tuple[float, float, float] | None) -> str:
    return f"{'not known':>19}" if share is None else f"{share[0]:5.2f} ({share[1]:.2f} to {share[2]:.2f})".rjust(19)
