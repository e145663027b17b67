"""A translation changes every word and nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forms.load import load_survey
from forms.readability import texts_of
from forms.survey import Form, Kind, SurveyError
from tests.functional.pseudo_translation import longer, pseudo_translation, right_to_left


def shape(form: Form) -> Iterator[object]:
    """Everything of a form but its words."""
    yield (form.id, form.bands, form.easy_read, form.pictures)
    for page in form.pages:
        yield (page.id, page.row, page.fields)
        for question in page.questions:
            yield (question.id, question.kind, question.limit, question.max_chars, question.ask_if, question.by_parent)
            yield [(option.code, option.role, option.picture, option.secure) for option in question.options]


@pytest.mark.parametrize(("language", "direction", "change"), [("qps", "ltr", longer), ("qpr", "rtl", right_to_left)])
def test_a_translation_keeps_the_structure(tmp_path: Path, language: str, direction: str, change: Callable[[str], str]) -> None:
    translated = load_survey(pseudo_translation(tmp_path, language, direction, change), language)
    for form in load_survey():
        other = translated.forms[form.id]
        assert (other.language, other.direction) == (language, direction)
        assert list(shape(other)) == list(shape(form))
        assert other.version != form.version
        same = [key for (key, old, _), (_, new, _) in zip(texts_of(form), texts_of(other), strict=True) if old == new]
        assert all(key.startswith("age, option") for key in same)  # a figure is the same in every language


def test_a_translation_that_lacks_one_text_is_refused(tmp_path: Path) -> None:
    folder = pseudo_translation(tmp_path, "qps", "ltr", longer)
    path = folder / "qps" / "9-12.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.strip().startswith("exit_button:")), encoding="utf-8")
    with pytest.raises(SurveyError, match=r"qps/9-12\.yaml: the text 'exit_button' is missing"):
        load_survey(folder, "qps")


def test_names_of_councils_are_not_translated(tmp_path: Path) -> None:
    translated = load_survey(pseudo_translation(tmp_path, "qps", "ltr", longer), "qps").forms["9-12"].question("council")
    english = load_survey().forms["9-12"].question("council")
    assert english.kind is Kind.COUNCIL
    assert translated.options[:296] == english.options[:296]
