"""What goes to voice services and what of them is shown: addresses, keys, bodies."""

import sys

import pytest

from avatar_ros.core.errors import ConfigError, TtsError
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.decode import decode
from avatar_ros.tts.openai_speech import OpenAiSpeechSettings, OpenAiVoice
from avatar_ros.tts.service_url import check_url, shown_url


@pytest.mark.parametrize("url", ["", "not an address", "ftp://host/", "http://", "http://host:port", "http://[::1"])
def test_address_of_a_service_that_is_none(url):
    with pytest.raises(ConfigError, match="url"):
        check_url(url)


@pytest.mark.parametrize("url", ["http://ann:secret@host/v1", "ftp://ann:secret@host/v1"])
def test_address_with_a_password_is_refused_and_not_shown(url):
    with pytest.raises(ConfigError) as caught:
        check_url(url)
    assert "secret" not in str(caught.value)


def test_what_follows_the_path_of_an_address_is_not_shown():
    assert shown_url("wss://host/edge?key=secret#x") == "wss://host/edge"


@pytest.mark.parametrize("body", [b'{"error": "bad key sk-abcd1234 given"}', b"<html>sk-abcd1234 is no good</html>"])
def test_text_instead_of_sound_is_not_shown(body):
    with pytest.raises(TtsError) as caught:
        list(decode([body], 24000))
    assert caught.value.code == "tts_reply" and "sk-" not in str(caught.value)


def test_mp3_without_its_decoder_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(TtsError, match="pip install av"):
        list(decode([b"ID3" + bytes(20)], 24000))


def voice_with_key(tmp_path, environment, **settings):
    own = OpenAiSpeechSettings(**{"env_file": str(tmp_path / ".env"), **settings})
    return OpenAiVoice(TtsSettings(backend="openai_speech"), own, environment)


def test_key_of_a_voice_is_read_from_the_file_too(tmp_path):
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-file\r\n", newline="")
    voice = voice_with_key(tmp_path, {})
    voice.load()
    assert voice._key == "sk-file"
    voice = voice_with_key(tmp_path, {}, key_variable="")
    voice.load()
    assert voice._key == ""


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "key_missing"),
        ({"OPENAI_API_KEY": "sk-SECRET\r"}, "key_unusable"),
        ({"OPENAI_API_KEY": "sk-\nSECRET"}, "key_unusable"),
    ],
)
def test_key_that_no_header_takes_is_refused_and_not_shown(tmp_path, environment, code):
    with pytest.raises(ConfigError) as caught:
        voice_with_key(tmp_path, environment).load()
    assert caught.value.code == code and "sk-" not in str(caught.value)
