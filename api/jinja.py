"""Templates of every door: everything is escaped, and a name that a template does not get is an error."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.static_files import static_files


def new_environment() -> Environment:
    """Jinja over `api/templates`; `static` gives the address of a static file."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static"] = static_files().url
    return made
