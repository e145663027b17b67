"""From protected tables to a registered draft, alike for the tables of a wave and for answers of the table builder.

Before anything is written, records are put together from the tables; before it is registered, its files are searched for what they
would hold beside what they show. A finding stops the draft, and nothing of it stays.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace

from disclosure.dimension import Counts
from disclosure.policy import Policy
from forms.load import load_survey
from pipeline import gate
from pipeline.approval import draft_folder
from pipeline.release_description import AttackResult, ReleaseDescription, ReleaseTable, protection_by, rounded_answers
from pipeline.release_files import build_release
from pipeline.release_inspection import require_nothing_hidden, require_records_apart
from pipeline.release_map import Boundaries
from pipeline.release_quotes import ReleaseQuote
from pipeline.release_texts import ReleaseText
from retention import releases
from retention.releases import Release, ReleaseRefused
from retention.secure_store import SecureStore

INVENTED = "A demonstration: these answers are invented, and no child gave them. Every count is protected as if one had."


def describe(
    store: SecureStore,
    wave_id: str,
    release_id: str,
    policy: Policy,
    attack: AttackResult,
    *,
    title: str,
    summary: str,
    demonstration: bool,
) -> ReleaseDescription:
    """What a release of this wave says of itself; a demonstration says that instead of the summary. Raises ReleaseInvalid."""
    survey = load_survey(store.wave(wave_id).survey)
    first, last = store.days(wave_id)
    return ReleaseDescription(
        id=release_id,
        title=f"{survey.title}: {title}",
        summary=INVENTED if demonstration else summary,
        wave=wave_id,
        survey=survey.title,
        collected_from=first,
        collected_to=last,
        answers=rounded_answers(store.asset(wave_id, "responses").stored.rows),
        policy=policy,
        contact=gate.contact(store, survey),
        protection=protection_by(policy),
        attack=attack,
    )


def register(
    store: SecureStore,
    description: ReleaseDescription,
    tables: Sequence[ReleaseTable],
    true: Mapping[str, Counts],
    actor: str,
    layers: Sequence[Boundaries] = (),
    quotes: Sequence[ReleaseQuote] = (),
    texts: Sequence[ReleaseText] = (),
) -> Release:
    """Build the files of a release and register their hash. `true`: the counts as they were before protection, by the table's id.

    Raises DisclosureError if records can be put together, or a file would hold what its table withholds; ReleaseRefused for a name that
    is taken; ReleaseInvalid.
    """
    if any(known.id == description.id for known in releases.releases(store)):
        raise ReleaseRefused(f"A release '{description.id}' exists: a release is never replaced, draft one with a new name.")
    sets = require_records_apart([table.published for table in tables], description.policy)
    description = replace(description, attack=replace(description.attack, record_sets=sets))
    folder = draft_folder(store.zone, description.id)
    digest = build_release(folder, description, tables, layers, quotes=quotes, texts=texts)
    try:
        require_nothing_hidden(folder, tables, true)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return releases.draft(store, description.id, description.wave, actor, digest)
