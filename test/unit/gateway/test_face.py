"""A face for other voice frameworks: a program's sound and texts, spoken in a page; over real sockets, without ROS."""

import asyncio
import contextlib
import importlib.util
import json
import struct
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra web")

from avatar_ros.core.enums import InterruptAction
from avatar_ros.gateway.face_messages import Caption, SpokenText, read_face_text, read_sound
from avatar_ros.gateway.face_turns import AHEAD_S, BUFFER_S, FaceTurns
from avatar_ros.gateway.refusal import RefusalError
from gateway_graph import Graph

RATE_HZ = 16000
EXAMPLE = Path(__file__).resolve().parents[3] / "examples/10_other_voice_frameworks/face_client.py"
SPEECH = (np.sin(np.arange(RATE_HZ * 6 // 5) / 9) * 9000).astype(np.int16)


class Program:
    """What stands at the other end of /face. told: its text frames; mic: binary ones."""

    def __init__(self, graph, **hello):
        self._url = f"ws://127.0.0.1:{graph.stage.port}/face"
        self._hello = {"kind": "hello", "protocol": 1, "rate_hz": RATE_HZ, **hello}
        self.told, self.mic = [], []
        self._changed = asyncio.Condition()

    async def __aenter__(self):
        from websockets.asyncio.client import connect

        self.socket = await connect(self._url, open_timeout=60)
        await self.send(**self._hello)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_):
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self.socket.close()

    async def _read(self):
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(ConnectionClosed):
            async for frame in self.socket:
                async with self._changed:
                    self.told.append(json.loads(frame)) if isinstance(frame, str) else self.mic.append(frame)
                    self._changed.notify_all()
        async with self._changed:
            self.told.append({"kind": "closed", "code": self.socket.close_code})
            self._changed.notify_all()

    async def send(self, **fields):
        await self.socket.send(json.dumps(fields))

    async def sound(self, pcm, *, end=False, size=4800):
        for first in range(0, len(pcm), size):
            last = end and first + size >= len(pcm)
            await self.socket.send(struct.pack("<BBH", 32, last, 0) + pcm[first : first + size].astype("<i2").tobytes())

    def of(self, kind):
        return [one for one in self.told if one["kind"] == kind]

    async def until(self, kind, count=1):
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self.of(kind)) >= count), 60)
        return self.of(kind)[count - 1]

    async def until_mic(self):
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: self.mic), 60)
        return self.mic


@pytest.fixture(scope="module")
def graph():
    with Graph() as made:
        yield made


@contextlib.asynccontextmanager
async def shown(graph, **hello):
    """A program, and a page that shows its face."""
    async with Program(graph, **hello) as program:
        face = await program.until("face")
        page = graph.visitor()
        page._hello |= {"face": face["key"]}
        async with page:
            await page.until(lambda: page.session)
            yield program, page


def test_a_programs_sound_is_heard_sample_for_sample_with_lips_and_captions(graph):
    async def talk():
        async with shown(graph) as (program, page):
            await program.send(kind="caption", text="The first half.")
            await program.sound(SPEECH[:9600])
            await program.send(kind="caption", text="The second.")
            await program.sound(SPEECH[9600:], end=True)
            spoken = await program.until("spoken")
            await page.until(lambda: len(page.of("state")) >= 3)  # the page is told by itself
            return program, page, spoken

    program, page, spoken = asyncio.run(talk())
    assert spoken == {"kind": "spoken", "turn": 1, "heard_s": 1.2, "interrupted": False}
    ((number, turn),) = page.turns.items()
    assert np.array_equal(np.concatenate(turn.pcm), SPEECH) and turn.rate_hz == RATE_HZ
    assert page.said(number) == "The first half. The second." and turn.faces == sorted(turn.faces)
    assert len(turn.faces) >= 1.2 / 0.04 - 1
    told = program.of("playback")
    assert told[0]["state"] == "playing" and [one["sample"] for one in told] == sorted(one["sample"] for one in told)
    assert all(one["ahead_s"] <= AHEAD_S + 0.05 for one in told), "no further ahead than is needed"
    assert [one["state"] for one in page.of("state")] == ["idle", "speaking", "idle"]
    assert not [out for out in graph.outs if out.topic in ("say", "speech/transcript")]
    opened = [out.message.kind for out in graph.outs if out.topic == "session"]
    assert 1 not in opened, "no dialogue begins a conversation"


