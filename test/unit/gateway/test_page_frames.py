"""Binary frames, byte for byte as docs/web_protocol.md says."""

import math
import struct

import numpy as np
import pytest

from avatar_ros.core.enums import Layer
from avatar_ros.core.types import Expression, SpeechChunk
from avatar_ros.gateway import page_frames
from avatar_ros.gateway.refusal import RefusalError


def test_voice_is_laid_out_as_the_protocol_says():
    chunk = SpeechChunk(
        sentence=3, first_sample=480, sample_rate_hz=24000, pcm=np.array([1, -2, 32767], np.int16), turn_end=True
    )
    data = page_frames.voice(7, 2, chunk)
    assert data[0] == 1 and data[1] == 2
    assert struct.unpack_from("<H", data, 2) == (3,)
    assert struct.unpack_from("<IIIII", data, 4) == (7, 2, 480, 24000, 3)
    assert np.frombuffer(data, "<i2", offset=24).tolist() == [1, -2, 32767]


def test_a_speech_face_is_164_bytes_with_its_sample():
    weights = np.linspace(0, 1, 52, dtype=np.float32)
    face = Expression(
        layer=Layer.SPEECH, sample=1234, weights=weights, head_rotation=(1.0, 0.1, 0.2, 0.3),
        head_translation=(0.01, 0.02, 0.03), last=True,
    )
    data = page_frames.face(9, 4, face, 0.0)
    assert len(data) == 164 and data[0] == 2 and data[1] == 1
    assert struct.unpack_from("<HIIII", data, 2) == (52, 9, 4, 1234, 24000)
    assert struct.unpack_from("<4f3f", data, 32) == pytest.approx((1.0, 0.1, 0.2, 0.3, 0.01, 0.02, 0.03))
    assert np.frombuffer(data, "<u2", offset=60) / 65535 == pytest.approx(weights, abs=1e-5)


def test_an_idle_face_holds_at_a_time_and_has_no_number():
    data = page_frames.face(0, 0, Expression(layer=Layer.IDLE, epoch=5, turn=6), 12.5)
    assert data[0] == 3 and struct.unpack_from("<IIIII", data, 4) == (0, 0, 0, 0, 0)
    assert struct.unpack_from("<d", data, 24) == (12.5,)


def mic(rate=16000, count=320, at_s=1.5, kind=16, given=None):
    head = struct.pack("<BBHIIId", kind, 0, 0, rate, 640, count, at_s)
    return head + np.arange(count if given is None else given, dtype="<i2").tobytes()


def test_microphone_sound_is_read():
    read = page_frames.read_mic(mic())
    assert read.first_sample == 640 and read.at_s == 1.5 and read.pcm.tolist() == list(range(320))
    assert math.isnan(page_frames.read_mic(mic(at_s=math.inf)).at_s)


@pytest.mark.parametrize(
    "data", [b"", b"\x10", mic(kind=19), mic(rate=44100), mic(given=319), mic(count=0), mic(count=9000), mic()[:-1]]
)
def test_what_is_no_microphone_sound_is_refused(data):
    with pytest.raises(RefusalError):
        page_frames.read_mic(data)
