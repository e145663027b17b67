"""The scrubber: Presidio's analyser as the shell, this project's layers as its recognisers, and many texts at once.

The NLP engine behind Presidio is ours: it splits a text into words once and hands them to every layer, downloads nothing and opens no
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.tokens import Doc
from spacy.vocab import Vocab

from pipeline.scrub import combine, gazetteer, handles, lists, patterns, relations
from pipeline.scrub.lists import NameLists
from pipeline.scrub.opinion import DOUBT, Opinions
from pipeline.scrub.spans import LABELS, Span, resolve
from pipeline.scrub.words import Word, split

_LANGUAGE = "en"
_CHUNK = 512
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
    combine.LAYER: lambda reading, _: reading.learnt,
}
# The lists and the relation rules speak through the learnt combination, which weighs them; alone they would mask too much.
DEFAULT_LAYERS = (patterns.LAYER, handles.LAYER, relations.ACTING, combine.LAYER)


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
class _Setting:
    """What a worker needs to make the same scrubber."""

    known: NameLists | None
    layers: tuple[str, ...]
    threshold: float
    model: bool
    doubt: float


class Scrubber:
    """Finds personal data in children's writing. Loads once, offline; the same text always gives the same spans."""

    def __init__(
        self,
        lists: NameLists | None = None,
        layers: Sequence[str] = DEFAULT_LAYERS,
        threshold: float = combine.THRESHOLD,
        model: bool = True,
        doubt: float = DOUBT,
    ) -> None:
        """`lists`: word lists, by default this package's own. `layers`: names of the layers to use. `threshold`: the least probability
        at which the learnt combination masks a word; the policy chooses it by the review load it makes. `model`: whether the language
        model may be asked (without it: faster, less found). `doubt`: from which probability it is asked about a text.

        Raises ValueError for an unknown layer or a threshold that is no probability.
        """
        unknown = set(layers) - set(LAYERS)
        if unknown:
            raise ValueError(f"no such layer: {', '.join(sorted(unknown))}; the layers are {', '.join(LAYERS)}")
        if not (0 < threshold < 1 and 0 <= doubt < 1):
            raise ValueError("the masking threshold and the doubt must lie between 0 and 1")
        self._setting = _Setting(lists, tuple(layers), threshold, model, doubt)
        known = lists if lists is not None else _default_lists()
        self._reader = _Reader(known, combine.LAYER in layers, threshold, model, doubt)
        registry = RecognizerRegistry(recognizers=[_Recogniser(n, LAYERS[n], known) for n in layers], supported_languages=[_LANGUAGE])
        self._analyser = AnalyzerEngine(
            registry=registry, nlp_engine=self._reader, supported_languages=[_LANGUAGE], context_aware_enhancer=_NoEnhancer()
        )

    def find(self, text: str) -> tuple[Span, ...]:
        """Spans of personal data, sorted, without overlap."""
        return self._find_chunk([text])[0]

    def find_many(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None, workers: int = 1
    ) -> list[tuple[Span, ...]]:
        """Spans of each text, in order. Identical texts are read once; `progress(done, total)` counts distinct texts.

        `workers` processes share the work (1: this process alone); the result is the same for any number. Raises ValueError if it is < 1.
        """
        if workers < 1:
            raise ValueError("scrubbing needs at least one worker")
        distinct = list(dict.fromkeys(texts))
        chunks = [distinct[i : i + _CHUNK] for i in range(0, len(distinct), _CHUNK)]
        found: dict[str, tuple[Span, ...]] = {}
        for chunk, spans in zip(chunks, self._run(chunks, min(workers, len(chunks))), strict=True):
            found.update(zip(chunk, spans, strict=True))
            if progress is not None:
                progress(len(found), len(distinct))
        return [found[text] for text in texts]

    def _run(self, chunks: list[list[str]], workers: int) -> Iterator[list[tuple[Span, ...]]]:
        if workers <= 1:
            yield from (self._find_chunk(chunk) for chunk in chunks)
            return
        # 'spawn', because a forked process would inherit the threads of the model's run time in an undefined state
        with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (self._setting,)) as pool:
            yield from pool.map(_find_in_worker, chunks)

    def _find_chunk(self, chunk: list[str]) -> list[tuple[Span, ...]]:
        name = RecognizerResult.RECOGNIZER_NAME_KEY
        found = []
        for text, reading in zip(chunk, self._reader.read(chunk), strict=True):
            results = self._analyser.analyze(text, _LANGUAGE, nlp_artifacts=reading) if reading.words else []
            found.append(resolve(Span(r.start, r.end, r.entity_type, r.score, r.recognition_metadata[name]) for r in results))
        return found


def _default_lists() -> NameLists:
    return lists.load()


_scrubber: Scrubber | None = None  # of a worker process


def _start_worker(setting: _Setting) -> None:
    global _scrubber
    _scrubber = Scrubber(setting.known, setting.layers, setting.threshold, setting.model, setting.doubt)


def _find_in_worker(chunk: list[str]) -> list[tuple[Span, ...]]:
    if _scrubber is None:
        raise RuntimeError("a scrubbing process was used before it was started")
    return _scrubber._find_chunk(chunk)
