"""The six forms of the survey: what they ask, of whom, and what they never ask."""

import re

import pytest

from forms.answers import largest_body, largest_locator, read
from forms.answers import path as path_of
from forms.councils import councils
from forms.helplines import helplines
from forms.load import load_survey
from forms.readability import sentences, texts_of
from forms.survey import AgeBand, Form, Kind, Role, band_of_age

SURVEY = load_survey()
FORMS = list(SURVEY)
EASY = {"easy-6-8", "easy-9-17"}
CHILDLINE = "0800\N{NO-BREAK SPACE}1111"
FROM_SIX = [form for form in FORMS if form.id != "4-5"]
WITH_PICTURES = [form for form in FORMS if form.pictures]
LOCATORS = {Kind.SCHOOL, Kind.POSTCODE, Kind.COUNCIL}
SECURE = {"secure_childrens_home", "secure_training_centre", "young_offender_institution", "inpatient_unit"}
OPEN_HOMES = {
    "parents", "foster_parents", "relatives", "childrens_home", "semi_independent", "independent_supported", "on_own",
    "friends_or_hostel",
}  # fmt: skip


def every_form(forms: list[Form] = FORMS) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("form", forms, ids=[form.id for form in forms])


def codes(form: Form, question: str, *roles: Role) -> set[str]:
    """Option codes of a question with one of these roles."""
    return {option.code for option in form.question(question).options if option.role in roles}


def answers(form: Form, question: str) -> set[str]:
    return codes(form, question, Role.ANSWER)


def rows(form: Form, question: str) -> set[str]:
    return {row.code for row in form.question(question).rows}


def test_six_forms_for_four_bands() -> None:
    assert list(SURVEY.forms) == ["4-5", "6-8", "9-12", "13-17", "easy-6-8", "easy-9-17"]
    assert {form.id: form.bands for form in FORMS} == {
        "4-5": (AgeBand.B4_5,),
        "6-8": (AgeBand.B6_8,),
        "9-12": (AgeBand.B9_12,),
        "13-17": (AgeBand.B13_17,),
        "easy-6-8": (AgeBand.B6_8,),
        "easy-9-17": (AgeBand.B9_12, AgeBand.B13_17),
    }
    assert {form.id for form in FORMS if form.easy_read} == EASY


@every_form()
def test_every_question_can_be_refused(form: Form) -> None:
    for question in form.questions:
        assert question.options[-1].role is Role.OPT_OUT, question.id
        assert question.opt_out.code == "opt_out"
        assert question.opt_out.label == "I don't want to say"


@every_form()
def test_a_code_means_the_same_in_every_form(form: Form) -> None:
    """So that tables can put the forms together: same code, same role, same secrecy, same kind of question."""
    for other in FORMS:
        for question in form.questions:
            if question.id not in {one.id for one in other.questions}:
                continue
            twin = other.question(question.id)
            assert (question.kind, question.by_parent, question.is_locator) == (twin.kind, twin.by_parent, twin.is_locator)
            for option in question.options:
                same = twin.option(option.code)
                assert same is None or (same.role, same.secure) == (option.role, option.secure), option.code


# ---- what is asked


def test_the_youngest_pick_pictures_and_only_the_parent_types() -> None:
    form = SURVEY.forms["4-5"]
    assert [question.id for question in form.questions] == ["like_home", "like_school", "more_of", "parent_important", "parent_future"]
    assert [page.by_parent for page in form.pages] == [False, False, False, True]
    for question in form.questions:
        assert (question.text_field is None) or question.by_parent
        assert not question.is_locator
    assert form.question("parent_important").limit == 5
    assert form.question("parent_future").kind is Kind.TEXT
    for asked in ("like_home", "like_school", "more_of"):
        question = form.question(asked)
        assert question.limit == sum(not option.exclusive for option in question.options)  # as many as they like


@every_form([SURVEY.forms["6-8"], SURVEY.forms["easy-6-8"]])
def test_what_six_to_eight_are_asked(form: Form) -> None:
    assert form.question("feelings").limit == 3
    assert answers(form, "feelings") == {
        "happy", "safe", "calm", "excited", "energetic", "bored", "stressed", "sad", "lonely", "worried",
    }  # fmt: skip
    assert rows(form, "happiness") == {
        "friendships", "education", "playing", "fun_places", "family_life", "family_health", "life_overall",
    }  # fmt: skip
    assert [option.code for option in form.question("happiness").options] == ["happy", "ok", "unhappy", "dont_know", "opt_out"]
    assert form.question("important").limit == 5
    assert answers(form, "important") == {
        "current_family", "own_family", "friends", "job", "healthy_active", "education", "area", "home", "money",
    }  # fmt: skip
    assert codes(form, "important", Role.OTHER, Role.DONT_KNOW) == {"other", "dont_know"}
    assert form.question("make_better").kind is Kind.TEXT


