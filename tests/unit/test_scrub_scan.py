"""A scan reads each different text once, anywhere, goes on where it was killed, and believes no part that it did not ask for."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pipeline.scrub import Scrubber, Span
from pipeline.scrub.executors import executor
from pipeline.scrub.scan import PART, Found, Part, scan
from retention.sealed_parts import SealedParts

KEY = bytes(range(32))


class Reader:
    """Finds the word 'bo' and counts the texts it was given; `dies_after` so many parts."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.read: list[str] = []
        self._dies_after = dies_after

    def run(self, parts: Iterable[Part]) -> Iterator[tuple[int, Found]]:
        for count, part in enumerate(parts):
            if count == self._dies_after:
                raise KeyboardInterrupt
            self.read += part.texts
            yield part.number, [(Span(t.index("bo"), t.index("bo") + 2, "PERSON", 0.1, "test"),) if "bo" in t else () for t in part.texts]


TEXTS = [f"{'bo' if i % 4 == 0 else 'no'} {i % (3 * PART)}" for i in range(4 * PART)]
DIFFERENT = list(dict.fromkeys(TEXTS))


def _whole() -> Found:
    return scan(TEXTS, Reader().run)


@pytest.mark.parametrize("count", [0, 1, PART - 1, PART, PART + 1])
def test_each_different_text_is_read_once_and_every_text_answered(count: int) -> None:
    texts = [text for text in DIFFERENT[:count] for _ in range(2)]
    reader = Reader()
    found = scan(texts, reader.run)
    assert reader.read == DIFFERENT[:count]
    assert [bool(spans) for spans in found] == ["bo" in text for text in texts]


def test_progress_counts_different_texts_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    scan(TEXTS, Reader().run, lambda done, total: told.append((done, total)))
    assert [total for _, total in told] == [len(DIFFERENT)] * 3
    assert [done for done, _ in told] == list(itertools.accumulate([PART] * 3))


def test_parts_may_come_in_any_order() -> None:
    assert scan(TEXTS, lambda parts: reversed(list(Reader().run(parts)))) == _whole()


def test_a_killed_scan_goes_on_where_it_was(tmp_path: Path) -> None:
    kept = SealedParts(tmp_path / "parts", KEY)
    with pytest.raises(KeyboardInterrupt):
        scan(TEXTS, Reader(dies_after=2).run, kept=kept)
    again = Reader()
    told: list[int] = []
    assert scan(TEXTS, again.run, lambda done, _: told.append(done), SealedParts(tmp_path / "parts", KEY)) == _whole()
    assert again.read == DIFFERENT[2 * PART :]
    assert told[-1] == len(DIFFERENT)


def test_parts_read_with_another_setting_or_of_other_texts_do_not_count(tmp_path: Path) -> None:
    kept = SealedParts(tmp_path / "parts", KEY)
    scan(TEXTS, Reader().run, kept=kept, setting="one")
    other, same, longer = Reader(), Reader(), Reader()
    scan(TEXTS, other.run, kept=kept, setting="two")
    scan(TEXTS, same.run, kept=kept, setting="one")
    scan(["new", *TEXTS], longer.run, kept=kept, setting="one")
    assert (len(other.read), len(same.read), len(longer.read)) == (len(DIFFERENT), 0, len(DIFFERENT) + 1)


@pytest.mark.parametrize("wrong", [[], [(0, [()])], [(7, [()] * PART)], [(0, [()] * PART), (0, [()] * PART)]])
def test_an_executor_that_loses_or_invents_parts_is_not_believed(wrong: list[tuple[int, Found]]) -> None:
    with pytest.raises(ValueError, match="run the step again"):
        scan(TEXTS, lambda _: iter(wrong))


def test_processes_find_what_one_finds_and_parts_are_handed_out_as_they_are_needed() -> None:
    scrubber = Scrubber(model=False)
    handed = 0

    def parts() -> Iterator[Part]:
        nonlocal handed
        for number in range(12):
            handed += 1
            yield Part(number, (f"my friend tunde {number}", "idk"))

    with executor(scrubber.setting, workers=2) as run:
        first = next(results := run(parts()))
        assert handed <= 6
        found = dict([first, *results])
    assert found == dict(scrubber.run(parts()))


def test_no_worker_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one worker"), executor(Scrubber(model=False).setting, workers=0):
        pass


def test_a_setting_is_known_by_all_that_decides() -> None:
    plain = Scrubber(model=False)
    known = plain._reader._known
    settings = [
        plain.setting,
        Scrubber(model=False, threshold=0.3).setting,
        Scrubber(lists=known, model=False).setting,
        Scrubber(lists=known.with_added(given=["qwertilda"]), model=False).setting,
    ]
    prints = [setting.fingerprint() for setting in settings]
    assert len(set(prints)) == len(prints)
    assert Scrubber(model=False).setting.fingerprint() == prints[0]
    assert "qwertilda" not in repr(settings[3])
