"""`./avatar web` as a user runs it: real sockets, the real graph; conversations beside each other, pictures, videos."""

import asyncio
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("websockets", reason="needs the extra web")

from avatar_ros.speech.resample import Resampler
from avatar_ros.testing.spoken_questions import speak
from avatar_ros.testing.web_visitor import WebVisitor
from kiosk_process import KioskProcess

pytestmark = pytest.mark.ros
QUESTION = "what can you do"
START_S = 120.0


class Server:
    """A running graph with a gateway; `http` asks it, `visitor` talks with it."""

    def __init__(self, process, port):
        self.process = process
        self.port = port

    def http(self, path, data=None, **headers):
        """(status, headers, body)."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def generate(self, file=b"", path="/generate", accept="*/*", **fields):
        """POST as curl -F does."""
        line = b"--avatar-test"
        parts = [
            b'%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
            % (line, name.encode(), str(value).encode())
            for name, value in fields.items()
        ]
        if file:
            head = b'%s\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' % line
            parts.append(head + file + b"\r\n")
        kind = "multipart/form-data; boundary=avatar-test"
        return self.http(path, b"".join(parts) + line + b"--\r\n", **{"content-type": kind, "accept": accept})

    def visitor(self, **options):
        return WebVisitor(f"ws://127.0.0.1:{self.port}/ws", **options)

    def wait_until_well(self):
        deadline_s = time.monotonic() + START_S
        while time.monotonic() < deadline_s:
            try:
                if self.http("/health")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"never well:\n{self.process.log}")


def free_port():
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    port = free_port()
    with KioskProcess("--http", port, namespace="web", verb="web") as process:
        made = Server(process, port)
        made.wait_until_well()
        yield made


@pytest.fixture(scope="module")
def question():
    """At the microphone's rate, silence around it."""
    resampler = Resampler(24000)
    (pcm,) = speak([QUESTION])
    heard = np.concatenate([resampler.push(pcm), resampler.finish()]) * 0.3
    quiet = np.random.default_rng(1).normal(0, 3, 8000)
    return np.concatenate([quiet, heard, np.tile(quiet, 4)]).astype(np.int16)


def test_a_spoken_question_is_answered_with_voice_face_and_captions(server, question):
    async def talk():
        async with server.visitor() as visitor:
            await visitor.until(lambda: visitor.session)
            asking = asyncio.create_task(visitor.speak(question))
            await visitor.until(lambda: visitor.heard_turns, what="an answer that was heard to its end")
            asking.cancel()
            return visitor

    visitor = asyncio.run(talk())
    assert QUESTION in [heard["text"] for heard in visitor.of("heard", final=True)]
    number = visitor.heard_turns[0]
    turn = visitor.turns[number]
    assert visitor.said(number), "captions of the answer"
    voice = np.concatenate(turn.pcm)
    assert turn.complete and len(voice) == turn.end > 24000 and np.abs(voice).max() > 1000
    assert turn.faces == sorted(turn.faces) and turn.faces[-1] > turn.end * 0.8, "lips to the end"
    assert max(b - a for a, b in pairwise(turn.faces)) <= 24000 * 0.1
    assert visitor.idle_faces > 20
    states = [one["state"] for one in visitor.of("state")]
    assert states.index("thinking") < states.index("speaking")
    seqs = [one["seq"] for one in visitor.told if "seq" in one]
    assert seqs == sorted(set(seqs))


def test_two_visitors_hear_nothing_of_each_other(server):
    async def talk():
        async with server.visitor() as asks, server.visitor() as listens:
            await asks.until(lambda: asks.session)
            await listens.until(lambda: listens.session and listens.idle_faces > 5)
            await asks.type("what can you do")
            await asks.until(lambda: asks.heard_turns)
            return asks, listens

    asks, listens = asyncio.run(talk())
    assert asks.of("heard", text="what can you do") and asks.turns
    assert not listens.turns and not listens.of("heard") and not listens.of("sentence")
    assert {one["state"] for one in listens.of("state")} == {"idle"}
    assert asks.session["key"] != listens.session["key"]
    assert "what can you do" not in server.process.log, "no visitor's words in a log"


