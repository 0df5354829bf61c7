"""What every audio encoder must do, in its stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.arrays import F32, Pcm
from ...core.enums import InterruptAction
from ...core.events import Interrupt
from ...core.stage import Stage
from ...core.types import AudioFeatures, Mark, SpeechChunk
from ...encoder.base import Encoder, EncoderSettings
from ...encoder.stage import EncoderStage
from .common import buzz, check_status, run

RATES_HZ = (8000, 16000, 22050, 24000, 48000)


def speak(stage: Stage, pcm: Pcm, rate_hz: int, turn: int = 1, size: int = 0, **first: Any) -> list[AudioFeatures]:
    """What the stage makes of a turn in chunks of `size` samples, 40 ms unless told; first: of its first chunk."""
    size = size or rate_hz // 25
    out: list[AudioFeatures] = []
    for i in range(0, len(pcm), size):
        end, more = i + size >= len(pcm), first if i == 0 else {}
        chunk = SpeechChunk(
            turn=turn, first_sample=i, sample_rate_hz=rate_hz, pcm=pcm[i : i + size], turn_end=end, **more
        )
        said = stage.push("speech/audio", chunk, i / rate_hz)
        out += [item.message for item in said if isinstance(item.message, AudioFeatures)]
    return out


def table(messages: list[AudioFeatures]) -> F32:
    """All frames [T, dim]."""
    return np.concatenate([message.data.reshape(message.frames, message.dim) for message in messages])


def check_frames(found: list[AudioFeatures], samples: int, rate_hz: int) -> F32:
    """Each frame once, in order and finite; the last message says so. The frames [T, dim]."""
    frame_hz = found[0].rate_hz
    frames, wanted = table(found), int(np.ceil(samples * frame_hz / rate_hz - 1e-9))
    assert len(frames) == wanted, f"{samples} samples at {rate_hz} Hz gave {len(frames)} frames, {wanted} are due"
    assert [message.last for message in found] == [False] * (len(found) - 1) + [True]
    at = 0
    for message in found:
        assert message.first_sample == round(at * rate_hz / frame_hz), "frames are not where their sound is"
        at += message.frames
    assert np.isfinite(frames).all(), "features hold NaN or infinity"
    return frames


def _stage(encoder: Encoder) -> EncoderStage:
    return EncoderStage(EncoderSettings(), encoder)


def every_frame_comes_once_in_order(encoder: Encoder) -> None:
    """At any rate, with the voice's marks, with the text alone, and with neither."""
    stage = _stage(encoder)
    for turn, (rate_hz, source) in enumerate([(r, s) for r in RATES_HZ for s in ("marks", "text", "sound")], 1):
        pcm = buzz(0.83, rate_hz)
        mark = Mark(text="aa", start_sample=0, end_sample=len(pcm))
        first = {"marks": {"marks": (mark,)}, "text": {"text": "Good morning, everybody!"}}.get(source, {})
        check_frames(speak(stage, pcm, rate_hz, turn, **first), len(pcm), rate_hz)
    check_status(encoder.status())


def chunks_of_any_size_give_every_frame(encoder: Encoder) -> None:
    """A whole turn at once, 10 ms, and odd sizes."""
    stage, pcm = _stage(encoder), buzz(0.8, 24000)
    for turn, size in enumerate((len(pcm), 240, 961), 1):
        check_frames(speak(stage, pcm, 24000, turn, size), len(pcm), 24000)


def odd_sound_gives_every_frame(encoder: Encoder) -> None:
    """Silence, noise, clipping, a single sample; with texts that nobody can say."""
    stage = _stage(encoder)
    noise = np.random.default_rng(0).integers(-32768, 32767, 9600).astype(np.int16)
    odd = (np.zeros(9600, np.int16), noise, np.full(9600, 32767, np.int16), np.zeros(1, np.int16))
    texts = ("", "12 🙂 你好 …", "pneumonoultramicroscopicsilicovolcanoes")
    for turn, (pcm, text) in enumerate([(pcm, text) for pcm in odd for text in texts], 1):
        check_frames(speak(stage, pcm, 24000, turn, text=text), len(pcm), 24000)


def a_cancelled_turn_gives_no_more(encoder: Encoder) -> None:
    """And the next one is encoded."""
    stage, pcm = _stage(encoder), buzz(0.4, 24000)
    list(stage.push("speech/audio", SpeechChunk(turn=1, pcm=pcm, text="Hello."), 0.0))
    list(stage.interrupt(Interrupt(turn=1, action=InterruptAction.CANCEL), 0.1))
    assert not list(stage.push("speech/audio", SpeechChunk(turn=1, first_sample=len(pcm), pcm=pcm), 0.2))
    check_frames(speak(stage, pcm, 24000, turn=2), len(pcm), 24000)


ENCODER: tuple[Callable[[Encoder], None], ...] = (
    every_frame_comes_once_in_order,
    chunks_of_any_size_give_every_frame,
    odd_sound_gives_every_frame,
    a_cancelled_turn_gives_no_more,
)


def check_encoder(encoder: Encoder) -> None:
    """All that the audio encoder stage relies on. encoder: not loaded yet."""
    run(encoder, ENCODER)
