"""The paths that the server knows: docs/web_protocol.md."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field

from .access import COOKIE, Access
from .metrics import prometheus_text
from .page_connection import OF_A_PAGE, OF_A_PROGRAM
from .page_files import PageFiles
from .socket_route import SILENT_S, SocketKind, Sockets

if TYPE_CHECKING:
    from .stage import GatewayStage

#: A year: what is named by its content never changes.
_FOR_EVER = "public, max-age=31536000, immutable"


class Login(BaseModel):
    """The token of the address that the server has printed."""

    token: str = Field(max_length=500)


def make_app(stage: GatewayStage, access: Access, describe: Callable[[], dict[str, Any]]) -> FastAPI:
    """Without the guard. describe: what /voices tells."""
    pages = PageFiles(Path(__file__).parent / "page")
    stage.view.version = pages.version
    app = FastAPI(
        title="avatar_ros",
        version=pages.version,
        description="A talking face: sound or text in, pictures, videos, weights out. See docs/web_protocol.md.",
        docs_url=None,
        redoc_url=None,
    )
    pages_of = SocketKind(stage.receive, OF_A_PAGE, SILENT_S, stage.mic_ways.make_rtc_ear)
    programs = SocketKind(stage.receive_program, OF_A_PROGRAM, None)
    app.add_api_websocket_route("/ws", _socket(Sockets(stage, pages_of)))
    app.add_api_websocket_route("/face", _socket(Sockets(stage, programs)))
    _add_files(app, stage, pages)
    _add_facts(app, stage, describe)
    _add_login(app, access)
    return app


def _socket(sockets: Sockets) -> Callable[[WebSocket], Any]:
    async def talk(socket: WebSocket) -> None:
        await sockets.serve(socket)

    return talk


def _add_files(app: FastAPI, stage: GatewayStage, pages: PageFiles) -> None:
    @app.get("/", include_in_schema=False)
    def page(request: Request) -> Response:
        return pages.answer("index.html", request.headers)

    @app.get("/embed", include_in_schema=False)
    def embed(request: Request) -> Response:
        return pages.answer("embed.html", request.headers)

    @app.get("/favicon.ico", include_in_schema=False)
    def favicon(request: Request) -> Response:
        return pages.answer("icon.svg", request.headers)

    @app.get("/static/{name:path}", include_in_schema=False)
    def static(name: str, request: Request) -> Response:
        return pages.answer(name, request.headers, source="source" in request.query_params)

    @app.get("/avatars")
    def avatars() -> dict[str, Any]:
        """The avatars that may be shown; the first is the default."""
        return {"avatars": stage.avatars.listed()}

    @app.get("/avatar/{sha256}.bin")
    def avatar(sha256: str, request: Request) -> Response:
        """An avatar as the page draws it, named by its content."""
        found = stage.avatars.find(sha256)
        if found is None:
            return JSONResponse({"error": "no such avatar: see /avatars"}, 404)
        packs = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"cache-control": _FOR_EVER, "vary": "accept-encoding"}
        if packs:
            headers["content-encoding"] = "gzip"
        return Response(found.packed if packs else found.data, 200, headers, "application/octet-stream")


def _add_facts(app: FastAPI, stage: GatewayStage, describe: Callable[[], dict[str, Any]]) -> None:
    @app.get("/health")
    def health() -> JSONResponse:
        """Whether visitors are answered."""
        view = stage.view
        told = {
            "ok": view.accepting,
            "version": view.version,
            "sessions": len(view.sessions),
            "queue": view.waiting,
            "nodes": view.nodes,
            "pipelines": view.pipelines,
        }
        return JSONResponse(told, 200 if view.accepting else 503)

    @app.get("/voices")
    def voices() -> dict[str, Any]:
        """Voices and languages of this server."""
        return describe()

    @app.get("/metrics")
    def metrics() -> PlainTextResponse:
        """Figures for Prometheus."""
        return PlainTextResponse(prometheus_text(stage.view), media_type="text/plain; version=0.0.4")


def _add_login(app: FastAPI, access: Access) -> None:
    @app.post("/login", status_code=204)
    def login(body: Login, request: Request) -> Response:
        """Exchange the token for a cookie."""
        right, wait_s = access.try_token(body.token, request.scope["avatar_address"], time.monotonic())
        if wait_s:
            return JSONResponse({"error": "tried too often"}, 429, {"retry-after": str(int(wait_s) + 1)})
        if not right:
            return JSONResponse({"error": "a wrong token"}, 401)
        response = Response(status_code=204)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, access.cookie, path="/", secure=secure, httponly=True, samesite="strict")
        return response
