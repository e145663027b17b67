"""What every door does for every request, whatever the page: headers, the body's limits, and silence about errors (A1-A3).

Pure ASGI, so that nothing is buffered behind our back and no framework adds a header after us.
"""

from __future__ import annotations

import asyncio
import logging

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.quiet_logs import place

log = logging.getLogger("bigask.door")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
POWERS = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "compute-pressure", "display-capture", "encrypted-media",
    "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
    "keyboard-map", "local-fonts", "magnetometer", "microphone", "midi", "otp-credentials", "payment",
    "picture-in-picture", "private-state-token-issuance", "publickey-credentials-get", "screen-wake-lock", "serial",
    "storage-access", "usb", "window-management", "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-DNS-Prefetch-Control": "off",
    "Permissions-Policy": ", ".join(f"{power}=()" for power in POWERS),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
}
NO_STORE = "no-store, max-age=0"
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NO_STORE = (b"cache-control", NO_STORE.encode())
CLEAR_SITE_DATA = '"cache", "storage"'  # A11; an extra layer, since only some browsers obey, and only over https


class SecurityHeaders:
    """Adds the headers of A1-A3 and A10 to every response. Cookies never pass, unless a door needs them to sign staff in.

    A response that sets its own Cache-Control (a static file) keeps it; every other is `no-store`. `listed`: a public site that
    search engines may list; all others ask them not to.
    """

    def __init__(self, app: ASGIApp, cookies: bool = False, listed: bool = False) -> None:
        self._app = app
        self._headers = [header for header in _HEADERS if not listed or header[0] != b"x-robots-tag"]
        self._unwanted = {b"server", *(name for name, _ in _HEADERS)} | (set() if cookies else {b"set-cookie"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in self._unwanted]
                if not any(name.lower() == b"cache-control" for name, _ in headers):
                    headers.append(_NO_STORE)
                message = {**message, "headers": headers + self._headers}
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Lets a request's body through up to `largest` bytes within `seconds`; raises HTTPException 413 or 408 to its reader.

    What comes beyond the limit is read and thrown away up to `drained` bytes, so that the sender can see our answer;
    it is never kept.
    """

    def __init__(self, app: ASGIApp, largest: int, seconds: float = 30.0, drained: int = 16 * 1024 * 1024) -> None:
        self._app = app
        self._largest = largest
        self._seconds = seconds
        self._drained = drained

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        deadline = asyncio.get_running_loop().time() + self._seconds
        declared = Headers(scope=scope).get("content-length", "0")
        too_large = not declared.isascii() or not declared.isdigit() or int(declared[:12]) > self._largest
        seen, ended = 0, False

        async def limited() -> Message:
            nonlocal seen, ended
            if ended:  # from here on only a disconnect can come, however late
                return await receive()
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        message = await receive()
                except TimeoutError:
                    raise HTTPException(408) from None
                seen += len(message.get("body", b""))
                ended = message["type"] != "http.request" or not message.get("more_body", False)
                if not too_large and seen <= self._largest:
                    return message
                if ended or seen > self._drained:
                    raise HTTPException(413)

        await self._app(scope, limited, send)


class QuietErrors:
    """The outermost layer: an unexpected error is logged by its type and place alone, never by its text.

    The text of an exception can quote what it stumbled over, and that may be a child's words.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:  # a browser that was closed while it sent: nobody is left to be told, and nothing is wrong
            return
        except Exception as error:
            if scope["type"] == "lifespan":
                raise
            log.error("unexpected %s at %s", type(error).__name__, place(error.__traceback__))
            if not started:
                headers = [(b"content-type", b"text/plain; charset=utf-8")]
                await send({"type": "http.response.start", "status": 500, "headers": headers})
                await send({"type": "http.response.body", "body": b"Something went wrong. Please go back and try again.\n"})


def harden(app: ASGIApp, largest_body: int, cookies: bool = False, listed: bool = False) -> ASGIApp:
    """A door with all three layers around it, in the order that works."""
    return SecurityHeaders(QuietErrors(BodyLimit(app, largest_body)), cookies, listed)
