"""A stage that has no time: the page is not to blame, and what waits for the stage stays bounded."""

import asyncio

import pytest

from avatar_ros.gateway.page_connection import OF_A_PAGE, OF_A_PROGRAM, PageConnection
from avatar_ros.gateway.refusal import RefusalError

SOUND = bytes(664)
#: As often as a page sends that talks: 50 pieces of sound and 25 clocks a second.
PIECE_S, EVERY = 1 / 75, 3


def flood(allowed, count, taken=0):
    """(connection, frames that the stage got) of a page that sends for a while; a stage that takes so many of them."""
    got = []

    def inbox(connection, frame):
        got.append(frame)
        if len(got) <= taken:
            connection.taken()

    async def send():
        connection = PageConnection("a", inbox, 0.0, allowed)
        connection.greeted = True
        for k in range(count):
            connection.received("clock" if k % EVERY == 0 else SOUND, k * PIECE_S)
        return connection

    return asyncio.run(send()), got


def test_a_stage_that_stands_still_loses_old_sound_and_no_page():
    connection, got = flood(OF_A_PAGE, 1800)
    assert connection.waiting == len(got)
    assert sum(frame == "clock" for frame in got) == 600, "what it says is not lost"
    assert got[:900] == ["clock", SOUND, SOUND] * 300 and set(got[900:]) == {"clock"}


def test_it_is_heard_again_as_soon_as_the_stage_goes_on():
    connection, _ = flood(OF_A_PAGE, 1500)
    while connection.waiting:
        connection.taken()
    got = []
    connection._inbox = lambda _, frame: got.append(frame)
    connection.received(SOUND, 1500 * PIECE_S)
    assert got == [SOUND]


def test_what_waits_is_bounded_all_the_same():
    with pytest.raises(RefusalError, match="more than a page"):
        flood(OF_A_PAGE, 60_000)


def test_a_programs_sound_is_a_sentence_and_has_no_holes():
    _, got = flood(OF_A_PROGRAM, 9000)
    assert len(got) == 9000
