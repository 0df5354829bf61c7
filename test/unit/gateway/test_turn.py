"""Credentials of relays, and what a page is told of them."""

import base64
import hashlib
import hmac
import itertools

import pytest

from avatar_ros.core.errors import ConfigError
from avatar_ros.gateway.base import WebSettings
from avatar_ros.gateway.mic_ways import MicWays
from avatar_ros.gateway.turn import TurnServers, turn_credentials


def test_a_credential_is_a_signature_of_when_it_ends_and_for_whom():
    username, credential = turn_credentials("north wind", "ab12", 1900000000.9)
    assert username == "1900000000:ab12"
    assert base64.b64decode(credential) == hmac.new(b"north wind", username.encode(), hashlib.sha1).digest()


def servers(*urls, secret="a secret of some length"):
    names = itertools.count(1)
    return TurnServers(urls, secret, 600.0, lambda: f"n{next(names)}", lambda: 1000.0)


def test_each_page_gets_its_own_and_stun_needs_none():
    made = servers("turn:relay.example:3478?transport=udp", "stun:relay.example:3478")
    first, second = made.ice_servers(), made.ice_servers()
    assert first[0] == {"urls": ["stun:relay.example:3478"]}
    assert first[1]["username"] == "1600:n1" and second[1]["username"] == "1600:n2"
    assert first[1]["credential"] != second[1]["credential"]
    assert servers().ice_servers() == [], "nobody is asked who was not named"


@pytest.mark.parametrize(("urls", "secret"), [(["http://relay.example"], "x" * 20), (["turn:relay.example"], "")])
def test_what_cannot_be_is_named(urls, secret):
    with pytest.raises(ConfigError, match="turn_urls"):
        servers(*urls, secret=secret)


def test_a_secret_is_read_from_its_file(tmp_path):
    file = tmp_path / "secret"
    settings = WebSettings(turn_urls=("turn:relay.example:3478",), turn_secret_file=str(file), webrtc="off")
    with pytest.raises(ConfigError, match="cannot be read"):
        MicWays(settings).load()
    file.write_text("short")
    with pytest.raises(ConfigError, match="16 or more"):
        MicWays(settings).load()
    file.write_text("long enough for anybody\n")
    ways = MicWays(settings)
    ways.load()
    assert "rtc" not in ways.told() and ways.told()["opus"] is True


def test_without_the_extra_the_page_is_not_offered_it(monkeypatch):
    monkeypatch.setattr("avatar_ros.gateway.mic_ways.importlib.util.find_spec", lambda name: None)
    ways = MicWays(WebSettings())
    ways.load()
    assert "rtc" not in ways.told() and ways.make_rtc_ear is None
    with pytest.raises(ConfigError, match="aiortc is not installed"):
        MicWays(WebSettings(webrtc="on")).load()


def test_with_it_a_page_is_told_how(tmp_path):
    pytest.importorskip("aiortc", reason="needs the extra webrtc")
    ways = MicWays(WebSettings(turn_only=False))
    ways.load()
    assert ways.told()["rtc"] == {"ice_servers": [], "policy": "all", "wait_s": 2.0}
