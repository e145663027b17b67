"""A training that was interrupted goes on with the networks that it had finished, and comes to the same bytes."""

from argparse import Namespace
from pathlib import Path

import pytest

from pipeline.scrub import train
from pipeline.scrub.train import KINDS


def test_finished_networks_are_kept_and_make_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, first, second = (tmp_path / name for name in ("kept", "first", "second"))
    for folder in (first, second):
        folder.mkdir()
    chosen = Namespace(texts=60, passes=1, members=1, seed=3, keep=kept, out=first)
    train.train(chosen)
    next(kept.glob("*-full.npz")).unlink()
    real, asked = train.networks, []
    monkeypatch.setattr(train, "networks", lambda *given: asked.append(given[-1]) or real(*given))
    chosen.out = second
    train.train(chosen)
    assert asked == [["full"]]
    for kind in KINDS:
        assert (first / f"{kind}.npz").read_bytes() == (second / f"{kind}.npz").read_bytes()
    assert train._fingerprint(60, 1, 3) != train._fingerprint(60, 1, 4)
