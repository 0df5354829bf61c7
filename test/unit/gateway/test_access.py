"""Names, origins, the token and how often it may be tried."""

import pytest

from avatar_ros.gateway.access import Access
from avatar_ros.gateway.base import WebSettings

TOKEN = "correct-horse-battery"


def access(token=TOKEN, **settings):
    return Access(WebSettings(**settings), token, ("localhost", "127.0.0.1", "::1", "kiosk"))


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost:8000", True), ("127.0.0.1", True), ("[::1]:8000", True), ("KIOSK:1", True), ("", False),
        ("evil.example:8000", False), ("localhost.evil.example", False),
    ],
)  # fmt: skip
def test_a_strangers_name_for_this_machine_is_a_trick(host, known):
    assert access().knows_host(host) is known


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        (None, True), ("http://localhost:8000", True), ("https://localhost:8000", True),
        ("http://localhost:9000", False),
        ("https://evil.example", False), ("null", False), ("https://friend.example", True),
        ("file://localhost:8000", False),
    ],
)  # fmt: skip
def test_pages_of_other_sites_may_not_connect(origin, own):
    assert access(origins=("https://friend.example",)).is_own_origin(origin, "localhost:8000") is own


def test_the_token_comes_as_cookie_or_as_bearer():
    door = access()
    assert not door.has_token({}) and not door.has_token({"authorization": "Bearer wrong"})
    assert not door.has_token({"cookie": "avatar=wrong"}) and not door.has_token({"cookie": "avatar=\u00e4; ==;"})
    assert door.has_token({"authorization": f"Bearer {TOKEN}"})
    assert door.has_token({"cookie": f"x=y; avatar={door.cookie}"})
    assert TOKEN not in door.cookie and access("another").cookie != door.cookie
    assert access("").has_token({}), "none is needed"


def test_wrong_tokens_cannot_be_tried_for_long():
    door = access()
    tries = [door.try_token("guess", "6.6.6.6", now_s=0.0) for _ in range(6)]
    assert [wait_s > 0 for _, wait_s in tries] == [False] * 5 + [True] and not any(right for right, _ in tries)
    assert door.try_token(TOKEN, "6.6.6.6", 0.0)[0] is False, "not even the right one, until it has waited"
    assert door.try_token(TOKEN, "7.7.7.7", 0.0) == (True, 0.0)
    assert door.try_token(TOKEN, "6.6.6.6", 13.0) == (True, 0.0)


def test_the_page_itself_needs_no_token():
    door = access()
    assert not door.needs_it("/") and not door.needs_it("/static/a.js") and not door.needs_it("/health")
    assert door.needs_it("/ws") and door.needs_it("/generate") and door.needs_it("/avatars")
    assert not access("").needs_it("/ws")
