"""FastAPI as our doors use it: no page of its own, no redirect, and nothing that reports to anybody (A2, A6).

FastAPI sends traces, metrics and logs of requests by OpenTelemetry as soon as an environment variable, or any package that sets a
provider, says so. What is asked of a door is nobody's business, so no environment turns that on here. The child door uses Starlette
alone, which has nothing of the kind.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI


def silent_app(**named: Any) -> FastAPI:
    """An application with these of FastAPI's options."""
    silence = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    return FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=silence, **named)  # type: ignore[arg-type]
