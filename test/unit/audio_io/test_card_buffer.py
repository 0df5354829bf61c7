"""A card's buffer: longer after it hung or ran dry again and again, never because of one accident."""

import numpy as np
import pytest

from avatar_ros.audio_io import speaker_sounddevice
from avatar_ros.audio_io.base import SpeakerSettings
from avatar_ros.audio_io.card_buffer import MOST_S, CardBuffer


def running(seconds=0.05, until_s=10.0):
    buffer = CardBuffer(seconds)
    for i in range(round(until_s * 100) + 1):
        buffer.asked(0.01 * i)
    return buffer


def test_a_card_that_asks_no_more_hangs():
    buffer = running(until_s=10.0)
    assert not buffer.hangs(10.3), "its own buffer, and a moment"
    assert buffer.hangs(10.5)


def test_a_pause_at_the_start_is_not_hanging():
    buffer = CardBuffer(0.05)
    assert not buffer.hangs(99.0), "never opened"
    buffer.asked(1.0)
    buffer.asked(1.02)
    assert not buffer.hangs(4.0)


def test_opened_again_it_may_pause_again():
    buffer = running(until_s=10.0)
    buffer.lengthen(hung=True)
    buffer.asked(11.0)
    assert not buffer.hangs(14.0)
    assert (buffer.seconds, buffer.hung) == (0.1, 1)


@pytest.mark.parametrize(("dry_s", "short"), [((1, 2), False), ((1, 2, 3), True), ((1, 2, 40), False)])
def test_dry_again_and_again_is_too_short(dry_s, short):
    buffer = running()
    for at_s in dry_s:
        buffer.ran_dry(float(at_s))
    assert buffer.is_short(float(dry_s[-1])) is short
    assert buffer.dry == len(dry_s)


def test_it_counts_afresh_with_each_length_and_stops_at_the_most():
    buffer, lengths = running(), []
    for _ in range(4):
        for _ in range(3):
            buffer.ran_dry(10.0)
        lengths.append(buffer.is_short(10.0))
        buffer.lengthen(hung=False)
        assert not buffer.is_short(10.0)
    assert lengths == [True, True, False, False] and buffer.seconds == MOST_S


def test_a_longer_buffer_asked_for_is_kept():
    buffer = running(seconds=0.4)
    buffer.lengthen(hung=True)
    assert buffer.seconds == 0.4


class FakePortAudio:
    """As sounddevice: one card; its streams ask for sound when `turn` is called."""

    PortAudioError = OSError

    def __init__(self):
        self.asked_for = []

    def check_output_settings(self, *_):
        pass

    def stream(self, *, latency, callback, blocksize, **_):
        self.asked_for.append(latency)
        self.callback, self.block = callback, blocksize
        return self

    OutputStream = stream

    active, latency = True, 0.05

    def start(self):
        pass

    def abort(self, ignore_errors):
        pass

    close = abort

    def turn(self, now_s, dry=False):
        out = np.zeros((self.block, 1), np.int16)
        times = type("Times", (), {"currentTime": now_s, "outputBufferDacTime": now_s + 0.05})
        self.callback(out, self.block, times, type("Flags", (), {"output_underflow": dry}))


@pytest.mark.parametrize(("loud", "lengths"), [(0, [0.05, 0.1]), (1000, [0.05])])
def test_a_card_that_runs_dry_is_opened_again_only_where_nobody_hears_it(monkeypatch, loud, lengths):
    library, now_s = FakePortAudio(), 100.0
    monkeypatch.setattr(speaker_sounddevice, "sounddevice", lambda: library)
    monkeypatch.setattr("avatar_ros.audio_io.portaudio.sounddevice", lambda: library)
    monkeypatch.setattr(
        speaker_sounddevice, "find", lambda *_, **__: [{"index": 0, "name": "card", "default_samplerate": 24000}]
    )
    monkeypatch.setattr(speaker_sounddevice, "monotonic_s", lambda: now_s)
    speaker = speaker_sounddevice.SoundDeviceSpeaker(SpeakerSettings())
    speaker.open(lambda count, at_s: np.full(count, loud, np.int16), now_s)
    for i in range(120):
        now_s += 0.01
        library.turn(now_s, dry=i in (3, 5, 7))
        speaker.pump(now_s)
    assert library.asked_for == lengths
    assert speaker.status()["underruns"] == "3"
    speaker.close()
