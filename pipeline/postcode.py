"""Reading a postcode as a child writes it: one reading, or none. Never a guess.

A normalised postcode has seven characters, as in the `pcd7` column of ONS files: the outward code padded to four with
spaces, then the inward code ("M1  1AE", "SW1A1AA"). The rules of form are those of the Royal Mail's postcode format
(BS 7666); whether a well-formed postcode exists is for a `pipeline.directory.Directory` to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise, product
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Outcome(StrEnum):
    """What became of one home postcode."""

    MATCHED = "matched"
    MATCHED_TERMINATED = "matched_terminated"  # no longer in use, but its place is known
    NOT_IN_ENGLAND = "not_in_england"
    NO_GRID_REFERENCE = "no_grid_reference"  # exists, and nobody ever recorded where
    PARTIAL = "partial"  # an outward code, with or without the beginning of an inward code
    UNKNOWN = "unknown"  # well formed, and in no directory
    MALFORMED = "malformed"  # no postcode, or more than one
    NOT_GIVEN = "not_given"
    NOT_ASKED = "not_asked"
    UNREADABLE = "unreadable"  # the sealed record does not open, or none of our forms sent it; it is set aside


@dataclass(frozen=True)
class Reading:
    """What was written. Exactly one of three: a whole `postcode`, an `outward` code alone, or the `outcome` that says why not."""

    postcode: str = ""  # seven characters, see the module's docstring
    outward: str = ""  # "M1": filled for a partial code only
    outcome: Outcome | None = None  # MALFORMED, NOT_GIVEN or PARTIAL; None if there is a whole postcode

    def __repr__(self) -> str:
        """Says the kind of reading, never the postcode: a Reading may end up in a traceback."""
        return f"Reading({self.outcome or 'whole postcode'})"


_TOKEN = re.compile("[A-Z0-9]+")
# The 124 areas in use (three of them the crown dependencies), Gibraltar (GX) and the British forces (BF).
AREAS: Final = frozenset(
    _TOKEN.findall(
        """AB AL B BA BB BD BF BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G
        GL GU GX GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW
        OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD
        WF WN WR WS WV YO ZE"""
    )
)
OLD_FORMS: Final = ("NPT", "GIR")  # Newport until 1984 and one bank; still in the directories
# A9, A99, AA9, AA99 (no leading zero before a second digit), A9A and AA9A with the letters in use in that place.
_OUTWARD = r"(?:[A-Z]{1,2}(?:[1-9][0-9]|[0-9])|[A-Z][0-9][ABCDEFGHJKPSTUW]|[A-Z]{2}[0-9][ABEHMNPRVWXY]|NPT|GIR)"
_INWARD = r"[0-9][ABD-HJLNP-UW-Z]{2}"
_WHOLE = re.compile(f"({_OUTWARD})({_INWARD})")
_PARTIAL = re.compile(f"({_OUTWARD})(?: [0-9][ABD-HJLNP-UW-Z]?)?")
_USUAL = re.compile(rf"\s*({_OUTWARD}) ?({_INWARD})\s*")
_CONFUSED: Final = {"O": "O0", "0": "0O", "I": "I1", "1": "1I"}
_SHORTEST, _LONGEST, _INWARD_CHARS = 5, 7, 3  # characters of a postcode without its space
MAX_CHARS: Final = 200  # more than that is no postcode box


def normalise(raw: str) -> Reading:
    """Read what was typed into a postcode box.

    Case, spaces and punctuation do not matter; words around it do not either, if they hold no second postcode. O for 0,
    0 for O, I for 1 and 1 for I are put right only where exactly one of the possible readings has the form of a postcode
    of an existing area. Two different readings are no reading: MALFORMED.
    """
    usual = _USUAL.fullmatch(raw.upper()) if len(raw) <= MAX_CHARS else None
    if usual is not None and _exists(usual[1]) and raw.isascii():
        return Reading(postcode=f"{usual[1]:<4}{usual[2]}")
    text = unicodedata.normalize("NFKC", raw).upper()
    tokens = _TOKEN.findall(text)
    if not tokens:
        return Reading(outcome=Outcome.NOT_GIVEN if not text.strip() else Outcome.MALFORMED)
    if len(raw) > MAX_CHARS:
        return Reading(outcome=Outcome.MALFORMED)
    candidates = [text for text in _candidates(tokens) if _SHORTEST <= len(text) <= _LONGEST]
    for readings in (_as_written(candidates), _put_right(candidates)):
        if len(readings) == 1:
            return Reading(postcode=readings.pop())
        if readings:
            return Reading(outcome=Outcome.MALFORMED)
    partial = _PARTIAL.fullmatch(" ".join(tokens))
    if partial is not None and _exists(partial[1]):
        return Reading(outward=partial[1], outcome=Outcome.PARTIAL)
    return Reading(outcome=Outcome.MALFORMED)


def _exists(outward: str) -> bool:
    """Whether a well-formed outward code belongs to an area that there is, or is one of the two old forms."""
    return (outward[:2] if outward[1].isalpha() else outward[0]) in AREAS or outward in OLD_FORMS


def _candidates(tokens: Sequence[str]) -> Iterable[str]:
    """What could be the postcode: everything together, however it is broken up, or one or two words among others."""
    yield "".join(tokens)
    yield from tokens
    for outward, inward in pairwise(tokens):
        if len(inward) == _INWARD_CHARS:
            yield outward + inward


def _as_written(candidates: Iterable[str]) -> set[str]:
    found = (_WHOLE.fullmatch(text) for text in candidates)
    return {f"{match[1]:<4}{match[2]}" for match in found if match is not None and _exists(match[1])}


def _put_right(candidates: Iterable[str]) -> set[str]:
    """Readings with O/0 and I/1 exchanged. What holds no digit at all is a word, not a postcode."""
    spelt = (text for text in candidates if any(c.isdigit() for c in text))
    return _as_written("".join(letters) for text in spelt for letters in product(*(_CONFUSED.get(c, c) for c in text)))


# Packed as an integer in base 37 (space, digits, letters: the order of ASCII), so that sorting and searching are those of
# 64-bit integers and the sorted table compresses to small differences.
_BASE: Final = 37
INWARD_SPAN: Final = _BASE**3  # codes of one outward code lie in [start, start + INWARD_SPAN)
_WEIGHTS: Final = np.array([_BASE**place for place in range(6, -1, -1)], dtype=np.int64)
NO_CODE: Final = -1


@cache
def _digit_values() -> NDArray[np.int64]:
    values = np.full(256, -1, dtype=np.int64)
    values[ord(" ")] = 0
    values[ord("0") : ord("9") + 1] = np.arange(1, 11)
    values[ord("A") : ord("Z") + 1] = np.arange(11, 37)
    return values


def pack(postcodes: Sequence[str] | NDArray[np.bytes_]) -> NDArray[np.int64]:
    """Normalised postcodes (seven characters each) as integers of the same order; NO_CODE for anything else.

    Takes n strings, or n values of dtype 'S7'. Returns shape (n,).
    """
    fixed = np.asarray(postcodes if isinstance(postcodes, np.ndarray) else np.array(postcodes, dtype="S7"), dtype="S7")
    characters = np.ascontiguousarray(fixed).view(np.uint8).reshape(len(fixed), 7)
    values = _digit_values()
    codes = np.zeros(len(fixed), dtype=np.int64)
    well_formed = np.ones(len(fixed), dtype=np.bool_)
    for place, weight in enumerate(_WEIGHTS):
        digits = values[characters[:, place]]
        well_formed &= digits >= 0
        codes += digits * weight
    return np.where(well_formed, codes, NO_CODE)


def pack_outward(outward: str) -> int:
    """The smallest packed postcode of an outward code; the others follow within INWARD_SPAN."""
    return int(pack([f"{outward:<4}000"])[0] - pack(["    000"])[0])


def unpack(codes: NDArray[np.int64]) -> list[str]:
    """The reverse of `pack`, for exports and tests."""
    symbols = np.frombuffer(b" 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)
    characters = symbols[(codes[:, None] // _WEIGHTS) % _BASE]
    return [str(row.tobytes(), "ascii") for row in np.ascontiguousarray(characters)]
