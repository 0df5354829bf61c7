"""/admin: what the operator sees and may do. A password of its own, asked for by the browser; no words of visitors."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import FastAPI, Form, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse

from ..core.errors import AvatarRosError
from . import admin_page
from .rate_limit import AddressLimit

if TYPE_CHECKING:
    from .stage import GatewayStage

#: Wrong passwords of one address: five at once, then one in twelve seconds.
_TRIES, _TRIES_PER_S = 5.0, 1 / 12
LONGEST_SAY, LONGEST_NAME, LONGEST_VALUE = 1000, 200, 4000
MOST_LINES = 500
_ASK = {"www-authenticate": 'Basic realm="avatar", charset="UTF-8"'}
_Name = Annotated[str, Query(max_length=LONGEST_NAME)]
_Field = Annotated[str, Form(max_length=LONGEST_NAME)]


class Operator:
    """password: "" where nobody has one; then nobody is the operator."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._limit = AddressLimit(_TRIES_PER_S, _TRIES)

    def check(self, request: Request) -> None:
        """Raises HTTPException: 404 without /admin, 401 without or with a wrong password, 429 after many tries.

        Until an address has waited, not even the right one is looked at.
        """
        if not self._password:
            raise HTTPException(404, "no operator has a password here: see the parameter admin_token_file")
        given = password_of(request.headers.get("authorization", ""))
        address, now_s = request.scope["avatar_address"], time.monotonic()
        if given and (wait_s := self._limit.wait_s(address, now_s)):
            raise HTTPException(429, "tried too often", {"retry-after": str(int(wait_s) + 1)})
        if hmac.compare_digest(given, self._password):
            return
        if given:
            self._limit.take(address, now_s)
        raise HTTPException(401, "the operator's password", _ASK)


def password_of(header: str) -> bytes:
    """Of an Authorization header: Basic's password, whatever the name, or Bearer's token; b"" for none."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def add_admin(app: FastAPI, stage: GatewayStage, operator: Operator) -> None:
    """Add the paths below /admin."""
    _add_views(app, stage, operator)
    _add_settings(app, stage, operator)

    @app.post("/admin/close")
    def close(request: Request, session: _Field) -> Response:
        """Close a conversation."""
        operator.check(request)
        _known(stage, session)
        stage.end_session(session)
        return RedirectResponse("/admin", 303)

    @app.post("/admin/say")
    def say(
        request: Request, session: _Field, text: Annotated[str, Form(min_length=1, max_length=LONGEST_SAY)]
    ) -> Response:
        """Have the avatar say something in a conversation."""
        operator.check(request)
        _known(stage, session)
        stage.say(session, text)
        return RedirectResponse(f"/admin/session?name={quote(session, safe='')}", 303)


def _add_views(app: FastAPI, stage: GatewayStage, operator: Operator) -> None:
    @app.get("/admin", include_in_schema=False)
    def page(request: Request) -> Response:
        operator.check(request)
        return HTMLResponse(admin_page.overview(stage.view, stage.desk.health(), stage.desk.log()))

    @app.get("/admin/sessions")
    def sessions(request: Request) -> Response:
        """Conversations with their state and delays; the operator's password."""
        operator.check(request)
        view = stage.view
        told = {"sessions": view.sessions, "nodes": view.nodes, "pipelines": view.pipelines, "queue": view.waiting}
        return JSONResponse(told)

    @app.get("/admin/session", include_in_schema=False)
    def session(request: Request, name: _Name) -> Response:
        operator.check(request)
        return HTMLResponse(admin_page.session_page(_known(stage, name)))

    @app.get("/admin/nodes")
    def nodes(request: Request) -> Response:
        """How every node says that it is: level (ok, warning, error, silent), message, and its figures."""
        operator.check(request)
        return JSONResponse({"nodes": [{**asdict(one), "values": dict(one.values)} for one in stage.desk.health()]})

    @app.get("/admin/log")
    def log(request: Request, lines: Annotated[int, Query(ge=1, le=MOST_LINES)] = 100) -> Response:
        """The last lines of all nodes' log."""
        operator.check(request)
        return PlainTextResponse(admin_page.log_text(list(stage.desk.log())[-lines:]))


def _add_settings(app: FastAPI, stage: GatewayStage, operator: Operator) -> None:
    def answer(request: Request, node: str, refused: str = "") -> Response:
        status = 422 if refused else 200
        try:
            found = stage.desk.settings(node)
        except AvatarRosError as error:
            raise HTTPException(503 if error.retryable else 404, str(error)) from error
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(admin_page.settings_page(node, found, refused), status)
        told = {"node": node, "settings": [asdict(one) for one in found]}
        return JSONResponse({**told, "error": refused} if refused else told, status)

    @app.get("/admin/settings")
    def settings(request: Request, node: _Name) -> Response:
        """What may be changed of a node while it runs. node: as in /admin/nodes."""
        operator.check(request)
        return answer(request, node)

    @app.post("/admin/set")
    def change(
        request: Request, node: _Field, name: _Field, value: Annotated[str, Form(max_length=LONGEST_VALUE)] = ""
    ) -> Response:
        """Change one of these at once; 422 with the reason where the node refuses it. A list has one text a line."""
        operator.check(request)
        try:
            refused = stage.desk.change(node, name, value)
        except AvatarRosError as error:
            raise HTTPException(503 if error.retryable else 404, str(error)) from error
        if refused:
            return answer(request, node, f"{name}: {refused}")
        return RedirectResponse(f"/admin/settings?node={quote(node, safe='')}", 303)


def _known(stage: GatewayStage, name: str) -> dict[str, Any]:
    found = next((one for one in stage.view.sessions if one["name"] == name), None)
    if found is None:
        raise HTTPException(404, "no such conversation")
    return found
