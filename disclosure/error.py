"""What disclosure control raises when it refuses."""

from __future__ import annotations

from collections.abc import Mapping


class DisclosureError(Exception):
    """Something that must not be published, or cannot be judged. The message says what to do, and holds no small count."""


class Unprotected(DisclosureError):
    """Tables as they are cannot be protected under this policy. `cells`: codes by variable of each cell in the way, totals left out."""

    def __init__(self, message: str, cells: tuple[Mapping[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.cells = cells
