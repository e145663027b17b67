"""What the learnt combination thinks of every word: the quick network first, and the language model only where that is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from io import BytesIO

from threadpoolctl import ThreadpoolController

from pipeline.scrub.attributes import Attributes
from pipeline.scrub.lists import NameLists
from pipeline.scrub.network import Described, Floats, Network, read_weights
from pipeline.scrub.rampart import Rampart
from pipeline.scrub.spans import Span
from pipeline.scrub.words import Word

_SURE = 0.99  # a word that is private with this probability leaves no doubt either: it is masked
_QUICK_SHARE = 0.5  # of the say, where both networks were asked; two that err differently err less together


def _blend(quick: Floats, full: Floats) -> Floats:
    """Weighted geometric mean of two opinions."""
    mixed = quick**_QUICK_SHARE * full ** (1 - _QUICK_SHARE)
    result: Floats = mixed / mixed.sum(axis=1, keepdims=True)
    return result


def load_network(name: str) -> Network:
    """A network that `pipeline.scrub.train` saved."""
    return Network(read_weights(BytesIO((files("pipeline") / "data" / "scrub" / f"{name}.npz").read_bytes())))


class Opinions:
    """Gives (words, classes) probabilities for texts."""

    def __init__(self, lists: NameLists, model: bool, doubt: float, load: Callable[[str], Network] = load_network) -> None:
        """`model`: whether the language model may be asked. `doubt`: from which probability it is, up to where a word is surely private.
        `load`: gives the networks `quick` and `full`.
        """
        self._lists, self._doubt = lists, doubt
        self._attributes = Attributes(lists)
        self._quick = load("quick")
        self._full = load("full") if model else None
        self._model = Rampart() if model else None
        self._blas = ThreadpoolController()

    def of(self, texts: Sequence[str], words: Sequence[Sequence[Word]], certain: Sequence[Sequence[Span]]) -> list[Floats]:
        """The opinion on each text. `certain`: what the pattern layers found in it."""
        with self._blas.limit(limits=1, user_api="blas"):  # several threads wait for each other longer than these small products take
            return self._of(texts, words, certain)

    def _of(self, texts: Sequence[str], words: Sequence[Sequence[Word]], certain: Sequence[Sequence[Span]]) -> list[Floats]:
        described: list[Described] = [
            ([self._attributes.of_word(w.text, w.low) for w in own], self._attributes.of_place(own, sure))
            for own, sure in zip(words, certain, strict=True)
        ]
        found = self._quick.probabilities(described)
        if self._full is None or self._model is None:
            return found
        doubtful = [i for i, opinion in enumerate(found) if ((opinion[:, 0] <= 1 - self._doubt) & (opinion[:, 0] > 1 - _SURE)).any()]
        if doubtful:
            readings = self._model.read([texts[i] for i in doubtful], [words[i] for i in doubtful])
            second = self._full.probabilities([described[i] for i in doubtful], readings)
            for i, opinion in zip(doubtful, second, strict=True):
                found[i] = _blend(found[i], opinion)
        return found
