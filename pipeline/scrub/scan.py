"""Many texts at once: each different text is read once, in parts of like size, wherever the parts are read (`executors`).

What is read with a text never changes what is found in it, and the parts of the same texts are always the same: so the result is the
same for any number of processes or machines, and for a scan that was killed and taken up again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.scrub.spans import Span

PART = 512
Found = list[tuple[Span, ...]]


@dataclass(frozen=True)
class Part:
    """Some of the different texts. Never shows them: an executor may log what it was given."""

    number: int
    texts: tuple[str, ...] = field(repr=False)


Run = Callable[[Iterable[Part]], Iterator[tuple[int, Found]]]  # the spans of every part, by its number, in any order


class Kept(Protocol):
    """Where finished parts are kept; `retention.sealed_parts` is one such place."""

    def name(self, made_from: Iterable[str]) -> str:
        """The name of what is made from exactly these texts."""
        ...

    def get(self, name: str) -> bytes | None:
        """A finished part, if it is there."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Keep a finished part."""
        ...


def scan(
    texts: Sequence[str], run: Run, progress: Callable[[int, int], None] | None = None, kept: Kept | None = None, setting: str = ""
) -> Found:
    """Spans of each text, in order. `progress(done, total)` counts different texts. Parts that `kept` holds are not read again;
    `setting` says what they were read with (`Setting.fingerprint`), and parts read with another setting do not count.

    Raises ValueError if `run` returns a part that it was not given, or not all of them.
    """
    distinct = list(dict.fromkeys(texts))
    parts = [Part(i // PART, tuple(distinct[i : i + PART])) for i in range(0, len(distinct), PART)]
    found: list[Found | None] = [None] * len(parts)
    names = ["" if kept is None else kept.name([setting, *part.texts]) for part in parts]
    done = 0

    def finish(number: int, spans: Found) -> None:
        nonlocal done
        if not 0 <= number < len(parts) or found[number] is not None or len(spans) != len(parts[number].texts):
            raise ValueError("a part of the texts came back that was not asked for: run the step again")
        found[number] = spans
        done += len(spans)
        if progress is not None:
            progress(done, len(distinct))

    if kept is not None:
        for part, name in zip(parts, names, strict=True):
            if (content := kept.get(name)) is not None:
                finish(part.number, _read(content))
    for number, spans in run(part for part in parts if found[part.number] is None):
        finish(number, spans)
        if kept is not None:
            kept.put(names[number], _written(spans))
    if any(spans is None for spans in found):
        raise ValueError("a part of the texts did not come back: run the step again")
    by_text = dict(zip(distinct, (spans for part in found for spans in part or ()), strict=True))
    return [by_text[text] for text in texts]


def _written(found: Found) -> bytes:
    return json.dumps([[[s.start, s.end, s.label, s.score, s.layer] for s in spans] for spans in found]).encode()


def _read(content: bytes) -> Found:
    return [tuple(Span(*span) for span in spans) for spans in json.loads(content)]
