"""Counting what was caught, by hand."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest

from pipeline.planted import Caught, caught


def _texts(*texts: str) -> pd.DataFrame:
    return pd.DataFrame({"text_row": range(len(texts)), "row": 0, "field": "barriers.text", "text": texts})


def _spans(*spans: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(spans, columns=["text_row", "start", "end"])


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


TEXT = "Ana and Ben"
PLANTED = {_sha(TEXT): [(0, 3, "PERSON"), (8, 11, "PERSON")]}


@pytest.mark.parametrize(
    ("spans", "touched"),
    [
        ([], 0),
        ([(0, 3, 8)], 0),  # between the two: touches neither, it begins where one ends and ends where the other begins
        ([(0, 2, 8)], 1),  # one character of the first
        ([(0, 3, 9)], 1),  # one character of the second
        ([(0, 0, 11)], 2),  # one proposal over both
        ([(0, 0, 1), (0, 1, 3)], 1),  # two proposals on one piece are one catch
        ([(1, 0, 11)], 0),  # in another text
    ],
)
def test_a_planted_piece_counts_once_when_a_proposal_overlaps_it(spans: list[tuple[int, int, int]], touched: int) -> None:
    found = caught(_texts(TEXT, "more parks"), _spans(*spans), PLANTED)
    assert (found.planted, found.touched) == (2, touched)


def test_a_text_without_any_counts_when_something_in_it_is_proposed() -> None:
    found = caught(_texts("more parks", "less litter", TEXT), _spans((0, 0, 4), (2, 0, 3)), PLANTED)
    assert found == Caught(planted=2, touched=1, clean_texts=2, clean_touched=1)


def test_a_text_that_two_children_wrote_counts_twice() -> None:
    found = caught(_texts(TEXT, TEXT), _spans((1, 0, 11)), PLANTED)
    assert found == Caught(planted=4, touched=2, clean_texts=0, clean_touched=0)


def test_nothing_written_is_nothing_caught() -> None:
    assert caught(_texts(), _spans(), PLANTED) == Caught(0, 0, 0, 0)
