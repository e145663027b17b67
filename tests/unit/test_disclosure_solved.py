"""Solved blocks in a folder: what is read is what was written, and what was not written to its end is not there."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from scipy import sparse

from disclosure.problem import Pattern
from disclosure.solved import SolvedBlocks

HIDDEN, UNPROVEN = np.array([True, False, True]), np.array([False, False, True])
PATTERN = Pattern(HIDDEN, sparse.csr_matrix(np.array([[1, 0, -1], [0, 0, 0], [-2, 0, 0], [0, 0, 1]])), UNPROVEN)


def test_a_pattern_is_read_as_it_was_written(tmp_path: Path) -> None:
    SolvedBlocks(tmp_path)["one"] = PATTERN
    found = SolvedBlocks(tmp_path)["one"]
    assert found.hidden.tolist() == HIDDEN.tolist()
    assert found.unproven.tolist() == UNPROVEN.tolist()
    assert found.moves.toarray().tolist() == PATTERN.moves.toarray().tolist()
    assert found.hidden.dtype == found.unproven.dtype == bool
    assert found.moves.dtype == np.int64


def test_cells_that_no_move_touches_keep_their_place(tmp_path: Path) -> None:
    still = Pattern(HIDDEN, sparse.csr_matrix((0, 3), dtype=np.int64), HIDDEN)
    done = SolvedBlocks(tmp_path)
    done["still"] = still
    assert done["still"].moves.shape == (0, 3)


def test_each_key_has_a_pattern_of_its_own(tmp_path: Path) -> None:
    done = SolvedBlocks(tmp_path)
    assert len(done) == 0
    done["one"] = PATTERN
    done["two"] = Pattern(UNPROVEN, PATTERN.moves, HIDDEN)
    done["two"] = Pattern(~UNPROVEN, PATTERN.moves, HIDDEN)
    assert len(done) == 2
    assert "one" in done
    assert "two" in done
    assert "three" not in done
    assert 1 not in done  # type: ignore[comparison-overlap]
    assert done["one"].hidden.tolist() == HIDDEN.tolist()
    assert done["two"].hidden.tolist() == (~UNPROVEN).tolist()
    del done["one"]
    assert "one" not in done
    assert len(done) == 1
    for missing in ("one", "three"):
        with pytest.raises(KeyError, match=missing):
            done[missing]
        with pytest.raises(KeyError, match=missing):
            del done[missing]
    with pytest.raises(TypeError, match="not kept"):
        list(done)


def test_what_was_not_written_to_its_end_does_not_count(tmp_path: Path) -> None:
    done = SolvedBlocks(tmp_path)
    done["one"] = PATTERN
    with patch("numpy.savez_compressed", lambda file, **_: file.write(b"PK")), patch.object(Path, "replace", side_effect=KeyboardInterrupt):
        for key in ("one", "two"):
            with pytest.raises(KeyboardInterrupt):
                done[key] = PATTERN
    assert len(done) == 1
    assert "two" not in done
    assert done["one"].hidden.tolist() == HIDDEN.tolist()


def test_nothing_is_run_that_lies_in_the_folder(tmp_path: Path) -> None:
    done = SolvedBlocks(tmp_path)
    done["one"] = PATTERN
    (file,) = tmp_path.iterdir()
    with np.load(file) as kept:
        arrays = dict(kept)
    np.savez(file.with_suffix(""), **{**arrays, "steps": np.array([{}] * 4, dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        done["one"]


def test_the_folder_is_its_owners_alone_and_its_files_say_nothing_by_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "secure" / "solved"
    before = os.umask(0)
    try:
        done = SolvedBlocks(folder)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    done["answers of one place"] = PATTERN
    SolvedBlocks(folder)
    (file,) = folder.iterdir()
    assert len(file.stem) == 64
    assert file.suffix == ".npz"
