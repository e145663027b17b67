"""May the survey open, and may it go on? Each gate is a function that says what is missing; none missing means open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from forms.helplines import Helpline
from forms.survey import Kind as QuestionKind
from forms.survey import Role, Survey
from governance.approvals import Kind, Signed
from governance.drift import Configuration, differences
from governance.gates import HELP_LINES_HOLD, Gate, Missing, Standing
from governance.record import Record
from retention.schedule import Schedule
from retention.steps import Verb

NOTICE = ("landing_who", "landing_why", "landing_what_happens", "landing_no_way_back", "landing_refuse", "landing_honest", "landing_help")


@dataclass(frozen=True)
class Situation:
    """Everything that the opening gates look at. `derived`: versions of derived variables by name."""

    record: Record
    signed: Signed
    survey: Survey
    declared: Configuration
    live: Configuration
    schedule: Schedule
    helplines: tuple[Helpline, ...]
    today: date
    derived: Mapping[str, str] = field(default_factory=dict)
    collection_keys: Path | None = None

    @property
    def demonstration(self) -> bool:
        """True if nobody has approved anything in earnest, and this says so."""
        return self.signed.demonstration

    @property
    def review_by(self) -> date:
        """The first day on which a review will be due."""
        assessment, interests = self.record.assessment, self.record.interests
        return min(
            self.signed.review_due(assessment.assessed_on, assessment.review_after_days),
            self.signed.review_due(interests.reviewed_on, interests.review_after_days),
        )


Check = Callable[[Situation], Iterator[str]]


def g1_told_and_free(at: Situation) -> Iterator[str]:
    """The opt-out of every question, and the notice of every form."""
    for form in at.survey:
        for question in form.questions:
            if sum(option.role is Role.OPT_OUT for option in question.options) != 1:
                yield f"Question '{question.id}' of form '{form.id}' cannot be refused: give it the option \"I don't want to say\"."
        for key in NOTICE:
            if not form.words.get(key, "").strip():
                yield f"Form '{form.id}' has no privacy notice '{key}': write it in the words of its readers."


def g2_signed(at: Situation) -> Iterator[str]:
    """Approvals, the ICO's opinion on high risks, and reviews that are held. A demonstration has none of them and says so."""
    if at.demonstration:
        return
    if at.record.assessment.example:
        yield "The impact assessment is the example that comes with the project: put the office's own in its place, with `example: false`."
    signers = {}
    for needed in at.record.assessment.approvals:
        signers[needed.code] = at.signed.approved_by(needed.code)
        if signers[needed.code] is None:
            who = " or ".join(needed.roles)
            yield f"Nobody has signed '{needed.code}' ({needed.what}): a person who is {who} runs `bigask dpia approve {needed.code}`."
    officer = signers.get("dpo_advice")
    if officer is not None and officer in {who for code, who in signers.items() if code != "dpo_advice"}:
        yield "The data protection officer has also signed an approval: the officer advises, and somebody else signs (Art. 38(6))."
    if at.record.register.high() and not at.signed.of(Kind.CONSULTATION):
        risks = ", ".join(risk.code for risk in at.record.register.high())
        yield f"Risks that stay high without the ICO's opinion on record: {risks}. Ask the ICO before anything is collected (Art. 36)."
    if at.today > at.review_by:
        yield f"A review has been overdue since {at.review_by.isoformat()}: hold it, then run `bigask dpia review`."


def g3_as_assessed(at: Situation) -> Iterator[str]:
    """What runs against what was assessed, amendments included."""
    for one in differences(at.signed.amended(at.declared), at.live):
        yield f"{one} Put it back, or sign for it with `bigask dpia amend {one.part}`."


def g4_questions_on_record(at: Situation) -> Iterator[str]:
    """Every question of every form has its entry."""
    asked = dict.fromkeys(question.id for form in at.survey for question in form.questions)
    for name in asked:
        if at.record.variables.of(name) is None:
            yield f"Question '{name}' has no purpose, basis, retention and release rule: declare it in variables.yaml."
    for variable in at.record.variables.asked:
        for name in variable.ids:
            if name not in asked:
                yield f"Variable '{name}' is declared but never asked: remove it from variables.yaml."


