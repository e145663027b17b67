"""What the two doors for grown-ups share: their templates and how numbers and days are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.jinja import new_environment
from api.static_files import static_files


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = new_environment()
    made.globals.update(language="en", direction="ltr")
    made.filters.update(day=written_day, days=written_days, number=written_number, size=written_size)
    return made


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page of `templates/<template>.html`."""
    return HTMLResponse(_environment().get_template(f"{template}.html").render(**values), status)


def static_file(content_hash: str, name: str, request: Request) -> Response:
    """One of our own styles, scripts or fonts. Raises HTTPException 404."""
    files = static_files()
    found = files.response(name, request) if files.prefix == f"/static/{content_hash}" else None
    if found is None:
        raise HTTPException(404)
    return found


def written_day(day: date | str) -> str:
    """A day in words: 4 May 2026."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{day.day} {day:%B %Y}"


def written_days(collected: Mapping[str, str]) -> str:
    """A first and a last day in words: on 4 May 2026, or from 4 May 2026 to 9 June 2026."""
    first, last = written_day(collected["from"]), written_day(collected["to"])
    return f"on {first}" if first == last else f"from {first} to {last}"


def written_number(number: int) -> str:
    """A whole number with commas."""
    return f"{number:,}"


def written_size(size: int) -> str:
    """A file's size for people."""
    return f"{size} bytes" if size < 1000 else f"{size / 1000:.0f} KB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"
