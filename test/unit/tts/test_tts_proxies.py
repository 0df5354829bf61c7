"""Voices behind a proxy: it is used, what cannot work is named, and a voice on this computer needs none."""

from __future__ import annotations

import pytest

from avatar_ros.core.errors import TtsError
from avatar_ros.testing.edge_server import EdgeServer
from avatar_ros.testing.settings import make
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from raw_server import raw_server

BROKEN = [("ALL_PROXY", "socks5://h:1"), ("https_proxy", "http://")]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "no_proxy")
    for name in (*names, *map(str.upper, names), "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "")  # so that what a voice writes there is taken back


def edge(url: str) -> object:
    pytest.importorskip("edge_tts", reason="edge-tts is not installed")
    return make(TTS_BACKENDS, TtsSettings, backend="edge", url=url, first_sound_timeout_s=20.0)


def openai(url: str) -> object:
    return make(
        TTS_BACKENDS, TtsSettings, backend="openai_speech", url=url, key_variable="", first_sound_timeout_s=20.0
    )


def cosyvoice(url: str) -> object:
    return make(TTS_BACKENDS, TtsSettings, backend="cosyvoice", url=url, first_sound_timeout_s=20.0)


VOICES = [(edge, "wss"), (openai, "https"), (cosyvoice, "https")]


def failure(voice) -> TtsError:
    voice.load()
    try:
        with pytest.raises(TtsError) as caught:
            list(voice.speak("Hello.", "en"))
    finally:
        voice.close()
    return caught.value


@pytest.mark.parametrize(("make", "scheme"), VOICES)
@pytest.mark.parametrize(("variable", "value"), BROKEN)
def test_what_cannot_work_is_named(make, scheme, variable, value, monkeypatch) -> None:
    monkeypatch.setenv(variable, value)
    error = failure(make(f"{scheme}://voice.invalid/v1"))
    assert error.code == "tts_proxy" and variable in error.text


@pytest.mark.parametrize("make", [openai, cosyvoice])
def test_certificates_that_are_not_there_are_named(make, monkeypatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    assert "SSL_CERT_FILE" in failure(make("https://voice.invalid/v1")).text


@pytest.mark.parametrize(("make", "scheme"), VOICES)
def test_the_proxy_is_asked(make, scheme, monkeypatch) -> None:
    with raw_server(status="403 Forbidden") as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        assert failure(make(f"{scheme}://voice.invalid/v1")).retryable
        assert proxy.heads[0].startswith(b"CONNECT voice.invalid:443")


def test_a_voice_on_this_computer_is_reached_in_any_environment(monkeypatch) -> None:
    for name in ("ws_proxy", "http_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with EdgeServer() as server:
        voice = edge(server.url)
        voice.load()
        assert sum(len(part.pcm) for part in voice.speak("Hello there.", "en"))
        voice.close()
