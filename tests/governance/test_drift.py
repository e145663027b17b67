"""What runs is what was assessed: a change anywhere is a difference, said in a sentence (G3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.policy import available, load_policy
from forms.load import load_survey
from forms.window import Window
from governance.drift import AT_THE_DOOR, NOBODY, Part, differences, host_of, load_declared, of_hosts, of_survey, write_declared
from governance.reading import RecordError
from governance.record import Processors, load_record
from pipeline.builder_policy import load_builder_policy
from pipeline.gate import live_configuration, of_policy
from pipeline.steps.protect import DEFAULT_POLICY
from retention.settings import load_settings
from tests.governance.records import SHIPPED

SURVEY = load_survey()
DECLARED = load_declared(SHIPPED)
OFFICE = Processors(("this machine",), ())


def live(home: Path, **environment: str) -> dict[Part, dict[str, str]]:
    settings = load_settings({"BIGASK_HOME": str(home), **environment})
    processors = load_record(SHIPPED).processors
    found = live_configuration(SURVEY, load_policy(DEFAULT_POLICY), processors, settings.secure, settings.collection)
    return {part: dict(values) for part, values in found.items()}


def test_what_is_declared_is_what_runs(tmp_path: Path) -> None:
    """As with a lock file: whoever changes a form, a table, a rule or a policy runs `bigask dpia declare` and reads the difference."""
    assert [str(one) for one in differences(DECLARED, live(tmp_path))] == []


def test_every_part_is_declared_and_every_part_is_live(tmp_path: Path) -> None:
    assert set(DECLARED) == set(live(tmp_path)) == set(Part)
    assert set(of_survey(SURVEY)) == set(AT_THE_DOOR)
    assert all(DECLARED.values())


@pytest.mark.parametrize("part", list(Part))
def test_g3_a_change_of_any_part_is_a_difference(tmp_path: Path, part: Part) -> None:
    running = live(tmp_path)
    assessed = {one: dict(values) for one, values in running.items()}
    name = next(iter(running[part]))
    was = running[part][name]
    running[part][name] = "something else"
    assert [str(one) for one in differences(assessed, running)] == [f"{part}: '{name}' is something else; assessed was {was}."]
    running[part] = {**assessed[part], "unheard of": "new"}
    assert [str(one) for one in differences(assessed, running)] == [f"{part}: 'unheard of' (new) was not assessed."]


def test_a_thing_that_was_assessed_and_is_gone_is_a_difference(tmp_path: Path) -> None:
    assessed, running = live(tmp_path), live(tmp_path)
    del running[Part.OUTPUTS]["gender"]
    assert [one.live for one in differences(assessed, running)] == [None]
    del running[Part.HOSTS]["child door"]  # a zone knows its own machines only
    assert len(differences(assessed, running)) == 1


def test_a_changed_word_is_another_version_of_a_form() -> None:
    form = SURVEY.forms["6-8"]
    changed = replace(SURVEY, forms={**SURVEY.forms, "6-8": replace(form, version="2+abc")})
    assert [one.part for one in differences(of_survey(SURVEY), of_survey(changed))] == [Part.FORMS]


def test_other_opening_hours_are_a_difference() -> None:
    window = Window(datetime(2027, 4, 19, 9, tzinfo=UTC), datetime(2027, 5, 31, 20, tzinfo=UTC), 30)
    found = differences(of_survey(SURVEY), of_survey(replace(SURVEY, window=window)))
    assert [(one.part, one.name) for one in found] == [(Part.WINDOW, "closes"), (Part.WINDOW, "grace"), (Part.WINDOW, "opens")]


def test_every_two_policies_differ() -> None:
    names, builder = available(), load_builder_policy()
    for first in names:
        for second in names:
            one, other = (of_policy(load_policy(name), builder) for name in (first, second))
            assert bool(differences(one, other)) == (first != second)


def test_a_machine_that_nobody_answers_for_is_a_difference(tmp_path: Path) -> None:
    elsewhere = live(
        tmp_path, BIGASK_COLLECTION_URL="postgresql+psycopg://u:secret@db.example.org/x", BIGASK_ADDRESS="https://ask.example.org"
    )
    found = differences(live(tmp_path), elsewhere)
    assert {(one.part, one.name, one.live) for one in found} == {
        (Part.HOSTS, "collection database", "db.example.org"),
        (Part.HOSTS, "child door", "ask.example.org"),
        (Part.PROCESSORS, "collection database", NOBODY),
        (Part.PROCESSORS, "child door", NOBODY),
    }
    assert "secret" not in " ".join(map(str, found))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("sqlite:////var/x.sqlite", "this machine"),
        ("", "this machine"),
        ("postgresql+psycopg:///x?host=/run/postgresql", "this machine"),
        ("postgresql+psycopg://u:p@localhost:5433/x", "this machine"),
        ("postgresql+psycopg://u:p@[::1]/x", "this machine"),
        ("postgresql+psycopg://u:p@db.example.org/x", "db.example.org"),
        ("https://survey.example.org", "survey.example.org"),
    ],
)
def test_hosts(url: str, host: str) -> None:
    assert host_of(url) == host


def test_who_answers_for_a_machine() -> None:
    assert of_hosts({"a": "this machine", "b": "x.example"}, OFFICE)[Part.PROCESSORS] == {"a": "office", "b": NOBODY}


values = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"), max_size=3)


@given(assessed=st.dictionaries(st.sampled_from(list(Part)), values), running=st.dictionaries(st.sampled_from(list(Part)), values))
def test_no_difference_means_the_same(assessed: dict[Part, dict[str, str]], running: dict[Part, dict[str, str]]) -> None:
    """Brute force: every name of every live part, looked at singly."""
    own = (Part.HOSTS, Part.PROCESSORS)
    expected = {
        (part, name)
        for part in running
        for name in "abc"
        if running[part].get(name) != assessed.get(part, {}).get(name) and not (part in own and name not in running[part])
    }
    assert {(one.part, one.name) for one in differences(assessed, running)} == expected


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    running = live(tmp_path)
    write_declared(tmp_path, running)
    assert load_declared(tmp_path) == running


@pytest.mark.parametrize(("content", "sentence"), [("{}", "the part 'window' is missing"), ("[]", "must be 'key: value' lines")])
def test_a_declaration_that_is_not_whole_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "declared.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(RecordError, match=sentence):
        load_declared(tmp_path)


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    write_declared(tmp_path, live(tmp_path))
    with (tmp_path / "declared.yaml").open("a", encoding="utf-8") as file:
        file.write("weather: {today: sun}\n")
    with pytest.raises(RecordError, match="and no other"):
        load_declared(tmp_path)
