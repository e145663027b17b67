"""Sentences with a gap: the same words round what is private and what is not, every slot known, a quarter left out when asked."""

import random
from functools import partial

import pytest

from pipeline.scrub import lists
from pipeline.scrub.frames import Frames
from pipeline.scrub.invent import FRAMES, QUARTERS, SLOT, SOURCES, Inventor, all_but, quarter_less
from pipeline.scrub.lists import sections

FRAMED = ("person", "place", "school", "street")


def _drawn(private: bool) -> set[str]:
    frames = Frames(random.Random(3))
    return {frames.draw(private) for _ in range(4000)}


def test_every_frame_has_one_gap_and_no_filler_has_any() -> None:
    for name, lines in sections("training/frames.txt").items():
        assert lines, name
        for line in lines:
            assert line.count("_") == (name in FRAMED), line
            assert line == line.strip(), line


def test_private_frames_hold_what_is_labelled_and_others_do_not() -> None:
    fill = Inventor(lists.load(), 1)._fill
    labelled = {slot for slot, (_, label) in fill.items() if label is not None}
    for private in (True, False):
        for sentence in _drawn(private):
            slots = set(SLOT.findall(sentence))
            assert slots <= set(fill), sentence
            assert bool(slots & labelled) == private, sentence


def test_each_quarter_leaves_out_other_frames_and_all_are_left_out_once() -> None:
    kept = []
    for without in range(QUARTERS + 1):
        frames = Frames(random.Random(3), partial(quarter_less(without), FRAMES))
        kept.append({line for name in FRAMED for line in frames._sections[name]})
    for quarter in kept[1:]:
        assert kept[0] > quarter
    assert not set.intersection(*kept[1:])
    gone = [kept[0] - quarter for quarter in kept[1:]]
    assert sum(map(len, gone)) == len(set.union(*gone)) == len(kept[0])


def test_what_is_invented_from_frames_is_labelled_where_it_stands() -> None:
    inventor = Inventor(lists.load(), 4)
    seen = set()
    for _ in range(600):
        drawn = inventor.draw()
        for start, end, label in drawn.spans:
            assert drawn.text[start:end].strip()
            seen.add(label)
        assert "{" not in drawn.text
    assert {"PERSON", "SCHOOL", "PLACE", "STREET"} <= seen


@pytest.mark.parametrize("left_out", SOURCES)
def test_a_source_that_is_left_out_is_not_drawn_from(left_out: str) -> None:
    inventor = Inventor(lists.load(), 4, all_but(left_out))
    assert bool(inventor._frames) is (left_out != FRAMES)
    for source, lines in inventor._sources.items():
        assert bool(lines) is (source != left_out)
    assert any(inventor.draw().spans for _ in range(40))
    alone = Inventor(lists.load(), 4)
    texts = [alone.draw_from(left_out) for _ in range(60)]
    assert any(text.spans for text in texts) is (left_out.startswith("private") or left_out == FRAMES)


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(ValueError, match="no such source: rumours"):
        all_but("rumours")


@pytest.mark.parametrize("name", ["david", "sarah", "mohammed", "robert", "zofia"])
def test_names_of_famous_people_are_no_words(name: str) -> None:
    assert lists.load().is_name(name)
    assert not lists.load().is_word(name)


@pytest.mark.parametrize("word", ["rose", "hunter", "grace", "will", "holly", "axolotl", "axolotls", "asbestos"])
def test_words_that_are_names_and_words_that_are_rare_are_words(word: str) -> None:
    assert lists.load().is_word(word)


@pytest.mark.parametrize("name", ["davids", "roberts", "hussains"])
def test_the_plural_of_a_name_is_no_word(name: str) -> None:
    assert not lists.load().is_word(name)
