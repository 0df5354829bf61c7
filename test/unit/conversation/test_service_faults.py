"""Real services that fail in every way, behind real stages with their real threads: nothing hangs, the state returns to
listening, and the next turn works. One conversation goes through all of them.
"""

from __future__ import annotations

import threading
import time

import pytest

pytest.importorskip("openai", reason="openai is not installed (extra llm)")
pytest.importorskip("edge_tts", reason="edge-tts is not installed (extra edge)")
pytest.importorskip("aiohttp", reason="aiohttp is not installed (comes with edge-tts)")

from avatar_ros.core.enums import AgentState, InterruptAction, MarkKind
from avatar_ros.core.types import Transcript
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings
from avatar_ros.llm.base import PORT as LLM_PORT
from avatar_ros.llm.stage import build as build_llm
from avatar_ros.ros.worker import StageWorker
from avatar_ros.speaker.base import SPEAKER_PORT, SpeakerSettings
from avatar_ros.speaker.stage import build_speaker
from avatar_ros.testing.chat_server import answer, chat_server, event, refusal, then
from avatar_ros.testing.edge_server import EdgeServer
from avatar_ros.testing.settings import split
from avatar_ros.tts.base import PORT as TTS_PORT
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from avatar_ros.tts.stage import build as build_tts

#: Stages live so much faster than the services, or ten answers would take a minute to be spoken.
SPEED = 5.0
#: Longest wait for something that takes a second or two.
PATIENCE_S = 60.0


class FastClock:
    """CLOCK_MONOTONIC, hurried."""

    def now_s(self):
        return SPEED * time.monotonic()


class Circle:
    """Dialogue, LLM, voice and loudspeaker in one process, each on its worker's thread."""

    def __init__(self, chat_url, edge_url):
        llm = split(
            LLM_BACKENDS, LlmSettings, backend="openai",
            url=chat_url, key_variable="", retries=1, backoff_s=0.05, probe_after_s=0.0,
            first_token_timeout_s=SPEED * 2.0, gap_timeout_s=SPEED * 2.0, patience_s=SPEED * 5.0,
        )  # fmt: skip
        tts = split(
            TTS_BACKENDS, TtsSettings, backend="edge",
            url=edge_url, retry_s=0.0, first_sound_timeout_s=1.0, gap_timeout_s=1.0,
            words_per_minute=400, pause_s=0.0,
        )  # fmt: skip
        speaker = SpeakerSettings(backend="null", lips_wait_s=0.0, starve_limit_s=100.0)
        stages = {
            "dialogue": (
                DialogueStage(DialogueSettings(speak_patience_s=100.0, think_patience_s=100.0), lambda: (1, "")),
                DIALOGUE_PORT,
            ),
            "llm": (build_llm(*llm), LLM_PORT),
            "tts": (build_tts(*tts), TTS_PORT),
            "speaker": (build_speaker(speaker), SPEAKER_PORT),
        }
        self.sent = []
        self.errors = []
        self.thread_faults = []
        self._hook, threading.excepthook = threading.excepthook, self.thread_faults.append
        self._news = threading.Condition()
        self._ports = {name: port for name, (_, port) in stages.items()}
        self._stages = [stage for stage, _ in stages.values()]
        self._workers = {}
        for name, (stage, _) in stages.items():
            stage.load()
            self._workers[name] = StageWorker(
                stage, lambda out, name=name: self._publish(name, out), self.errors.append, FastClock(), 1000
            )
        for worker in self._workers.values():
            worker.start()

    def _publish(self, sender, out):
        with self._news:
            self.sent.append(out)
            self._news.notify_all()
        for name, port in self._ports.items():
            if name != sender and (out.topic in port.subscribes or out.topic in ("interrupt", "session")):
                self._workers[name].push(out.topic, out.message)

    def ask(self, text):
        """Type a question; everything that was sent until the conversation listens again."""
        start = len(self.sent)
        self._workers["dialogue"].push("speech/transcript", Transcript("local", 0, text))
        self.wait(lambda new: any(o.topic == "dialogue/prompt" for o in new), start)
        self.wait(
            lambda new: [o for o in new if o.topic == "state"][-1:] and _last_mood(new) is AgentState.LISTENING, start
        )
        return [out.message for out in self.sent[start:]]

    def wait(self, condition, start=0):
        until_s = time.monotonic() + PATIENCE_S
        with self._news:
            while not condition(self.sent[start:]):
                assert self._news.wait(until_s - time.monotonic()), self.sent[start:]

    def send(self, topic, message):
        self._workers["dialogue"].push(topic, message)

    def close(self):
        threading.excepthook = self._hook
        for worker in self._workers.values():
            worker.stop(5.0)
        for stage in self._stages:
            stage.close()


