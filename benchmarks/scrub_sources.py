"""How the learnt combination does on texts of a kind that it never learnt from: cross-validation by source.

    python -m benchmarks.scrub_sources [--source public_names] [--texts 15000] [--passes 3] [--test 600]

The invented answers come from eight sources (`pipeline.scrub.invent.SOURCES`). For each, smaller networks than the real ones are trained
on the other seven, and the whole scrubber with these networks is scored on answers of the source alone that was left out, with all names
on its lists and with half of them. Names, schools and places are invented anew in every text, so what is left out is what is said about
them. Columns as in `benchmarks/scrub.py`, by source; `flagged` counts texts in which anything was masked. The first line of each source
is a yardstick: networks of the same size that did learn from it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from threadpoolctl import threadpool_limits

from benchmarks.scrub import Labelled, row, score
from pipeline.scrub import Scrubber, combine, handles, lists, patterns
from pipeline.scrub.invent import SOURCES, Inventor, Kept, all_but, quarter_less
from pipeline.scrub.lists import NameLists
from pipeline.scrub.network import Network
from pipeline.scrub.opinion import Opinions
from pipeline.scrub.policy import load_policy
from pipeline.scrub.scrubber import DEFAULT_LAYERS
from pipeline.scrub.spans import resolve
from pipeline.scrub.train import networks
from pipeline.scrub.words import split

_SEED = 101
Trained = dict[str, Network]


def trained(texts: int, passes: int, kept: Kept) -> Trained:
    """Networks that learnt from the kept lines alone."""
    return {name: Network(weights) for name, weights in networks(texts, passes, _SEED, kept)}


def answers(source: str, count: int) -> list[Labelled]:
    """Invented answers of one source."""
    inventor = Inventor(lists.load(), _SEED + 1)
    drawn = [inventor.draw_from(source) for _ in range(count)]
    return [Labelled(one.text, tuple((a, b) for a, b, _ in one.spans), ()) for one in drawn]


def masks(texts: Sequence[Labelled], given: Trained, known: NameLists) -> list[list[tuple[int, int]]]:
    """What the whole scrubber with these networks masks."""
    policy, raw = load_policy(), [t.text for t in texts]
    words = [split(text) for text in raw]
    certain = [[*patterns.find(text), *handles.find(text, known)] for text in raw]
    opinions = Opinions(known, model=True, doubt=policy.doubt, load=given.__getitem__).of(raw, words, certain)
    others = Scrubber(known, [layer for layer in DEFAULT_LAYERS if layer != combine.LAYER]).find_many(raw)
    learnt = [combine.spans(*each, policy.threshold) for each in zip(raw, words, opinions, strict=True)]
    return [[(s.start, s.end) for s in resolve([*a, *b])] for a, b in zip(others, learnt, strict=True)]


def main() -> None:
    """Cross-validate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", choices=SOURCES, action="append", help="only this one; may be given again")
    parser.add_argument("--texts", type=int, default=15_000)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--test", type=int, default=600)
    chosen = parser.parse_args()
    known = lists.load()
    with threadpool_limits(1):
        everything = trained(chosen.texts, chosen.passes, quarter_less(0))
        print(f"{'':26}  recall    leak precision  touched  flagged")
        for source in chosen.source or SOURCES:
            texts = answers(source, chosen.test)
            print(row(source, score(texts, masks(texts, everything, known))), flush=True)
            given = trained(chosen.texts, chosen.passes, all_but(source))
            print(row("  never learnt from", score(texts, masks(texts, given, known))), flush=True)
            print(row("  and half of the names", score(texts, masks(texts, given, known.without(0.5)))), flush=True)


if __name__ == "__main__":
    main()
