"""How the staff and researcher doors are run, and any door in a test: one uvicorn without access log or server header, and deaf to
whatever a proxy says of the sender. The child door has processes of its own (api.workers).
"""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

from api.quiet_logs import LOGGING


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
