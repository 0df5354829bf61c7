"""What every request passes: whose name it calls us by, where its page is from, its token, its size; and the headers
that every answer gets. As plain ASGI, so that it costs a socket nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

from .access import Access
from .base import WebSettings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: The page loads nothing from elsewhere; wasm is compiled, nothing else is made code of.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self' {sockets}; "
    "manifest-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors {frames}"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
}
#: Whoever sends a request's body more slowly than this is not waited for, s.
BODY_S = 60.0
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class _Refused(NamedTuple):
    """wait_s: before the next try."""

    status: int
    text: str
    wait_s: float = 0.0


class Guard:
    """address_of(scope): whose request it is, proxies looked through."""

    def __init__(self, app: App, access: Access, settings: WebSettings, address_of: Callable[[Scope], str]) -> None:
        self._app = app
        self._access = access
        self._settings = settings
        self._address_of = address_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope["avatar_address"] = self._address_of(scope)
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        refused = self._refused(scope, headers)
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, refused)
            return
        answer = self._with_headers(scope, headers, send)
        if refused is not None:
            await _answer(answer, refused)
            return
        await self._app(scope, _Limited(receive, self._settings.upload_bytes), answer)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> _Refused | None:
        host = headers.get("host", "")
        if not self._access.knows_host(host):
            return _Refused(421, f"this server is not called '{host[:100]}'; add it to the parameter names")
        checks_origin = scope["type"] == "websocket" or scope["method"] in _UNSAFE
        if checks_origin and not self._access.is_own_origin(headers.get("origin"), host):
            return _Refused(403, "a page of another site may not do that; add its origin to the parameter origins")
        if self._access.needs_it(scope["path"]):
            has_it, wait_s = self._access.has_token(headers, scope["avatar_address"], time.monotonic())
            if wait_s:
                return _Refused(429, "too many wrong tokens: wait", wait_s)
            if not has_it:
                return _Refused(401, "this needs the token: open the address that the server has printed")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._settings.upload_bytes:
            return _Refused(413, f"more than {self._settings.upload_bytes} bytes")
        return None

    async def _socket(self, scope: Scope, receive: Receive, send: Send, refused: _Refused | None) -> None:
        if refused is None:
            await self._app(scope, receive, send)
            return
        await receive()
        if refused.status == 401:  # a browser's script sees why only after the socket was open
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4401, "reason": "no token"})
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})  # before accept: HTTP 403

    def _with_headers(self, scope: Scope, request: dict[str, str], send: Send) -> Send:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = self._own_headers(scope["path"], request.get("host", ""), scope["scheme"])
                given = {key.lower() for key, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((key.encode(), value.encode()) for key, value in own.items() if key.encode() not in given),
                ]
            await send(message)

        return answer

    def _own_headers(self, path: str, host: str, scheme: str) -> dict[str, str]:
        frames = " ".join(self._settings.embed_origins) or "'none'" if path == "/embed" else "'none'"
        sockets = f"{'wss' if scheme == 'https' else 'ws'}://{host}"  # what 'self' does not mean to older Safaris
        forms = "'self'" if path.startswith("/admin") else "'none'"
        own = {**_HEADERS, "content-security-policy": _POLICY.format(frames=frames, sockets=sockets, forms=forms)}
        if path.startswith("/admin"):
            own["referrer-policy"] = "same-origin"  # with none, a browser's form says that it comes from nowhere
        if path == "/embed":
            own["cross-origin-resource-policy"] = "cross-origin"
        if scheme == "https":
            own["strict-transport-security"] = "max-age=31536000"
        own["cache-control"] = "no-store"
        return own


class _Limited:
    """A body of at most so many bytes within BODY_S; more is told as if the other side had gone."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self._until_s = time.monotonic() + BODY_S

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0 or time.monotonic() > self._until_s:
                return {"type": "http.disconnect"}
        return message


async def _answer(send: Send, refused: _Refused) -> None:
    body = json.dumps({"error": refused.text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refused.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refused.wait_s:
        headers.append((b"retry-after", b"%d" % (int(refused.wait_s) + 1)))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
