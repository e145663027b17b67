"""Scrubbing as a filter: JSON lines in, JSON lines out, in constant memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TextIO

from pipeline.scrub.redact import redact
from pipeline.scrub.scan import Run, scan
from pipeline.scrub.scrubber import Scrubber

_BATCH = 4096


class StreamError(ValueError):
    """A line that cannot be read. Names the line and what is wrong with it, never what it says."""


def scrub_stream(lines_in: Iterable[str], out: TextIO, run: Run | None = None, progress: Callable[[int], None] | None = None) -> int:
    """Reads {"id", "text"} lines, writes {"id", "spans": [{"start", "end", "label", "score", "layer"}], "text"} lines in the same
    order, the text redacted; blank lines are left out. `run`: where the texts are read (`executors`), by default here. Returns the
    number of texts; `progress(done)` is called after each batch.

    Raises StreamError, before anything of that batch is written, for a line that is no such object.
    """
    where = run if run is not None else Scrubber().run
    done = 0
    rows = _read(lines_in)
    while batch := list(islice(rows, _BATCH)):
        for (key, text), spans in zip(batch, scan([text for _, text in batch], where), strict=True):
            told = [{"start": s.start, "end": s.end, "label": s.label, "score": round(s.score, 4), "layer": s.layer} for s in spans]
            clean = redact({"text": text}, {"text": spans})["text"]
            out.write(json.dumps({"id": key, "spans": told, "text": clean}, ensure_ascii=False) + "\n")
        done += len(batch)
        if progress is not None:
            progress(done)
    return done


def _read(lines_in: Iterable[str]) -> Iterator[tuple[str | int, str]]:
    for number, line in enumerate(lines_in, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            raise StreamError(f'line {number} is no JSON: each line must be one object {{"id": ..., "text": ...}}') from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("id"), (str, int)):
            raise StreamError(f'line {number} must be an object with an "id" and a "text"')
        yield row["id"], row["text"]
