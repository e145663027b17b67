"""Destroys what is due: one holding after the other, each certified, so that a run that was stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from retention.destroy import destroy
from retention.destroy_rows import destroy_rows
from retention.holdings import By, Holding, due
from retention.secure_store import SecureStore


@dataclass(frozen=True)
class Outcome:
    """What became of what was due: `by_hand` lies where this system does not reach, and somebody signs for it."""

    destroyed: tuple[Holding, ...]
    by_hand: tuple[Holding, ...]

    @property
    def records(self) -> int:
        """How many records were destroyed in all."""
        return sum(one.records for one in self.destroyed)


def destroy_due(store: SecureStore, actor: str, tell: Callable[[int, int], None], day: date | None = None) -> Outcome:
    """Destroy everything that is due by `day` (today). Raises DestructionFailed if anything still opens; run it again afterwards.

    `tell`: called with how many are done, and of how many.
    """
    found = due(store, day)
    mine = [one for one in found if one.by is not By.HAND]
    for number, one in enumerate(mine):
        tell(number, len(mine))
        wave, authority = store.wave(one.wave), f"schedule.{one.kind}.review"
        (destroy if one.by is By.KEY else destroy_rows)(store, wave, one.kind, actor, authority)
    tell(len(mine), len(mine))
    return Outcome(tuple(mine), tuple(one for one in found if one.by is By.HAND))
