"""Sentences with a gap, filled by somebody private or by what gives nobody away. What stands round the gap is the same for both, so a
network that learns from them must look at what fills it."""

from __future__ import annotations

import random
from collections.abc import Callable

from pipeline.scrub.lists import sections

# (frames, private fillers, other fillers, how often)
_KINDS = (
    ("person", "somebody", "nobody", 56),
    ("place", "somewhere", "anywhere", 24),
    ("school", "schooled", "unschooled", 13),
    ("street", "addressed", "unaddressed", 7),
)


class Frames:
    """Draws filled frames. `kept`: says of a frame whether it is used, by default all are. A kind without frames is not drawn."""

    def __init__(self, rng: random.Random, kept: Callable[[str], bool] | None = None) -> None:
        self._random = rng
        self._sections = sections("training/frames.txt")
        for frames, *_ in _KINDS:
            self._sections[frames] = [line for line in self._sections[frames] if kept is None or kept(line)]
        self._kinds = [kind for kind in _KINDS if self._sections[kind[0]]]

    def __bool__(self) -> bool:
        """Whether there is any frame."""
        return bool(self._kinds)

    def draw(self, private: bool) -> str:
        """One sentence with the slots of whatever fills its gap."""
        frames, somebody, nobody, _ = self._random.choices(self._kinds, [kind[-1] for kind in self._kinds])[0]
        filler = self._random.choice(self._sections[somebody if private else nobody])
        return self._random.choice(self._sections[frames]).replace("_", filler)
