"""The evidence: a measure counts as working only if each of its tests was collected, ran and passed; everything else is a gap."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pikepdf
import pytest

from governance.approvals import Signed
from governance.assurance import Evidence, NotAssured, Outcome, assure, overdue, read_results, run_tests, unfound
from governance.cases import kinds
from governance.charts import in_words, risk_matrix
from governance.evidence import render, write_report
from governance.opening import Situation
from governance.risks import Likelihood, Rating, Register, Severity
from tests.governance.records import decision, open_situation, own_record

HERE = "tests/governance/test_assurance.py"
ORDINARY = f"{HERE}::test_an_ordinary_test_for_the_run_below"


def test_an_ordinary_test_for_the_run_below() -> None:
    """Run by test_tests_are_really_run."""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Situation:
    """Everything in place. What the register is bound to is for test_record to check: here it is what is there."""
    found = open_situation(own_record(tmp_path_factory.mktemp("office") / "record"))
    lost, register = set(unfound(found.record.register)), found.record.register
    measures = tuple(
        replace(
            measure,
            modules=tuple(name for name in measure.modules if name not in lost) or ("governance.risks",),
            tests=tuple(test for test in measure.tests if test not in lost) or (ORDINARY,),
        )
        for measure in register.measures
    )
    return replace(found, record=replace(found.record, register=Register(register.risks, measures)))


def results(folder: Path, register: Register, otherwise: Mapping[str, str | None] | None = None) -> Path:
    """JUnit results in which every test of the register passed; `otherwise`: the element a test's case holds, None for no case at all."""
    cases = []
    for test in register.tests():
        inner = (otherwise or {}).get(test, "")
        file, _, name = test.partition("::")
        if inner is not None:
            cases.append(f'<testcase classname="{file.removesuffix(".py").replace("/", ".")}" name="{name}[one]"/>')
            cases.append(f'<testcase classname="{file.removesuffix(".py").replace("/", ".")}" name="{name}[two]">{inner}</testcase>')
    path = folder / "given.xml"
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>", encoding="utf-8")
    return path


def gathered(at: Situation, folder: Path, otherwise: Mapping[str, str | None] | None = None, for_approval: bool = False) -> Evidence:
    return assure(at, folder, results(folder, at.record.register, otherwise), for_approval)


def test_with_every_test_passed_and_everything_signed_there_is_no_gap(at: Situation, tmp_path: Path) -> None:
    evidence = gathered(at, tmp_path)
    assert evidence.gaps == ()
    evidence.require()
    assert all(evidence.proven(measure) and evidence.last_shown(measure) == at.today for measure in at.record.register.measures)


@pytest.mark.parametrize(
    ("inner", "outcome"), [("<failure/>", "failed"), ("<error/>", "failed"), ("<skipped/>", "skipped"), (None, "not collected")]
)
def test_one_case_that_did_not_pass_is_a_gap(at: Situation, tmp_path: Path, inner: str | None, outcome: str) -> None:
    measure = at.record.register.measures[0]
    evidence = gathered(at, tmp_path, {measure.tests[0]: inner})
    assert evidence.gaps == (f"Measure '{measure.code}' is not shown to work: {measure.tests[0]} was {outcome}.",)
    assert not evidence.proven(measure)
    assert evidence.last_shown(measure) is None
    with pytest.raises(NotAssured, match=f"Measure '{measure.code}' is not shown to work.* was {outcome}: the report lists every gap"):
        evidence.require()
    assert f"{outcome}</span>" in render(evidence)


def test_it_remembers_when_a_measure_was_last_shown_to_work(at: Situation, tmp_path: Path) -> None:
    measure = at.record.register.measures[0]
    gathered(at, tmp_path)
    later = replace(at, today=at.today + timedelta(days=7))
    evidence = gathered(later, tmp_path, {measure.tests[0]: "<failure/>"})
    assert evidence.last_shown(measure) == at.today
    assert f"Not shown to work now; last on {at.today}" in re.sub(r"\s+", " ", render(evidence))
    other = at.record.register.measures[-1]
    assert evidence.last_shown(other) == later.today


def test_signatures_reviews_and_differences_are_gaps(at: Situation, tmp_path: Path) -> None:
    unsigned = replace(
        at, signed=Signed(at.record, ()), today=at.today + timedelta(days=400), live={**at.live, "policy": {"threshold": "5"}}
    )  # type: ignore[dict-item]
    gaps = gathered(unsigned, tmp_path).gaps
    for part in ("Nobody has signed 'measures'", "A review has been overdue", "'threshold' is 5", "was last checked"):
        assert any(part in gap for gap in gaps), part


