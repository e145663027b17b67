"""The language model is asked about exactly the texts that leave the quick network in doubt, and only their opinion changes."""

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.scrub import lists, opinion
from pipeline.scrub.opinion import Opinions
from pipeline.scrub.rampart import Floats, Rampart
from pipeline.scrub.words import Word, split

TEXTS = [
    "idk", "", "more football please", "hope said i cant sit with them", "the boss at my club is called bex", "i like crisps",
    "my best friend oluwaseun moved away", "we went down gasworks lane", "🙂", "nothing stops me", "will it rain in may", "me and jo b",
]  # fmt: skip
DOUBT = 0.01


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the model reads, which reads them as ever."""
    seen: list[str] = []
    read = Rampart.read

    def listening(self: Rampart, texts: Sequence[str], words: Sequence[Sequence[Word]]) -> list[Floats]:
        seen.extend(texts)
        return read(self, texts, words)

    monkeypatch.setattr(Rampart, "read", listening)
    return seen


def test_the_model_is_asked_where_there_is_doubt_and_nowhere_else(asked: list[str]) -> None:
    words, nothing = [split(text) for text in TEXTS], [[] for _ in TEXTS]
    quick = Opinions(lists.load(), model=False, doubt=DOUBT).of(TEXTS, words, nothing)
    both = Opinions(lists.load(), model=True, doubt=DOUBT).of(TEXTS, words, nothing)
    private = [1 - o[:, 0] for o in quick]
    doubtful = [text for text, p in zip(TEXTS, private, strict=True) if ((p >= DOUBT) & (p < opinion._SURE)).any()]
    assert asked == doubtful
    assert 0 < len(doubtful) < len(TEXTS)
    for text, alone, together in zip(TEXTS, quick, both, strict=True):
        assert (text in doubtful) or np.array_equal(alone, together)
        np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-5)


def test_without_doubt_allowed_every_text_is_asked_about(asked: list[str]) -> None:
    words = [split(text) for text in TEXTS]
    Opinions(lists.load(), model=True, doubt=0).of(TEXTS, words, [[] for _ in TEXTS])
    assert len(asked) >= len([own for own in words if own]) - 2  # all but those with nothing but surely private words
