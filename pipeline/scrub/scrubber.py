"""The scrubber: Presidio's analyser as the shell, this project's layers as its recognisers, and many texts at once.

The NLP engine behind Presidio is ours: it splits a text into words once and hands them to every layer, downloads nothing and opens no
connection.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.tokens import Doc
from spacy.vocab import Vocab

from pipeline.scrub import combine, gazetteer, handles, listed_schools, lists, patterns, relations
from pipeline.scrub.lists import NameLists
from pipeline.scrub.opinion import Opinions
from pipeline.scrub.policy import load_policy
from pipeline.scrub.scan import Found, Part, scan
from pipeline.scrub.spans import LABELS, Span, resolve
from pipeline.scrub.words import Word, split

_LANGUAGE = "en"
_VOCABULARY = Vocab()


class Reading(NlpArtifacts):
    """A text, read once for all layers: its words, what has a form (patterns, handles), and what the learnt combination found in it."""

    def __init__(self, text: str, words: list[Word], patterned: list[Span], handled: list[Span], learnt: list[Span]) -> None:
        self.text, self.words, self.patterned, self.handled, self.learnt = text, words, patterned, handled, learnt
        super().__init__([], Doc(_VOCABULARY), [], [], None, _LANGUAGE)


Layer = Callable[[Reading, NameLists], Iterable[Span]]
LAYERS: dict[str, Layer] = {
    patterns.LAYER: lambda reading, _: reading.patterned,
    handles.LAYER: lambda reading, _: reading.handled,
    gazetteer.LAYER: lambda reading, known: gazetteer.find(reading.words, known),
    relations.LAYER: lambda reading, known: relations.find(reading.words, known),
    relations.ACTING: lambda reading, known: relations.find_acting(reading.words, known),
    listed_schools.LAYER: lambda reading, known: listed_schools.find(reading.words, known),
    combine.LAYER: lambda reading, _: reading.learnt,
}
# The lists and the relation rules speak through the learnt combination, which weighs them; alone they would mask too much.
DEFAULT_LAYERS = (patterns.LAYER, handles.LAYER, relations.ACTING, listed_schools.LAYER, combine.LAYER)


class _Reader(NlpEngine):
    """Presidio's NLP engine: splits words and asks the learnt combination; downloads nothing."""

    def __init__(self, known: NameLists, learnt: bool, threshold: float, model: bool, doubt: float) -> None:
        self._known = known
        self._opinions = Opinions(known, model, doubt) if learnt else None
        self._threshold = threshold

    def load(self) -> None:
        """Nothing to load: it is loaded when made."""

    def is_loaded(self) -> bool:
        return True

    def read(self, texts: Sequence[str]) -> list[Reading]:
        words = [split(text) for text in texts]
        patterned = [patterns.find(text) for text in texts]
        handled = [list(handles.find(text, self._known)) for text in texts]
        learnt: list[list[Span]] = [[] for _ in texts]
        if self._opinions is not None:
            opinions = self._opinions.of(texts, words, [a + b for a, b in zip(patterned, handled, strict=True)])
            learnt = [combine.spans(*each, self._threshold) for each in zip(texts, words, opinions, strict=True)]
        return [Reading(*each) for each in zip(texts, words, patterned, handled, learnt, strict=True)]

    def process_text(self, text: str, language: str) -> Reading:  # noqa: ARG002
        return self.read([text])[0]

    def process_batch(self, texts: Iterable[str], language: str, *_: object, **__: object) -> Iterator[tuple[str, Reading]]:  # noqa: ARG002
        known = list(texts)
        yield from zip(known, self.read(known), strict=True)

    def is_stopword(self, word: str, language: str) -> bool:  # noqa: ARG002
        return False

    def is_punct(self, word: str, language: str) -> bool:  # noqa: ARG002
        return not word.isalnum()

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return [_LANGUAGE]


class _Recogniser(EntityRecognizer):
    """One layer as Presidio sees it."""

    def __init__(self, name: str, layer: Layer, known: NameLists) -> None:
        self._layer, self._lists, self._layer_name = layer, known, name
        super().__init__(supported_entities=list(LABELS), name=name, supported_language=_LANGUAGE)

    def load(self) -> None:
        """Nothing to load: the lists are there already."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:  # noqa: ARG002
        if not isinstance(nlp_artifacts, Reading):
            raise TypeError("this layer reads what the scrubber's own engine prepared: use Scrubber, not the recogniser alone")
        return [
            RecognizerResult(
                s.label, s.start, s.end, s.score, recognition_metadata={RecognizerResult.RECOGNIZER_NAME_KEY: self._layer_name}
            )
            for s in self._layer(nlp_artifacts, self._lists)
        ]


class _NoEnhancer(ContextAwareEnhancer):
    """The layers read their context themselves."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,  # noqa: ARG002
        raw_results: list[RecognizerResult],
        *_: object,
        **__: object,
    ) -> list[RecognizerResult]:
        return raw_results


