"""Square codes (QR codes) of the forms' addresses, for the board of a classroom. Drawn here, so no address goes to anybody."""

from __future__ import annotations

import io
from functools import lru_cache

import segno

DARK, LIGHT = "#14181b", "#ffffff"  # the same by day and by night: readers of codes expect dark on light


@lru_cache(maxsize=64)
def square_code(address: str) -> bytes:
    """An SVG of the code: error correction M (15 % may be hidden or dirty), and the quiet zone of four modules of ISO/IEC 18004."""
    drawn = io.BytesIO()
    segno.make_qr(address, error="m").save(drawn, kind="svg", scale=8, border=4, dark=DARK, light=LIGHT, xmldecl=False, omitsize=True)
    return drawn.getvalue()