def test_interrupted_it_is_silent_and_the_next_turn_is_heard(graph):
    async def talk():
        async with shown(graph) as (program, page):
            await program.sound(np.tile(SPEECH, 4), end=True)
            await program.sound(SPEECH, end=True)
            await program.until("playback")
            await page.until(lambda: any(turn.played > 4000 for turn in page.turns.values()))
            await program.send(kind="interrupt")
            first, second = await program.until("spoken", 1), await program.until("spoken", 2)
            await program.sound(SPEECH[:8000], end=True)
            return page, {one["turn"]: one for one in (first, second)}, await program.until("spoken", 3)

    page, cut, third = asyncio.run(talk())
    assert cut[1]["interrupted"] and 0.2 < cut[1]["heard_s"] < 4.8
    assert cut[2] == {"kind": "spoken", "turn": 2, "heard_s": 0.0, "interrupted": True}, "it had not begun"
    assert third == {"kind": "spoken", "turn": 3, "heard_s": 0.5, "interrupted": False}
    assert page.of("order")[-1]["action"] == "cancel"
    orders = [out.message for out in graph.outs if out.topic == "interrupt"]
    assert (orders[-1].epoch, orders[-1].action) == (0, InterruptAction.CANCEL)


def test_a_text_is_spoken_by_the_servers_voice_and_cleared_turns_are_not(graph):
    async def talk():
        async with shown(graph, locale="de-DE") as (program, page):
            await program.send(kind="say", text="Guten Tag.")
            await program.send(kind="end")
            await program.send(kind="say", text="Nie gesagt.", end=True)
            await program.send(kind="clear")
            dropped, spoken = await program.until("spoken", 1), await program.until("spoken", 2)
            return page, dropped, spoken

    page, dropped, spoken = asyncio.run(talk())
    assert (dropped["turn"], dropped["heard_s"]) == (2, 0.0) and spoken["heard_s"] == 1.0 and not spoken["interrupted"]
    assert [one["text"] for one in page.of("sentence") if one["text"]] == ["Guten Tag."]
    sentences = [out.message for out in graph.outs if out.topic == "speech/sentence"]
    assert {one.locale for one in sentences[:1]} == {"de-DE"} and sentences[-1].last


def test_what_the_page_hears_and_types_goes_to_the_program(graph):
    async def talk():
        async with shown(graph, mic=True) as (program, page):
            await page.speak(np.arange(640, dtype=np.int16))
            await page.type("hello there")
            await page.send(kind="interrupt")
            return [await program.until(kind) for kind in ("page", "text", "stop")], await program.until_mic()

    (there, typed, _), mic = asyncio.run(talk())
    assert there["present"] and typed["text"] == "hello there"
    assert np.array_equal(np.frombuffer(mic[0], "<i2", offset=24), np.arange(320))
    assert not [out for out in graph.outs if out.topic == "mic/audio"]


def test_without_a_page_it_waits_and_another_page_takes_over(graph):
    async def talk():
        async with Program(graph) as program:
            key = (await program.until("face"))["key"]
            await program.sound(SPEECH[:8000], end=True)
            for _ in range(2):
                page = graph.visitor()
                page._hello |= {"face": key}
                async with page:
                    await page.until(lambda page=page: page.session)
                    await program.until("spoken")
            stranger = graph.visitor()
            stranger._hello |= {"face": "no-such-key"}
            async with stranger:
                await stranger.until(lambda: stranger.close_code)
            return program.of("page"), stranger

    pages, stranger = asyncio.run(talk())
    assert [one["present"] for one in pages] == [True, False, True, False][: len(pages)] and len(pages) >= 3
    assert not stranger.session and stranger.of("bye")


