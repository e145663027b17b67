"""What the output checker must judge of each withheld count: why it is withheld, and what a reader could narrow it down to.

Read from the vault, where protecting left it. Shown to output checkers alone: which counts are small never leaves the office.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from disclosure.dimension import NOT
from disclosure.published_table import Status
from retention.secure_store import SecureStore, StepRefused

REASONS = {
    Status.PRIMARY: "Under the threshold",
    Status.SECONDARY: "So that no other count can be worked out, or by a rule about groups",
}


@dataclass(frozen=True)
class Withheld:
    """One withheld count: labels of its categories, why, and the bounds that the attack found (`high` None: no limit)."""

    labels: tuple[str, ...]
    reason: str
    low: int
    high: int | None


def evidence(store: SecureStore, wave_id: str, about: Mapping[str, Any]) -> tuple[tuple[Withheld, ...], bool]:
    """Every withheld count of a drafted table (`about`: its part of release.json), and whether the bounds are exact.

    Not exact means that at least these numbers are possible, perhaps more. Raises StepRefused if the vault holds nothing
    about this table, or something that does not fit it; VaultError, KeyRingError.
    """
    protected = store.vault.read(store.asset(wave_id, "protected").stored)
    attack = json.loads(store.vault.read(store.asset(wave_id, "attack").stored)["document"].iloc[0])["certificate"]
    mine = protected[(protected["table"] == about["id"]) & (protected["status"] != Status.PUBLISHED)]
    cells = [cell for cell in attack["withheld"] if cell["table"] == about["id"]]
    labels = [{code["code"]: code["label"] for code in dimension["codes"]} for dimension in about["dimensions"]]
    names = [dimension["name"] for dimension in about["dimensions"]]
    if len(mine) != len(cells) or len(cells) < about["withheld"] or any(set(cell["cell"]) != set(names) for cell in cells):
        raise StepRefused("What the vault holds about this table does not fit the draft: refuse it, and have the tables protected anew.")
    found = tuple(
        Withheld(
            labels=tuple(in_words(known, cell["cell"][name]) for name, known in zip(names, labels, strict=True)),
            reason=REASONS[Status(status)],
            low=int(cell["low"]),
            high=None if cell["high"] is None else int(cell["high"]),
        )
        for cell, status in zip(cells, mine["status"], strict=True)  # both in the table's own order
    )
    return found, bool(attack["exact"])


def in_words(known: Mapping[str, str], code: str) -> str:
    """A category in words; the complement of an option is no category of the draft."""
    return known[code] if code in known else f"Not chosen: {known[code.removeprefix(NOT)]}"