@every_form([SURVEY.forms["9-12"], SURVEY.forms["13-17"], SURVEY.forms["easy-9-17"]])
def test_what_nine_to_seventeen_are_asked(form: Form) -> None:
    assert rows(form, "happiness") == {
        "friendships", "online", "safety", "outside_places", "local_activities", "school_life", "education_progress",
        "mental_health", "physical_health", "family_health", "family_life", "family_money", "life_overall",
    }  # fmt: skip
    assert [option.code for option in form.question("happiness").options] == [
        "very_happy", "happy", "ok", "unhappy", "very_unhappy", "dont_know", "not_applicable", "opt_out",
    ]  # fmt: skip
    good_life = {
        "education", "friends", "job", "money", "current_family", "own_family", "home", "mental_health", "physical_health",
        "community", "area", "fairness", "planet",
    }  # fmt: skip
    assert answers(form, "important") == answers(form, "worries") == good_life
    assert (form.question("important").limit, form.question("worries").limit) == (5, 5)
    assert codes(form, "worries", Role.NONE) == {"nothing"}
    assert answers(form, "better_life") == {"very_likely", "likely", "in_between", "unlikely", "very_unlikely"}
    assert form.question("barriers").kind is Kind.TEXT


@every_form(FROM_SIX)
def test_what_all_from_six_are_asked_about_themselves(form: Form) -> None:
    years = {str(year) for band in form.bands for year in band.ages}
    low, high = min(map(int, years)), max(map(int, years))
    assert answers(form, "age") == years | {f"under_{low}", f"over_{high}"}
    assert answers(form, "gender") == {"girl", "boy", "another"}
    assert answers(form, "support") == {
        "youth_group", "teacher", "teaching_assistant", "youth_offending_team", "counsellor", "social_worker", "mentor",
        "advocate", "young_carers",
    }  # fmt: skip
    assert codes(form, "support", Role.OTHER, Role.NONE) == {"other", "nobody"}
    details = [q for q in form.questions if q.id.startswith("ethnic_") and q.id != "ethnic_group"]
    assert len(answers(form, "ethnic_group")) == len(details) == 5
    assert sum(len(answers(form, question.id)) for question in details) == 18
    for question in details:
        assert question.ask_if is not None
        assert question.ask_if.any_of <= answers(form, "ethnic_group")


@every_form(FROM_SIX)
def test_every_council_of_england_can_be_chosen(form: Form) -> None:
    assert form.question("council").kind is Kind.COUNCIL
    assert answers(form, "council") == set(councils())
    assert len(councils()) == 296
    assert codes(form, "council", Role.DONT_KNOW, Role.OPT_OUT) == {"dont_know", "opt_out"}


# ---- where the child lives, and what follows from it (A18)


@every_form(FROM_SIX)
def test_every_secure_setting_is_marked(form: Form) -> None:
    marked = {option.code for option in form.question("where_live").options if option.secure}
    assert marked == SECURE & answers(form, "where_live")
    assert {"secure_childrens_home", "inpatient_unit"} <= marked
    if AgeBand.B6_8 not in form.bands:
        assert answers(form, "where_live") == SECURE | OPEN_HOMES


@every_form(FROM_SIX)
def test_the_place_is_asked_last_and_only_of_children_in_open_homes(form: Form) -> None:
    assert [question.kind for question in form.questions[-3:]] == [Kind.SCHOOL, Kind.POSTCODE, Kind.COUNCIL]
    for option in form.question("where_live").options:
        pages = path_of(form, read(form, [("where_live", option.code)]))
        asked = {question.kind for page in pages for question in page.questions}
        if option.code in OPEN_HOMES:
            assert asked >= LOCATORS
        else:
            assert not asked & LOCATORS, option.code
    assert not {q.kind for page in path_of(form, read(form, [])) for q in page.questions} & LOCATORS


def test_a_younger_child_is_not_offered_what_the_law_keeps_for_older_ones() -> None:
    missing = {"secure_training_centre", "young_offender_institution", "semi_independent", "independent_supported", "on_own"}
    for form_id in ("6-8", "easy-6-8"):
        assert not answers(SURVEY.forms[form_id], "where_live") & missing