def test_nonsense_and_too_much_close_the_programs_own_socket_alone(graph):
    async def talk(*frames):
        async with Program(graph) as program:
            await program.until("face")
            for frame in frames:
                await program.socket.send(frame)
            return (await program.until("closed"))["code"]

    minute = b"\x20\x00\x00\x00" + bytes(2 * RATE_HZ)
    mixed = ('{"kind":"say","text":"a"}', b"\x20\x00\x00\x00\x00\x00")
    assert asyncio.run(talk("{")) == 4400 and asyncio.run(talk(b"\x10" + bytes(40))) == 4400
    assert asyncio.run(talk(*mixed)) == 4400
    assert asyncio.run(talk(*[minute] * (round(BUFFER_S) + 1))) == 4429


@pytest.mark.parametrize(
    "frame", ['{"kind":"hello","protocol":2}', '{"kind":"hello","protocol":1,"rate_hz":1}', '{"kind":"say","text":" "}',
              '{"kind":"state","state":"speaking"}', "[]"]
)  # fmt: skip
def test_what_a_program_may_not_say(frame):
    with pytest.raises(RefusalError):
        read_face_text(frame)
    assert read_face_text('{"kind":"dance"}') is None
    assert read_face_text('{"kind":"caption","text":"x"}') == Caption("x", "")


def test_turns_are_handed_on_no_further_ahead_than_must_be():
    turns = FaceTurns(1000)
    turns.sound(np.arange(5000, dtype=np.int16), end=False)
    turn = turns.first
    got = list(turn.pieces())
    assert [len(pcm) for _, pcm, _ in got] == [40] * 50 and turn.handed == 2000
    turn.heard = 1000
    assert sum(len(pcm) for _, pcm, _ in turn.pieces()) == 1000
    turn.heard = 5000
    got = list(turn.pieces())
    assert not got[-1][2] and turn.handed == 5000
    turns.sound(np.arange(10, dtype=np.int16), end=False)
    assert not list(turn.pieces()), "a piece is whole, or the turn's last"
    turns.end()
    ((first, pcm, end),) = turn.pieces()
    assert (first, len(pcm), end) == (5000, 10, True) and not list(turn.pieces())
    turns.sound(np.zeros(1, np.int16), end=False)
    assert turns.open().id == 2 and [one.id for one in turns.drop_waiting()] == [1, 2]
    with pytest.raises(RefusalError):
        turns.sound(np.zeros(1, np.int16), end=False)
        turns.text(SpokenText("a", "", False))


def test_an_odd_number_of_bytes_is_no_sound():
    assert read_sound(b"\x20\x01\x00\x00\x01\x00").end
    for frame in (b"", b"\x20\x00\x00\x00\x01", b"\x21\x00\x00\x00"):
        with pytest.raises(RefusalError):
            read_sound(frame)


def test_the_examples_client_speaks_and_is_told_what_was_heard(graph):
    spec = importlib.util.spec_from_file_location("face_client", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    async def talk():
        async with module.FaceClient(f"ws://127.0.0.1:{graph.stage.port}/face", rate_hz=RATE_HZ) as face:
            page = graph.visitor()
            page._hello |= {"face": face.page.partition("?face=")[2]}
            async with page:
                await page.until(lambda: page.session)
                await face.sound(SPEECH[:4000].astype("<i2").tobytes(), end=True)
                return [event async for event in until_spoken(face)]

    async def until_spoken(face):
        async for event in face.events():
            yield event
            if event["kind"] == "spoken":
                return

    events = asyncio.run(asyncio.wait_for(talk(), 120))
    assert events[-1] == {"kind": "spoken", "turn": 1, "heard_s": 0.25, "interrupted": False}
