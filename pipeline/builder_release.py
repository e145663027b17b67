"""The precomputed set: answers to an allow-list of questions, drafted as a release like any other.

Two other people check and approve it, and the public door then serves its files, read only, where no builder runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from disclosure.audit import AuditReport
from disclosure.dimension import TOTAL
from disclosure.error import DisclosureError
from disclosure.published_table import PublishedTable
from forms.load import load_survey
from pipeline import gate
from pipeline.builder_answer import SAID, Answer, Builder, Refusal
from pipeline.builder_audit import attack_answers, readings
from pipeline.builder_held import as_released
from pipeline.builder_matrix import AREA, CHOSEN, Variable
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import matrix_of
from pipeline.builder_query import EVERYWHERE, NotUnderstood, Query, label_of
from pipeline.drafting import describe, register
from pipeline.progress import Progress, silent
from pipeline.release_description import AttackResult, ReleaseDimension, ReleaseTable
from pipeline.release_map import Boundaries
from pipeline.release_register import policy_of
from retention.answered import keep
from retention.releases import Release
from retention.secure_store import SecureStore
from retention.steps import Verb, require

BESIDE, TELLS = "beside_others", "With the protected tables and other answers it would narrow a count down too far."
ASKED = Path(__file__).parent / "data" / "builder" / "precomputed.yaml"


def read_asked(path: Path, wave_id: str) -> list[Query]:
    """The questions of a YAML list. Raises NotUnderstood."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [_question(entry, wave_id) for entry in entries]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, ValueError, KeyError, IndexError):
        raise NotUnderstood(f"'{path.name}' must be a list of questions: `by`, perhaps `geography` and `where`.") from None


def _question(entry: dict[str, Any], wave_id: str) -> Query:
    if not set(entry) <= {"by", "geography", "where"}:
        raise ValueError
    by = tuple((str(name), str(level)) for name, _, level in (str(one).partition(".") for one in entry.get("by", ())))
    where = (str(entry["where"][0]), str(entry["where"][1])) if entry.get("where") else None
    return Query(wave_id, by, str(entry.get("geography", EVERYWHERE)), where)


def draft_answers(
    store: SecureStore,
    wave_id: str,
    release_id: str,
    actor: str,
    asked: Path | None = None,
    layers: Sequence[Boundaries] = (),
    progress: Progress = silent,
) -> tuple[Release, list[Refusal]]:
    """Answer the allow-list, attack these answers together with all that were ever given and with the wave's protected tables, put them
    on record, and draft them. An answer that would give something away beside the others is refused.

    Returns the draft and what was refused of the list. Raises NotUnderstood, DisclosureError, StepRefused, ReleaseRefused, GateShut;
    then nothing is drafted.
    """
    wave = store.wave(wave_id)
    require(store, wave, Verb.RELEASE)
    survey, policy = load_survey(wave.survey), load_builder_policy()
    demonstration = gate.require_draft(store, survey, policy_of(store, wave_id))
    builder = Builder(matrix_of(store, wave_id), policy)
    queries = read_asked(asked or ASKED, wave_id)
    found = []
    for done, query in enumerate(queries, start=1):
        found.append(builder.ask(query, suggest=False))
        progress(done, len(queries))
    answers = [one for one in found if isinstance(one, Answer)]
    if not answers:
        raise DisclosureError("none of the questions is answered: ask coarser ones")
    published = [as_released(answer.published(policy), builder.matrix.variables) for answer in answers]
    known = {table.id for table in published}
    before = [table for table in readings(store, wave_id) if table.id not in known]
    published, report = _withstanding(store, wave_id, published, before, progress)
    refused = [Refusal(one.query, BESIDE, TELLS) for one in answers if one.query.id not in {table.id for table in published}]
    answers = [answer for answer in answers if answer.query.id in {table.id for table in published}]
    description = describe(
        store,
        wave_id,
        release_id,
        policy.disclosure,
        AttackResult.of(report, published, answers=len(before)),
        title="tables on request",
        summary="Answers of the table builder to questions that are often asked, with every count perturbed.",
        demonstration=demonstration,
    )
    tables = [
        ReleaseTable(table, _title(answer, builder), tuple(_words(answer, builder)), notes=tuple(_notes(answer, builder)))
        for table, answer in zip(published, answers, strict=True)
    ]
    keep(store, wave_id, [answer.query.definition() for answer in answers])
    true = {table.id: builder.counted(answer) for table, answer in zip(published, answers, strict=True)}
    drafted = register(store, description, tables, true, actor, layers)
    return drafted, [*(one for one in found if isinstance(one, Refusal)), *refused]


def _withstanding(
    store: SecureStore, wave_id: str, fresh: Sequence[PublishedTable], before: Sequence[PublishedTable], progress: Progress
) -> tuple[list[PublishedTable], AuditReport]:
    """As many of these answers as withstand the attack, one taken after the other if not all do; and the attack's report on them.

    Raises DisclosureError if none does.
    """
    try:
        return list(fresh), attack_answers(store, wave_id, [*fresh, *before], progress)
    except DisclosureError as error:
        kept: list[PublishedTable] = []
        report = None
        for one in fresh if len(fresh) > 1 else ():
            with suppress(DisclosureError):
                report = attack_answers(store, wave_id, [*kept, one, *before], progress)
                kept.append(one)
        if report is None:
            raise error
        return kept, report


def _in_order(answer: Answer, builder: Builder) -> list[Variable]:
    """Variables in the order of the published table's dimensions."""
    return [builder.matrix.variables[name] for name in sorted(dimension.name for dimension in answer.dimensions)]


def _title(answer: Answer, builder: Builder) -> str:
    by = " and ".join(builder.matrix.variables[dimension.name].title for dimension in answer.dimensions)
    if answer.query.where is None:
        return by
    variable = builder.matrix.variables[answer.query.where[0]]
    return f"{by} ({variable.title[0].lower()}{variable.title[1:]}: {label_of(variable, answer.query.where[1])})"


def _words(answer: Answer, builder: Builder) -> Iterator[ReleaseDimension]:
    for variable in _in_order(answer, builder):
        labels = {code: label_of(variable, code) for code in variable.dimension.codes}
        if variable.name == AREA:
            labels[TOTAL] = "England and not known"
        if variable.of:
            labels[variable.name.removeprefix(f"{variable.of}-")] = labels[CHOSEN]
        yield ReleaseDimension(variable.title, labels)


def _notes(answer: Answer, builder: Builder) -> Iterator[str]:
    rules = builder.policy.disclosure
    yield (
        f"Every count is moved by at most {rules.perturbation_maximum}, always alike for the same children, so that totals need not be the "
        "sums of their parts."
    )
    for rule, (cells, _) in answer.withheld.items():
        yield f"Withheld, {cells}: {SAID[rule]}."