def test_the_button_silences_it_and_the_next_question_is_answered(server):
    async def talk():
        async with server.visitor() as visitor:
            await visitor.until(lambda: visitor.session)
            await visitor.type("tell me a joke")
            await visitor.until(lambda: any(turn.state == "playing" for turn in visitor.turns.values()))
            await visitor.send(kind="interrupt")
            await visitor.until(lambda: visitor.of("order", action="cancel"))
            await visitor.until(lambda: visitor.of("state")[-1]["state"] != "speaking")
            cancelled = visitor.of("order", action="cancel")[-1]["turn"]
            await visitor.type("what can you do")
            await visitor.until(lambda: any(number > cancelled for number in visitor.heard_turns))
            return visitor, cancelled

    visitor, cancelled = asyncio.run(talk())
    assert cancelled not in visitor.heard_turns
    turn = visitor.turns[cancelled]
    assert turn.played < turn.end or not turn.complete, "the rest of it was not heard"


def test_a_lost_socket_comes_back_in_the_middle_of_a_sentence(server):
    async def talk():
        async with server.visitor() as first:
            await first.until(lambda: first.session)
            await first.type("what can you do")
            await first.until(lambda: any(turn.played > 12000 for turn in first.turns.values()))
            resume = await first.vanish()
        await asyncio.sleep(1.0)
        async with server.visitor(resume=resume) as second:
            second.take_over(first)
            await second.until(lambda: second.session and second.heard_turns)
            return second

    visitor = asyncio.run(talk())
    assert visitor.session["resumed"]
    turn = visitor.turns[visitor.heard_turns[0]]
    assert sum(len(piece) for piece in turn.pcm) == turn.end, "no sample twice, none lost"
    assert turn.complete and turn.faces == sorted(set(turn.faces))


def test_a_visitor_chooses_language_and_voice_of_those_that_the_graph_offers(server):
    told = json.loads(server.http("/voices")[2])
    heard = {one["id"]: one["heard"] for one in told["locales"]}
    assert told["complete"] and heard["en-US"] and heard["de-DE"] is False, "PocketSphinx hears English"
    assert "f2" in [one["id"] for one in told["voices"]]

    async def talk():
        async with server.visitor(wishes={"locale": "de-AT", "voice": "f2"}) as visitor:
            await visitor.until(lambda: visitor.session)
            await visitor.type("wie heißt du")
            await visitor.until(lambda: visitor.heard_turns)
            await visitor.send(kind="choose", locale="en-US", voice="usual")
            await visitor.until(lambda: visitor.of("speech"))
            await visitor.type("what is your name")
            await visitor.until(lambda: len(visitor.heard_turns) == 2)
            return visitor

    visitor = asyncio.run(talk())
    assert (visitor.session["locale"], visitor.session["voice"], visitor.session["heard"]) == ("de-DE", "f2", False)
    german, english = ([one for one in visitor.of("sentence") if one["turn"] == turn] for turn in visitor.heard_turns)
    assert {one["locale"] for one in german} == {"de-DE"} and {one["locale"] for one in english} == {"en-US"}
    assert not visitor.of("error")
    first, second = (np.concatenate(visitor.turns[turn].pcm) for turn in visitor.heard_turns)
    assert len(first) > 12000 and len(second) > 12000


