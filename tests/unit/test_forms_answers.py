"""What a page says about an answer that cannot stand, at the boundary of each rule; and what a response keeps."""

import pytest

from forms.answers import AnswerError, Answers, Locator, Problem, clean_text, complete, path, problems, read
from forms.load import WORDS, load_survey
from forms.survey import Form, Kind

NINE = load_survey().forms["9-12"]
SIX = load_survey().forms["6-8"]
EVERY_FORM = list(load_survey())


def found(form: Form, page: str, *pairs: tuple[str, str]) -> tuple[Problem, ...]:
    answers = read(form, pairs)
    return problems(next(one for one in path(form, answers) if one.id == page), answers)


def many(field: str, count: int) -> list[tuple[str, str]]:
    """So many answers of one question."""
    codes = [option.code for option in NINE.question(field).options if not option.exclusive]
    return [(field, code) for code in codes[:count]]


def test_an_unanswered_choice_is_named() -> None:
    assert found(NINE, "important") == (Problem("important", "error_choose"),)


def test_every_row_of_a_grid_needs_an_answer() -> None:
    rows = [row.code for row in NINE.question("happiness").rows]
    left = found(NINE, "happiness", *[(f"happiness.{code}", "ok") for code in rows[1:]])
    assert left == (Problem(f"happiness.{rows[0]}", "error_grid_row"),)


def test_one_row_on_its_page_is_asked_alone() -> None:
    assert found(SIX, "happiness-playing") == (Problem("happiness.playing", "error_grid_row"),)
    assert found(SIX, "happiness-playing", ("happiness.playing", "ok")) == ()


@pytest.mark.parametrize(("count", "over"), [(1, False), (4, False), (5, False), (6, True), (13, True)])
def test_the_limit_of_choices_at_its_boundary(count: int, over: bool) -> None:
    expected = (Problem("important", "error_too_many", {"limit": 5, "chosen": count}),) if over else ()
    assert found(NINE, "important", *many("important", count)) == expected


@pytest.mark.parametrize(("length", "over"), [(999, 0), (1000, 0), (1001, 1), (1500, 500)])
def test_the_length_of_a_text_at_its_boundary(length: int, over: int) -> None:
    expected = (Problem("barriers.text", "error_too_long", {"limit": 1000, "over": over}),) if over else ()
    assert found(NINE, "barriers", ("barriers.text", "x" * length)) == expected


@pytest.mark.parametrize("alone", ["opt_out", "dont_know", "nothing"])
def test_a_way_not_to_answer_excludes_answers(alone: str) -> None:
    assert found(NINE, "worries", ("worries", alone)) == ()
    assert found(NINE, "worries", ("worries", alone), ("worries", "money")) == (Problem("worries", "error_exclusive"),)


def test_two_ways_not_to_answer_exclude_each_other() -> None:
    assert found(NINE, "worries", ("worries", "opt_out"), ("worries", "dont_know")) == (Problem("worries", "error_exclusive"),)


def test_a_single_choice_takes_one_answer() -> None:
    assert found(NINE, "age", ("age", "9"), ("age", "10")) == (Problem("age", "error_only_one"),)


def test_a_text_may_be_left_empty_or_refused() -> None:
    assert found(NINE, "barriers") == ()
    assert found(NINE, "barriers", ("barriers", "opt_out")) == ()


@pytest.mark.parametrize("form", EVERY_FORM, ids=[form.id for form in EVERY_FORM])
def test_each_message_has_words_with_its_numbers(form: Form) -> None:
    """The words of a message format with exactly the numbers that the problem carries."""
    cases = {
        "error_choose": {},
        "error_grid_row": {},
        "error_exclusive": {},
        "error_only_one": {},
        "error_too_many": {"limit": 5, "chosen": 6},
        "error_too_long": {"limit": 1000, "over": 1},
    }
    for message, numbers in cases.items():
        assert set(WORDS[message]) == set(numbers)
        text = form.words[message].format(**numbers)
        assert all(str(number) in text for number in numbers.values())


@pytest.mark.parametrize(
    "pairs", [[("barriers.text", "a"), ("barriers.text", "b")], [("nickname", "x")], [("age", "99")], [("age.text", "9")]]
)
def test_what_no_page_of_ours_sends_is_an_error(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(AnswerError):
        read(NINE, pairs)


def test_a_text_is_kept_clean() -> None:
    assert clean_text("  a\r\nb\rc\x00\x07  ") == "a\nb\nc"
    assert clean_text("e\u0301") == "\u00e9"
    assert read(NINE, [("barriers.text", " \r\n ")]).texts == {}


def refusing_but(**answers: str) -> Answers:
    """Refuses every question of 9-12 but these."""
    pairs = [(name, "opt_out") for q in NINE.questions for name in q.choice_fields if q.id not in answers]
    given = [(name.replace("__", "."), value) for name, value in answers.items() if value]
    return read(NINE, pairs + given)


def test_the_place_is_sealed_apart_from_the_answers() -> None:
    answers = refusing_but(
        where_live="parents", postcode__text="ab1 2cd", postcode="", school__text="Example School", school="", council="E06000001"
    )
    response = complete(NINE, answers)
    assert response.locator == Locator("ab1 2cd", "Example School", "E06000001", asked=True)
    body = response.body().decode()
    assert not any(secret in body for secret in ("ab1", "Example", "E06000001", "postcode", "council"))


def test_asked_and_not_asked_are_told_apart_in_the_locator() -> None:
    assert complete(NINE, refusing_but(where_live="parents")).locator == Locator(asked=True)
    assert complete(NINE, refusing_but(where_live="secure_childrens_home")).locator == Locator(asked=False)
    assert complete(NINE, refusing_but()).locator == Locator(asked=False)


def test_something_else_is_kept_only_with_its_box_ticked() -> None:
    typed = ("support.text", "my neighbour")
    kept = complete(NINE, read(NINE, [*refusing_but(support="other").pairs(fields()), typed]))
    dropped = complete(NINE, read(NINE, [*refusing_but(support="mentor").pairs(fields()), typed]))
    assert kept.texts == {"support.text": "my neighbour"}
    assert dropped.texts == {}


def fields() -> list[str]:
    return [name for page in NINE.pages for name in page.fields]


def test_a_text_is_dropped_once_the_child_rather_not_says() -> None:
    answers = refusing_but(barriers__text="never mind")
    assert answers.texts == {"barriers.text": "never mind"}
    assert complete(NINE, answers).texts == {}


def test_an_error_names_the_page_and_never_the_words() -> None:
    answers = read(NINE, [("barriers.text", "secret" * 400)])
    with pytest.raises(AnswerError) as refusal:
        complete(NINE, answers)
    assert "secret" not in str(refusal.value)


def test_only_locator_kinds_lead_to_a_place() -> None:
    assert {q.kind for form in EVERY_FORM for q in form.questions if q.is_locator} == {Kind.SCHOOL, Kind.POSTCODE, Kind.COUNCIL}