@dataclass(frozen=True)
class Setting:
    """What makes a scrubber, and nothing of what it reads; see `Scrubber` for what the fields mean."""

    known: NameLists | None = field(default=None, repr=False)
    layers: tuple[str, ...] = DEFAULT_LAYERS
    threshold: float = field(default_factory=lambda: load_policy().threshold)
    model: bool = True
    doubt: float = field(default_factory=lambda: load_policy().doubt)

    def __post_init__(self) -> None:
        unknown = set(self.layers) - set(LAYERS)
        if unknown:
            raise ValueError(f"no such layer: {', '.join(sorted(unknown))}; the layers are {', '.join(LAYERS)}")
        if not (0 < self.threshold < 1 and 0 <= self.doubt < 1):
            raise ValueError("the masking threshold and the doubt must lie between 0 and 1")

    def fingerprint(self) -> str:
        """Differs as soon as anything differs that decides what is found: this setting, the lists, the weights or the rules."""
        digest = hashlib.sha256(repr(self).encode())
        digest.update((self.known.fingerprint() if self.known is not None else "").encode())
        for folder in (files("pipeline") / "scrub", files("pipeline") / "data" / "scrub"):
            for path in sorted((p for p in folder.iterdir() if p.is_file()), key=lambda p: p.name):
                digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()


class Scrubber:
    """Finds personal data in children's writing. Loads once, offline; the same text always gives the same spans."""

    def __init__(
        self,
        lists: NameLists | None = None,
        layers: Sequence[str] = DEFAULT_LAYERS,
        threshold: float | None = None,
        model: bool = True,
        doubt: float | None = None,
    ) -> None:
        """`lists`: word lists, by default this package's own. `layers`: names of the layers to use. `threshold`: the least probability
        at which the learnt combination masks a word. `doubt`: from which probability the language model is asked about a text. Both
        are by default the policy's. `model`: whether the language model may be asked (without it: faster, less found).

        Raises ValueError for an unknown layer or a threshold that is no probability.
        """
        policy = load_policy()
        point = (policy.threshold if threshold is None else threshold, policy.doubt if doubt is None else doubt)
        self.setting = Setting(lists, tuple(layers), point[0], model, point[1])
        known = lists if lists is not None else _default_lists()
        self._reader = _Reader(known, combine.LAYER in layers, point[0], model, point[1])
        registry = RecognizerRegistry(recognizers=[_Recogniser(n, LAYERS[n], known) for n in layers], supported_languages=[_LANGUAGE])
        self._analyser = AnalyzerEngine(
            registry=registry, nlp_engine=self._reader, supported_languages=[_LANGUAGE], context_aware_enhancer=_NoEnhancer()
        )
        _settle()

    @classmethod
    def of(cls, setting: Setting) -> Scrubber:
        """The scrubber that a setting makes."""
        return cls(setting.known, setting.layers, setting.threshold, setting.model, setting.doubt)

    def find(self, text: str) -> tuple[Span, ...]:
        """Spans of personal data, sorted, without overlap."""
        return self.find_part([text])[0]

    def find_many(self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None) -> Found:
        """Spans of each text, in order, found in this process. Identical texts are read once; `progress` counts different ones."""
        return scan(texts, self.run, progress)

    def run(self, parts: Iterable[Part]) -> Iterator[tuple[int, Found]]:
        """This process as an executor of `scan`."""
        for part in parts:
            yield part.number, self.find_part(part.texts)

    def find_part(self, texts: Sequence[str]) -> Found:
        """Spans of each of a few texts, read together."""
        name = RecognizerResult.RECOGNIZER_NAME_KEY
        found = []
        for text, reading in zip(texts, self._reader.read(texts), strict=True):
            results = self._analyser.analyze(text, _LANGUAGE, nlp_artifacts=reading) if reading.words else []
            found.append(resolve(Span(r.start, r.end, r.entity_type, r.score, r.recognition_metadata[name]) for r in results))
        return found


@cache
def _settle() -> None:
    """What the first scrubber loaded stays as long as its process: the garbage collector need not walk all of it again and again."""
    gc.collect()
    gc.freeze()


def _default_lists() -> NameLists:
    return lists.load()
