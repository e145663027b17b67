"""Proposals and classifiers on invented answers: what they find, what they never show, and that they are the same every time."""

from __future__ import annotations

import random

import numpy as np
import pytest

from pipeline.review_policy import load_review_policy
from pipeline.theme_model import FEWEST, Quality, learn, measure, propose

MONEY = [
    "clubs cost too much money",
    "my parents cannot afford trips",
    "everything is expensive",
    "we need more money for food",
    "prices of things",
]
SCHOOL = ["too much homework", "teachers do not listen", "exams are stressful", "lessons are boring", "more help in class at school"]
OTHER = ["i want a dog", "more parks please", "nothing really", "being kind", "less litter everywhere"]


def answers(each: int, seed: int = 3, shares: tuple[float, ...] = (0.3, 0.3, 0.4)) -> tuple[list[str], np.ndarray]:
    """Answers put together of phrases on money, school and neither; and which are about money."""
    draw = random.Random(seed)
    texts, about = [], []
    for _ in range(each):
        group = draw.choices((MONEY, SCHOOL, OTHER), shares)[0]
        texts.append(f"{draw.choice(group)} and {draw.choice(group)} {draw.choice(['', '!', 'lol', 'tbh'])}")
        about.append(group is MONEY)
    return texts, np.array(about)


def test_a_theme_that_words_tell_is_found_and_its_quality_is_measured() -> None:
    texts, about = answers(240)
    found = measure(texts, about, "money")
    assert (found.examples, found.coded) == (int(about.sum()), 240)
    for share in (found.precision, found.recall, found.kappa):
        assert share is not None
        value, low, high = share
        assert value >= 0.9
        assert low <= value <= high
    assert found.good(load_review_policy())


def test_a_theme_that_nothing_tells_is_not_good() -> None:
    """The same answers under labels of chance: cross-validation must not be fooled by what the classifier learnt by heart."""
    rng = np.random.default_rng(1)
    texts = [" ".join(f"word{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in rng.integers(300, size=12)) for _ in range(240)]
    chance = rng.random(240) < 0.4
    found = measure(texts, chance, "chance")
    assert found.kappa is not None
    assert abs(found.kappa[0]) < 0.25
    assert not found.good(load_review_policy())


def test_what_is_judged_was_never_learnt_from() -> None:
    """Some answers are coded against their words: whoever learnt them by heart would agree with the coder all the same."""
    rng = np.random.default_rng(2)
    noise = [" ".join(f"word{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in rng.integers(300, size=12)) for _ in range(300)]
    signal = rng.random(300) < 0.3
    coded = signal ^ (rng.random(300) < 0.15)
    texts = [f"{'money money' if flag else 'parks parks'} {words}" for flag, words in zip(signal, noise, strict=True)]
    found = measure(texts, coded, "money")
    assert found.kappa is not None
    assert 0.4 < found.kappa[0] < 0.75, "words can tell no more"


@pytest.mark.parametrize("examples", [0, 9])
def test_too_few_examples_are_said_to_be_unknown(examples: int) -> None:
    texts, _ = answers(60)
    coded = np.array([number < examples for number in range(60)])
    found = measure(texts, coded, "rare")
    assert (found.precision, found.recall, found.kappa) == (None, None, None)
    assert not found.good(load_review_policy())


@pytest.mark.parametrize(("part", "value"), [("precision", 0.69), ("recall", 0.59), ("kappa", 0.59)])
def test_each_part_of_the_agreed_quality_is_asked(part: str, value: float) -> None:
    policy = load_review_policy()
    good = {"theme": "t", "examples": policy.theme_examples, "coded": 200}
    shares = {"precision": (0.7, 0.6, 0.8), "recall": (0.6, 0.5, 0.7), "kappa": (0.6, 0.5, 0.7)}
    assert Quality(**good, **shares).good(policy)  # type: ignore[arg-type]
    assert not Quality(**good, **{**shares, part: (value, 0.1, 0.9)}).good(policy)  # type: ignore[arg-type]
    assert not Quality(**{**good, "examples": policy.theme_examples - 1}, **shares).good(policy)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_and_another_order_of_answers_changes_little() -> None:
    texts, about = answers(200)
    assert measure(texts, about, "money", 5) == measure(texts, about, "money", 5)
    first, second = (learn(texts, about, 5) for _ in range(2))
    assert first[1] == second[1]
    assert (first[0].predict_proba(texts) == second[0].predict_proba(texts)).all()


def test_placeholders_of_what_was_scrubbed_tell_no_theme() -> None:
    texts, about = answers(200)
    marked = [f"{text} [name 1] [school]" if flag else text for text, flag in zip(texts, about, strict=True)]
    model, _ = learn(marked, about)
    assert not any(word in model[0].vocabulary_ for word in ("name", "school name", "[name"))


def test_proposals_find_what_stands_together_and_never_show_a_rare_word() -> None:
    texts, _ = answers(400)
    texts += ["quillfeather said homework"] * (FEWEST - 1)
    topics = propose(texts, 3)
    assert topics == propose(texts, 3)
    shown = {word for topic in topics for word in topic.words}
    assert "quillfeather" not in shown
    assert {"homework", "money"} <= shown
    assert not any({"homework", "afford"} <= set(topic.words[:5]) for topic in topics)
    assert all(topic.answers % FEWEST == 0 for topic in topics)
    assert any("quillfeather" in topic.words for topic in propose([*texts, "quillfeather said homework"] * 2, 12))


def test_too_few_answers_are_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - ours and scikit-learn's are both turned into a sentence by `themes.proposals`
        propose(["one", "two"], 2)
    with pytest.raises(ValueError, match="ask for fewer"):
        propose(answers(100)[0], 300)
