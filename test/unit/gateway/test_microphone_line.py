"""A page's microphone by several ways: one line, nothing twice; Opus where it belongs; instants of WebRTC."""

import math

import numpy as np
import pytest

from avatar_ros.audio.base import Block
from avatar_ros.gateway.mic_line import MicLine
from avatar_ros.gateway.page_ear import PageEar
from avatar_ros.gateway.page_frames import MIC_OPUS, MIC_RTC, mic
from avatar_ros.gateway.refusal import RefusalError
from avatar_ros.gateway.rtp_clock import RtpClock

RATE, PIECE = 16000, 320


def sound(first, count=PIECE):
    """Samples that say where they belong."""
    return ((np.arange(first, first + count) * 7919) % 20011 - 10000).astype(np.int16)


def put(line, way, first, at_first=None, count=PIECE):
    """Sound whose instants are its counts; at_first: the count of its stream, where that is another."""
    return line.place(way, first if at_first is None else at_first, Block(sound(first, count), 100 + first / RATE))


def assembled(placed):
    out = np.zeros(0, np.int16)
    for first, block in placed:
        assert first == len(out), "no gap, nothing twice"
        out = np.concatenate([out, block.pcm])
    return out


def test_webrtc_takes_over_where_the_socket_ends_and_the_socket_sends_again_what_is_missing():
    line = MicLine()
    placed = [put(line, "socket", first) for first in range(0, 3200, PIECE)]
    # WebRTC lags behind, and its pieces lie elsewhere.
    placed += [put(line, "webrtc", first, first + 777) for first in range(1500, 6400, PIECE)]
    # It fails; the page sends its last pieces again.
    placed += [put(line, "socket", first) for first in range(3520, 12800, PIECE)]
    assert np.array_equal(assembled([each for each in placed if each]), sound(0, 12800))
    assert sum(each is None for each in placed) > 5


def test_within_a_way_the_counts_say_where_it_belongs():
    line = MicLine()
    put(line, "socket", 0)
    first, _ = line.place("socket", 5 * PIECE, Block(sound(0), 100.0)) or (None, None)
    assert first == 5 * PIECE, "a gap is a silence, whatever the instants"
    first, _ = line.place("socket", 0, Block(sound(0), 200.0)) or (None, None)
    assert first == 6 * PIECE, "a page that begins anew"


def opus_frames(pcm):
    """As a browser encodes pieces of 20 ms."""
    av = pytest.importorskip("av")
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = 16000, "mono", "s16", 24000
    codec.open()
    packets = []
    for first in range(0, len(pcm) - PIECE + 1, PIECE):
        frame = av.AudioFrame.from_ndarray(pcm[None, first : first + PIECE], "s16", "mono")
        frame.sample_rate, frame.pts = 16000, first
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets


def opus_frame(packet, first, count=PIECE, skip=312):
    head = bytearray(mic(first, first / RATE, np.zeros(count, np.int16))[:24])
    head[0], head[2:4] = MIC_OPUS, skip.to_bytes(2, "little")
    return bytes(head) + packet


def chirp(rate_hz, length_s):
    t = np.arange(round(rate_hz * length_s)) / rate_hz
    return (8000 * np.sin(2 * np.pi * (200 * t + 300 * t**2))).astype(np.int16)


def lag(got, wanted):
    """Samples that `got` is late; and how alike they are there."""
    part = wanted[8000:16000].astype(float)
    at = int(np.argmax(np.correlate(got[7000:17000].astype(float), part, "valid"))) + 7000
    return at - 8000, np.corrcoef(got[at : at + 8000], part)[0, 1]


def heard(frames, ear):
    out = np.zeros(40000, np.int16)
    for data in frames:
        for first, block in ear.hear(data, 0.0, 50.0):
            out[first : first + len(block.pcm)] = block.pcm
    return out


def test_opus_is_heard_to_the_sample_where_it_was_spoken():
    wanted, ear = chirp(RATE, 2.0), PageEar()
    frames = [opus_frame(packet, PIECE * k) for k, packet in enumerate(opus_frames(wanted))]
    late, alike = lag(heard(frames, ear)[104:], wanted)  # the first 6.5 ms are the decoder's own
    assert abs(late) <= 16 and alike > 0.97 and ear.way == "opus"
    blocks = [block for data in frames[:2] for _, block in PageEar().hear(data, 0.0, 0.5)]
    assert blocks[1].at_s == pytest.approx(0.02 - 0.0065), "its instants, too"


def test_webrtcs_sound_is_narrowed_as_any_other():
    wide, ear = chirp(48000, 2.0), PageEar()
    frames = [mic(k * PIECE, k * 0.02, wide[k * 960 : k * 960 + 960], MIC_RTC) for k in range(100)]
    late, alike = lag(heard(frames, ear), chirp(RATE, 2.0))
    assert abs(late) <= 16 and alike > 0.99 and ear.way == "webrtc"


@pytest.mark.parametrize("count", [160, 640])
def test_a_packet_that_is_none_or_another_is_refused(count):
    packet = opus_frames(chirp(RATE, 0.1))[0]
    with pytest.raises(RefusalError):
        list(PageEar().hear(opus_frame(packet, 0, count), 0.0, 1.0))
    with pytest.raises(RefusalError):
        list(PageEar().hear(opus_frame(b"\xff\xff\x00no opus", 0), 0.0, 1.0))
    with pytest.raises(RefusalError):
        list(PageEar().hear(opus_frame(bytes(1300), 0), 0.0, 1.0))


def test_the_quickest_of_the_last_seconds_says_when_it_was():
    clock = RtpClock(path_s=0.01)
    random = np.random.default_rng(3)
    at_s = math.nan
    for k in range(2000):
        late_s = 0.05 + random.exponential(0.03) + (0.2 if k > 1000 else 0.0)  # another way through the network
        at_s = clock.at_s(k * 0.02, 500 + k * 0.02 + late_s)
        if k == 1000:
            assert at_s - 500 - k * 0.02 == pytest.approx(0.04, abs=0.002)
    assert at_s - 500 - 1999 * 0.02 == pytest.approx(0.24, abs=0.002)
