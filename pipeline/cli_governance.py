"""`bigask dpia`, `gate` and `assure`: the impact assessment, what its gates say, and the evidence that its measures work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_options import Person, console, open_store

if TYPE_CHECKING:
    from governance.opening import Situation

dpia_app = typer.Typer(no_args_is_help=True, help="The data protection impact assessment: what it says, and who signed for it.")
SHUT = 3  # as pipeline.failures has it for what is refused now
gate_app = typer.Typer(no_args_is_help=True, help="The gates: what is missing, and the permit of the child door.")
Survey = Annotated[str, typer.Option(help="The survey, as its folder in forms/surveys is called.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence: it is kept.")]


def _situation(survey: str) -> Situation:
    from forms.load import load_survey
    from pipeline.gate import situation

    settings, store = open_store()
    return situation(store, settings.collection, load_survey(survey))


@dpia_app.command()
def check(survey: Survey = "big_ask") -> None:
    """Read the whole record, and find every module and test that it names."""
    from governance.assurance import unfound
    from governance.reading import RecordError

    at = _situation(survey)
    if missing := unfound(at.record.register):
        raise RecordError(f"The register names what is not there: {', '.join(missing)}.")
    register = at.record.register
    console.print(
        f"{len(register.risks)} risks, {len(register.measures)} measures, {len(register.tests())} tests: all found. {at.record.sha256}",
        soft_wrap=True,
    )


@dpia_app.command()
def drift(survey: Survey = "big_ask") -> None:
    """What runs otherwise than it was assessed. Raises if anything does."""
    from governance.gates import Gate, GateShut, Missing
    from governance.opening import g3_as_assessed

    if found := [Missing(Gate.G3, sentence) for sentence in g3_as_assessed(_situation(survey))]:
        raise GateShut(found)
    console.print("Everything runs as it was assessed.")


@dpia_app.command()
def declare(
    survey: Survey = "big_ask",
    policy: Annotated[str | None, typer.Option(help="The disclosure policy to declare; without it, the one declared so far.")] = None,
) -> None:
    """Write down what runs now as what is assessed. The record is then another, and its approvals must be given anew."""
    from forms.load import load_survey
    from governance.drift import differences, load_declared, write_declared
    from governance.reading import RecordError
    from governance.record import record_folder
    from pipeline.gate import live_now
    from pipeline.policy_in_force import policy_to_declare

    settings, store = open_store()
    folder = record_folder(survey, settings.secure.folder / "assessment")
    live = live_now(store, settings.collection, load_survey(survey), policy_to_declare(survey, store.zone, policy))
    try:
        before = load_declared(folder)
    except RecordError:  # a new part is not in it yet, which is what this verb mends
        before = {}
    for one in differences(before, live):
        console.print(str(one), highlight=False, soft_wrap=True)
    write_declared(folder, live)
    console.print(f"Written to {folder.name}/declared.yaml. Look at the difference, then have the record approved.", soft_wrap=True)


@dpia_app.command()
def approve(what: Annotated[str, typer.Argument()], person: Person, statement: Reason, survey: Survey = "big_ask") -> None:
    """Sign for `measures`, for the `residual_risk`, or that the officer's advice was given (`dpo_advice`)."""
    from governance import approvals

    approvals.approve(open_store()[1], _situation(survey).record, what, person, statement)
    console.print(f"{person} has signed '{what}'.")


@dpia_app.command()
def review(person: Person, outcome: Reason, survey: Survey = "big_ask") -> None:
    """Write down that the assessment was looked at again, and what came of it."""
    from governance import approvals

    approvals.review(open_store()[1], _situation(survey).record, person, outcome)
    console.print(f"Reviewed. The next review is due by {_situation(survey).review_by.isoformat()}.")


@dpia_app.command("consult-ico")
def consult_ico(person: Person, reference: Annotated[str, typer.Option()], opinion: Reason, survey: Survey = "big_ask") -> None:
    """Write down what the ICO answered about risks that stay high."""
    from governance import approvals

    approvals.consult_ico(open_store()[1], _situation(survey).record, person, reference, opinion)
    console.print("The ICO's opinion is on record.")


