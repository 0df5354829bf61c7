"""How far the voice is sent ahead: by the loudspeaker's clock, be it this host's or another's."""

from __future__ import annotations

import pytest

from avatar_ros.core.clock import ns_from_s
from avatar_ros.core.types import PlaybackClock
from avatar_ros.tts.pacing import Pacer

RATE_HZ, AHEAD_S = 24000, 2.0
NOW_S = 5000.0


def ahead_s(clock_offset_s: float, now_s: float) -> float:
    """How far ahead of the third second a turn may be sent that began 3 s ago and is heard since then."""
    pacer = Pacer(RATE_HZ, AHEAD_S, no_clock_s=1.0, burst_s=0.5)
    pacer.start(now_s - 3.0)
    steady_ns = ns_from_s(now_s - 0.04 + clock_offset_s)
    pacer.played(PlaybackClock(sample=round(2.96 * RATE_HZ), sample_rate_hz=RATE_HZ, steady_ns=steady_ns), now_s)
    return pacer.limit(now_s) / RATE_HZ - 3.0


def test_on_one_host_by_the_instant_that_the_clock_names():
    assert ahead_s(0.0, NOW_S) == pytest.approx(AHEAD_S, abs=0.001)


@pytest.mark.parametrize("offset_s", [-4000.0, -100.0, 100.0, 100_000.0])
def test_from_another_host_by_its_arrival(offset_s):
    assert ahead_s(offset_s, NOW_S) == pytest.approx(AHEAD_S, abs=0.05)
