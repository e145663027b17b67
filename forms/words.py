"""The keys of every text that is no question: what a page needs to be a page, and what a child must be told.

Each key comes with the placeholders its text must hold; the web door renders these keys and no others. `FORM_WORDS`
are written once per form, because a six-year-old and a sixteen-year-old need different words. `SURVEY_WORDS` are
written once.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from types import MappingProxyType

from forms.survey import SurveyError


def _keys(*names: str, **with_numbers: str) -> Mapping[str, frozenset[str]]:
    plain = {name: frozenset[str]() for name in names}
    return MappingProxyType(plain | {name: frozenset(numbers.split()) for name, numbers in with_numbers.items()})


# What could go wrong, in parts that a child can read; every risk of the register (governance/) belongs to one.
RISK_TOPICS = ("found", "names", "place", "screen", "pushed", "broken_in", "harm", "upset", "heard", "kept")
FORM_WORDS = _keys(
    # how the form is called where children choose one
    "survey_title", "form_label", "form_hint",
    # landing page: heading and text of each promise, in this order
    "landing_title", "landing_intro",
    "landing_who_heading", "landing_who",
    "landing_why_heading", "landing_why",
    "landing_what_happens_heading", "landing_what_happens",
    "landing_no_way_back_heading", "landing_no_way_back",
    "landing_refuse_heading", "landing_refuse",
    "landing_honest_heading", "landing_honest",  # what no survey on the internet can promise (A8)
    "landing_help_heading", "landing_help",
    "landing_parents_link",  # to the longer notice, in SURVEY_WORDS
    # the same promises in short, above the first question
    "first_page_note",
    # buttons and links
    "start_button", "next_button", "back_button", "send_button", "exit_button", "help_link", "skip_link",
    "read_aloud_button", "read_aloud_stop_button",
    # around each question
    "exit_note", "text_reminder", "typed_optional", "pick_one", "pick_any", "scale_heading",
    "helper_page_heading", "helper_page_text",  # shown on pages that a parent or helper answers
    "child_page_heading",  # shown on the child's pages of a form that also has a helper's page
    "send_note",  # above the send button of the last page
    "text_box_label", "other_box_label", "postcode_box_label", "school_box_label", "council_box_label", "council_empty",
    "council_letters",  # where councils are found by their first letter
    # what has to change on a page
    "error_summary_title", "error_prefix", "error_choose", "error_grid_row", "error_exclusive", "error_only_one",
    # the pages after and instead of the questions
    "thank_you_title", "thank_you_text", "thank_you_next", "thank_you_help", "thank_you_close", "thank_you_again_link",
    "thank_you_back",  # for a browser without scripts, which may offer to send a finished form again
    "already_sent_title", "already_sent_text",
    "exited_title", "exited_text",
    "closed_title", "closed_text", "not_open_title",
    "unavailable_title", "unavailable_text", "unavailable_button",
    "malformed_title", "malformed_text",
    # while the gate is shut, and on every page of a demonstration
    "paused_title", "paused_text", "paused_kept_text", "demonstration_note",
    # what could go wrong: the parts that the register of risks names
    "risks_link", "risks_title", "risks_intro",
    *(f"risk_{topic}{ending}" for topic in RISK_TOPICS for ending in ("_heading", "")),
    # where help is
    "help_title", "help_intro", "help_emergency", "help_cannot_trace", "help_back_link",
    "help_offer",  # beside questions that can stir something up; folded up
    "helpline_childline", "helpline_samaritans", "helpline_shout", "helpline_runaway",
    # on paper: only what differs there, where nothing is pressed and somebody types it in
    "paper_how", "paper_what_happens", "paper_place", "paper_honest", "paper_end", "paper_council_label",
    # texts with numbers in them
    not_open_text="day",
    closing_note="day minutes",
    paper_only_if="boxes question onward",
    paper_only_if_last="boxes question",
    progress="n total",
    pick_up_to="limit",
    chosen_count="chosen limit",
    characters_left="count",
    characters_over="count",
    error_too_many="limit chosen",
    error_too_long="limit over",
    helplines_checked="date",
)  # fmt: skip

SURVEY_WORDS = _keys(
    # where children choose a form
    "chooser_title", "chooser_intro", "chooser_age_heading", "chooser_easy_heading", "chooser_easy_text",
    "chooser_parents_link", "chooser_teachers_link",
    "not_found_title", "not_found_text",
    # the longer notice for parents, carers and teachers: heading and text of each part, in this order
    "parents_notice_title", "parents_notice_intro",
    "parents_notice_who_heading", "parents_notice_who",
    "parents_notice_basis_heading", "parents_notice_basis",
    "parents_notice_asked_heading", "parents_notice_asked",
    "parents_notice_place_heading", "parents_notice_place",
    "parents_notice_kept_heading", "parents_notice_kept",
    "parents_notice_people_heading", "parents_notice_people",
    "parents_notice_published_heading", "parents_notice_published",
    "parents_notice_rights_heading", "parents_notice_rights",
    "parents_notice_limits_heading", "parents_notice_limits",
    "parents_notice_harm_heading", "parents_notice_harm",
    "parents_notice_complaint_heading", "parents_notice_complaint",
    # what could go wrong, for parents: the risks themselves come from the register
    "parents_risks_title", "parents_risks_intro", "parents_risks_link",
    "parents_risks_could_heading", "parents_risks_does_heading", "parents_risks_left_heading",
    "parents_risks_low", "parents_risks_medium", "parents_risks_high",
    # for teachers and others who run it with a group
    "teachers_title", "teachers_intro",
    "teachers_link_heading", "teachers_link", "teachers_qr_alt", "teachers_address_missing", "teachers_print",
    "teachers_before_heading", "teachers_before",
    "teachers_during_heading", "teachers_during",
    "teachers_after_heading", "teachers_after",
    "teachers_upset_heading", "teachers_upset",
    "teachers_shared_heading", "teachers_shared",
    "teachers_paper_heading", "teachers_paper",
)  # fmt: skip


def check_words(words: Mapping[str, str], required: Mapping[str, frozenset[str]], file: str) -> Mapping[str, str]:
    """The words, unchanged, if every required key is there with its placeholders and no other key is.

    Raises SurveyError naming the file and the first key that is wrong.
    """
    for key in required:
        if not words.get(key, "").strip():
            raise SurveyError(f"{file}: the text '{key}' is missing: add it under 'words'")
    for key, text in words.items():
        if key not in required:
            raise SurveyError(f"{file}: the text '{key}' is used nowhere: remove it from 'words'")
        if placeholders(text, f"{file}: the text '{key}'") != required[key]:
            expected = ", ".join(f"{{{name}}}" for name in sorted(required[key])) or "none"
            raise SurveyError(f"{file}: the text '{key}' must hold exactly these placeholders: {expected}")
    return MappingProxyType(dict(words))


def placeholders(text: str, where: str) -> frozenset[str]:
    """Names in braces. Raises SurveyError for braces that do not close."""
    try:
        return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
    except ValueError as error:
        raise SurveyError(f"{where} has a brace that does not close: write {{name}}") from error
