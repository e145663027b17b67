"""Each rule of quality at its edge; rules that can match nothing are refused; nothing is dropped and nothing a child wrote is kept."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from forms.load import load_survey
from pipeline.bars import Bar, svg, told
from pipeline.derive import DOUBTFUL, SOUND, derive
from pipeline.quality import counts, doubtful, flag
from pipeline.quality_report import as_html, as_lines, report
from pipeline.quality_rules import RULES, QualityError, Weight, load_rules
from pipeline.table_specs import load_table_specs
from retention.destroy import destroy
from retention.secure_store import SecureStore, StepRefused
from retention.steps import Verb, step
from tests.secure_waves import new_wave, run_before

SURVEY = load_survey()
HAPPINESS = [row.code for row in SURVEY.forms["9-12"].question("happiness").rows]


def flags(
    form: str = "9-12",
    answers: dict[str, str] | None = None,
    texts: tuple[str, ...] = (),
    phase: str | None = None,
    nation: str | None = "England",
) -> set[str]:
    """Rules that flag one child, alone in a wave; more texts are of other children."""
    rows = range(max(1, len(texts)))
    found = flag(
        load_rules(SURVEY),
        SURVEY,
        pd.DataFrame({"row": list(rows), "form": form}),
        pd.DataFrame([(0, name, code) for name, code in (answers or {}).items()], columns=["row", "field", "code"]).astype(
            {"field": "str"}
        ),
        pd.DataFrame({"row": list(range(len(texts))), "field": "barriers.text", "text": list(texts)}),
        pd.DataFrame({"row": list(rows), "nation": nation, "school_phase": phase}),
    )
    return set(found.loc[found["row"] == 0, "rule"])


def test_an_ordinary_child_has_no_flag() -> None:
    ordinary = {"age": "10", "where_live": "parents"} | {f"happiness.{row}": "ok" for row in HAPPINESS[:9]}
    assert (
        flags(answers=ordinary, texts=("More buses would help us get to places and see friends after school.",), phase="Primary") == set()
    )


@pytest.mark.parametrize(
    ("form", "age", "rules"),
    [
        ("9-12", "9", set()),
        ("9-12", "12", set()),
        ("9-12", "under_9", {"age_outside_form"}),
        ("9-12", "over_12", {"age_outside_form"}),
        ("6-8", "over_8", {"age_outside_form"}),
        ("13-17", "17", set()),
        ("13-17", "over_17", {"age_outside_form", "likely_adult"}),
        ("easy-9-17", "over_17", {"age_outside_form", "likely_adult"}),
        ("13-17", "opt_out", set()),
    ],
)
def test_ages(form: str, age: str, rules: set[str]) -> None:
    assert flags(form, {"age": age}) == rules


@pytest.mark.parametrize(
    ("home", "age", "doubted"),
    [
        ("young_offender_institution", "13", True),
        ("young_offender_institution", "14", False),  # a wrong year is not yet a wrong home
        ("secure_training_centre", "10", True),
        ("secure_training_centre", "11", False),
        ("semi_independent", "14", True),
        ("semi_independent", "15", False),
        ("on_own", "12", True),
        ("on_own", "13", False),
        ("parents", "9", False),
    ],
)
def test_homes_and_ages(home: str, age: str, doubted: bool) -> None:
    assert ("cannot_live_there_at_that_age" in flags("easy-9-17", {"where_live": home, "age": age})) == doubted


@pytest.mark.parametrize(
    ("form", "phase", "doubted"),
    [
        ("6-8", "Primary", False), ("6-8", "Secondary", False), ("6-8", "16 plus", True), ("9-12", "Secondary", False),
        ("9-12", "Nursery", True), ("13-17", "Primary", False), ("4-5", "Secondary", True), ("4-5", "Nursery", False),
        ("13-17", "16 plus", False), ("13-17", "All-through", False), ("easy-9-17", "Nursery", True), ("9-12", None, False),
    ],
)  # fmt: skip
def test_schools_and_forms(form: str, phase: str | None, doubted: bool) -> None:
    assert ("school_not_of_these_ages" in flags(form, phase=phase)) == doubted


@pytest.mark.parametrize(
    ("text", "form", "read"),
    [
        ("As a parent I worry", "9-12", True), ("i'm a primary teacher", "13-17", True), ("my son has no club", "9-12", True),
        ("MY PUPILS say so", "9-12", True), ("my mum works", "9-12", False), ("the teacher said as a joke", "9-12", False),
        ("my sons and heirs", "9-12", False), ("my daughter is 4", "4-5", False),
    ],
)  # fmt: skip
def test_texts_of_adults(text: str, form: str, read: bool) -> None:
    assert ("writes_as_an_adult" in flags(form, texts=(text,))) == read


def test_the_same_long_text_whatever_its_case_and_spaces() -> None:
    long = "x" * 29 + " " + "y" * 30
    assert len(long) == 60
    assert "same_long_text" in flags(texts=(long, long.upper().replace(" ", "\n  ")))
    assert "same_long_text" not in flags(texts=(long[:-1], long[:-1])), "one letter short of long"
    assert "same_long_text" not in flags(texts=(long, long + "z"))
    assert "same_long_text" not in flags(texts=(long,))


def test_one_answer_to_everything() -> None:
    def grid(count: int, code: str = "very_happy") -> dict[str, str]:
        return {f"happiness.{row}": code for row in HAPPINESS[:count]}

    assert "one_answer_to_everything" in flags(answers=grid(10))
    assert "one_answer_to_everything" not in flags(answers=grid(9))
    assert "one_answer_to_everything" not in flags(answers=grid(13) | {"happiness.online": "happy"})
    assert "one_answer_to_everything" not in flags(answers=grid(13, "opt_out"))
    assert "one_answer_to_everything" not in flags(answers=grid(13, "dont_know"))


@pytest.mark.parametrize(("nation", "outside"), [("Wales", True), ("Guernsey", True), ("England", False), (None, False)])
def test_outside_england(nation: str | None, outside: bool) -> None:
    assert ("outside_england" in flags(nation=nation)) == outside


def test_the_ledger_has_a_count_for_every_rule_and_a_note_is_no_doubt() -> None:
    rules = load_rules(SURVEY)
    note = next(name for name, rule in rules.rules.items() if rule.weight is Weight.NOTE)
    found = pd.DataFrame([(0, note), (1, note), (1, "likely_adult"), (1, "outside_england")], columns=["row", "rule"])
    told = counts(rules, found)
    assert {f"quality_{name}" for name in rules.rules} <= set(told)
    assert (told[f"quality_{note}"], told["quality_likely_adult"], told["quality_cannot_live_there_at_that_age"]) == (2, 1, 0)
    assert (told["quality_flagged"], told["quality_doubtful"]) == (2, 1)
    assert doubtful(rules, found) == {1}


def test_a_table_can_ask_for_sound_answers(tmp_path: Path) -> None:
    declared = yaml.safe_load((Path(__file__).parents[2] / "pipeline" / "tables" / "big_ask.yaml").read_text(encoding="utf-8"))
    declared["variables"]["quality"] = {
        "title": "Quality", "derive": "quality", "version": 1, "reason": "As the rules of quality say.",
        "tree": {SOUND: "", DOUBTFUL: ""}, "labels": {SOUND: "Sound", DOUBTFUL: "Doubtful"},
    }  # fmt: skip
    declared["tables"] = {"sound": {"title": "Sound", "by": ["area.region"], "where": {"quality": SOUND}}}
    (tmp_path / "tables.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    specs = load_table_specs(SURVEY, tmp_path / "tables.yaml")
    responses = pd.DataFrame({"row": [0, 1], "form": "9-12", "version": SURVEY.forms["9-12"].version})
    located = pd.DataFrame({"row": [0, 1], "lad25cd": ["E06000001"] * 2, "nation": "England"})
    answers = pd.DataFrame(columns=["row", "field", "code"])
    assert derive(SURVEY, specs, responses, answers, located, {1})["quality"].tolist() == [SOUND, DOUBTFUL]


def _changed(change: dict[str, Any], rule: str, path: Path) -> Path:
    data = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    data["rules"][rule] |= change
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("likely_adult", {"any": [{"age": ["over_99"]}]}), ("likely_adult", {"any": [{"ages": ["over_17"]}]}),
        ("likely_adult", {"any": []}),
        ("likely_adult", {"any": [{}]}), ("likely_adult", {"any": [{"age": []}]}), ("likely_adult", {"any": [{"age": [9]}]}),
        ("likely_adult", {"any": [{"council": ["E09000033"]}]}), ("likely_adult", {"reason": ""}), ("likely_adult", {"weight": "heavy"}),
        ("likely_adult", {"check": "guess"}), ("likely_adult", {"fewest": 2}), ("writes_as_an_adult", {"patterns": ["("]}),
        ("writes_as_an_adult", {"forms": ["9-13"]}), ("writes_as_an_adult", {"patterns": []}), ("same_long_text", {"fewest": 1}),
        ("same_long_text", {"fewest_chars": "60"}), ("one_answer_to_everything", {"grid": "joy"}),
        ("one_answer_to_everything", {"fewest_rows": 14}), ("school_not_of_these_ages", {"ages": {"Infant": [1, 2]}}),
        ("school_not_of_these_ages", {"ages": {}}),
    ],
)  # fmt: skip
def test_a_rule_that_could_match_nothing_is_refused_by_name(rule: str, change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(QualityError, match=rule):
        load_rules(SURVEY, _changed(change, rule, tmp_path / "quality.yaml"))


@pytest.mark.parametrize("content", ["", "[]", "version: 1", "version: 1\nrules: {}", "version: one\nrules: {a: {}}", "rules: ["])
def test_a_file_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "quality.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(QualityError, match=r"quality\.yaml"):
        load_rules(SURVEY, tmp_path / "quality.yaml")


def test_small_counts_look_alike_in_a_report() -> None:
    assert [told(count) for count in (0, 1, 9, 10, 1234)] == ["0", "fewer than 10", "fewer than 10", "10", "1,234"]
    drawn = [svg("t", [Bar("a", count), Bar("b", 100)]) for count in (1, 9)]
    assert drawn[0] == drawn[1] != svg("t", [Bar("a", 10), Bar("b", 100)])
    assert "<script>" not in svg("<script>", [Bar("<script>", 0)])


def test_the_report_draws_what_the_ledger_has(sqlite_store: SecureStore) -> None:
    rules = load_rules(SURVEY)
    wave = new_wave(sqlite_store)
    with pytest.raises(StepRefused, match="is not known yet"):
        report(sqlite_store, wave.id, rules)
    run_before(sqlite_store, wave, Verb.LOCATE)
    with step(sqlite_store, wave, Verb.LOCATE, "tester") as running:
        running.counts.update(responses=100, set_aside=2, outcome_matched=90, outcome_unknown=10, from_home_postcode=90, school_matched=50)
        running.counts.update(directory="ONSPD_2026-01", schools="none", deprivation="none")
    destroy(sqlite_store, wave, "locators", "tester", "schedule.test")
    with step(sqlite_store, wave, Verb.SCRUB, "tester") as running:
        found = pd.DataFrame([(row, "likely_adult") for row in range(25)], columns=["row", "rule"])
        running.counts.update(responses=98, set_aside=0, **counts(rules, found))
    made = report(sqlite_store, wave.id, rules)
    page, lines = as_html(made), as_lines(made)
    assert page.count("<svg") == 5
    for words in ("ONSPD 2026-01", "likely adult", *(rule.reason.split(".")[0] for rule in rules.rules.values())):
        assert escape(words) in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "script" not in page
    assert any("likely adult" in line and line.endswith(" 25") for line in lines)
