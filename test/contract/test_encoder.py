"""The same promises of every encoder backend."""

import numpy as np
import pytest

from avatar_ros.core.enums import InterruptAction
from avatar_ros.core.errors import EncoderError
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import Mark, SpeechChunk
from avatar_ros.encoder.base import ENCODER_BACKENDS, EncoderSettings
from avatar_ros.encoder.stage import build
from avatar_ros.speech.phones import LOUDNESS, PHONE_COUNT, PHONE_KIND, SIL
from avatar_ros.testing.settings import split
from neural_models import encoder_options

RATES_HZ = (8000, 16000, 22050, 24000, 48000)


@pytest.fixture(params=ENCODER_BACKENDS.names)
def stage(request):
    made = build(*split(ENCODER_BACKENDS, EncoderSettings, backend=request.param, **encoder_options(request.param)))
    made.load()
    yield made
    made.close()


def voice(seconds, rate_hz):
    """A buzz with formant-like bands, on and off four times a second: not speech, but like it."""
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    buzz = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 30))
    return (4000 * buzz * (np.sin(2 * np.pi * 4 * t) > 0)).astype(np.int16)


def speak(stage, pcm, rate_hz, turn=1, size=None, **first):
    size = size or rate_hz // 25
    out = []
    for i in range(0, len(pcm), size):
        chunk = SpeechChunk(
            turn=turn, first_sample=i, sample_rate_hz=rate_hz, pcm=pcm[i : i + size],
            turn_end=i + size >= len(pcm), **(first if i == 0 else {}),
        )  # fmt: skip
        out += [o.message for o in stage.push("speech/audio", chunk, i / rate_hz)]
    return out


def table(messages):
    return np.concatenate([m.data.reshape(m.frames, m.dim) for m in messages])


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("source", ["marks", "text", "sound"])
def test_every_frame_once_in_order_and_finite(stage, rate_hz, source):
    pcm = voice(1.23, rate_hz)
    mark = Mark(text="aa", start_sample=0, end_sample=len(pcm))
    first = {"marks": {"marks": (mark,)}, "text": {"text": "Good morning, everybody!"}, "sound": {}}[source]
    found = speak(stage, pcm, rate_hz, **first)
    frames = table(found)
    frame_hz = found[0].rate_hz
    assert len(frames) == int(np.ceil(1.23 * frame_hz - 1e-9))
    assert [m.last for m in found].count(True) == 1
    assert found[-1].last
    at = 0
    for m in found:
        assert m.first_sample == round(at * rate_hz / frame_hz)
        at += m.frames
    assert np.isfinite(frames).all()
    if found[0].kind != PHONE_KIND:
        return
    np.testing.assert_allclose(frames[:, :PHONE_COUNT].sum(axis=1), 1.0, atol=1e-3)
    assert frames.min() >= 0
    assert frames.max() <= 1 + 1e-3


def test_chunks_of_any_size_give_every_frame(stage):
    pcm = voice(0.8, 24000)
    whole = table(speak(stage, pcm, 24000, turn=1, size=len(pcm)))
    for turn, size in ((2, 240), (3, 961)):
        assert len(table(speak(stage, pcm, 24000, turn=turn, size=size))) == len(whole)


def test_chunks_that_come_in_another_order_give_every_frame(stage):
    rate_hz, size = 24000, 960
    pcm = voice(0.8, rate_hz)
    pieces = [
        SpeechChunk(turn=1, first_sample=i, pcm=pcm[i : i + size], sentence=int(i >= len(pcm) // 2),
                    text={0: "Good morning.", len(pcm) // 2: "Everybody!"}.get(i, ""), turn_end=i + size >= len(pcm))
        for i in range(0, len(pcm), size)
    ]  # fmt: skip
    for first in (3, 9, 12):  # 10 begins the second sentence
        pieces[first], pieces[first + 1] = pieces[first + 1], pieces[first]
    found = [o.message for chunk in pieces for o in stage.push("speech/audio", chunk, 0.0)]
    frames = table(found)
    assert len(frames) == int(np.ceil(0.8 * found[0].rate_hz - 1e-9))
    assert np.isfinite(frames).all()
    assert stage.status()["late_chunks"] == "3"


def music(seconds):
    """Chords that are struck four times a second."""
    t = np.arange(int(seconds * 24000)) / 24000
    chord = sum(np.sin(2 * np.pi * hz * t) for hz in (262, 330, 392))
    return (5000 * chord * np.exp(-4 * (4 * t % 1))).astype(np.int16)


ODD = {
    "silence": np.zeros(12000, np.int16),
    "clipped": np.full(12000, 32767, np.int16),
    "noise": np.random.default_rng(0).integers(-32768, 32767, 12000).astype(np.int16),
    "music": music(0.5),
    "one sample": np.zeros(1, np.int16),
}


@pytest.mark.parametrize("name", list(ODD))
@pytest.mark.parametrize("text", ["", "Hello there.", "12 🙂 你好 …", "pneumonoultramicroscopicsilicovolcanoes"])
def test_odd_sound_and_odd_text(stage, name, text):
    """Every frame is there, and a mouth that has nothing to say is shut: in silence, and in the silence afterwards."""
    odd = ODD[name]
    pcm = np.concatenate([odd, np.zeros(9600, np.int16)])
    found = speak(stage, pcm, 24000, text=text)
    frames = table(found)
    assert len(frames) == int(np.ceil(len(pcm) * found[0].rate_hz / 24000 - 1e-9))
    assert np.isfinite(frames).all()
    if found[0].kind != PHONE_KIND:
        return
    np.testing.assert_allclose(frames[:, :PHONE_COUNT].sum(axis=1), 1.0, atol=1e-3)
    over = 0 if name in ("silence", "one sample") else len(odd) // 240 + 15
    assert frames[over:, SIL].mean() > 0.9
    assert frames[over:, SIL].min() > 0.5
    assert frames[over:, LOUDNESS].max() == 0.0


def test_a_cancelled_turn_gives_no_more(stage):
    pcm = voice(0.4, 24000)
    list(stage.push("speech/audio", SpeechChunk(turn=1, pcm=pcm, text="Hello."), 0.0))
    list(stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), 0.1))
    assert list(stage.push("speech/audio", SpeechChunk(turn=1, first_sample=len(pcm), pcm=pcm), 0.2)) == []
    assert speak(stage, pcm, 24000, turn=2)[-1].last


def test_a_change_of_rate_within_a_turn_is_an_error(stage):
    list(stage.push("speech/audio", SpeechChunk(turn=1, pcm=voice(0.1, 24000)), 0.0))
    with pytest.raises(EncoderError):
        list(stage.push("speech/audio", SpeechChunk(turn=1, first_sample=2400, sample_rate_hz=48000), 0.0))
