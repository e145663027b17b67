"""Scrubbers side by side on one file of labelled texts: Presidio and Rampart as they come, each layer of ours alone, the whole, and
the whole with half of the name lists gone. Then the whole at many thresholds: what each finds, and how many texts go to a reviewer.

    python -m benchmarks.scrub [FILE] [--curve curve.html] [--doubt] [--only NAME]

FILE has lines {"id", "text", "spans": [{"start", "end", "label"}]}, or (by default `data/scrub_check.txt`) one text a line with what is
personal as <LABEL words>; labels AGE and LOCATION are not counted. Columns: recall (spans touched), leak (share of private letters and
digits left), precision (masks that touch a span), touched (clean texts that lost anything), flagged (texts that lost anything, which
people read), texts per CPU second of one core, loading not counted.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.scrub_page import Result, page
from benchmarks.scrub_peers import Find, Masks, presidio, rampart
from pipeline.scrub import Scrubber, combine, handles, lists, patterns
from pipeline.scrub.opinion import Opinions
from pipeline.scrub.policy import load_policy
from pipeline.scrub.scrubber import DEFAULT_LAYERS, LAYERS
from pipeline.scrub.spans import LABELS, resolve
from pipeline.scrub.words import split

_UNCOUNTED = {"AGE", "LOCATION"}
_MARK = re.compile(r"<([A-Z]+) ([^<>]+)>")
CHECK = Path(__file__).parent / "data" / "scrub_check.txt"
_THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_DOUBTS = (0.0, 0.005, 0.01, 0.02, 0.05)


@dataclass(frozen=True)
class Labelled:
    """A text and where its personal data are; `uncounted` may be masked or not."""

    text: str
    private: tuple[tuple[int, int], ...]
    uncounted: tuple[tuple[int, int], ...]


def read(path: Path) -> list[Labelled]:
    """The texts of a file: JSON lines, or (ending .txt) one text a line with what is personal as <LABEL words>. Raises ValueError."""
    if path.suffix == ".txt":
        return [_marked(line) for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    found = []
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        spans = [(s["start"], s["end"], s["label"] in _UNCOUNTED) for s in row["spans"]]
        found.append(Labelled(row["text"], tuple((a, b) for a, b, no in spans if not no), tuple((a, b) for a, b, no in spans if no)))
    return found


def _marked(line: str) -> Labelled:
    text, private, done = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[done : mark.start()]
        private.append((len(text), len(text) + len(mark[2])))
        text, done = text + mark[2], mark.end()
        if mark[1] not in LABELS:
            raise ValueError(f"'{mark[1]}' marks no kind of personal data; the kinds are {', '.join(LABELS)}")
    return Labelled(text + line[done:], tuple(private), ())


def score(texts: Sequence[Labelled], masks: Masks) -> Result:
    """Compare masks with what is private."""
    spans = hit = letters = left = drawn = right = clean = lost = flagged = 0
    for labelled, own in zip(texts, masks, strict=True):
        masked = {i for a, b in own for i in range(a, b)}
        real = {i for a, b in (*labelled.private, *labelled.uncounted) for i in range(a, b)}
        for a, b in labelled.private:
            body = [i for i in range(a, b) if labelled.text[i].isalnum()]
            spans, hit = spans + 1, hit + any(i in masked for i in body)
            letters, left = letters + len(body), left + sum(i not in masked for i in body)
        drawn, right = drawn + len(own), right + sum(any(i in real for i in range(a, b)) for a, b in own)
        flagged += bool(own)
        if not real:
            clean, lost = clean + 1, lost + bool(own)
    return Result(hit / max(spans, 1), left / max(letters, 1), right / max(drawn, 1), lost / max(clean, 1), flagged / max(len(texts), 1))


def ours(scrubber: Scrubber) -> Find:
    """One of our own."""
    return lambda texts: [[(s.start, s.end) for s in spans] for spans in scrubber.find_many(texts)]


def _alone(layer: str) -> Find:
    return ours(Scrubber(layers=[layer]))


def systems(only: str | None) -> Iterable[tuple[str, Callable[[], Find]]]:
    """Names and makers of what is compared."""
    makers: dict[str, Callable[[], Find]] = {"Presidio as it comes": presidio, "Rampart as it comes": rampart}
    for layer in LAYERS:
        makers[f"{layer} alone"] = partial(_alone, layer)
    makers["whole, no language model"] = lambda: ours(Scrubber(model=False))
    makers["whole"] = lambda: ours(Scrubber())
    makers["whole, half of the names"] = lambda: ours(Scrubber(lists=lists.load().without(0.5)))
    return [(name, make) for name, make in makers.items() if only is None or only in name]


def row(name: str, result: Result, speed: float | None = None) -> str:
    """One line of a table."""
    rate = "" if speed is None else f"{speed:9.0f}"
    return f"{name:26} {result.recall:7.3f} {result.leak:7.3f} {result.precision:9.3f} {result.touched:8.3f} {result.flagged:8.3f} {rate}"


def operating_points(texts: Sequence[Labelled], thresholds: Sequence[float] = _THRESHOLDS) -> Iterable[tuple[float, Result]]:
    """How the whole does at each threshold. The texts are read once; only what is made of the reading depends on the threshold."""
    known, raw = lists.load(), [t.text for t in texts]
    words = [split(text) for text in raw]
    certain = [[*patterns.find(text), *handles.find(text, known)] for text in raw]
    opinions = Opinions(known, model=True, doubt=load_policy().doubt).of(raw, words, certain)
    others = Scrubber(layers=[layer for layer in DEFAULT_LAYERS if layer != combine.LAYER]).find_many(raw)
    for threshold in thresholds:
        learnt = [combine.spans(*each, threshold) for each in zip(raw, words, opinions, strict=True)]
        found = [resolve([*a, *b]) for a, b in zip(others, learnt, strict=True)]
        yield threshold, score(texts, [[(s.start, s.end) for s in spans] for spans in found])


def curve(texts: Sequence[Labelled], alone: Mapping[str, Result], target: Path | None) -> None:
    """Every operating point of the whole: the policy chooses one."""
    print(f"\n{'threshold':26}  recall    leak precision  touched  flagged")
    points = []
    for threshold, result in operating_points(texts):
        print(row(f"{threshold}", result), flush=True)
        points.append((threshold, result))
    if target is not None:
        target.write_text(page(points, alone, load_policy(), len(texts)), encoding="utf-8")


def doubts(texts: Sequence[Labelled]) -> None:
    """What asking the language model less often costs and saves."""
    print(f"\n{'ask from doubt':26}  recall    leak precision  touched  flagged  texts/s")
    for doubt in _DOUBTS:
        print(timed(f"{doubt}", texts, ours(Scrubber(doubt=doubt)))[1], flush=True)


def timed(name: str, texts: Sequence[Labelled], find: Find) -> tuple[Result, str]:
    """How a scrubber did, and its line, with its speed."""
    find([texts[0].text])
    start = time.process_time()
    masks = find([t.text for t in texts])
    taken = time.process_time() - start
    result = score(texts, masks)
    return result, row(name, result, len(texts) / taken)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?", default=CHECK, help="by default the answers composed for this in benchmarks/data")
    parser.add_argument("--only", help="only systems with this in their name")
    parser.add_argument("--curve", nargs="?", const="", help="also the threshold curve, drawn as a page (HTML) if a file is named")
    parser.add_argument("--doubt", action="store_true", help="also the cost of asking the language model less often")
    chosen = parser.parse_args()
    texts = read(chosen.file)
    print(f"{len(texts)} texts\n{'':26}  recall    leak precision  touched  flagged  texts/s")
    alone: dict[str, Result] = {}
    for name, make in systems(chosen.only):
        alone[name], line = timed(name, texts, make())
        print(line, flush=True)
    if chosen.curve is not None:
        curve(texts, alone, Path(chosen.curve) if chosen.curve else None)
    if chosen.doubt:
        doubts(texts)


if __name__ == "__main__":
    main()
