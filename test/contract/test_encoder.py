"""The same promises of every encoder backend."""

import numpy as np
import pytest

from avatar_ros.core.errors import EncoderError
from avatar_ros.core.types import Mark, SpeechChunk
from avatar_ros.encoder.base import ENCODER_BACKENDS, EncoderSettings
from avatar_ros.encoder.stage import build
from avatar_ros.speech.phones import LOUDNESS, PHONE_COUNT, PHONE_KIND, SIL
from avatar_ros.testing.contracts import ENCODER
from avatar_ros.testing.contracts.common import buzz
from avatar_ros.testing.contracts.encoder import check_frames, speak, table
from avatar_ros.testing.settings import split
from neural_models import encoder_options

RATES_HZ = (8000, 16000, 22050, 24000, 48000)


@pytest.fixture(params=ENCODER_BACKENDS.names)
def stage(request):
    made = build(*split(ENCODER_BACKENDS, EncoderSettings, backend=request.param, **encoder_options(request.param)))
    made.load()
    yield made
    made.close()


@pytest.mark.parametrize("check", ENCODER, ids=lambda check: check.__name__)
def test_contract(check, stage):
    check(stage._encoder)


@pytest.mark.parametrize("source", ["marks", "text", "sound"])
def test_phones_are_probabilities(stage, source):
    pcm = buzz(1.23, 24000)
    mark = Mark(text="aa", start_sample=0, end_sample=len(pcm))
    first = {"marks": {"marks": (mark,)}, "text": {"text": "Good morning, everybody!"}, "sound": {}}[source]
    found = speak(stage, pcm, 24000, **first)
    frames = check_frames(found, len(pcm), 24000)
    if found[0].kind == PHONE_KIND:
        np.testing.assert_allclose(frames[:, :PHONE_COUNT].sum(axis=1), 1.0, atol=1e-3)
        assert frames.min() >= 0 and frames.max() <= 1 + 1e-3


def test_chunks_that_come_in_another_order_give_every_frame(stage):
    rate_hz, size = 24000, 960
    pcm = buzz(0.8, rate_hz)
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


def test_a_change_of_rate_within_a_turn_is_an_error(stage):
    list(stage.push("speech/audio", SpeechChunk(turn=1, pcm=buzz(0.1, 24000)), 0.0))
    with pytest.raises(EncoderError):
        list(stage.push("speech/audio", SpeechChunk(turn=1, first_sample=2400, sample_rate_hz=48000), 0.0))
