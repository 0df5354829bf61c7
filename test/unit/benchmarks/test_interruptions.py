"""What bench interruptions reads from a conversation, on made-up ones whose delays are known."""

from itertools import pairwise

import numpy as np
import pytest

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.events import FrameInfo, Interrupt
from avatar_ros.core.types import AudioFrame
from benchmarks.conversation import interruptions as bench

RATE_HZ = 16000
VOICES_S = (10.0, 14.0, 18.0)


def sound(*spans):
    """One frame from second 0 on that is loud within the spans, s."""
    pcm = np.zeros(30 * RATE_HZ, np.int16)
    for start_s, end_s in spans:
        pcm[int(start_s * RATE_HZ) : int(end_s * RATE_HZ)] = 3000
    return AudioFrame(sample_rate_hz=RATE_HZ, pcm=pcm, steady_ns=0)


def conversation(silent_after_s=0.25, rest_after_s=0.3):
    """The avatar speaks from 1.8 s after each voice began until it is interrupted."""
    answers = [(v + 1.8, nxt + silent_after_s) for v, nxt in pairwise(VOICES_S)]
    times = np.arange(0, 30, 1 / 60)
    mouth = [
        0.4 * any(a <= t < v + rest_after_s for (a, _), v in zip(answers, VOICES_S[1:], strict=True)) for t in times
    ]
    return {
        "mic/audio": [sound(*((v, v + 1.2) for v in VOICES_S))],
        "speech/played": [sound(*answers, (19.8, 24.0))],
        "frame_info": [FrameInfo(steady_ns=int(t * 1e9), mouth_open=m) for t, m in zip(times, mouth, strict=True)],
    }


ORDERS = [
    (voice_s + after_s, Interrupt(action=action))
    for voice_s in VOICES_S[1:]
    for after_s, action in ((0.2, InterruptAction.PAUSE), (0.9, InterruptAction.CANCEL))
]


def test_delays_of_two_interruptions():
    first, second = bench.cuts(conversation(), ORDERS)
    assert first.spoken_s == pytest.approx(2.2, abs=0.01) == second.spoken_s
    for cut in (first, second):
        assert cut.paused_ms == pytest.approx(200, abs=1) and cut.cancelled_ms == pytest.approx(900, abs=1)
        assert cut.silent_ms == pytest.approx(250, abs=1) and cut.lips_rest_ms == pytest.approx(300, abs=20)
    assert bench.summary([first, second])["cancelled"] == 2


def test_an_avatar_that_talks_on_shows():
    first, _ = bench.cuts(conversation(silent_after_s=1.2), [])
    assert first.silent_ms == pytest.approx(1200, abs=1) and np.isnan(first.cancelled_ms)
    assert bench.summary([first])["cancelled"] == 0


def test_a_recording_tells_whether_the_voice_fell_silent():
    heard = conversation()
    good = bench.audible_s(heard["speech/played"]) - 8.0  # the file begins 8 s after the clock did
    talks_on = bench.audible_s([sound((11.8, 17.0))])
    assert all(cut.silent_in_recording for cut in bench.cuts(heard, ORDERS, good))
    assert not bench.cuts(heard, ORDERS, talks_on)[0].silent_in_recording


def test_voices_stand_so_that_the_second_and_third_come_while_it_speaks():
    voice = np.full(bench.RATE_HZ, 3000, np.int16)
    times = np.flatnonzero(bench.round_sound([voice] * 3)) / bench.RATE_HZ
    assert bench.starts(times, 1.0) == pytest.approx([0.0, 4.0, 8.0], abs=1e-3)
