"""The logic of a journey on the real forms, one case at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.journey import Action, Finished, MalformedPost, OtherVersion, Post, Show, advance, progress, read_post
from forms.answers import Answers
from forms.load import load_survey

FORM = load_survey().forms["4-5"]
NONCE = "0123456789abcdef" * 2
FIRST, LAST = FORM.pages[0].id, FORM.pages[-1].id
BASE = [("action", "next"), ("page", FIRST), ("nonce", NONCE), ("version", FORM.version)]
ALL = {question.id: ("opt_out",) for question in FORM.questions}


def test_start_needs_nothing_and_takes_nothing() -> None:
    post = read_post(FORM, [("action", "start"), ("like_home", "pets"), ("nonce", NONCE)])
    assert post == Post(Action.START, "", "", Answers())
    assert advance(FORM, post) == Show(FORM.pages[0], Answers())


def test_empty_fields_are_no_answers() -> None:
    post = read_post(FORM, [*BASE, ("like_home", ""), ("parent_future.text", "")])
    assert post.answers == read_post(FORM, BASE).answers


def test_the_field_that_keeps_posts_off_the_disk_is_optional() -> None:
    assert read_post(FORM, [*BASE, ("private", "1")]) == read_post(FORM, BASE)


@pytest.mark.parametrize("nonce", ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "0" * 32 + "\n"])
def test_only_128_bits_in_hex_are_a_nonce(nonce: str) -> None:
    with pytest.raises(MalformedPost):
        read_post(FORM, [pair if pair[0] != "nonce" else ("nonce", nonce) for pair in BASE])


def test_another_version_is_told_apart_from_nonsense() -> None:
    with pytest.raises(OtherVersion):
        read_post(FORM, [pair if pair[0] != "version" else ("version", "0+0") for pair in BASE])


def test_no_error_repeats_what_was_sent() -> None:
    with pytest.raises(MalformedPost) as refused:
        read_post(FORM, [*BASE, ("secret-field", "secret words")])
    assert "secret" not in str(refused.value)


def test_next_stays_until_the_page_is_answered() -> None:
    stays = advance(FORM, Post(Action.NEXT, FIRST, NONCE, Answers()))
    assert isinstance(stays, Show)
    assert stays.page.id == FIRST
    assert stays.problems
    moves = advance(FORM, Post(Action.NEXT, FIRST, NONCE, Answers({"like_home": ("pets",)})))
    assert isinstance(moves, Show)
    assert moves.page == FORM.pages[1]
    assert not moves.problems


def test_back_never_complains_and_stops_at_the_first_page() -> None:
    for page_id, expected in ((FORM.pages[1].id, FIRST), (FIRST, FIRST)):
        shown = advance(FORM, Post(Action.BACK, page_id, NONCE, Answers()))
        assert isinstance(shown, Show)
        assert (shown.page.id, shown.problems) == (expected, ())


def test_the_last_page_sends_the_child_back_to_a_page_that_was_skipped() -> None:
    skipped = {**ALL, FORM.pages[1].questions[0].id: ()}
    shown = advance(FORM, Post(Action.NEXT, LAST, NONCE, Answers(skipped)))
    assert isinstance(shown, Show)
    assert shown.page == FORM.pages[1]
    assert shown.problems


def test_the_last_page_finishes() -> None:
    outcome = advance(FORM, Post(Action.NEXT, LAST, NONCE, Answers(ALL)))
    assert isinstance(outcome, Finished)
    assert outcome.last.page.id == LAST
    assert outcome.response.form == FORM.id


def test_pages_of_which_one_is_asked_count_as_one() -> None:
    form = load_survey().forms["13-17"]
    first = Show(form.pages[0], Answers())
    detailed = [page for page in form.pages if page.id.startswith("ethnic_") and page.id != "ethnic_group"]
    assert progress(form, first) == (1, len(form.pages) - len(detailed) + 1)


def test_a_page_that_turns_out_to_be_the_last_says_so_before_anything_is_sent() -> None:
    form = load_survey().forms["13-17"]
    answered = {name: ("opt_out",) for question in form.questions for name in question.choice_fields}
    at = Post(Action.NEXT, "ethnic_group", NONCE, Answers(answered))
    again = advance(form, at)
    assert isinstance(again, Show)
    assert (again.page.id, again.problems) == ("ethnic_group", ())
    n, total = progress(form, again)
    assert n == total
    assert isinstance(advance(form, replace(at, last=True)), Finished)


def test_saying_that_a_page_is_the_last_does_not_make_it_so() -> None:
    moves = advance(FORM, Post(Action.NEXT, FIRST, NONCE, Answers({"like_home": ("pets",)}), last=True))
    assert isinstance(moves, Show)
    assert moves.page == FORM.pages[1]
