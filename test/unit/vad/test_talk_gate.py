"""Push-to-talk and tap-to-talk: when the microphone is listened to, alone and in the stage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from avatar_ros.core.enums import VoiceKind
from avatar_ros.core.types import EVENT_COMPLETE, AudioFrame, Talk, Transcript, VoiceActivity
from avatar_ros.testing.settings import split
from avatar_ros.vad.base import VAD_BACKENDS, VadSettings
from avatar_ros.vad.stage import VadStage, build
from avatar_ros.vad.talk_gate import TalkGate

RATE, FRAME = 16000, 320


def gate(talk: str) -> TalkGate:
    return TalkGate(VadSettings(talk=talk, talk_release_s=0.25, talk_patience_s=8.0))


def test_open_is_always_open() -> None:
    always = gate("open")
    always.press(True, 1.0)
    always.press(False, 2.0)
    always.voice_stopped()
    assert always.is_open(1e9)
    assert not always.holds


def test_push_is_open_while_pressed_and_a_little_longer() -> None:
    push = gate("push")
    assert not push.is_open(0.0)
    push.press(True, 1.0)
    assert push.is_open(1.0) and push.is_open(100.0) and push.holds
    push.press(True, 50.0)
    push.press(False, 100.0)
    assert push.is_open(100.2) and not push.holds
    assert not push.is_open(100.25)
    push.press(False, 200.0)
    assert not push.is_open(200.0), "letting go of what is not pressed opens nothing"


def test_a_tap_lasts_to_the_end_of_what_is_said() -> None:
    tap = gate("tap")
    tap.press(True, 1.0)
    tap.press(False, 1.1)
    assert tap.is_open(8.9) and not tap.holds
    tap.voice_started()
    assert tap.is_open(60.0)
    tap.voice_stopped()
    assert not tap.is_open(60.0)


def test_a_tap_without_a_voice_ends_by_itself_and_a_second_tap_ends_it_at_once() -> None:
    tap = gate("tap")
    tap.press(True, 1.0)
    assert not tap.is_open(9.0)
    tap.press(True, 10.0)
    assert tap.is_open(10.0)
    tap.press(True, 11.0)
    assert not tap.is_open(11.0)


class Microphone:
    """A stage that hears speech by a script, for as long as it is told to."""

    def __init__(self, script: str, **settings: Any) -> None:
        values = {"backend": "fake", "script": script, "min_snr_db": 0.0, **settings}
        self.stage: VadStage = build(*split(VAD_BACKENDS, VadSettings, **values))  # type: ignore[assignment]
        self.stage.load()
        self.at_s = 0.0
        self.out: list[Any] = []

    def hear(self, until_s: float) -> None:
        while self.at_s < until_s - 1e-9:
            first = round(self.at_s * RATE)
            pcm = ((np.arange(first, first + FRAME) * 37) % 20011 - 10000).astype(np.int16)
            self.out += self.stage.push("mic/audio", AudioFrame(first_sample=first, pcm=pcm), self.at_s)
            self.at_s += FRAME / RATE

    def talk(self, pressed: bool) -> None:
        self.out += self.stage.push("mic/talk", Talk(pressed=pressed), self.at_s)

    def read(self, text: str) -> None:
        partial = Transcript(utterance=1, text=text, final=False, events=(EVENT_COMPLETE,))
        self.out += self.stage.push("speech/transcript", partial, self.at_s)

    @property
    def kinds(self) -> list[VoiceKind]:
        told = [o.message.kind for o in self.out if isinstance(o.message, VoiceActivity)]
        return [kind for kind in told if kind in (VoiceKind.STARTED, VoiceKind.STOPPED)]

    @property
    def sound(self) -> np.ndarray:
        pieces = [o.message.pcm for o in self.out if isinstance(o.message, AudioFrame)]
        return np.concatenate([np.zeros(0, np.int16), *pieces])


@pytest.mark.parametrize("talk", ["push", "tap"])
def test_nothing_is_heard_before_the_press_not_even_the_pre_roll(talk: str) -> None:
    mic = Microphone("0-3", talk=talk)
    mic.hear(1.0)
    assert mic.out == []
    mic.talk(True)
    mic.hear(2.0)
    assert mic.kinds == [VoiceKind.STARTED]
    first = next(o.message for o in mic.out if isinstance(o.message, VoiceActivity))
    assert first.sample >= RATE - 1024, "what is told may lie before the press by a window; no sound does"
    assert len(mic.sound) <= RATE


def test_letting_go_ends_the_utterance_and_silence_does_not() -> None:
    mic = Microphone("0-1, 3-4, 6-9", talk="push", short_silence_s=0.16, talk_release_s=0.25)
    mic.talk(True)
    mic.hear(1.2)
    mic.read("what time is it")
    mic.hear(3.9)
    assert VoiceKind.STOPPED not in mic.kinds, "the key is held: who thinks is not done"
    mic.talk(False)
    mic.hear(4.1)
    assert VoiceKind.STOPPED not in mic.kinds, "the last word was not quite out"
    mic.hear(4.3)
    assert mic.kinds[-1] is VoiceKind.STOPPED
    mic.hear(9.0)
    assert mic.kinds.count(VoiceKind.STARTED) == mic.kinds.count(VoiceKind.STOPPED) == 1
    assert [o.message.last for o in mic.out if isinstance(o.message, AudioFrame)].count(True) == 1


def test_a_tap_listens_to_one_utterance() -> None:
    mic = Microphone("0.5-1.5, 4-5", talk="tap", turn_detector="none")
    mic.talk(True)
    mic.hear(6.0)
    assert mic.kinds == [VoiceKind.STARTED, VoiceKind.STOPPED]
