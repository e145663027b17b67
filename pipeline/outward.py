"""The nation of a partial postcode, from its outward code alone.

pgeocode serves it, offline, from `GB.txt`: its own layout, derived by `pipeline.embed_directory` from the directory. Two of
its habits are kept away from: it downloads a country file that is missing, and it writes an index next to the file when it
is asked for unique postcodes. A file that is missing is refused here, and every place of an outward code is read, so that
an outward code on a border (CH1 lies in England and in Wales) has no nation rather than the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any


@cache
def _gazetteer() -> Any:
    import pgeocode

    folder = Path(str(files("pipeline") / "data" / "geography"))
    if not (folder / "GB.txt").is_file():
        raise FileNotFoundError("GB.txt is missing from the embedded directory: install the program again")
    pgeocode.STORAGE_DIR = str(folder)
    return pgeocode.Nominatim("gb", unique=False)


def nations(outward: Sequence[str]) -> list[str | None]:
    """The one nation in which each outward code ("M1") lies; None if it is unknown or lies in several."""
    if not outward:
        return []
    wanted = sorted(set(outward))
    rows = _gazetteer().query_postal_code(wanted)
    found = rows.dropna(subset=["state_name"]).groupby("postal_code")["state_name"].unique()
    single = {code: str(names[0]) for code, names in found.items() if len(names) == 1}
    return [single.get(code) for code in outward]