@dpia_app.command()
def amend(part: Annotated[str, typer.Argument()], person: Person, reason: Reason, survey: Survey = "big_ask") -> None:
    """Sign for a part that runs otherwise than it was assessed, as it runs now."""
    from governance import approvals
    from governance.drift import Part

    if part not in set(Part):
        raise typer.BadParameter(f"the parts are {', '.join(Part)}", param_hint="part")
    at = _situation(survey)
    signed_for = approvals.amend(open_store()[1], at.record, at.signed.amended(at.declared), at.live, Part(part), person, reason)
    for one in signed_for:
        console.print(str(one), highlight=False, soft_wrap=True)
    console.print("Signed for. If a wave is open: bigask gate permit")


@dpia_app.command()
def demonstrate(person: Person, survey: Survey = "big_ask") -> None:
    """Let the survey be tried out with invented answers: approved by nobody, and said so on every page."""
    from pipeline.gate import demonstrate as put_up

    settings, store = open_store()
    put_up(store, settings.collection, survey, person)
    console.print("The survey can be tried out. Every page says that it is a try-out; real children must not be asked.", soft_wrap=True)


@gate_app.command()
def show(survey: Survey = "big_ask") -> None:
    """Every gate, with what is missing. Ends with code 3 if any is shut."""
    from governance.gates import Gate
    from governance.opening import CHECKS, standing

    at = _situation(survey)
    found = standing(at)
    for gate in Gate:
        shut = [one.sentence for one in found.missing if one.gate is gate]
        state = "shut" if shut else "open" if gate in CHECKS else "asked by its step"
        console.print(f"{gate.value:4}{state:18}{gate.requires}", highlight=False, soft_wrap=True)
        for sentence in shut:
            console.print(f"{'':22}- {sentence}", highlight=False, soft_wrap=True)
    if found.demonstration:
        console.print("This is a demonstration: nobody has approved it, and only invented answers may be taken.", soft_wrap=True)
    if not found.open:
        raise typer.Exit(SHUT)


@gate_app.command("check")
def recheck(survey: Survey = "big_ask") -> None:
    """Hold everything that runs against what was assessed, as a timer does daily: renews the permit of the child door, or takes it away."""
    from forms.load import load_survey
    from pipeline.gate import recheck as look

    settings, store = open_store()
    found = look(store, settings.collection, load_survey(survey))
    found.require()
    console.print("Everything runs as it was assessed and signed for; the child door may go on asking.", soft_wrap=True)


@gate_app.command("permit")
def issue_permit(survey: Survey = "big_ask") -> None:
    """Sign a permit for the child door anew, after a review or an amendment."""
    from forms.load import load_survey
    from pipeline.gate import issue_permit as issue

    settings, store = open_store()
    issued = issue(store, settings.collection, load_survey(survey))
    console.print(f"The child door may ask until {issued.review_by.isoformat()}, when a review is due.")


def assure(
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("evidence"),
    results: Annotated[Path | None, typer.Option(help="JUnit results of a run of the tests, instead of running them now.")] = None,
    for_approval: Annotated[bool, typer.Option("--for-approval", help="The report that people sign by: signatures may lack.")] = False,
    survey: Survey = "big_ask",
) -> None:
    """Run the tests that measures are bound to, and write the evidence report. Fails if anything is unprotected or unproven."""
    from governance.assurance import SHOWN
    from governance.assurance import assure as gather
    from governance.evidence import write_report
    from retention.keys import write_private
    from retention.settings import load_settings

    at = _situation(survey)
    evidence = gather(at, out, results, for_approval)
    write_private(load_settings().secure.folder / SHOWN, (out / SHOWN).read_bytes())  # for the desk where releases are checked
    for path in write_report(evidence, out):
        console.print(str(path), soft_wrap=True)
    evidence.require()
    console.print(f"{len(at.record.register.measures)} measures shown to work today.")


def mount(app: typer.Typer) -> None:
    """Put the groups and verbs of this module into the command line."""
    app.add_typer(dpia_app, name="dpia")
    app.add_typer(gate_app, name="gate")
    app.command()(assure)
