"""The local authorities of England, as a child can choose one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from forms.survey import COUNCIL_CODE, SurveyError
from forms.yaml_file import mapping, only_keys, read_yaml, sequence, text

COUNCILS = Path(__file__).parent / "lists" / "councils.yaml"


@lru_cache(maxsize=4)
def councils(path: Path = COUNCILS) -> Mapping[str, str]:
    """ONS code -> name, in the order of the list. Raises SurveyError for a list that holds anything else."""
    found: dict[str, str] = {}
    for number, item in enumerate(sequence(read_yaml(path), path.name), start=1):
        where = f"{path.name}: entry {number}"
        entry = only_keys(mapping(item, where), {"code", "name"}, where)
        code = text(entry.get("code"), f"{where}: code")
        if not COUNCIL_CODE.match(code):
            raise SurveyError(f"{where}: '{code}' is not a code of an English local authority")
        if code in found:
            raise SurveyError(f"{where}: '{code}' is there twice: keep one")
        found[code] = text(entry.get("name"), f"{where}: name")
    return MappingProxyType(found)
