"""Signing in by the office's own identity provider (OIDC): a proxy on this machine checks who it is, and says so in a header.

Off unless both a proxy's address and a secret are set. The header alone proves nothing: it must come from that address with the secret
that only the proxy and this door have. Roles stay here: the proxy says who somebody is, never what they may do.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from starlette.requests import Request

from retention.secure_store import SecureStore
from retention.staff import Member, member

USER, SECRET = "x-bigask-user", "x-bigask-proxy-secret"


@dataclass(frozen=True)
class TrustedProxy:
    """The one proxy that is believed. `address`: its IP address; `secret`: what it sends along, at least 32 characters."""

    address: str
    secret: str = field(repr=False)

    def member(self, request: Request, store: SecureStore) -> Member | None:
        """Who the proxy says this is; None if it does not say, is another, or there is no such account."""
        names, secrets = (request.headers.getlist(header) for header in (USER, SECRET))
        peer = request.client.host if request.client is not None else ""
        if len(names) != 1 or len(secrets) != 1 or peer != self.address:
            return None
        if not hmac.compare_digest(secrets[0].encode(), self.secret.encode()):
            return None
        return member(store, names[0])
