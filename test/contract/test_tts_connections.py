"""One connection serves many sentences, and no sentence is lost to one that the service has closed."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from avatar_ros.core.errors import TtsError
from avatar_ros.testing.settings import make as make_backend
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from avatar_ros.tts.cancel_token import CancelToken
from avatar_ros.tts.connection_pool import KEEP_S, Connections
from contract.voice_servers import speech_server

KEYS = {"openai_speech": {"key_variable": ""}, "cosyvoice": {}}
TEXTS = ("alpha", "bravo bravo", "charlie")


@pytest.fixture(params=KEYS)
def make(request):
    def of(server):
        voice = make_backend(
            TTS_BACKENDS, TtsSettings, backend=request.param, url=server.url, **KEYS[request.param]
        )
        voice.load()
        return voice

    return of


def until_connected():
    """The thread is there from before `expect` returns until it has connected, or has given up."""
    for thread in threading.enumerate():
        if thread.name == "tts connects":
            thread.join(60)
            assert not thread.is_alive()


def seconds(voice, text, stop=None):
    return sum(len(part.pcm) / part.sample_rate_hz for part in voice.speak(text, "en-US", stop))


def test_sentences_share_a_connection(make):
    with speech_server() as server:
        voice = make(server)
        assert [seconds(voice, text) for text in TEXTS] == pytest.approx([0.1 * len(text) for text in TEXTS], abs=0.01)
        assert len(server.ports) == 3 and len(set(server.ports)) == 1
        voice.close()


@pytest.mark.parametrize("mode", ["leaving", "once"])
def test_a_connection_that_the_service_closed_loses_no_sentence(make, mode):
    """leaving: seen before it is used again; once: only when the request was sent."""
    with speech_server(mode) as server:
        voice = make(server)
        assert [seconds(voice, text) for text in TEXTS] == pytest.approx([0.1 * len(text) for text in TEXTS], abs=0.01)
        assert len(set(server.ports)) == 3
        assert [text for _, text, _ in server.asked] == list(TEXTS), "each was asked for once"
        voice.close()


def test_a_sentence_that_was_stopped_takes_its_connection_along(make):
    with speech_server("hang") as server:
        voice, stop = make(server), CancelToken()
        parts = voice.speak("alpha bravo charlie", "en-US", stop)
        assert len(next(parts).pcm)
        stop.ask()
        with suppress(TtsError):  # nobody wants to know how it ended
            list(parts)
        assert server.left.acquire(timeout=60)
        server.mode = "ok"
        assert seconds(voice, "delta") == pytest.approx(0.5, abs=0.01)
        assert len(set(server.ports)) == 2
        voice.close()


def test_somebody_who_speaks_has_a_connection_made(make):
    """The server sees it before it sees a sentence, and another voice makes no second one."""
    with speech_server() as server:
        voice = make(server)
        voice.expect()
        until_connected()
        ready = voice._connections.take(urlsplit(server.url))
        port = ready.sock.getsockname()[1]
        voice._connections.keep(urlsplit(server.url), ready)
        voice.expect()
        assert seconds(voice, "alpha") == pytest.approx(0.5, abs=0.01)
        assert server.ports == [port]
        voice.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed")
def test_a_connection_made_ready_serves_under_tls(tmp_path, monkeypatch):
    """TLS 1.3's tickets come behind the handshake: they are no goodbye."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    order = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    order += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(order, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with speech_server(tls=tls) as server:
        voice = make_backend(TTS_BACKENDS, TtsSettings, backend="openai_speech", url=server.url, key_variable="")
        voice.load()
        voice.expect()
        until_connected()
        voice.expect()
        ready = voice._connections.take(urlsplit(server.url))
        assert ready.sock.version() == "TLSv1.3"
        port = ready.sock.getsockname()[1]
        voice._connections.keep(urlsplit(server.url), ready)
        assert [seconds(voice, text) for text in TEXTS] == pytest.approx([0.1 * len(text) for text in TEXTS], abs=0.01)
        assert set(server.ports) == {port}
        voice.close()


def test_a_sentence_that_is_stopped_before_its_answer_connects_no_more(make):
    with speech_server() as server:
        voice, stop = make(server), CancelToken()
        assert seconds(voice, "alpha")
        server.mode = "silence"
        began = server.began
        waiting = threading.Thread(target=lambda: list(quietly(voice.speak("bravo", "en-US", stop))))
        waiting.start()
        until_s = time.monotonic() + 60
        while server.began == began:
            assert time.monotonic() < until_s
            time.sleep(0.01)
        stop.ask()
        waiting.join(60)
        assert not waiting.is_alive() and server.left.acquire(timeout=60)
        assert server.connected == 1
        voice.close()


def quietly(parts):
    """What comes; how it ended nobody wants to know."""
    with suppress(TtsError):
        yield from parts


def test_a_service_that_is_down_is_not_waited_for():
    connections = Connections()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    connections.expect(url, 5.0)
    until_connected()
    assert connections.take(urlsplit(url)) is None


class _Kept:
    def __init__(self):
        self.sock, self.other = socket.socketpair()
        self.closed = False

    def close(self):
        self.closed = True


def test_connections_are_kept_for_a_while_and_not_without_number():
    now_s = [0.0]
    connections = Connections(lambda: now_s[0])
    here, there = urlsplit("http://a:1/x"), urlsplit("http://b:1/x")
    first, *others = several = [_Kept() for _ in range(5)]
    for one in several:
        connections.keep(here, one)
    assert first.closed and not any(one.closed for one in others), "four at most"
    assert connections.take(there) is None
    assert connections.take(here) is others[-1], "the one that was used last"
    others[-2].other.close()
    assert connections.take(here) is others[-3] and others[-2].closed, "the other side has hung up"
    now_s[0] = KEEP_S + 1
    assert connections.take(here) is None and others[0].closed, "too old"
    connections.keep(here, others[-1])
    connections.close()
    assert others[-1].closed
    late = _Kept()
    connections.keep(here, late)
    assert late.closed, "a sentence that ends after the voice was closed"
