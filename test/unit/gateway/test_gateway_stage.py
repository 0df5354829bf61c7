"""The stage and its server without ROS: real sockets, the graph played by the test."""

import asyncio
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from avatar_ros.core.enums import AgentState, PlaybackState
from avatar_ros.core.events import AvatarState
from gateway_graph import EPOCH, VOICE, Graph
from gateway_requests import ask, basic


@pytest.fixture(scope="module")
def graph():
    with Graph() as made:
        yield made


def test_a_typed_text_is_answered_sample_for_sample(graph):
    async def talk():
        async with graph.visitor() as visitor:
            await visitor.until(lambda: visitor.session)
            await visitor.type("hello <b>there</b>")
            await visitor.until(lambda: visitor.heard_turns)
            return visitor

    visitor = asyncio.run(talk())
    (number,) = visitor.heard_turns
    assert np.array_equal(np.concatenate(visitor.turns[number].pcm), VOICE)
    assert visitor.said(number) == "You said: hello <b>there</b>"
    assert len(visitor.turns[number].faces) == 25
    clocks = graph.clocks_to_the_end()
    assert clocks[0].state is PlaybackState.PLAYING
    assert clocks[-1].sample == len(VOICE) and clocks[-1].sentence_progress == 1.0
    played = np.concatenate([frame.pcm for frame in graph.sent("speech/played")])
    assert np.array_equal(played, VOICE), "the reference of the echo is what was heard"


def test_a_page_that_vanishes_gets_the_rest_when_it_comes_back(graph):
    async def talk():
        async with graph.visitor() as first:
            await first.until(lambda: first.session)
            resume = await first.vanish()
        session = next(name for name, one in graph.stage._lobby.sessions.items() if one.key == first.session["key"])
        with graph._lock:
            graph.say(AvatarState(session, EPOCH, 900, AgentState.SPEAKING))
        async with graph.visitor(resume=resume) as second:
            second.take_over(first)
            await second.until(lambda: second.session and second.of("state", state="speaking"))
            return second

    assert asyncio.run(talk()).session["resumed"]


@pytest.mark.parametrize("frame", [b"", b"\x00" * 24, "{", '{"kind":"hello","protocol":0}', "\u0000" * 20000])
def test_nonsense_closes_its_own_socket_alone(graph, frame):
    from websockets.asyncio.client import connect

    async def talk():
        async with graph.visitor() as good:
            await good.until(lambda: good.session)
            async with connect(f"ws://127.0.0.1:{graph.stage.port}/ws") as bad:
                await bad.send(frame)
                await bad.wait_closed()
                code = bad.close_code
            await good.type("still there")
            await good.until(lambda: good.heard_turns)
            return code

    assert asyncio.run(talk()) in (4400, 4413)


def test_a_flood_is_cut_off_and_others_are_answered(graph):
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    async def flood():
        async with connect(f"ws://127.0.0.1:{graph.stage.port}/ws", open_timeout=60) as socket:
            try:
                while True:
                    await socket.send(json.dumps({"kind": "dance"}))
                    await asyncio.sleep(0)
            except ConnectionClosed:
                return socket.close_code

    async def talk():
        async with graph.visitor() as good:
            await good.until(lambda: good.session)
            codes = await asyncio.gather(*(flood() for _ in range(5)))
            await good.type("still there")
            await good.until(lambda: good.heard_turns)
            return codes

    assert set(asyncio.run(talk())) == {4429}


def test_whoever_connects_and_says_nothing_is_let_go(graph):
    from websockets.asyncio.client import connect

    async def silent():
        async with connect(f"ws://127.0.0.1:{graph.stage.port}/ws") as socket:
            await socket.wait_closed()
            return socket.close_code

    assert asyncio.run(silent()) == 4400


def test_a_house_with_a_token_lets_nobody_in_without(tmp_path):
    token = tmp_path / "token"
    token.write_text("correct-horse\n")

    async def talk(graph):
        async with graph.visitor() as stranger:
            await stranger.until(lambda: stranger.close_code)
        async with graph.visitor(token="correct-horse") as friend:
            await friend.until(lambda: friend.session)
        return stranger.close_code

    with Graph(token_file=str(token)) as graph:
        assert asyncio.run(talk(graph)) == 4401


def test_the_operator_sees_and_closes_conversations(tmp_path):
    (tmp_path / "password").write_text("battery-staple\n")

    async def talk(graph):
        async with graph.visitor() as visitor:
            await visitor.until(lambda: visitor.session)
            name = next(iter(graph.stage._lobby.sessions))
            call = asyncio.to_thread
            while name not in (await call(ask, graph, "/admin", None, basic("battery-staple")))[1]:
                await asyncio.sleep(0.05)
            form = urllib.parse.urlencode({"session": name, "text": "<b>Hello</b>"}).encode()
            foreign = {**basic("battery-staple"), "origin": "http://evil.example"}
            assert (await call(ask, graph, "/admin/close", form, foreign))[0] == 403
            assert (await call(ask, graph, "/admin/say", form, basic("battery-staple")))[0] == 200
            assert (await call(ask, graph, "/admin/close", b"session=other", basic("battery-staple")))[0] == 404
            await call(ask, graph, "/admin/close", form, basic("battery-staple"))
            await visitor.until(lambda: visitor.close_code)
            return visitor, name

    with Graph(admin_token_file=str(tmp_path / "password")) as graph:
        assert ask(graph, "/admin")[0] == 401 and ask(graph, "/admin", headers=basic("wrong"))[0] == 401
        visitor, name = asyncio.run(talk(graph))
        assert [(say.session, say.text) for say in graph.sent("say")] == [(name, "<b>Hello</b>")]
        for _ in range(6):
            status = ask(graph, "/admin", headers=basic("guess"))[0]
        assert status == 429
    assert visitor.of("bye")[0]["reason"] == "kicked" and visitor.close_code == 1000


def test_without_a_password_there_is_no_operator(graph):
    assert ask(graph, "/admin")[0] == 404 and ask(graph, "/admin", headers=basic(""))[0] == 404


def test_a_certificate_of_another_name_is_refused_by_the_visitor(tmp_path):
    """And a name that the server does not know is told what to do about it."""
    pytest.importorskip("cryptography", reason="needs the extra web")
    from avatar_ros.bringup.certificate import made_here

    made = made_here(tmp_path / "web", ["localhost"])
    trusts = ssl.create_default_context(cafile=str(made.path))

    def health(graph, name, headers=None):
        url = f"https://{name}:{graph.stage.port}/health"
        request = urllib.request.Request(url, headers=headers or {})
        with urllib.request.urlopen(request, timeout=60, context=trusts) as got:
            return got.status

    with Graph(certificate=str(made.path), private_key=str(made.key_path)) as graph:
        graph.stage.view.accepting = True
        with pytest.raises(urllib.error.URLError, match=r"certificate is not valid for '127\.0\.0\.1'"):
            health(graph, "127.0.0.1")
        with pytest.raises(urllib.error.HTTPError) as refused:
            health(graph, "localhost", {"Host": "avatar.example"})
        assert refused.value.code == 421 and b"add it to the parameter names" in refused.value.read()
        assert health(graph, "localhost") == 200
