"""Sentences with a gap, filled by somebody private or by what gives nobody away. What stands round the gap is the same for both, so a
network that learns from them must look at what fills it."""

from __future__ import annotations

import random
import zlib

from pipeline.scrub.lists import sections

# (frames, private fillers, other fillers, how often)
_KINDS = (
    ("person", "somebody", "nobody", 56),
    ("place", "somewhere", "anywhere", 24),
    ("school", "schooled", "unschooled", 13),
    ("street", "addressed", "unaddressed", 7),
)


class Frames:
    """Draws filled frames. `quarters`, `without`: how many parts the frames are in, and which one, from 1, is left out; 0 none."""

    def __init__(self, rng: random.Random, quarters: int, without: int) -> None:
        self._random = rng
        self._sections = sections("training/frames.txt")
        for frames, *_ in _KINDS:
            kept = [line for line in self._sections[frames] if zlib.crc32(line.encode()) % quarters + 1 != without]
            self._sections[frames] = kept

    def draw(self, private: bool) -> str:
        """One sentence with the slots of whatever fills its gap."""
        frames, somebody, nobody, _ = self._random.choices(_KINDS, [kind[-1] for kind in _KINDS])[0]
        filler = self._random.choice(self._sections[somebody if private else nobody])
        return self._random.choice(self._sections[frames]).replace("_", filler)
