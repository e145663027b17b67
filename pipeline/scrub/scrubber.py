"""The scrubber: Presidio's analyser as the shell, this project's layers as its recognisers, and many texts at once.

The NLP engine behind Presidio is ours: it splits a text into words once and hands them to every layer, downloads nothing and opens no
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.tokens import Doc
from spacy.vocab import Vocab

from pipeline.scrub import gazetteer, handles, lists, patterns, relations
from pipeline.scrub.lists import NameLists
from pipeline.scrub.spans import LABELS, Span, resolve
from pipeline.scrub.words import Word, split

_LANGUAGE = "en"
_CHUNK = 512
_VOCABULARY = Vocab()

Layer = Callable[[str, list[Word], NameLists], Iterable[Span]]
LAYERS: dict[str, Layer] = {
    patterns.LAYER: lambda text, _words, _lists: patterns.find(text),
    handles.LAYER: lambda text, _words, known: handles.find(text, known),
    gazetteer.LAYER: lambda _text, words, known: gazetteer.find(words, known),
    relations.LAYER: lambda _text, words, known: relations.find(words, known),
}


class _Reading(NlpArtifacts):
    """A text as its words, read once for all layers."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        super().__init__([], Doc(_VOCABULARY), [], [], None, _LANGUAGE)


class _Reader(NlpEngine):
    """Presidio's NLP engine, reduced to splitting words."""

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> _Reading:
        return _Reading(split(text))

    def process_batch(self, texts: Iterable[str], language: str, *_: object, **__: object) -> Iterator[tuple[str, _Reading]]:
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
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

    def analyze(self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts) -> list[RecognizerResult]:
        words = nlp_artifacts.words if isinstance(nlp_artifacts, _Reading) else split(text)
        found = self._layer(text, words, self._lists)
        return [
            RecognizerResult(
                s.label, s.start, s.end, s.score, recognition_metadata={RecognizerResult.RECOGNIZER_NAME_KEY: self._layer_name}
            )
            for s in found
        ]


class _NoEnhancer(ContextAwareEnhancer):
    """The layers read their context themselves."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(self, text: str, raw_results: list[RecognizerResult], *_: object, **__: object) -> list[RecognizerResult]:
        return raw_results


class Scrubber:
    """Finds personal data in children's writing. Loads once, offline; the same text always gives the same spans."""

    def __init__(self, lists: NameLists | None = None, layers: Sequence[str] = tuple(LAYERS)) -> None:
        """`lists`: word lists, by default this package's own. `layers`: names of the layers to use, for measuring them apart.

        Raises ValueError for an unknown layer.
        """
        unknown = set(layers) - set(LAYERS)
        if unknown:
            raise ValueError(f"no such layer: {', '.join(sorted(unknown))}; the layers are {', '.join(LAYERS)}")
        self.lists = lists if lists is not None else _default_lists()
        self.layers = tuple(layers)
        registry = RecognizerRegistry(
            recognizers=[_Recogniser(n, LAYERS[n], self.lists) for n in self.layers], supported_languages=[_LANGUAGE]
        )
        self._analyser = AnalyzerEngine(
            registry=registry, nlp_engine=_Reader(), supported_languages=[_LANGUAGE], context_aware_enhancer=_NoEnhancer()
        )

    def find(self, text: str) -> tuple[Span, ...]:
        """Spans of personal data, sorted, without overlap."""
        if not text.strip():
            return ()
        results = self._analyser.analyze(text, _LANGUAGE)
        name = RecognizerResult.RECOGNIZER_NAME_KEY
        return resolve(Span(r.start, r.end, r.entity_type, r.score, r.recognition_metadata[name]) for r in results)

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
        with ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (self.lists, self.layers)) as pool:
            yield from pool.map(_find_in_worker, chunks)

    def _find_chunk(self, chunk: list[str]) -> list[tuple[Span, ...]]:
        return [self.find(text) for text in chunk]


def _default_lists() -> NameLists:
    return lists.load()


_worker: Scrubber | None = None


def _start_worker(known: NameLists, layers: tuple[str, ...]) -> None:
    global _worker
    _worker = Scrubber(known, layers)


def _find_in_worker(chunk: list[str]) -> list[tuple[Span, ...]]:
    if _worker is None:
        raise RuntimeError("a scrubbing process was used before it was started")
    return _worker._find_chunk(chunk)
