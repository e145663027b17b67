"""Which texts may be quoted (A21): scrubbed, few enough missed, two approvals, an age band and nothing rarer, never a rare combination.

The combination of a quote is its age band and its theme. It may leave only if a published table counts at least so many children of
that age band who speak of that theme as the policy asks: whoever reads the quote must see it as one of many.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from disclosure.published_table import PublishedTable, Status
from forms.load import load_survey
from governance.step_gates import require_quote
from pipeline import gate
from pipeline.derive import age_bands
from pipeline.release_quotes import ReleaseQuote, fits_a_cell
from pipeline.release_register import tables_of
from pipeline.residual import require_bound
from pipeline.review_policy import ReviewPolicy, load_review_policy
from pipeline.scrub.scrubber import Scrubber
from pipeline.steps.release import draft
from pipeline.table_specs import TableSpecs
from pipeline.themes import frame_of, good_themes, specs_of, texts_of, themes_of
from retention import quotes, releases, themes
from retention.quotes import Quote, QuoteState
from retention.releases import Release
from retention.secure_store import SecureStore, StepRefused

AGE = "age_band"
SHOWN = {AGE}  # beside the words
WHAT = "A quote"


@dataclass(frozen=True)
class Combination:
    """Children of an age band who speak of a theme, as a published table counts them."""

    age_band: str
    theme: str
    children: int


def combinations(tables: Sequence[PublishedTable], specs: TableSpecs, variable: str) -> list[Combination]:
    """Every published count of an age band and a theme, where all else in the table is at its total. Finest age bands first."""
    found: dict[tuple[str, str], int] = {}
    for table in tables:
        names = [dimension.name for dimension in table.dimensions]
        fixed = dict(table.where)
        if variable not in names or (AGE not in names and AGE not in fixed):
            continue
        bands = table.dimensions[names.index(AGE)].codes if AGE in names else (fixed[AGE],)
        for band in bands:
            for theme in (code for code in specs.variables[variable].labels):
                at = tuple(
                    d.index[theme] if d.name == variable else d.index[band] if d.name == AGE else d.index[d.total] for d in table.dimensions
                )
                others = set(fixed) - {AGE}
                if not others and table.status[at] == Status.PUBLISHED:
                    found[band, theme] = int(table.values[at])
    order = list(specs.variables[AGE].dimension.codes)
    return sorted((Combination(band, theme, count) for (band, theme), count in found.items()), key=lambda one: -order.index(one.age_band))


def propose(
    store: SecureStore, wave_id: str, frame_id: str, theme: str, count: int, person: str, scrubber: Scrubber | None = None
) -> list[Quote]:
    """Draw texts on a theme at random and propose those that may be quoted. Returns at most `count` proposals.

    Drawn, not searched: nobody leafs through what children wrote for the most striking words. Raises StepRefused while the residual
    bound does not hold, or before the wave's tables are protected.
    """
    policy = load_review_policy()
    require_bound(store, wave_id, WHAT, policy)
    training = next((one for one in themes.trainings(store, wave_id) if one.frame == frame_id), None)
    if training is None or theme not in good_themes(training):
        raise StepRefused(f"'{theme}' is no theme of frame '{frame_id}' that was good enough to be tabulated.")
    frame = frame_of(store, frame_id, training.version)
    texts = texts_of(store, wave_id, frame.field)
    coded = [one for one in themes.codings(store, wave_id, frame.id, frame.version) if one.codes is not None]
    about = [theme in codes for codes in themes_of(texts["text"], coded, (theme,), training.seed)]
    bands = bands_of(store, wave_id, texts[about])
    allowed = _allowed(store, wave_id, f"themes_{frame.id}", policy)
    reader = scrubber or Scrubber()
    order = list(texts.index[about])
    secrets.SystemRandom().shuffle(order)
    made: list[Quote] = []
    for place in order:
        if len(made) == count:
            break
        words = str(texts["text"][place])
        band = next((one.age_band for one in allowed if one.theme == theme and one.age_band in bands[place]), None)
        if band is None or not _quotable(words, reader):
            continue
        try:
            made.append(quotes.propose(store, wave_id, secrets.token_hex(16), words, band, frame_id, theme, person))
        except StepRefused:  # the same words were proposed before
            continue
    return made


def _quotable(words: str, reader: Scrubber) -> bool:
    """True if the words are one short line, more than one word, and the machine finds nothing in them once more, cleaned as they are."""
    return len(words) <= quotes.LONGEST and fits_a_cell(words) and len(words.split()) > 1 and not reader.find(words)


def bands_of(store: SecureStore, wave_id: str, texts: pd.DataFrame) -> dict[int, tuple[str, ...]]:
    """For the place of each text the age bands that its child belongs to: its own and those above it. `texts`: as `themes.texts_of`."""
    survey = load_survey(store.wave(wave_id).survey)
    responses = store.vault.read(store.asset(wave_id, "responses").stored).set_index("row")
    answers = store.vault.read(store.asset(wave_id, "answers").stored)
    ages = answers[answers["field"] == "age"].set_index("row")["code"]
    band_of = age_bands(survey, responses["form"].loc[sorted(set(texts["row"]))], ages)
    dimension = specs_of(store, wave_id, survey).variables[AGE].dimension
    parents = {child: parent for parent, children in dimension.partitions for child in children}

    def upwards(band: str) -> tuple[str, ...]:
        return (band, *upwards(parents[band])) if band in parents else (band,)

    return {int(place): upwards(str(band_of[row])) for place, row in zip(texts.index, texts["row"], strict=True)}


def _allowed(store: SecureStore, wave_id: str, variable: str, policy: ReviewPolicy) -> list[Combination]:
    survey = load_survey(store.wave(wave_id).survey)
    specs = specs_of(store, wave_id, survey)
    return [one for one in combinations(tables_of(store, wave_id), specs, variable) if one.children >= policy.quote_threshold]


def to_release(store: SecureStore, wave_id: str, chosen: Sequence[Quote]) -> list[ReleaseQuote]:
    """Approved quotes as they leave, every gate asked again. Raises StepRefused, GateShut."""
    policy = load_review_policy()
    found = require_bound(store, wave_id, WHAT, policy)
    survey = load_survey(store.wave(wave_id).survey)
    record, specs = gate.record_of(survey.id, store.zone), specs_of(store, wave_id, survey)
    ready = []
    for one in chosen:
        if one.wave != wave_id or one.state not in (QuoteState.APPROVED, QuoteState.IN_RELEASE):
            raise StepRefused("Only approved quotes of the same wave can be put into a release.")
        require_quote(record, one.proposer, one.approvers, SHOWN, found.upper)
        allowed = {(same.age_band, same.theme) for same in _allowed(store, wave_id, f"themes_{one.frame}", policy)}
        if (one.age_band, one.theme) not in allowed:
            raise StepRefused("A quote's age band and theme are too rare in the published tables by now: refuse it.")
        ready.append(ReleaseQuote(quotes.words_of(store, one.id), specs.variables[AGE].labels[one.age_band]))
    return ready


def publish(store: SecureStore, wave_id: str, release_id: str, person: str) -> tuple[Release, int]:
    """Draft a release with the wave's tables and every approved quote, and register which. Can be repeated after an interruption.

    Raises StepRefused if no quote is approved, ReleaseRefused, ReleaseInvalid, GateShut.
    """
    mine = [one for one in quotes.quotes(store, wave_id, QuoteState.IN_RELEASE) if one.release == release_id]
    fresh = quotes.quotes(store, wave_id, QuoteState.APPROVED)
    drafted = next((one for one in releases.releases(store, wave_id) if one.id == release_id), None)
    if drafted is not None:
        return drafted, len(mine)
    if not mine and not fresh:
        raise StepRefused(f"No quote of wave '{wave_id}' is approved: two people approve each at the staff door.")
    ready = to_release(store, wave_id, [*mine, *fresh])
    quotes.put_into_release(store, fresh, release_id, person)  # first: no quote leaves without the register knowing
    return draft(store, wave_id, release_id, person, ready), len(ready)
