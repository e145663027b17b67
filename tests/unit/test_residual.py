"""What slips through: the exact bound against its own definition, the plan, and the gate of whatever text leaves."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from pipeline.residual import PER, Residual, lower, needed, plan, require_bound, residual, upper
from pipeline.review_policy import load_review_policy
from pipeline.review_queue import fill, read_more, verify_draws
from pipeline.scrub.spans import Span
from retention import tables
from retention.review import Reason, add_items, items, read_all
from retention.review_draws import add_draw, draws
from retention.review_marks import Mark, ReviewError
from retention.secure_store import SecureStore, StepRefused, Wave
from retention.steps import Verb, step
from tests.secure_waves import new_wave, run_before

WAVE = "2026-spring"
POLICY = load_review_policy()
SAMPLES = st.integers(1, 400).flatmap(lambda read: st.tuples(st.integers(0, read), st.just(read)))
CONFIDENCES = st.sampled_from([0.9, 0.95, 0.975, 0.9875])


@given(SAMPLES, CONFIDENCES)
def test_the_upper_bound_is_the_rate_at_which_so_few_would_be_missed_as_rarely_as_the_error(sample: tuple[int, int], sure: float) -> None:
    missed, read = sample
    bound = upper(missed, read, sure)
    if missed == read:
        assert bound == 1
    else:
        assert binom.cdf(missed, read, bound) == pytest.approx(1 - sure, rel=1e-6)


@given(SAMPLES, CONFIDENCES)
def test_the_lower_bound_is_the_upper_bound_of_the_contrary(sample: tuple[int, int], sure: float) -> None:
    missed, read = sample
    assert lower(missed, read, sure) == pytest.approx(1 - upper(read - missed, read, sure), abs=1e-9)


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.03])
@pytest.mark.parametrize("read", [100, 400, 1000])
def test_the_bound_lies_below_the_true_rate_at_most_as_often_as_the_error(rate: float, read: int) -> None:
    """Summed over every sample that can be drawn: no simulation."""
    wrong = sum(binom.pmf(missed, read, rate) for missed in range(read + 1) if upper(missed, read, 0.975) < rate)
    assert wrong <= 0.025


@pytest.mark.parametrize(("missed", "least"), [(0, 368), (1, 555), (3, 874)])
def test_so_many_texts_are_needed_for_ten_in_a_thousand(missed: int, least: int) -> None:
    assert needed(missed, 0.01, 0.975) == least
    assert upper(missed, least, 0.975) <= 0.01 < upper(missed, least - 1, 0.975)


@given(st.integers(0, 12), st.sampled_from([0.002, 0.01, 0.05, 0.5]), CONFIDENCES)
def test_one_text_fewer_than_needed_is_too_few(missed: int, most: float, sure: float) -> None:
    least = needed(missed, most, sure)
    assert upper(missed, least, sure) <= most
    assert least == missed + 1 or upper(missed, least - 1, sure) > most


def test_every_further_look_spends_half_of_the_error_that_is_left() -> None:
    spent = [1 - POLICY.confidence(looks) for looks in range(1, 30)]
    assert spent[0] == pytest.approx(POLICY.error / 2)
    assert sum(spent) <= POLICY.error


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (Residual(5000, 400, 400, 0, 1, 0.975), []),
        (Residual(5000, 400, 400, 2, 1, 0.975), [(0, 410), (1, 571), (2, 725)]),
        (Residual(5000, 400, 200, 0, 1, 0.975), [(0, 168), (1, 355), (2, 520)]),
        (Residual(450, 400, 400, 2, 1, 0.975), [(0, 50), (1, 50), (2, 50)]),
        (Residual(300, 300, 300, 9, 1, 0.975), []),
    ],
)
def test_the_plan_says_how_many_more_to_read(found: Residual, wanted: list[tuple[int, int]]) -> None:
    plans = plan(found, POLICY)
    assert [(one.further, one.texts) for one in plans] == wanted
    for one in plans:
        after = found.read + one.texts
        sure = POLICY.confidence(found.looks + 1) if found.complete else found.confidence
        assert after == found.unread or PER * upper(found.missed + one.further, after, sure) <= POLICY.most_per_1000


@pytest.mark.parametrize(
    "numbers", [(10, 11, 5, 0, 1, 0.9), (10, 5, 6, 0, 1, 0.9), (10, 5, 5, 6, 1, 0.9), (10, 5, 5, -1, 1, 0.9), (10, 5, 5, 0, 1, 1.0)]
)
def test_figures_that_do_not_fit_are_refused(numbers: tuple[int, int, int, int, int, float]) -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        Residual(*numbers)


# -- in the store --------------------------------------------------------------------------------------------------------

NAME = Span(0, 5, "PERSON", 0.9, "learnt")
SURE = Span(0, 5, "POSTCODE", 1.0, "pattern")


def scanned(store: SecureStore, doubtful: int, sure: int, clean: int) -> Wave:
    """A wave whose texts have been scanned: so many of each kind, of which the policy has the first read by people."""
    wave = new_wave(store)
    run_before(store, wave, Verb.SCRUB)
    found = [[NAME]] * doubtful + [[SURE]] * sure + [[]] * clean
    queue = fill(wave.id, found)
    with step(store, wave, Verb.SCRUB, "tester") as running:
        spans = [(row, span.start, span.end, span.label) for row, some in enumerate(found) for span in some]
        running.save("spans", pd.DataFrame(spans, columns=["text_row", "start", "end", "label"]))
        running.also(lambda connection: add_items(connection, wave.id, queue.rows))
        running.also(lambda connection: add_draw(connection, queue.draw))
        running.counts.update(queue.counts)
        running.counts["texts"] = len(found)
    return wave


def settle(store: SecureStore, missed_rows: int = 0) -> None:
    """Two people read what waits and find something more in so many sampled texts."""
    more = {item.id for item in [item for item in items(store, WAVE) if item.reason is Reason.SAMPLE][:missed_rows]}
    for reader in ("ann", "ben"):
        read_all(store, WAVE, reader, lambda item: (*item.proposed, Mark(50, 55, "PERSON")) if item.id in more else item.proposed)


def test_people_read_what_is_doubtful_and_a_sample_of_all_else(sqlite_store: SecureStore) -> None:
    scanned(sqlite_store, doubtful=7, sure=300, clean=600)
    queue = items(sqlite_store, WAVE)
    assert {item.text_row for item in queue if item.reason is Reason.FLAGGED} == set(range(7))
    sampled = [item for item in queue if item.reason is Reason.SAMPLE]
    assert len(sampled) == POLICY.first_draw
    assert {len(item.proposed) for item in sampled} == {0, 1}, "texts that the machine was sure of are sampled too"
    assert all((len(item.proposed) == 1) is (item.text_row < 307) for item in sampled)
    assert len(verify_draws(sqlite_store, WAVE)) == 900 - POLICY.first_draw


def test_the_seed_is_in_the_ledger_before_anyone_looks_and_draws_the_sample_again(sqlite_store: SecureStore) -> None:
    scanned(sqlite_store, 3, 0, 500)
    told = [signed.entry for signed in sqlite_store.ledger() if signed.entry.verb == "scrub"][-1].counts
    assert told["sample_seed"] == draws(sqlite_store, WAVE)[0].seed
    assert not [signed for signed in sqlite_store.ledger() if signed.entry.verb.startswith("review")]
    verify_draws(sqlite_store, WAVE)


@pytest.mark.parametrize("tamper", ["swap", "drop", "add", "flag", "unread"])
def test_a_sample_that_somebody_chose_is_found(sqlite_store: SecureStore, tamper: str) -> None:
    scanned(sqlite_store, 3, 0, 500)
    item = tables.secure.tables["review_item"]
    sampled = next(one for one in items(sqlite_store, WAVE) if one.reason is Reason.SAMPLE)
    unread = verify_draws(sqlite_store, WAVE)[0]
    with sqlite_store.engine.begin() as connection:
        if tamper == "swap":
            connection.execute(item.update().where(item.c.id == sampled.id).values(text_row=unread))
        elif tamper == "unread":  # as many as were drawn: then nothing would seem to be left unread
            connection.execute(tables.secure.tables["review_draw"].update().values(unread=400))
        elif tamper == "drop":
            connection.execute(item.delete().where(item.c.id == sampled.id))
        else:
            add_items(connection, WAVE, [(unread, Reason.SAMPLE if tamper == "add" else Reason.FLAGGED, ())])
    with pytest.raises(ReviewError, match=f"of wave '{WAVE}'|ample 1 of wave"):
        verify_draws(sqlite_store, WAVE)


def test_the_gate_opens_once_the_sample_is_read_and_few_enough_were_missed(sqlite_store: SecureStore) -> None:
    scanned(sqlite_store, 5, 0, 1000)
    with pytest.raises(StepRefused, match=r"A quote cannot leave: 400 texts of the sample .* wait to be read"):
        require_bound(sqlite_store, WAVE, "A quote")
    settle(sqlite_store)
    found = require_bound(sqlite_store, WAVE, "A quote")
    assert (found.unread, found.drawn, found.read, found.missed, found.looks) == (1000, 400, 400, 0, 1)
    assert found.upper == pytest.approx(PER * (1 - 0.025 ** (1 / 400)))


def test_the_gate_stays_shut_while_too_much_slips_through_and_opens_when_all_is_read(sqlite_store: SecureStore) -> None:
    scanned(sqlite_store, 5, 0, 460)
    settle(sqlite_store, missed_rows=4)
    with pytest.raises(StepRefused, match=r"up to 25\.4 of 1,000 unread texts .* the policy allows 10"):
        require_bound(sqlite_store, WAVE, "A quote")
    assert read_more(sqlite_store, WAVE, 40, "ann") == 40
    with pytest.raises(StepRefused, match="40 texts of the sample"):
        require_bound(sqlite_store, WAVE, "A quote")
    settle(sqlite_store)
    assert residual(sqlite_store, WAVE).confidence == pytest.approx(0.9875)
    with pytest.raises(StepRefused, match="may still tell who somebody is"):
        require_bound(sqlite_store, WAVE, "A quote")
    assert read_more(sqlite_store, WAVE, 999, "ann") == 20
    settle(sqlite_store)
    assert require_bound(sqlite_store, WAVE, "A quote").upper == 0, "nothing is left that nobody has read"
    assert [draw.drawn for draw in draws(sqlite_store, WAVE)] == [400, 40, 20]
    assert verify_draws(sqlite_store, WAVE) == []


def test_a_wave_that_was_not_scanned_has_no_residual(sqlite_store: SecureStore) -> None:
    new_wave(sqlite_store)
    with pytest.raises(StepRefused, match="No sample"):
        residual(sqlite_store, WAVE)
    with pytest.raises(StepRefused, match="have not been scanned"):
        verify_draws(sqlite_store, WAVE)
