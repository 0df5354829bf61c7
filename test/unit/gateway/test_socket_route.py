"""Browsers that are gone without a word: each send fails, as it does below starlette, and nothing else comes of it."""

import asyncio

import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from fastapi import WebSocket

from avatar_ros.gateway.page_connection import OF_A_PAGE
from avatar_ros.gateway.socket_route import SocketKind, Sockets
from gateway_graph import Graph


@pytest.fixture(scope="module")
def graph():
    with Graph() as made:
        yield made


class Gone:
    """A browser that has said this, and is gone after so many things were sent to it."""

    def __init__(self, *said: dict, hears: int) -> None:
        self._said = [{"type": "websocket.connect"}, *said]
        self._hears = hears
        self.heard: list[dict] = []

    async def receive(self) -> dict:
        return self._said.pop(0) if self._said else {"type": "websocket.disconnect", "code": 1006}

    async def send(self, message: dict) -> None:
        if len(self.heard) == self._hears:
            raise ConnectionResetError("gone")
        self.heard.append(message)

    def visit(self, sockets: Sockets) -> None:
        scope = {"type": "websocket", "path": "/ws", "headers": [], "avatar_address": "127.0.0.1"}
        asyncio.run(sockets.serve(WebSocket(scope, self.receive, self.send)))


def sockets_of(graph: Graph, **limits: int) -> Sockets:
    return Sockets(graph.stage, SocketKind(graph.stage.receive, OF_A_PAGE, 30.0), **limits)


@pytest.mark.parametrize("hears", [0, 1])
def test_who_is_gone_before_it_is_turned_away(graph, hears):
    sockets = sockets_of(graph)
    gone = Gone({"type": "websocket.receive", "bytes": b"sound before hello"}, hears=hears)
    gone.visit(sockets)
    assert [message["type"] for message in gone.heard] == ["websocket.accept"][:hears]
    assert sockets._open == {}, "its place is free"


def test_who_is_gone_while_it_is_answered(graph):
    sockets = sockets_of(graph)
    gone = Gone({"type": "websocket.receive", "text": '{"kind": "ping", "t": 1}'}, hears=1)
    gone.visit(sockets)
    assert sockets._open == {}


def test_who_is_one_too_many_and_gone(graph):
    gone = Gone(hears=1)
    gone.visit(sockets_of(graph, most=0))
    assert [message["type"] for message in gone.heard] == ["websocket.accept"]


def test_who_stays_is_told_why_it_is_turned_away(graph):
    stays = Gone({"type": "websocket.receive", "bytes": b"sound before hello"}, hears=9)
    stays.visit(sockets_of(graph))
    assert stays.heard[-1]["type"] == "websocket.close" and stays.heard[-1]["reason"] == "sound before hello"
