"""What the table builder's process is given, and all it is given: for each wave one file and the key of that file alone.

`bigask builder serve` opens the zone, hands this over as one line on the standard input of the process that listens, and keeps its log
(retention.answered_wire). That process sees no passphrase, no key ring and no database; no other data set opens with what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from forms.load import load_survey
from pipeline.builder_answer import Builder
from pipeline.builder_matrix import Matrix, variables_of
from pipeline.builder_policy import load_builder_policy
from pipeline.builder_prepare import codes_asset, prepared
from pipeline.doors import open_door
from pipeline.table_specs import load_table_specs
from retention.answered import AnsweredLog, definitions
from retention.answered_journal import journal
from retention.answered_wire import keeping
from retention.secure_store import SecureStore, StepRefused
from retention.vault import read_file


class NotHanded(ValueError):
    """The process was started without what it needs. The message says how to start it."""


@dataclass(frozen=True)
class HandedWave:
    """One prepared wave: its file in the vault, and the key (hexadecimal) that opens it and nothing else."""

    wave: str
    survey: str
    path: str
    sha256: str
    key: str = field(repr=False)

    def builder(self) -> Builder:
        """The builder of this wave. Raises VaultError, DisclosureError."""
        variables = variables_of(load_table_specs(load_survey(self.survey)))
        frame = read_file(Path(self.path), self.sha256, bytes.fromhex(self.key))
        return Builder(Matrix.from_frame(self.wave, variables, frame), load_builder_policy())


@dataclass(frozen=True)
class Handed:
    """Everything handed over: the waves, oldest first, and the socket of the log."""

    waves: tuple[HandedWave, ...]
    log: str

    def to_line(self) -> bytes:
        """One line for the standard input."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Handed:
        """The reverse. Raises NotHanded."""
        try:
            given = json.loads(line)
            return cls(tuple(HandedWave(**wave) for wave in given["waves"]), str(given["log"]))
        except (ValueError, KeyError, TypeError):
            raise NotHanded("The table builder is opened by `bigask builder serve`, which hands it what it may open.") from None


def handed_of(store: SecureStore, log: Path) -> Handed:
    """What the builder of this zone is handed. Raises StepRefused if no wave is prepared."""
    waves = []
    for wave_id in prepared(store):
        stored = codes_asset(store, wave_id).stored
        path, key = store.vault.folder / stored.name, store.ring.private(stored.key_id)
        waves.append(HandedWave(wave_id, store.wave(wave_id).survey, str(path), stored.sha256, key.hex()))
    if not waves:
        raise StepRefused("No wave is prepared for the table builder: run `bigask builder prepare --wave WAVE --as YOU`.")
    return Handed(tuple(waves), str(log))


@contextmanager
def open_builder(store: SecureStore, port: int = 0) -> Iterator[str]:
    """The builder's door, running in a process of its own, with its log kept by this one; gives its address. Raises DoorFailed."""
    with TemporaryDirectory(prefix="bigask-builder-") as folder, journal(store) as kept:
        path = Path(folder) / "log"
        handed = handed_of(store, path)
        logs = {one.wave: AnsweredLog(partial(kept.append, one.wave), definitions(store, one.wave)) for one in handed.waves}
        with keeping(logs, path), open_door("builder", port, handed.to_line()) as address:
            yield address
