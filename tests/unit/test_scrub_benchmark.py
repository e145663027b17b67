"""What the benchmark measures is what its docstring says, on examples that a person can count; and the answers for checking are sound."""

from pathlib import Path

import pytest

from benchmarks.scrub import CHECK, Labelled, read, score
from benchmarks.scrub_page import Result, page
from pipeline.scrub.policy import load_policy

TEXTS = [
    Labelled("ask bo or al", ((4, 6), (10, 12)), ()),
    Labelled("nobody here", (), ()),
    Labelled("i am 9", (), ((5, 6),)),
    Labelled("fine", (), ()),
]


def test_it_counts_as_a_person_would() -> None:
    masks = [[(4, 5), (0, 3)], [(0, 6)], [(5, 6)], []]
    # of two spans one touched; of four letters three left; of four masks two touch; of two clean texts one touched; three of four flagged
    assert score(TEXTS, masks) == Result(recall=0.5, leak=0.75, precision=0.5, touched=0.5, flagged=0.75)


def test_nothing_masked_and_all_masked() -> None:
    assert score(TEXTS, [[] for _ in TEXTS]) == Result(0.0, 1.0, 0.0, 0.0, 0.0)
    everything = score(TEXTS, [[(0, len(t.text))] for t in TEXTS])
    assert (everything.recall, everything.leak, everything.touched, everything.flagged) == (1.0, 0.0, 1.0, 1.0)


def test_marked_answers_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("# a remark\nask <PERSON bo> at <SCHOOL st kits>!\n\nplain\n", encoding="utf-8")
    assert read(path) == [Labelled("ask bo at st kits!", ((4, 6), (10, 17)), ()), Labelled("plain", (), ())]
    path.write_text("ask <NAME bo>", encoding="utf-8")
    with pytest.raises(ValueError, match="'NAME' marks no kind"):
        read(path)


def test_the_answers_for_checking_are_many_and_all_different() -> None:
    texts = read(CHECK)
    assert len({t.text for t in texts}) == len(texts) > 300
    assert not any("<" in t.text or ">" in t.text for t in texts)
    assert all(t.text[a:b].strip() == t.text[a:b] for t in texts for a, b in t.private)
    assert 0.3 < sum(bool(t.private) for t in texts) / len(texts) < 0.7


def test_the_page_shows_the_point_that_the_policy_chose() -> None:
    policy = load_policy()
    points = [(policy.threshold, Result(0.9, 0.1, 0.8, 0.2, 0.5)), (0.9, Result(0.7, 0.3, 1.0, 0.0, 0.25))]
    html = page(points, {"another <one>": Result(0.6, 0.4, 0.5, 0.3, 0.4)}, policy, 7)
    assert f'<tr class="chosen"><td>threshold {policy.threshold}</td><td>0.900</td>' in html
    assert html.count('class="chosen"') == 1
    assert "<td>250</td>" in html
    assert "another &lt;one&gt;" in html
    assert html.count("<svg") == 2
