"""A service of https that sends a conversation on to http: nothing of it is said there."""

from __future__ import annotations

import importlib.util
import shutil
import ssl
import time

import pytest

from avatar_ros.commands.download import FetchError, fetch_file
from avatar_ros.commands.manifest import RemoteFile
from avatar_ros.core.errors import LlmError, TtsError
from avatar_ros.core.types import Prompt
from avatar_ros.testing.settings import make
from tls_servers import make_certificate, redirect, server

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
WORDS = "my telephone number is five five five"
STATUSES = (301, 302, 303, 307, 308)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(autouse=True)
def _trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def hello(handler):
    """A chat service's answer."""
    words = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
    words += b'{"content":"Hello."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Content-Length", str(len(words)))
    handler.end_headers()
    handler.wfile.write(words)


def ask(url):
    """What backend openai says to a prompt, or its failure's code."""
    from avatar_ros.llm.base import LLM_BACKENDS, LlmSettings

    chat = make(LLM_BACKENDS, LlmSettings, backend="openai", url=f"{url}/v1", env_file="", retries=0)
    chat.load()
    try:
        answer, until_s = chat.ask(Prompt(text=WORDS), 0.0, lambda: None), time.monotonic() + 30.0
        words = ""
        while time.monotonic() < until_s and not words:
            words += "".join(answer.take(0.0))
            time.sleep(0.01)
        return words
    except LlmError as error:
        return error.code
    finally:
        chat.close()


needs_openai = pytest.mark.skipif(importlib.util.find_spec("openai") is None, reason="openai is not installed")


@needs_openai
@pytest.mark.parametrize("status", STATUSES)
def test_a_chat_service_cannot_send_a_conversation_to_http(certificate, status):
    with server(hello) as (open_url, heard), server(redirect(status, open_url), certificate) as (url, asked):
        assert ask(url).startswith("llm_")
    assert any(WORDS in body for *_, body in asked) and heard == []


@needs_openai
def test_nor_by_a_detour_over_https(certificate):
    with (
        server(hello) as (open_url, heard),
        server(redirect(307, open_url), certificate) as (second, passed),
        server(redirect(307, second), certificate) as (url, _),
    ):
        assert ask(url).startswith("llm_")
    assert any(WORDS in body for *_, body in passed) and heard == []


@needs_openai
def test_a_redirect_to_https_is_followed(certificate):
    with server(hello, certificate) as (target, heard), server(redirect(307, target), certificate) as (url, _):
        assert ask(url) == "Hello."
    assert any(WORDS in body for *_, body in heard)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("backend", ["openai_speech", "cosyvoice"])
def test_a_voice_service_cannot_send_text_to_http(certificate, backend, status):
    from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings

    with server(hello) as (open_url, heard), server(redirect(status, open_url), certificate) as (url, asked):
        voice = make(TTS_BACKENDS, TtsSettings, backend=backend, url=url)
        voice.load()
        with pytest.raises(TtsError):
            list(voice.speak(WORDS, "en"))
        voice.close()
    assert asked and heard == []


@pytest.mark.parametrize("status", STATUSES)
def test_edge_cannot_be_sent_to_http(certificate, status, monkeypatch):
    edge_tts = pytest.importorskip("edge_tts", reason="edge-tts is not installed")
    from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings

    monkeypatch.setattr(edge_tts.communicate, "_SSL_CTX", ssl.create_default_context(cafile=str(certificate[0])))
    monkeypatch.setattr(edge_tts.communicate, "WSS_URL", "")
    with server(hello) as (open_url, heard), server(redirect(status, open_url), certificate) as (url, asked):
        voice = make(TTS_BACKENDS, TtsSettings, backend="edge", url=f"{url.replace('https', 'wss')}/edge?x=1")
        voice.load()
        with pytest.raises(TtsError):
            list(voice.speak(WORDS, "en"))
        voice.close()
    assert asked and heard == []


def test_a_model_is_not_fetched_over_http_in_the_end(certificate, tmp_path):
    with (
        server(hello) as (open_url, heard),
        server(redirect(302, open_url), certificate) as (url, asked),
        pytest.raises(FetchError, match="only https is followed"),
    ):
        fetch_file(RemoteFile(f"{url}/model.bin"), tmp_path, "", lambda *_: None, wait_s=0.0)
    assert asked and heard == []