def g5_derived_on_record(at: Situation) -> Iterator[str]:
    """Every derived variable has its entry, in this version."""
    for name, version in at.derived.items():
        declared = at.record.variables.derived_as(name)
        if declared is None:
            yield f"The derived variable '{name}' has no entry: declare it in variables.yaml before it is made."
        elif declared.version != version:
            yield f"The derived variable '{name}' is version {version}, and version {declared.version} was assessed: assess the new one."


def g6_no_private_key(at: Situation) -> Iterator[str]:
    """The collection server's key folder holds public keys only."""
    if at.collection_keys is None or not at.collection_keys.exists():
        return
    for path in sorted(at.collection_keys.iterdir()):
        if path.suffix != ".pub":
            yield f"'{path.name}' lies beside the public keys of the collection server: only .pub files belong there; move it away at once."


def g9_rules_that_end(at: Situation) -> Iterator[str]:
    """A retention rule for everything that the record of processing or of variables names."""
    named = {kind for purpose in at.record.processing.purposes for kind in purpose.data}
    named |= {kind for variable in (*at.record.variables.asked, *at.record.variables.derived) for kind in variable.kept_as}
    for kind in sorted(named):
        rule = at.schedule.rules.get(kind)
        if rule is None:
            yield f"The data set '{kind}' has no retention rule: add one to retention/schedule.yaml."
        elif not 1 <= rule.review_after_days <= 730:
            yield f"The data set '{kind}' would be kept for {rule.review_after_days} days: two years are the longest before a decision."


def g10_help_and_record(at: Situation) -> Iterator[str]:
    """Help lines that were checked, and a record of processing in which every step has its place."""
    if not at.helplines:
        yield "No help line is listed: add them to forms/lists/helplines.yaml."
    for line in at.helplines if not at.demonstration else ():
        if at.today - line.checked_on > HELP_LINES_HOLD:
            yield f"{line.name} was last checked on {line.checked_on.isoformat()}: call it, and write today's date into helplines.yaml."
        elif line.checked_on > at.today:
            yield f"{line.name} is said to be checked on a day that has not come: correct its date in helplines.yaml."
    for processor in at.record.processors.processors:
        if processor.contract_until < at.today:
            ended = processor.contract_until.isoformat()
            yield f"The contract with {processor.name} ended on {ended}: renew it, or take its machines away (Art. 28)."
    covered = {step for purpose in at.record.processing.purposes for step in purpose.steps}
    for verb in Verb:
        if verb not in covered:
            yield f"The step '{verb}' serves no purpose in the record of processing: add it to processing.yaml."
    asks_special = any(variable.article_9 != "none" for variable in at.record.variables.asked)
    if asks_special and not any("9(2)" in purpose.basis for purpose in at.record.processing.purposes):
        yield "Special categories are asked for, but no purpose names its Article 9 condition: add it to processing.yaml."
    locators = {question.id for form in at.survey for question in form.questions if question.kind in _LOCATORS}
    for name in sorted(locators):
        declared = at.record.variables.of(name)
        if declared is not None and declared.release != "never":
            yield f"'{name}' leads to a home or a school, but its release rule is '{declared.release}': it must be 'never'."


_LOCATORS = (QuestionKind.POSTCODE, QuestionKind.SCHOOL)
CHECKS: Mapping[Gate, Check] = {
    Gate.G1: g1_told_and_free,
    Gate.G2: g2_signed,
    Gate.G3: g3_as_assessed,
    Gate.G4: g4_questions_on_record,
    Gate.G5: g5_derived_on_record,
    Gate.G6: g6_no_private_key,
    Gate.G9: g9_rules_that_end,
    Gate.G10: g10_help_and_record,
}


def standing(at: Situation) -> Standing:
    """Whether the survey may open and go on, with everything that is missing, gate by gate."""
    missing = tuple(Missing(gate, sentence) for gate, check in CHECKS.items() for sentence in check(at))
    return Standing(missing, at.demonstration)