# ---- how it is shown


@every_form()
def test_one_question_or_one_grid_a_page(form: Form) -> None:
    for page in form.pages:
        assert len(page.questions) == 1 or page.by_parent
        grid = page.questions[0].kind is Kind.GRID
        assert (page.row is not None) == (grid and form.pictures)  # picture forms show one row of a grid at a time


@every_form(WITH_PICTURES)
def test_every_idea_has_a_picture(form: Form) -> None:
    unpictured = {"age", "ethnic_group", "council"}  # years, peoples and names have no picture that is fair to them
    for question in form.questions:
        if question.by_parent:
            continue
        assert question.picture or question.rows, question.id
        assert all(row.picture for row in question.rows), question.id
        if question.id not in unpictured and not question.id.startswith("ethnic_"):
            assert all(option.picture for option in question.options), question.id


@every_form(WITH_PICTURES)
def test_no_two_answers_of_a_question_share_a_picture(form: Form) -> None:
    for question in form.questions:
        for members in (question.options, question.rows):
            pictures = [member.picture for member in members if member.picture]
            assert len(pictures) == len(set(pictures)), question.id


def test_forms_without_pictures_name_none() -> None:
    for form_id in ("9-12", "13-17"):
        for question in SURVEY.forms[form_id].questions:
            assert {question.picture, *(option.picture for option in question.options)} == {None}


# ---- what fits into a sealed record


@every_form()
def test_the_largest_answers_fit_into_a_record(form: Form) -> None:
    assert largest_body(form) <= 7900
    assert largest_locator(form) <= 900


# ---- what is said


@every_form()
def test_the_first_page_says_it_all_again(form: Form) -> None:
    """Who asks, what for, no way back, the right to refuse, and where help is: in the landing page and above question 1."""
    for note in (form.words["first_page_note"], " ".join(form.words[key] for key in form.words if key.startswith("landing_"))):
        assert "Children's Commissioner" in note
        assert "numbers" in note or "totals" in note
        assert re.search(r"change|deleted?", note)
        assert re.search(r"(say no to|refuse) (each|any) question|I don't want to say", note)
        assert CHILDLINE in note


@every_form()
def test_the_opt_out_is_called_in_messages_as_it_is_called_in_questions(form: Form) -> None:
    label = form.questions[0].opt_out.label
    for key in ("landing_refuse", "error_choose", "error_grid_row"):
        assert f'"{label}"' in form.words[key], key
    assert f'"{form.words["send_button"]}"' in form.words["send_note"]


@every_form()
def test_every_phone_number_is_one_that_was_checked(form: Form) -> None:
    """And none can be torn apart at the end of a line."""
    checked = {line.number.replace(" ", "\N{NO-BREAK SPACE}") for line in helplines()} | {"999"}
    for key, text, _ in texts_of(form):
        for found in re.findall(r"\d[\d\s]*\d", text):
            if len(re.sub(r"\s", "", found)) >= 3:
                assert found in checked, key


def test_the_help_lines() -> None:
    assert {line.code: (line.number, line.by) for line in helplines()} == {
        "childline": ("0800 1111", "call"),
        "samaritans": ("116 123", "call"),
        "shout": ("85258", "text"),
        "runaway": ("116 000", "call"),
    }
    assert all(f"helpline_{line.code}" in form.words for line in helplines() for form in FORMS)


@every_form()
def test_leaving_is_honest_about_history(form: Form) -> None:
    assert re.search(r"remember|history", form.words["exit_note"])
    assert re.search(r"remember|history", form.words["exited_text"])


@every_form()
def test_every_text_box_asks_for_no_names(form: Form) -> None:
    assert "names" in form.words["text_reminder"]


@every_form()
def test_questions_end_as_questions_and_statements_as_statements(form: Form) -> None:
    for question in form.questions:
        assert question.text.endswith("?"), question.id
        assert not question.hint or question.hint.endswith((".", "?")), question.id
    for key, text in form.words.items():
        if len(sentences(text)) > 1:
            assert text.endswith((".", "?", "!")), key


def test_a_year_of_age_belongs_to_one_band() -> None:
    assert [band_of_age(age) for age in (3, 4, 5, 6, 8, 9, 12, 13, 17, 18)] == [
        None, AgeBand.B4_5, AgeBand.B4_5, AgeBand.B6_8, AgeBand.B6_8, AgeBand.B9_12, AgeBand.B9_12, AgeBand.B13_17,
        AgeBand.B13_17, None,
    ]  # fmt: skip
