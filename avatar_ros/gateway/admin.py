"""/admin: what the operator sees and may do. A password of its own, asked for by the browser; no scripts, no words of
visitors.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from html import escape
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from .rate_limit import AddressLimit

if TYPE_CHECKING:
    from .stage import GatewayStage

#: Wrong passwords of one address: five at once, then one in twelve seconds.
_TRIES, _TRIES_PER_S = 5.0, 1 / 12
REFRESH_S = 5
LONGEST_SAY = 1000
_ASK = {"www-authenticate": 'Basic realm="avatar", charset="UTF-8"'}
_COLUMNS = ("name", "pipeline", "state", "connected", "age_s", "silent_s", "mic", "questions", "first_sound_ms", "page")


class Operator:
    """password: "" where nobody has one; then nobody is the operator."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()
        self._limit = AddressLimit(_TRIES_PER_S, _TRIES)

    def check(self, request: Request) -> None:
        """Raises HTTPException: 404 without /admin, 401 without or with a wrong password, 429 after many tries."""
        if not self._password:
            raise HTTPException(404, "no operator has a password here: see the parameter admin_token_file")
        given = password_of(request.headers.get("authorization", ""))
        if hmac.compare_digest(given, self._password):
            return
        wait_s = self._limit.take(request.scope["avatar_address"], time.monotonic()) if given else 0.0
        if wait_s:
            raise HTTPException(429, "tried too often", {"retry-after": str(int(wait_s) + 1)})
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

    @app.get("/admin", include_in_schema=False)
    def page(request: Request) -> Response:
        operator.check(request)
        return HTMLResponse(admin_page(stage))

    @app.get("/admin/sessions")
    def sessions(request: Request) -> Response:
        """Conversations with their state and delays; the operator's password."""
        operator.check(request)
        view = stage.view
        told = {"sessions": view.sessions, "nodes": view.nodes, "pipelines": view.pipelines, "queue": view.waiting}
        return JSONResponse(told)

    @app.post("/admin/close")
    def close(request: Request, session: Annotated[str, Form(max_length=200)]) -> Response:
        """Close a conversation."""
        operator.check(request)
        _known(stage, session)
        stage.end_session(session)
        return RedirectResponse("/admin", 303)

    @app.post("/admin/say")
    def say(
        request: Request,
        session: Annotated[str, Form(max_length=200)],
        text: Annotated[str, Form(min_length=1, max_length=LONGEST_SAY)],
    ) -> Response:
        """Have the avatar say something in a conversation."""
        operator.check(request)
        _known(stage, session)
        stage.say(session, text)
        return RedirectResponse("/admin", 303)


def _known(stage: GatewayStage, session: str) -> None:
    if session not in {one["name"] for one in stage.view.sessions}:
        raise HTTPException(404, "no such conversation")


def admin_page(stage: GatewayStage) -> str:
    """The operator's page as HTML."""
    view = stage.view
    nodes = "".join(f"<li>{escape(name)}: {escape(state)}</li>" for name, state in view.nodes.items())
    graphs = "".join(f"<li>{escape(_pipeline(one))}</li>" for one in view.pipelines)
    rows = "".join(_row(session) for session in view.sessions)
    head = "".join(f"<th scope=col>{name.replace('_', ' ')}</th>" for name in (*_COLUMNS, "say", "close"))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>avatar: operator</title>"
        f"<meta http-equiv=refresh content={REFRESH_S}><h1>avatar</h1>"
        f"<p>{len(view.sessions)} conversations, {view.waiting} wait, {view.begun} since the start, "
        f"{view.questions} questions; pictures: {view.generated} made, {view.generate_waiting} wait</p>"
        f"<h2>Pipelines</h2><ul>{graphs}</ul><h2>Nodes</h2><ul>{nodes}</ul>"
        f"<h2>Conversations</h2><table border=1><tr>{head}</tr>{rows}</table></html>"
    )


def _pipeline(one: dict[str, Any]) -> str:
    places = f" of {one['max_sessions']}" if one["max_sessions"] else ""
    return f"{one['name']}: {'well' if one['ok'] else 'not well'}, {one['sessions']}{places} conversations"


def _row(session: dict[str, Any]) -> str:
    cells = "".join(f"<td>{escape(str(session[name]))}</td>" for name in _COLUMNS)
    name = escape(session["name"], quote=True)
    hidden = f'<input type=hidden name=session value="{name}">'
    say = f"<form method=post action=/admin/say>{hidden}<input name=text aria-label=text><button>say</button></form>"
    close = f"<form method=post action=/admin/close>{hidden}<button>close</button></form>"
    return f"<tr>{cells}<td>{say}</td><td>{close}</td></tr>"
