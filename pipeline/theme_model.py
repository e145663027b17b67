"""Finding themes in many answers: proposals by TF-IDF and NMF, and a classifier per theme learnt from those coded by hand.

Deterministic for a seed. Quality is measured by nested cross-validation: the threshold of a fold is chosen without ever seeing the
answers that it is then judged on.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from pipeline.agreement import Agreement
from pipeline.residual import lower, upper
from pipeline.review_policy import ReviewPolicy

FOLDS = 5
FEWEST = 10  # children who used a word, before it may stand in a proposal; and who wrote on a topic, before its share may
_PLACEHOLDER = re.compile(r"\[[a-z ]+(?: \d+)?\]", re.IGNORECASE)  # what scrubbing left says nothing of a theme
_WORDS = r"[a-z']{2,}"
_SURE = 0.95  # two-sided confidence of the intervals
Flags = npt.NDArray[np.bool_]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Topic:
    """One proposal: the words that mark it, most telling first, and in how many answers it is the strongest (rounded down to tens)."""

    words: tuple[str, ...]
    answers: int


@dataclass(frozen=True)
class Quality:
    """How well the machine finds a theme, by cross-validation on `examples` answers coded with it out of `coded`.

    `precision`, `recall`: (value, low, high), exact 95 % intervals (Clopper and Pearson), None where there is nothing to divide by;
    `kappa`: with the people, large-sample interval.
    """

    theme: str
    examples: int
    coded: int
    precision: tuple[float, float, float] | None
    recall: tuple[float, float, float] | None
    kappa: tuple[float, float, float] | None

    def good(self, policy: ReviewPolicy) -> bool:
        """True if the theme may be tabulated by the policy."""
        if self.precision is None or self.recall is None or self.kappa is None or self.examples < policy.theme_examples:
            return False
        measured, asked = (
            (self.precision[0], self.recall[0], self.kappa[0]),
            (policy.theme_precision, policy.theme_recall, policy.theme_kappa),
        )
        return all(value >= least for value, least in zip(measured, asked, strict=True))


def propose(texts: Sequence[str], topics: int, seed: int = 0) -> list[Topic]:
    """Topics by non-negative matrix factorisation of TF-IDF, largest first. Words that fewer than ten answers hold are never shown.

    Raises ValueError if there are too few answers, or words that enough of them share.
    """
    vectoriser = TfidfVectorizer(
        preprocessor=_plain, strip_accents="unicode", stop_words="english", min_df=FEWEST, sublinear_tf=True, token_pattern=_WORDS
    )
    matrix = vectoriser.fit_transform(texts)
    words = vectoriser.get_feature_names_out()
    if topics < 1 or len(words) < topics:
        raise ValueError("too few words are shared by ten answers or more for so many topics: ask for fewer")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a proposal need not be the last decimal
        model = NMF(topics, init="nndsvda", random_state=seed, max_iter=400)
        weights = model.fit_transform(matrix)
    strongest = np.where(weights.max(axis=1) > 0, weights.argmax(axis=1), -1)
    found = []
    for topic in range(topics):
        order = np.argsort(-model.components_[topic], kind="stable")[:10]
        telling = tuple(str(words[k]) for k in order if model.components_[topic][k] > 0)
        found.append(Topic(telling, int((strongest == topic).sum()) // FEWEST * FEWEST))
    return sorted(found, key=lambda topic: (-topic.answers, topic.words))


def measure(texts: Sequence[str], coded: Flags, theme: str, seed: int = 0) -> Quality:
    """Quality of one theme. `coded`: for each answer, whether a person found the theme in it."""
    examples = int(coded.sum())
    if min(examples, len(coded) - examples) < 2 * FOLDS:  # too few for folds within folds
        return Quality(theme, examples, len(coded), None, None, None)
    answers = np.asarray(texts, dtype=object)
    said = np.zeros(len(answers), dtype=bool)
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(answers, coded):
        model, threshold = learn(answers[train].tolist(), coded[train], seed)
        said[test] = model.predict_proba(answers[test].tolist())[:, 1] >= threshold
    both, alone, missed = int((said & coded).sum()), int((said & ~coded).sum()), int((~said & coded).sum())
    agreed = Agreement(both, alone, missed, len(coded) - both - alone - missed)
    kappa, interval = agreed.kappa, agreed.interval(_SURE)
    return Quality(
        theme, examples, len(coded), _share(both, both + alone), _share(both, both + missed),
        (kappa, *interval) if kappa is not None and interval is not None else None,
    )  # fmt: skip


def learn(texts: Sequence[str], coded: Flags, seed: int = 0) -> tuple[Pipeline, float]:
    """A fitted classifier (TF-IDF of words and pairs, logistic regression) and the probability from which a theme is given.

    The threshold is the one of best F1 over inner folds of these same answers.
    """
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    answers = list(texts)
    scores: Scores = cross_val_predict(_classifier(seed), answers, coded, cv=folds, method="predict_proba")[:, 1]
    return _classifier(seed).fit(answers, coded), _best_threshold(scores, coded)


def _classifier(seed: int) -> Pipeline:
    words = TfidfVectorizer(
        preprocessor=_plain, strip_accents="unicode", ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=_WORDS
    )
    return make_pipeline(words, LogisticRegression(C=5.0, class_weight="balanced", solver="liblinear", random_state=seed))


def _best_threshold(scores: Scores, coded: Flags) -> float:
    best, chosen = -1.0, 0.5
    for threshold in np.linspace(0.1, 0.9, 81):
        said = scores >= threshold
        f1 = 2 * (said & coded).sum() / (said.sum() + coded.sum())
        if f1 > best:
            best, chosen = float(f1), float(threshold)
    return chosen


def _share(part: int, whole: int) -> tuple[float, float, float] | None:
    if not whole:
        return None
    tail = (1 + _SURE) / 2
    return part / whole, lower(part, whole, tail), upper(part, whole, tail)


def _plain(text: str) -> str:
    return _PLACEHOLDER.sub(" ", text).replace("’", "'").lower()
