"""Loading refuses every survey that must not be shown to a child, in one sentence that names the file and the place."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from forms.load import SURVEY_WORDS, SURVEYS, WORDS, load_pictures, load_survey, survey_folder
from forms.survey import Survey, SurveyError

Tree = dict[str, Any]
Change = Callable[[dict[str, Tree]], None]


def tiny() -> dict[str, Tree]:
    """A survey with one form and a question of each kind but council, by file."""
    refuse = {"opt_out": {"role": "opt_out"}}
    homes = {"flat": {}, "boat": {}, "unit": {"secure": "true"}}

    def at_home() -> Tree:
        return {"question": "home", "any_of": ["flat", "boat"]}

    questions = {
        "mood": {"kind": "grid", "options": ["faces", "refuse"], "rows": "things", "picture": "face"},
        "likes": {"kind": "choices", "options": ["things_liked", "else", "refuse"], "limit": "2", "max_chars": "50"},
        "say": {"kind": "text", "options": ["refuse"], "max_chars": "80"},
        "home": {"kind": "choice", "options": ["homes", "refuse"]},
        "postcode": {"kind": "postcode", "options": ["refuse"], "max_chars": "20", "ask_if": at_home()},
        "school": {"kind": "school", "options": ["refuse"], "max_chars": "20", "ask_if": at_home()},
    }
    labels = {
        "options": {
            "refuse": {"opt_out": "I don't want to say"},
            "faces": {"good": "Good", "bad": "Bad"},
            "things_liked": {"cake": "Cake", "tea": "Tea"},
            "else": {"other": "Something else"},
            "homes": {"flat": "In a flat", "boat": "On a boat", "unit": "In a locked place"},
        },
        "rows": {"things": {"food": "Food", "sleep": "Sleep"}},
    }
    words = {key: " ".join([f"Words of {key}.", *(f"{{{name}}}" for name in sorted(names))]) for key, names in WORDS.items()}
    return {
        "survey.yaml": {
            "title": "Tiny",
            "forms": ["one"],
            "options": {
                "refuse": refuse,
                "faces": {"good": {"picture": "face"}, "bad": {}},
                "things_liked": {"cake": {}, "tea": {}},
                "else": {"other": {"role": "other"}},
                "homes": homes,
            },
            "rows": {"things": {"food": {"picture": "face"}, "sleep": {}}},
            "questions": questions,
        },
        "one.yaml": {"version": "3", "bands": ["9-12"], "questions": {key: {} for key in questions}},
        "pictures.yaml": {"face": "1F642"},
        "en/one.yaml": {
            "language": "en",
            "direction": "ltr",
            "questions": {key: {"text": f"About {key}?", "hint": ""} for key in questions},
            **labels,
            "words": words,
        },
        "en/survey.yaml": {"words": {key: f"Words of {key}." for key in SURVEY_WORDS}},
    }


def unchanged(files: dict[str, Tree]) -> None:
    """The survey as it is."""


def load(folder: Path, change: Change = unchanged) -> Survey:
    files = tiny()
    change(files)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return load_survey(folder)


def put(path: str, value: Any) -> Change:
    """Sets one value; the path is file > key > key ..."""

    def change(files: dict[str, Tree]) -> None:
        *keys, last = path.split(" > ")
        tree: Any = files
        for key in keys:
            tree = tree[key]
        tree[last] = value

    return change


def drop(path: str) -> Change:
    """Removes one value."""

    def change(files: dict[str, Tree]) -> None:
        *keys, last = path.split(" > ")
        tree: Any = files
        for key in keys:
            tree = tree[key]
        del tree[last]

    return change


def both(*changes: Change) -> Change:
    """One change after another."""

    def change(files: dict[str, Tree]) -> None:
        for one in changes:
            one(files)

    return change


BANK = "survey.yaml > questions"
TEXTS = "en/one.yaml"
REFUSED: list[tuple[str, Change, str]] = [
    ("no opt-out", put(f"{BANK} > say > options", []), r"one\.yaml: question 'say' must have exactly one 'I don't want to say'"),
    ("unknown kind", put(f"{BANK} > say > kind", "essay"), r"one\.yaml: question 'say' has the unknown kind 'essay'"),
    (
        "unknown role",
        put("survey.yaml > options > else > other", {"role": "joker"}),
        r"question 'likes', option 'other' has the unknown role",
    ),
    ("unknown key of a question", put(f"{BANK} > say > max_words", "8"), r"question 'say' has an unknown key 'max_words'"),
    (
        "unknown key of an option",
        put("survey.yaml > options > faces > bad", {"colour": "red"}),
        r"option 'bad' has an unknown key 'colour'",
    ),
    ("unknown key of a row", put("survey.yaml > rows > things > sleep", {"colour": "red"}), r"row 'sleep' has an unknown key 'colour'"),
    ("unknown key of a form", put("one.yaml > cookies", "true"), r"one\.yaml has an unknown key 'cookies'"),
    ("unknown key of a survey", put("survey.yaml > tracker", "yes"), r"survey\.yaml has an unknown key 'tracker'"),
    ("unknown key of the words", put(f"{TEXTS} > jokes", {}), r"en/one\.yaml has an unknown key 'jokes'"),
    ("limit above the answers", put(f"{BANK} > likes > limit", "4"), r"question 'likes': a limit of 4 cannot be met by 3"),
    ("limit of none", put(f"{BANK} > likes > limit", "0"), r"question 'likes': a limit of 0 cannot be met"),
    ("limit that is no number", put(f"{BANK} > likes > limit", "some"), r"question 'likes': limit must be a whole number"),
    ("limit below nothing", put(f"{BANK} > likes > limit", "-1"), r"question 'likes': limit must be a whole number"),
    ("no limit", drop(f"{BANK} > likes > limit"), r"question 'likes': a limit belongs to kind 'choices'"),
    ("box without a length", drop(f"{BANK} > say > max_chars"), r"question 'say': max_chars belongs to questions with a text box"),
    ("box too long", put(f"{BANK} > say > max_chars", "1001"), r"question 'say': max_chars must be 1 to 1000"),
    ("identifier in the text", put(f"{TEXTS} > questions > say > text", "What is your name?"), r"'say' asks for a direct identifier"),
    ("identifier in a hint", put(f"{TEXTS} > questions > likes > hint", "Tell us your e-mail"), r"'likes' asks for a direct identifier"),
    ("identifier in a row", put(f"{TEXTS} > rows > things > food", "Your first name"), r"'mood' asks for a direct identifier"),
    ("identifier in an option", put(f"{TEXTS} > options > else > other", "Your phone number"), r"'likes' asks for a direct identifier"),
    ("postcode outside its field", put(f"{TEXTS} > questions > say > text", "And the postcode?"), r"'say' asks for a direct identifier"),
    ("school outside its field", put(f"{TEXTS} > questions > say > text", "Which school do you go to?"), r"'say' asks for a direct"),
    ("missing question text", drop(f"{TEXTS} > questions > say > text"), r"en/one\.yaml: question 'say': the text must be a text"),
    ("missing question", drop(f"{TEXTS} > questions > say"), r"en/one\.yaml: question 'say' is missing"),
    ("missing hint", drop(f"{TEXTS} > questions > say > hint"), r"en/one\.yaml: question 'say': the hint is missing"),
    ("empty question text", put(f"{TEXTS} > questions > say > text", " "), r"question 'say': the text must be a text"),
    ("missing option label", drop(f"{TEXTS} > options > faces > bad"), r"the label of options 'faces', 'bad' is missing"),
    ("missing row label", drop(f"{TEXTS} > rows > things > sleep"), r"the label of rows 'things', 'sleep' is missing"),
    ("missing words", drop(f"{TEXTS} > words > exit_button"), r"en/one\.yaml: the text 'exit_button' is missing"),
    ("empty words", put(f"{TEXTS} > words > exit_button", ""), r"the text 'exit_button' is missing"),
    ("missing survey words", drop("en/survey.yaml > words > chooser_title"), r"en/survey\.yaml: the text 'chooser_title' is missing"),
    ("unused question text", put(f"{TEXTS} > questions > extra", {"text": "?", "hint": ""}), r"question 'extra' is used nowhere"),
    ("unused option label", put(f"{TEXTS} > options > faces > odd", "Odd"), r"options 'faces', 'odd' is used nowhere"),
    ("unused set of labels", put(f"{TEXTS} > rows > more", {"x": "X"}), r"rows 'more', 'x' is used nowhere"),
    ("unused words", put(f"{TEXTS} > words > slogan", "Hooray"), r"en/one\.yaml: the text 'slogan' is used nowhere"),
    ("unused survey words", put("en/survey.yaml > words > slogan", "Hooray"), r"en/survey\.yaml: the text 'slogan' is used nowhere"),
    (
        "placeholder gone",
        put(f"{TEXTS} > words > progress", "Question {n}"),
        r"'progress' must hold exactly these placeholders: \{n\}, \{total\}",
    ),
    ("placeholder invented", put(f"{TEXTS} > words > exit_button", "Bye {name}"), r"'exit_button' must hold .* placeholders: none"),
    ("brace left open", put(f"{TEXTS} > words > exit_button", "Bye {name"), r"'exit_button' has a brace that does not close"),
    ("question not in the bank", put("one.yaml > questions > ghost", {}), r"one\.yaml: question 'ghost' is not in the bank"),
    ("set not in the bank", put(f"{BANK} > say > options", ["ghosts"]), r"question 'say': there is no set 'ghosts' among the options"),
    ("option twice", put(f"{BANK} > likes > options", ["else", "else", "refuse"]), r"question 'likes' has an option code twice"),
    (
        "leaving out nothing",
        put("one.yaml > questions > home", {"leave_out": ["tent"]}),
        r"'home' leaves out 'tent', which it does not have",
    ),
    ("picture without a file", put("pictures.yaml", {}), r"picture 'face' is not in pictures\.yaml"),
    ("picture that is no hexcode", put("pictures.yaml > face", "../x"), r"pictures\.yaml: 'face' must be an OpenMoji hexcode"),
    (
        "code that is a label",
        both(put("survey.yaml > options > faces > Very good", {}), put(f"{TEXTS} > options > faces > Very good", "x")),
        r"one\.yaml: question 'mood': option 'Very good' is not a code",
    ),
    ("form twice", put("survey.yaml > forms", ["one", "one"]), r"survey\.yaml: form 'one' is there twice"),
    ("form without a file", put("survey.yaml > forms", ["two"]), r"two\.yaml is missing"),
    ("no forms", put("survey.yaml > forms", []), r"has no forms"),
    ("unknown band", put("one.yaml > bands", ["9-99"]), r"one\.yaml: '9-99' is no age band"),
    ("no band", put("one.yaml > bands", []), r"one\.yaml: form 'one' needs pages and age bands"),
    ("flag that is neither", put("one.yaml > pictures", "perhaps"), r"one\.yaml: pictures must be true or false"),
    ("another language", put(f"{TEXTS} > language", "cy"), r"en/one\.yaml: language must be en"),
    ("unknown direction", put(f"{TEXTS} > direction", "up"), r"direction is ltr or rtl"),
    ("locator for everybody", drop(f"{BANK} > postcode > ask_if"), r"a locator question must depend on where the child lives"),
    (
        "locator in a secure setting",
        put(f"{BANK} > postcode > ask_if > any_of", ["flat", "unit"]),
        r"one\.yaml: form 'one', question 'postcode' would be asked of a child who answered 'unit'",
    ),
    ("locator without an answer", put(f"{BANK} > school > ask_if > any_of", ["opt_out"]), r"'school' would be asked of .* 'opt_out'"),
    (
        "locator without secure settings",
        put("survey.yaml > options > homes > unit", {}),
        r"question 'postcode' must depend on the question that knows the secure settings",
    ),
    ("condition on nothing", put(f"{BANK} > postcode > ask_if > any_of", []), r"'postcode' depends on no answer at all"),
    ("condition on an unknown answer", put(f"{BANK} > postcode > ask_if > any_of", ["tent"]), r"depends on an unknown answer 'tent'"),
    (
        "condition on a later question",
        put(f"{BANK} > say > ask_if", {"question": "home", "any_of": ["flat"]}),
        r"depends on 'home', which is not asked before",
    ),
    ("condition on its own page", put(f"{BANK} > postcode > page", "home"), r"depends on 'home', which is not asked before"),
    ("grid without rows", drop(f"{BANK} > mood > rows"), r"question 'mood': rows belong to a grid"),
    ("not a list", put("one.yaml > bands", "9-12"), r"one\.yaml: bands must be a list"),
    ("not a mapping", put("one.yaml > questions", ["say"]), r"one\.yaml: questions must be 'key: value' lines"),
]


def test_the_tiny_survey_loads(tmp_path: Path) -> None:
    form = load(tmp_path).forms["one"]
    assert [question.id for question in form.questions] == ["mood", "likes", "say", "home", "postcode", "school"]
    assert form.question("likes").limit == 2
    assert form.question("mood").picture is None  # this form shows no pictures
    assert [page.id for page in form.pages] == ["mood", "likes", "say", "home", "postcode", "school"]


@pytest.mark.parametrize(("change", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_survey_that_must_not_be_shown_is_refused(tmp_path: Path, change: Change, message: str) -> None:
    with pytest.raises(SurveyError, match=message) as refusal:
        load(tmp_path, change)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "again"),
    [("one.yaml", "  say: {}"), ("survey.yaml", "title: Other"), ("en/one.yaml", "  next_button: Onward")],
    ids=["question id", "top-level key", "text"],
)
def test_a_duplicate_is_refused_and_not_overwritten(tmp_path: Path, file: str, again: str) -> None:
    load(tmp_path)
    path = tmp_path / file
    shutil.copytree(tmp_path, tmp_path / "copy", ignore=shutil.ignore_patterns("copy"))
    copy = tmp_path / "copy" / file
    copy.write_text(path.read_text(encoding="utf-8") + again + "\n", encoding="utf-8")
    key = again.split(":")[0].strip()
    with pytest.raises(SurveyError, match=f"{path.name}: '{key}' is there twice"):
        load_survey(tmp_path / "copy")


@pytest.mark.parametrize("content", ["questions: [", "\x00", "? [a]\n: b\n"])
def test_a_file_that_is_no_yaml_of_ours_is_refused(tmp_path: Path, content: str) -> None:
    load(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(tmp_path, broken, ignore=shutil.ignore_patterns("broken"))
    (broken / "one.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(SurveyError, match=r"^one\.yaml"):
        load_survey(broken)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    load(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(tmp_path, broken, ignore=shutil.ignore_patterns("broken"))
    (broken / "one.yaml").write_bytes(b"version: \xff")
    with pytest.raises(SurveyError, match=r"^one\.yaml cannot be read"):
        load_survey(broken)


@pytest.mark.parametrize("name", ["no_such_survey", "../retention", "/no/such/folder"])
def test_an_unknown_survey_is_refused(name: str) -> None:
    with pytest.raises(SurveyError, match="there is no survey"):
        survey_folder(name)


@pytest.mark.parametrize("language", ["../en", "", "EN", "e"])
def test_a_language_is_a_code_and_never_a_path(language: str) -> None:
    with pytest.raises(SurveyError, match="is not a language code"):
        load_survey("big_ask", language)


def test_a_language_without_texts_is_refused() -> None:
    with pytest.raises(SurveyError, match=r"4-5\.yaml is missing in cy"):
        load_survey("big_ask", "cy")


def test_a_translation_is_one_file_per_form(tmp_path: Path) -> None:
    """Only the folder of the language is added; structure, codes and pictures stay; the version tells them apart."""
    files = tiny()
    right_to_left = {**files["en/one.yaml"], "language": "ar", "direction": "rtl"}
    load(tmp_path, lambda files: files.update({"ar/one.yaml": right_to_left, "ar/survey.yaml": files["en/survey.yaml"]}))
    english, arabic = load_survey(tmp_path).forms["one"], load_survey(tmp_path, "ar").forms["one"]
    assert (arabic.language, arabic.direction) == ("ar", "rtl")
    assert english.version != arabic.version


def test_a_version_names_exactly_one_wording(tmp_path: Path) -> None:
    versions = [
        load(tmp_path / str(place), change).forms["one"].version
        for place, change in enumerate(
            [
                unchanged,
                put(f"{TEXTS} > questions > say > text", "About say"),
                put(f"{TEXTS} > options > faces > bad", "Bad."),
                put(f"{TEXTS} > words > exit_note", "Gone."),
                put(f"{BANK} > likes > limit", "1"),
                put("one.yaml > one_row_a_page", "true"),
                put("one.yaml > easy_read", "true"),
                put("one.yaml > pictures", "true"),
            ]
        )
    ]
    assert all(version.startswith("3+") and len(version) == 14 for version in versions)
    assert len(set(versions)) == len(versions)
    assert load(tmp_path / "again").forms["one"].version == versions[0]


def test_a_grid_row_can_have_a_page_of_its_own(tmp_path: Path) -> None:
    form = load(tmp_path, put("one.yaml > one_row_a_page", "true")).forms["one"]
    assert [(page.id, page.row) for page in form.pages[:3]] == [("mood-food", "food"), ("mood-sleep", "sleep"), ("likes", None)]
    assert form.pages[0].fields == ("mood.food",)
    assert len([question for question in form.questions if question.id == "mood"]) == 1


def test_questions_can_share_a_page(tmp_path: Path) -> None:
    form = load(tmp_path, put(f"{BANK} > say > page", "likes")).forms["one"]
    assert [question.id for question in form.page("likes").questions] == ["likes", "say"]


def test_what_a_form_changes_stays_in_that_form(tmp_path: Path) -> None:
    questions = {**tiny()["one.yaml"]["questions"], "likes": {"limit": "all"}}
    forms = load(tmp_path, two_forms({"questions": questions})).forms
    assert (forms["one"].question("likes").limit, forms["two"].question("likes").limit) == (2, 3)


def two_forms(second: Tree) -> Change:
    """Adds a form `two` with the words of the first."""

    def change(files: dict[str, Tree]) -> None:
        files["survey.yaml"]["forms"] = ["one", "two"]
        files["two.yaml"] = {"version": "1", "bands": ["9-12"], **second}
        files["en/two.yaml"] = files["en/one.yaml"]

    return change


def test_a_form_can_ask_the_questions_of_another(tmp_path: Path) -> None:
    change = two_forms({"questions_of": "one", "questions": {"likes": {"limit": "1"}}})
    one, two = load(tmp_path, change).forms.values()
    assert [question.id for question in two.questions] == [question.id for question in one.questions]
    assert (one.question("likes").limit, two.question("likes").limit) == (2, 1)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"questions_of": "two"}, r"two\.yaml: two\.yaml itself asks the questions of another form"),
        ({"questions_of": "three"}, r"three\.yaml is missing"),
        ({}, r"two\.yaml: form 'two' needs pages"),
    ],
)
def test_questions_of_a_form_that_has_none_are_refused(tmp_path: Path, second: Tree, message: str) -> None:
    wordless = {**tiny()["en/one.yaml"], "questions": {}, "options": {}, "rows": {}}
    with pytest.raises(SurveyError, match=message):
        load(tmp_path, both(two_forms(second), put("en/two.yaml", wordless if not second else tiny()["en/one.yaml"])))


def test_a_survey_is_read_once() -> None:
    assert load_survey("big_ask") is load_survey(SURVEYS / "big_ask")


def test_every_picture_has_a_hexcode() -> None:
    pictures = load_pictures()
    used = {
        name
        for form in load_survey()
        for question in form.questions
        for name in [question.picture, *(o.picture for o in question.options), *(r.picture for r in question.rows)]
        if name
    }
    assert used == set(pictures)  # none missing, none left over