def test_the_operator_sees_nodes_and_log_and_changes_what_may_change_live(server):
    password = Path(re.search(r"its password is in (\S+)", server.process.log)[1]).read_text().strip()
    secret = {"authorization": f"Bearer {password}"}
    wanted = {f"web/{name}" for name in ("asr_node", "dialogue_node", "llm_node", "tts_node", "vad_node", "web_node")}

    def nodes():
        return {one["name"]: one for one in json.loads(server.http("/admin/nodes", **secret)[2])["nodes"]}

    until_s = time.monotonic() + START_S
    while not wanted <= set(nodes()):
        assert time.monotonic() < until_s, nodes()
        time.sleep(0.2)
    assert {one["level"] for one in nodes().values()} <= {"ok", "warning"}

    def settings():
        status, _, body = server.http("/admin/settings?node=web/dialogue_node", **secret)
        assert status == 200, body
        return {one["name"]: one for one in json.loads(body)["settings"]}

    def change(**fields):
        data = urllib.parse.urlencode({"node": "web/dialogue_node", **fields}).encode()
        status, _, body = server.http("/admin/set", data, **secret)
        return status, json.loads(body).get("error", "")

    found = settings()
    assert (found["barge_in"]["kind"], found["barge_in"]["value"]) == ("bool", "true")
    assert "0.1" in found["think_patience_s"]["limits"] and found["greeting"]["kind"] == "text"
    assert change(name="think_patience_s", value="17.5") == (200, "")
    assert settings()["think_patience_s"]["value"] == "17.5"
    status, why = change(name="think_patience_s", value="5000")
    assert status == 422 and "300" in why, why
    status, why = change(name="think_patience_s", value="soon")
    assert status == 422 and "no float" in why
    status, why = change(name="autostart", value="false")
    assert status == 422 and "while the node runs" in why
    assert settings()["think_patience_s"]["value"] == "17.5" and change(name="think_patience_s", value="20.0")[0] == 200
    log = server.http("/admin/log?lines=500", **secret)[2].decode()
    assert "[web/dialogue_node] [INFO]" in log and len(log.splitlines()) <= 500
    assert QUESTION not in log, "no visitor's words in a log"


def test_strangers_are_turned_away(server):
    assert server.http("/health", Host="evil.example")[0] == 421
    assert server.http("/express", b"x", Origin="http://evil.example")[0] == 403

    async def connect(**options):
        from websockets.exceptions import InvalidStatus

        try:
            async with server.visitor(**options) as visitor:
                await visitor.until(lambda: visitor.session)
                return 101
        except InvalidStatus as error:
            return error.response.status_code

    assert asyncio.run(connect(origin="http://evil.example")) == 403
    assert asyncio.run(connect(origin=f"http://127.0.0.1:{server.port}")) == 101


@pytest.mark.parametrize(
    ("frame", "code"),
    [("{", 4400), (b"\x00" * 40, 4400), ('{"kind":"hello","protocol":99}', 4400), ("x" * 20000, 4413)],
)
def test_a_page_that_talks_nonsense_is_closed_with_the_reason(server, frame, code):
    async def talk():
        async with server.visitor() as visitor:
            await visitor.until(lambda: visitor.session)
            if isinstance(frame, str) and "hello" in frame:
                return code if await refused_hello(frame) else 0
            await visitor.send_raw(frame)
            await visitor.until(lambda: visitor.close_code)
            return visitor.close_code

    async def refused_hello(first):
        from websockets.asyncio.client import connect

        async with connect(f"ws://127.0.0.1:{server.port}/ws") as socket:
            await socket.send(first)
            await socket.wait_closed()
            return socket.close_code == code

    assert asyncio.run(talk()) == code


def test_a_sound_becomes_a_picture_as_in_the_readme(server, question, tmp_path):
    from avatar_ros.testing.spoken_questions import write_wav

    wav = write_wav(tmp_path / "test_audio.wav", question, 16000).read_bytes()
    status, headers, body = server.generate(wav)
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (512, 512, 3) and picture.std() > 20, "a face, not a plain colour"
    shut = server.generate(wav, at=0.0)[2]
    assert shut != body, "another moment, another face"
    status, headers, body = server.generate(text="Hello there.", format="png", size="256x320")
    clear = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)
    assert status == 200 and clear.shape == (320, 256, 4) and clear[0, 0, 3] == 0 and clear[..., 3].max() == 255


