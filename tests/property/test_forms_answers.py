"""Random walks through every form: nothing answered is lost, nothing unasked is kept."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forms.answers import AnswerError, Response, clean_text, complete, largest_body, largest_locator, path, problems, read
from forms.load import load_survey
from forms.survey import Kind, Role
from tests.property.forms_walks import TYPED, Pairs, Walk, walks

SURVEY = load_survey()
FORMS = list(SURVEY)
OPEN_HOMES = {
    "parents", "foster_parents", "relatives", "childrens_home", "semi_independent", "independent_supported", "on_own",
    "friends_or_hostel",
}  # fmt: skip
PLACES = {Kind.SCHOOL: "school", Kind.POSTCODE: "postcode", Kind.COUNCIL: "council"}

each_form = pytest.mark.parametrize("form_id", [form.id for form in FORMS])
walking = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def expected(walk: Walk) -> tuple[dict[str, set[str]], dict[str, str], dict[str, str]]:
    """By hand, from what was posted: codes by field, texts by field, and what leads to a place."""
    held: dict[str, set[str]] = {}
    typed: dict[str, str] = {}
    for name, value in walk.pairs:
        if name.endswith(".text"):
            typed[name] = clean_text(value)
        else:
            held.setdefault(name, set()).add(value)
    open_home = held.get("where_live", set()) <= OPEN_HOMES and "where_live" in held
    group = held.get("ethnic_group", set())
    choices: dict[str, set[str]] = {}
    texts: dict[str, str] = {}
    places = {"school": "", "postcode": "", "council": ""}
    for question in walk.form.questions:
        detail = {"ethnic_other": "other_group"}.get(question.id, question.id.removeprefix("ethnic_"))
        if question.id.startswith("ethnic_") and question.id != "ethnic_group" and group != {detail}:
            continue
        own = held.get(question.id, set())
        text = typed.get(f"{question.id}.text", "")
        if question.kind in PLACES:
            if open_home:
                councils = {code for code in own if code.startswith("E0")}
                places[PLACES[question.kind]] = next(iter(councils), "") if question.kind is Kind.COUNCIL else "" if own else text
            continue
        for name in question.choice_fields:
            if held.get(name):
                choices[name] = held[name]
        if text and (("other" in own) if question.kind is not Kind.TEXT else not own):
            texts[f"{question.id}.text"] = text
    return choices, texts, places


@each_form
@walking
@given(data=st.data())
def test_a_finished_walk_keeps_every_answer_and_nothing_else(form_id: str, data: st.DataObject) -> None:
    form = SURVEY.forms[form_id]
    walk = data.draw(walks(form))
    assert not any(problems(page, walk.answers) for page in path(form, walk.answers))
    response = complete(form, walk.answers)
    choices, texts, places = expected(walk)
    assert {name: set(codes) for name, codes in response.choices.items()} == choices
    assert dict(response.texts) == texts
    assert {"school": response.locator.school, "postcode": response.locator.postcode, "council": response.locator.council} == places


@each_form
@walking
@given(data=st.data())
def test_reading_what_was_carried_is_the_identity(form_id: str, data: st.DataObject) -> None:
    form = SURVEY.forms[form_id]
    answers = data.draw(walks(form)).answers
    names = [name for page in form.pages for name in page.fields]
    assert read(form, answers.pairs(dict.fromkeys(names))) == answers


@each_form
@walking
@given(data=st.data())
def test_the_order_of_ticking_is_not_kept(form_id: str, data: st.DataObject) -> None:
    form = SURVEY.forms[form_id]
    walk = data.draw(walks(form))
    shuffled = data.draw(st.permutations(walk.pairs))
    assert complete(form, read(form, shuffled)).body() == complete(form, walk.answers).body()


@each_form
@walking
@given(data=st.data(), postcode=TYPED, school=TYPED, council=st.sampled_from(["E06000001", "dont_know"]))
def test_no_forged_post_gets_a_place_out_of_a_secure_setting(
    form_id: str, data: st.DataObject, postcode: str, school: str, council: str
) -> None:
    """Whatever order of clicks came before, and whatever is posted: A18."""
    form = SURVEY.forms[form_id]
    if "where_live" not in [question.id for question in form.questions]:
        with pytest.raises(AnswerError):
            read(form, [("postcode.text", "AB1 2CD")])
        return
    walk = data.draw(walks(form))
    closed = [option.code for option in form.question("where_live").options if option.code not in OPEN_HOMES]
    walk.posted["where_live"] = [("where_live", data.draw(st.sampled_from(closed)))]
    for place in PLACES.values():
        walk.posted.pop(place, None)
    forged: Pairs = [("postcode.text", postcode), ("school.text", school), ("council", council)]
    answers = read(form, walk.pairs + forged)
    assert not {question.kind for page in path(form, answers) for question in page.questions} & set(PLACES)
    response = complete(form, answers)
    assert response.locator == type(response.locator)()
    assert not {name.split(".")[0] for name in (*response.choices, *response.texts)} & set(PLACES.values())


@each_form
@walking
@given(data=st.data())
def test_a_response_survives_its_bytes_and_fits_its_record(form_id: str, data: st.DataObject) -> None:
    form = SURVEY.forms[form_id]
    response = complete(form, data.draw(walks(form)).answers)
    assert Response.from_parts(response.body(), response.locator) == response
    assert type(response.locator).from_bytes(response.locator.to_bytes()) == response.locator
    assert len(response.body()) <= largest_body(form)
    assert len(response.locator.to_bytes()) <= largest_locator(form)
    assert set(json.loads(response.body())) == {"form", "version", "choices", "texts"}


@each_form
@walking
@given(data=st.data())
def test_an_unfinished_walk_is_no_response(form_id: str, data: st.DataObject) -> None:
    """Without any one of the pages that need an answer, there is nothing to send."""
    form = SURVEY.forms[form_id]
    walk = data.draw(walks(form))
    asked = path(form, walk.answers)
    needed = [page for page in asked if any(q.kind not in (Kind.TEXT, Kind.POSTCODE, Kind.SCHOOL) for q in page.questions)]
    page = data.draw(st.sampled_from(needed))
    del walk.posted[page.id]
    answers = walk.answers
    assert any(problems(again, answers) for again in path(form, answers) if again.id == page.id)
    with pytest.raises(AnswerError, match="is not finished"):
        complete(form, answers)


@each_form
@walking
@given(data=st.data())
def test_choosing_not_to_say_everywhere_is_a_response(form_id: str, data: st.DataObject) -> None:
    """Starting from any walk: refusing every question keeps not one word that was typed before."""
    form = SURVEY.forms[form_id]
    walk = data.draw(walks(form))
    typed = [(name, value) for name, value in walk.pairs if name.endswith(".text")]
    refused = [(name, "opt_out") for question in form.questions for name in question.choice_fields]
    response = complete(form, read(form, refused + typed))
    assert not response.texts
    assert all(codes == ("opt_out",) for codes in response.choices.values())
    assert not response.locator.asked


@each_form
@settings(max_examples=100, deadline=None)
@given(pairs=st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), min_size=1, max_size=3))
def test_an_unknown_field_or_code_is_an_error_that_repeats_no_words(form_id: str, pairs: Pairs) -> None:
    form = SURVEY.forms[form_id]
    known = {name for page in form.pages for name in page.fields}
    pairs = [(name, value) for name, value in pairs if name not in known] or [("no such field", "")]
    with pytest.raises(AnswerError) as refusal:
        read(form, pairs)
    assert str(refusal.value) == "an unknown field was sent"


@each_form
@settings(max_examples=60, deadline=None)
@given(data=st.data(), code=st.text(max_size=12))
def test_an_unknown_code_is_an_error_that_repeats_no_words(form_id: str, data: st.DataObject, code: str) -> None:
    form = SURVEY.forms[form_id]
    question = data.draw(st.sampled_from(form.questions))
    name = data.draw(st.sampled_from(question.choice_fields))
    if question.option(code) is not None:
        return
    with pytest.raises(AnswerError) as refusal:
        read(form, [(name, code)])
    assert str(refusal.value) == f"field '{name}' has no such option"


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=80))
@example(text="e\x00\u0301")  # composed only once the control character between them is gone
@example(text="\ud800")
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    assert once.encode().decode() == once  # no half of a character is left over
    assert not [c for c in once if ord(c) < 32 and c != "\n"]


def test_roles_are_covered_by_the_forms() -> None:
    """The walks above meet every role an option can have."""
    assert {option.role for form in FORMS for question in form.questions for option in question.options} == set(Role)
