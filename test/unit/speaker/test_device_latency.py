"""A card's buffer: longer after it hung or underran again and again, never because of one accident."""

import numpy as np
import pytest

from avatar_ros.audio import card_stream
from avatar_ros.core.errors import SpeakerError
from avatar_ros.speaker import sounddevice as speaker_sounddevice
from avatar_ros.speaker.base import SpeakerSettings
from avatar_ros.speaker.device_latency import MOST_S, DeviceLatency


def running(seconds=0.05, until_s=10.0):
    buffer = DeviceLatency(seconds)
    for i in range(round(until_s * 100) + 1):
        buffer.asked(0.01 * i)
    return buffer


def test_a_card_that_asks_no_more_hangs():
    buffer = running(until_s=10.0)
    assert not buffer.hangs(10.3), "its own buffer, and a moment"
    assert buffer.hangs(10.5)


def test_a_pause_at_the_start_is_not_hanging():
    buffer = DeviceLatency(0.05)
    assert not buffer.hangs(99.0), "never opened"
    buffer.asked(1.0)
    buffer.asked(1.02)
    assert not buffer.hangs(4.0)


def test_opened_again_it_may_pause_again():
    buffer = running(until_s=10.0)
    buffer.lengthen(hung=True, now_s=10.5)
    buffer.asked(11.0)
    assert not buffer.hangs(14.0)
    assert (buffer.seconds, buffer.hung) == (0.1, 1)


@pytest.mark.parametrize(("dry_s", "short"), [((1, 2), False), ((1, 2, 3), True), ((1, 2, 40), False)])
def test_dry_again_and_again_is_too_short(dry_s, short):
    buffer = running()
    for at_s in dry_s:
        buffer.underrun(float(at_s))
    assert buffer.is_short(float(dry_s[-1])) is short
    assert buffer.underruns == len(dry_s)


def test_it_counts_afresh_with_each_length_and_stops_at_the_most():
    buffer, lengths = running(), []
    for _ in range(4):
        for _ in range(3):
            buffer.underrun(10.0)
        lengths.append(buffer.is_short(10.0))
        buffer.lengthen(hung=False, now_s=10.0)
        assert not buffer.is_short(10.0)
    assert lengths == [True, True, False, False] and buffer.seconds == MOST_S


def test_a_longer_buffer_asked_for_is_kept():
    buffer = running(seconds=0.4)
    buffer.lengthen(hung=True, now_s=10.5)
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


def plugged_in(monkeypatch):
    library = FakePortAudio()
    monkeypatch.setattr(card_stream, "sounddevice", lambda: library)
    monkeypatch.setattr(
        card_stream, "find", lambda *_, **__: [{"index": 0, "name": "card", "default_samplerate": 24000}]
    )
    return library


@pytest.mark.parametrize(("loud", "lengths"), [(0, [0.05, 0.1]), (1000, [0.05])])
def test_a_card_that_runs_dry_is_opened_again_only_where_nobody_hears_it(monkeypatch, loud, lengths):
    library, now_s = plugged_in(monkeypatch), 100.0
    for module in (speaker_sounddevice, card_stream):
        monkeypatch.setattr(module, "monotonic_s", lambda: now_s)
    speaker = speaker_sounddevice.SoundDeviceSpeaker(SpeakerSettings())
    speaker.open(lambda count, at_s: np.full(count, loud, np.int16), now_s)
    for i in range(120):
        now_s += 0.01
        library.turn(now_s, dry=i in (3, 5, 7))
        speaker.pump(now_s)
    assert library.asked_for == lengths
    assert speaker.status()["underruns"] == "3"
    speaker.close()


def silence(count, at_s):
    return np.zeros(count, np.int16)


class Time:
    """Moved on by the test."""

    def __init__(self, monkeypatch):
        self.now_s = 100.0
        for module in ("speaker.sounddevice", "audio.card_stream"):
            monkeypatch.setattr(f"avatar_ros.{module}.monotonic_s", lambda: self.now_s)

    def play(self, library, seconds):
        for _ in range(round(seconds * 100)):
            self.now_s += 0.01
            library.turn(self.now_s)


def test_a_card_that_comes_back_is_not_judged_by_what_it_did_before(monkeypatch):
    library, time = plugged_in(monkeypatch), Time(monkeypatch)
    speaker = speaker_sounddevice.SoundDeviceSpeaker(SpeakerSettings())
    speaker.open(silence, time.now_s)
    time.play(library, 2.0)
    speaker.close()  # pulled out
    time.now_s += 5.0
    speaker.open(silence, time.now_s)
    time.now_s += 0.01
    speaker.pump(time.now_s)
    assert library.asked_for == [0.05, 0.05] and "hung" not in speaker.status()
    speaker.close()


def test_a_card_that_hangs_for_ever_is_given_up(monkeypatch):
    library, time = plugged_in(monkeypatch), Time(monkeypatch)
    speaker = speaker_sounddevice.SoundDeviceSpeaker(SpeakerSettings())
    speaker.open(silence, time.now_s)
    for hung in range(5):  # 0.05, 0.1, then three times with the longest
        time.play(library, 1.5)
        time.now_s += 1.0
        if hung < 4:
            speaker.pump(time.now_s)
    with pytest.raises(SpeakerError, match="again and again") as caught:
        speaker.pump(time.now_s)
    assert caught.value.code == "speaker_lost" and caught.value.retryable
    assert library.asked_for == [0.05, 0.1, 0.2, 0.2, 0.2]


def test_a_card_that_hangs_once_in_a_while_is_not_hopeless():
    buffer = DeviceLatency(MOST_S)
    for now_s in (0.0, 20.0, 40.0):
        buffer.lengthen(hung=True, now_s=now_s)
        assert not buffer.is_hopeless(now_s)
    buffer.lengthen(hung=True, now_s=41.0)
    assert buffer.is_hopeless(41.0)
