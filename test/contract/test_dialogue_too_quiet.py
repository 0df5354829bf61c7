"""From sound to "speak up": the real voice detector, a recogniser that understands nothing, and the dialogue."""

from __future__ import annotations

import wave

import numpy as np
import pytest

from avatar_ros.asr.base import ASR_BACKENDS, AsrSettings
from avatar_ros.asr.base import PORT as ASR_PORT
from avatar_ros.asr.stage import build as build_asr
from avatar_ros.core.types import AudioFrame
from avatar_ros.dialogue.base import PORT as DIALOGUE_PORT
from avatar_ros.dialogue.base import DialogueSettings
from avatar_ros.dialogue.stage import DialogueStage
from avatar_ros.testing.settings import split
from avatar_ros.vad.base import PORT as VAD_PORT
from avatar_ros.vad.base import VadSettings
from avatar_ros.vad.stage import build as build_vad
from harness import Harness
from recordings import DATA

RATE = 16000
LOUDER = "Louder."


def recording(name: str, gain_db: float) -> np.ndarray:
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is absent")
    with wave.open(str(DATA / name), "rb") as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return pcm.astype(float) * 10 ** (gain_db / 20)


def heard(pcm: np.ndarray) -> tuple[list[str], int]:
    """What the avatar says to this sound, and how often it asks the LLM."""
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    run = Harness()
    run.add("vad", build_vad(VadSettings(backend="silero")), VAD_PORT)
    run.add("asr", build_asr(*split(ASR_BACKENDS, AsrSettings, backend="fake", script="")), ASR_PORT)
    run.add("dialogue", DialogueStage(DialogueSettings(too_quiet=LOUDER), lambda: (1, "")), DIALOGUE_PORT)
    sound = np.rint(np.pad(pcm, (RATE, 5 * RATE))).astype(np.int16)
    for first in range(0, len(sound), 1600):
        piece = sound[first : first + 1600]
        run.send("mic/audio", AudioFrame(first_sample=first, pcm=piece, steady_ns=1 + 62500 * first))
        run.run(0.1)
    return [sentence.text for sentence in run.sent("speech/sentence")], len(run.sent("dialogue/prompt"))


@pytest.mark.parametrize("number", [1, 4])
def test_a_soft_voice_is_asked_to_speak_up_and_a_normal_one_is_not(number: int) -> None:
    name = f"speech/spk1_snt{number}.wav"
    assert heard(recording(name, -22.0)) == ([LOUDER], 0)
    assert heard(recording(name, 0.0)) == ([], 1)


@pytest.mark.parametrize("gain_db", [0.0, -20.0, -30.0, -40.0])
@pytest.mark.parametrize("name", ["acoustics/noise2.wav", "acoustics/noise3.wav"])
def test_noise_is_nobody(name: str, gain_db: float) -> None:
    assert heard(np.tile(recording(name, gain_db), 2)) == ([], 0)


def test_silence_is_nobody() -> None:
    assert heard(np.zeros(5 * RATE)) == ([], 0)
    assert heard(np.random.default_rng(0).normal(0.0, 20.0, 5 * RATE)) == ([], 0)


@pytest.mark.parametrize("gain_db", [-45.0, -50.0, -60.0])
def test_a_television_next_door_is_nobody(gain_db: float) -> None:
    assert heard(recording("speech/jfk.wav", gain_db)) == ([], 0)


@pytest.mark.parametrize("gain_db", [-24.0, -28.0])
def test_a_television_in_a_noisy_room_is_nobody(gain_db: float) -> None:
    room = recording("acoustics/noise3.wav", 0.0)
    film = np.resize(recording("speech/jfk.wav", gain_db), len(room))
    assert heard(room + film) == ([], 0)