def _last_mood(outs):
    return [out.message.state for out in outs if out.topic == "state"][-1]


@pytest.fixture(scope="module")
def world():
    with chat_server(answer("Fine.")) as chat, EdgeServer() as edge:
        circle = Circle(chat.url, edge.url)
        yield chat, edge, circle
        circle.close()


def spoken(messages):
    return " ".join(m.text for m in messages if type(m).__name__ == "Sentence" and m.text)


def sounds(messages):
    return sum(len(m.pcm) for m in messages if type(m).__name__ == "SpeechChunk")


CHAT_FAULTS = {
    "down": refusal(503),
    "slow": then([], lambda exchange: exchange.hang()),
    "hangs in the middle": then(["Well then. ", "It is"], lambda exchange: exchange.hang()),
    "401": refusal(401),
    "429": refusal(429, Retry_After="1"),
    "malformed": event("{broken"),
    "cut": then(["Well then. ", "It is"], lambda exchange: exchange.cut()),
}


@pytest.mark.parametrize("fault", CHAT_FAULTS)
def test_a_chat_service_that_fails(world, fault):
    chat, _, circle = world
    chat.script[:] = [CHAT_FAULTS[fault]]
    messages = circle.ask("what is your name")
    assert spoken(messages) and sounds(messages)
    chat.script[:] = [answer("Fine.")]
    time_to_come_back_s = 0.3 if fault == "429" else 0.0
    threading.Event().wait(time_to_come_back_s)
    assert spoken(circle.ask("and now")) == "Fine."


def phones(messages):
    """Only espeak marks them."""
    return [
        mark.text
        for m in messages
        if type(m).__name__ == "SpeechChunk"
        for mark in m.marks
        if mark.kind is MarkKind.PHONE
    ]


#: (phones, seconds) that are at least heard of four words: the service says two of them in 0.85 s, espeak all four in
#: 10 phones and 0.46 s, and the last two in 5 phones and 0.2 s.
VOICE_FAULTS = {"cut": (5, 1.0), "half": (5, 1.0), "hang": (5, 1.0), "mute": (10, 0.4), "nonsense": (10, 0.4)}


@pytest.mark.parametrize("mode", VOICE_FAULTS)
def test_a_voice_service_that_fails(world, mode):
    chat, edge, circle = world
    chat.script[:] = [answer("One two three four.")]
    edge.mode = mode
    messages = circle.ask("count")
    least_phones, least_s = VOICE_FAULTS[mode]
    assert len(phones(messages)) >= least_phones
    assert sounds(messages) > least_s * 24000
    if mode in ("hang", "mute"):
        assert edge.left.acquire(timeout=PATIENCE_S), "the connection is closed"
    edge.mode = "ok"
    asked = len(edge.asked)
    assert sounds(circle.ask("again")) > 1.5 * 24000
    assert len(edge.asked) == asked + 1, "the service speaks again"


def test_interrupted_between_the_last_word_and_the_first_sound(world):
    chat, edge, circle = world
    chat.script[:] = [answer("One two three four.")]
    edge.mode = "mute"
    start, began = len(circle.sent), edge.began
    circle.send("speech/transcript", Transcript("local", 0, "tell me"))
    circle.wait(lambda new: any(o.topic == "dialogue/reply" and o.message.final for o in new), start)
    until_s = time.monotonic() + PATIENCE_S
    while edge.began == began:
        assert time.monotonic() < until_s
        time.sleep(0.001)
    assert not sounds([out.message for out in circle.sent[start:]])
    circle.send("speech/transcript", Transcript("local", 0, "stop"))
    circle.wait(lambda new: any(getattr(o.message, "action", None) is InterruptAction.CANCEL for o in new), start)
    circle.wait(lambda new: _last_mood([o for o in new if o.topic == "state"]) is AgentState.LISTENING, start)
    assert edge.left.acquire(timeout=PATIENCE_S), "the connection is closed"
    assert not sounds([out.message for out in circle.sent[start:]])
    edge.mode = "ok"
    chat.script[:] = [answer("Fine.")]
    assert spoken(circle.ask("and now")) == "Fine."


def test_no_stage_and_no_thread_raised_what_is_not_an_error_of_ours(world):
    _, _, circle = world
    assert not circle.thread_faults
    assert all(hasattr(error, "code") for error in circle.errors), circle.errors
