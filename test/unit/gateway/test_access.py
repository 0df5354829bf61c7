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

    def shown(which, **headers):
        return which.has_token(headers, "5.5.5.5", 0.0)[0]

    assert not shown(door) and not shown(door, authorization="Bearer wrong")
    assert not shown(door, cookie="avatar=wrong") and not shown(door, cookie="avatar=\u00e4; ==;")
    assert shown(door, authorization=f"Bearer {TOKEN}")
    assert shown(door, cookie=f"x=y; avatar={door.cookie}")
    assert TOKEN not in door.cookie and access("another").cookie != door.cookie
    assert shown(access("")), "none is needed"


def test_wrong_tokens_cannot_be_tried_for_long():
    door = access()
    tries = [door.try_token("guess", "6.6.6.6", now_s=0.0) for _ in range(6)]
    assert [wait_s > 0 for _, wait_s in tries] == [False] * 5 + [True] and not any(right for right, _ in tries)
    assert door.try_token(TOKEN, "6.6.6.6", 0.0)[0] is False, "not even the right one, until it has waited"
    assert door.try_token(TOKEN, "7.7.7.7", 0.0) == (True, 0.0)
    assert door.try_token(TOKEN, "6.6.6.6", 13.0) == (True, 0.0)


def test_wrong_tokens_of_programs_cannot_be_tried_for_long_either():
    """They could be, without end: only those of the page's form were counted."""
    door = access()

    def bearer(token, now_s=0.0, address="6.6.6.6"):
        return door.has_token({"authorization": f"Bearer {token}"}, address, now_s)

    assert all(bearer(TOKEN) == (True, 0.0) for _ in range(50)), "the right one is no try"
    assert [bearer("guess") for _ in range(5)] == [(False, 0.0)] * 5
    right, wait_s = bearer(TOKEN)
    assert not right and 11.0 < wait_s <= 12.0, "not even the right one, until it has waited"
    assert door.try_token(TOKEN, "6.6.6.6", 0.0)[0] is False, "nor by the form"
    assert bearer(TOKEN, address="7.7.7.7") == bearer(TOKEN, 13.0) == (True, 0.0)
    assert door.has_token({"cookie": f"avatar={door.cookie}"}, "6.6.6.6", 0.0)[0], "who is in stays in"


def test_the_page_itself_needs_no_token():
    door = access()
    assert not door.needs_it("/") and not door.needs_it("/static/a.js") and not door.needs_it("/health")
    assert door.needs_it("/ws") and door.needs_it("/generate") and door.needs_it("/avatars")
    assert not access("").needs_it("/ws")
