"""Codes in words, from files: `code,label`, or a hierarchy's own column `label`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from disclosure.error import DisclosureError
from disclosure.inner_files import LABEL, read_csv

Labels = Mapping[str, Mapping[str, str]]  # for a variable, its codes in words, as far as there are


def read_labels(hierarchies: Mapping[str, Path], files: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    """For each variable its codes in words: those of its file of labels before those of its hierarchy. What has none keeps its code.

    Raises DisclosureError for a file that has not these columns, or gives a code two labels.
    """
    found: dict[str, dict[str, str]] = {}
    for variable, path in (*hierarchies.items(), *files.items()):
        frame = read_csv(path, check_codes=False)
        if path == files.get(variable) and not {"code", LABEL} <= set(frame.columns):
            raise DisclosureError(f"'{path.name}' must have the columns code and {LABEL}")
        if LABEL not in frame.columns:
            continue
        if frame["code"].duplicated().any():
            code = frame["code"][frame["code"].duplicated()].iloc[0]
            raise DisclosureError(f"'{path.name}' gives the code '{code}' two labels")
        words = {str(code): str(label) for code, label in zip(frame["code"], frame[LABEL], strict=True) if label}
        found[variable] = found.get(variable, {}) | words
    return found