def test_a_text_becomes_a_video_and_weights(server, tmp_path):
    import av

    status, headers, body = server.generate(text="Hello.", format="mp4", size="128x128", fps=15)
    assert (status, headers["content-type"]) == (200, "video/mp4")
    (tmp_path / "out.mp4").write_bytes(body)
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert file.streams.video[0].average_rate == 15 and file.streams.audio
        frames = sum(1 for _ in file.decode(video=0))
    status, headers, body = server.generate(path="/express", text="Hello.", fps=15)
    tree = json.loads(body)
    assert status == 200 and len(tree["names"]) == 52 and abs(len(tree["frames"]) - frames) <= 1
    assert max(max(frame["weights"]) for frame in tree["frames"]) > 0.1


def test_a_long_one_tells_how_far_it_is(server):
    fields = {"text": "Hello there, this takes a moment.", "format": "mp4", "size": "128x128", "fps": 15}
    status, headers, body = server.generate(accept="text/event-stream", **fields)
    assert (status, headers["content-type"].split(";")[0]) == (200, "text/event-stream")
    events = re.findall(r"event: (\w+)\ndata: (.*)\n", body.decode())
    assert events[0][0] == "accepted" and {name for name, _ in events[1:-1]} == {"progress"}
    frames = [json.loads(data) for name, data in events if name == "progress"]
    assert frames[-1]["done"] == frames[-1]["total"] > 10
    done = json.loads(events[-1][1])
    status, headers, video = server.http(done["url"])
    assert (status, headers["content-type"], len(video)) == (200, "video/mp4", done["bytes"]) and b"ftyp" in video[:12]
    status, _, body = server.generate(accept="text/event-stream", text="...", format="mp4")
    assert b"event: error" in body and b'"status": 422' in body


@pytest.mark.parametrize(
    ("file", "fields", "status"),
    [
        (b"", {}, 422),
        (b"PK\x03\x04" + b"x" * 100, {}, 415),
        (b"RIFF\x00\x00\x00\x00WAVE", {}, 422),
        (b"", {"text": "hi", "format": "gif"}, 422),
        (b"", {"text": "hi", "size": "99999x2"}, 422),
        (b"", {"text": "hi", "avatar": "../../etc/passwd"}, 422),
        (b"", {"text": "..."}, 422),
        (b"", {"text": "hi", "fps": 1000}, 422),
        (b"", {"text": "hi", "at": 99}, 422),
    ],
)
def test_what_cannot_be_drawn_is_said(server, file, fields, status):
    got, _, body = server.generate(file, **fields)
    assert got == status and body and b"Traceback" not in body


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(server):
    import socket

    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        head = "POST /generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        sock.sendall(f"{head}Content-Length: {100 << 20}\r\n\r\n".encode())
        assert b" 413 " in sock.recv(200)


def test_facts_for_programs(server):
    assert server.http("/avatars")[0] == 200
    avatar, *others = json.loads(server.http("/avatars")[2])["avatars"]
    assert avatar["id"] == "ben" and avatar["default"], "a man, as the usual voice"
    assert [one["id"] for one in others] == ["ada", "grace", "bolt"]
    status, headers, body = server.http(avatar["url"])
    assert status == 200 and len(body) == avatar["bytes"] and "immutable" in headers["cache-control"]
    assert server.http("/avatar/0000.bin")[0] == 404
    text = server.http("/metrics")[2].decode()
    assert "avatar_sessions_begun_total" in text and 'avatar_node_ok{node="asr_node"} 1' in text
    paths = json.loads(server.http("/openapi.json")[2])["paths"]
    assert {"/generate", "/express", "/avatars", "/voices", "/health", "/metrics"} <= set(paths)
    headers = server.http("/avatars")[1]
    assert headers["x-content-type-options"] == "nosniff" and "default-src" in headers["content-security-policy"]
