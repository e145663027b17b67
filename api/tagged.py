"""Answers to programs that carry an ETag, so that whoever has one already is told so and sent nothing."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response


def tagged(request: Request, answer: Response, **headers: str) -> Response:
    """The answer with an ETag of its bytes and these headers; 304 without content for whoever has it already (RFC 9110)."""
    tag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    known = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag, **headers})
    answer.headers.update({"ETag": tag, **headers})
    return answer
