"""Learns from the written examples which words hint at harm, beside invented everyday answers, and says how many answers it would flag:

    python -m pipeline.safeguarding_train [FILE ...]

FILE: answers that were not learnt from, one a line, most of them without harm (`benchmarks/data/scrub_rounds`). Printed is the likeness
from which one in a hundred, one in fifty ... of them would be flagged. The threshold is data (rule `hinted` of rules.yaml).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pipeline.safeguarding_hints import examples, likeness, load_weights, save_weights, terms
from pipeline.safeguarding_rules import plain
from pipeline.scrub import lists
from pipeline.scrub.invent import Inventor

EVERYDAY = ("ordinary", "everyday")
_INVENTED, _SEED, _STRENGTH = 6_000, 77, 10.0
_SHARES = (0.01, 0.02, 0.05, 0.1)


def train() -> None:
    """Learn, and keep the weights."""
    sections = examples()
    harm = [text for name, texts in sections.items() if name not in EVERYDAY for text in texts]
    inventor = Inventor(lists.load(), _SEED)
    others = [text for name in EVERYDAY for text in sections[name]] + [inventor.draw().text for _ in range(_INVENTED)]
    vectors = TfidfVectorizer(analyzer=terms, sublinear_tf=True, min_df=2)
    inputs = vectors.fit_transform([plain(text) for text in harm + others])
    model = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=1000)
    model.fit(inputs, np.array([1] * len(harm) + [0] * len(others)))
    save_weights(zip(vectors.get_feature_names_out(), vectors.idf_, model.coef_[0], strict=True), float(model.intercept_[0]))
    load_weights.cache_clear()


def main() -> None:
    """Train, and tell how high the likeness of other answers is."""
    train()
    for name in sys.argv[1:]:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        texts = [re.sub(r"<[A-Z]+ ([^<>]+)>", r"\1", line) for line in lines if line and not line.startswith("#")]
        found = sorted((likeness(plain(text)) for text in texts), reverse=True)
        print(name, {share: round(found[int(share * len(found))], 2) for share in _SHARES})  # noqa: T201


if __name__ == "__main__":
    main()