def test_for_those_who_are_to_sign_only_signatures_may_be_missing(at: Situation, tmp_path: Path) -> None:
    unsigned = replace(at, signed=Signed(at.record, ()))
    assert gathered(unsigned, tmp_path).gaps != ()
    assert gathered(unsigned, tmp_path, for_approval=True).gaps == ()
    differing = replace(unsigned, derived={"unheard_of": "1"})
    assert len(gathered(differing, tmp_path, for_approval=True).gaps) == 1


def test_a_demonstration_is_no_signature(at: Situation, tmp_path: Path) -> None:
    shown = replace(at, signed=Signed(at.record, (decision(at.record, "dpia-demonstrate", "anna", live={}),)))
    assert len(gathered(shown, tmp_path).gaps) == 3


def test_a_module_that_is_gone_is_a_gap(at: Situation, tmp_path: Path) -> None:
    first, *others = at.record.register.measures
    register = Register(at.record.register.risks, (replace(first, modules=("disclosure.gone",)), *others))
    evidence = gathered(replace(at, record=replace(at.record, register=register)), tmp_path)
    assert evidence.gaps == ("The module disclosure.gone is named by a measure and is not there.",)


def test_tests_are_really_run(tmp_path: Path) -> None:
    run_tests([ORDINARY], tmp_path / "results.xml")
    assert read_results(tmp_path / "results.xml") == {ORDINARY: (Outcome.PASSED, 1)}


@pytest.mark.parametrize("content", [None, "", "<testsuites>"])
def test_results_that_are_none_are_said_so(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "given.xml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NotAssured, match=r"There are no results of tests in given\.xml"):
        read_results(path)


# -- the report


def test_the_report_is_a_page_that_loads_nothing_and_a_tagged_pdf(at: Situation, tmp_path: Path) -> None:
    page, document = write_report(gathered(at, tmp_path, {at.record.register.measures[0].tests[0]: "<failure/>"}), tmp_path / "out")
    html = page.read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!data:|#)', html) == []
    assert "<script" not in html
    for risk in at.record.register.risks:
        assert risk.title in unescape(html)
    for measure in at.record.register.measures:
        for test in measure.tests:
            assert test in html
    assert at.record.sha256 in html
    with pikepdf.open(document) as pdf:
        root = pdf.Root
        assert (str(root.Lang), bool(root.MarkInfo.Marked), bool(root.ViewerPreferences.DisplayDocTitle)) == ("en", True, True)
        assert [text[:21] for text in figures(root.StructTreeRoot.K)] == ["Risks before measures", "Risks after measures:"]
        with pdf.open_metadata() as metadata:
            assert str(metadata["pdfuaid:part"]) == "1"


def figures(node: object) -> list[str]:
    """What is said of each picture, in order."""
    if isinstance(node, pikepdf.Array):
        return [text for one in node for text in figures(one)]
    if not isinstance(node, pikepdf.Dictionary):
        return []
    own = [str(node.get("/Alt"))] if node.get("/S") == "/Figure" else []
    return own + (figures(node.K) if "/K" in node else [])


def test_what_an_office_writes_is_escaped(at: Situation, tmp_path: Path) -> None:
    first, *others = at.record.register.risks
    register = Register((replace(first, title="<b>bold</b>"), *others), at.record.register.measures)
    html = render(gathered(replace(at, record=replace(at.record, register=register)), tmp_path))
    assert "&lt;b&gt;bold" in html
    assert "<b>bold" not in html


def test_every_risk_stands_in_its_cell_once(at: Situation) -> None:
    risks = at.record.register.risks
    for after in (False, True):
        found = re.findall(r'font-weight="bold">([0-9, ]+)<', risk_matrix(risks, after))
        assert sorted(int(number) for line in found for number in line.split(", ")) == list(range(1, len(risks) + 1))
    high = Rating(Likelihood.PROBABLE, Severity.SEVERE)
    assert in_words([replace(risks[0], before=high, after=high)], after=True).startswith("Risks after measures: 1 high (numbers 1);")


def test_training_that_ended_and_laws_that_nobody_looked_up_are_gaps(at: Situation, tmp_path: Path) -> None:
    first, *others = at.record.people.staff
    ended = replace(first, trained_until=at.today - timedelta(days=1), cleared_until=at.today)
    late = replace(at, record=replace(at.record, people=replace(at.record.people, staff=(ended, *others))))
    given = results(tmp_path, at.record.register)
    (gap,) = assure(late, tmp_path, given).gaps
    assert gap == f"The training of {first.account} ended on {ended.trained_until}: renew it, or take them out of people.yaml."
    law = min(kind.checked_on for kind in kinds().values())
    assert not [gap for gap in overdue(replace(at, today=law + timedelta(days=365))) if "looked up" in gap]
    assert len([gap for gap in overdue(replace(at, today=law + timedelta(days=366))) if "was last looked up on" in gap]) == len(kinds())
