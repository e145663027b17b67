"""From a request's bytes to (field, value) pairs, strictly: what no browser sends for a page of ours is refused.

Nothing here looks at what the pairs mean, and no error repeats any of what was sent.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

LARGEST_BODY = 64 * 1024  # bytes; the longest form, every box full, every character escaped, needs well under half
MOST_FIELDS = 500
FORM_TYPE = "application/x-www-form-urlencoded"
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


async def form_pairs(request: Request) -> list[tuple[str, str]]:
    """The posted pairs, in order. Blank values are kept.

    Raises HTTPException: 415 for another type than a form's, 400 for a body that is not a form's, and whatever the body
    limit raises (408, 413); ClientDisconnect.
    """
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != FORM_TYPE or "charset" in parameters.lower().replace("charset=utf-8", ""):
        raise HTTPException(415)
    return parse(await _body(request.receive))


async def _body(receive: Receive) -> bytes:
    """Nearly always it comes in one piece."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def parse(body: bytes) -> list[tuple[str, str]]:
    """Pairs of an urlencoded body. Raises HTTPException 400 for broken escapes, broken UTF-8, NUL, or too many fields."""
    try:
        text = body.decode("ascii")
        if not text:
            return []
        parts = text.split("&")
        if len(parts) > MOST_FIELDS or "\0" in text or "%00" in text or BROKEN_ESCAPE.search(text):
            raise HTTPException(400)
        return [_pair(part) for part in parts]
    except ValueError:  # UnicodeDecodeError is one too; its own text would quote the body
        raise HTTPException(400) from None


def _pair(part: str) -> tuple[str, str]:
    """Raises ValueError if it is none, or not UTF-8."""
    name, value = part.split("=", 1)
    if "%" not in part and "+" not in part:  # nearly always: codes, not words
        return name, value
    return unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
