"""How a door is run: one uvicorn without access log, without server header, and deaf to whatever a proxy says of the sender."""

from __future__ import annotations

from typing import Any

import uvicorn
from starlette.types import ASGIApp

# Messages only: no time, no address. Whoever runs the door under systemd gets the service's own times around them.
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stderr"}},
    "loggers": {
        "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "bigask.door": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}


def server(app: ASGIApp, host: str = "127.0.0.1", port: int = 8000) -> uvicorn.Server:
    """A server for one door; `port` 0 takes any free one. The caller runs it with `run()`."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_config=LOGGING,
            server_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="on",
            timeout_keep_alive=15,
            timeout_graceful_shutdown=30,
            backlog=2048,
        )
    )
