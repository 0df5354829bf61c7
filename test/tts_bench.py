"""A TtsStage with a clock of its own, for tests."""

import threading
import time

import numpy as np

from avatar_ros.core.enums import InterruptAction, MarkKind, PlaybackState
from avatar_ros.core.errors import TtsError
from avatar_ros.core.events import Interrupt
from avatar_ros.core.types import PlaybackClock, Sentence
from avatar_ros.tts.base import Part, TtsSettings, VoiceMark
from avatar_ros.tts.fake import FakeVoice
from avatar_ros.tts.stage import TtsStage

RATE = 24000


class Bench:
    """The stage and a clock moved by hand; errors are kept as the runner would. No slow start, unless asked for."""

    def __init__(self, voice=None, **settings):
        settings = {"burst_s": 10.0, "first_chunk_s": 0.04, **settings}
        self.settings = TtsSettings(backend="fake", **settings)
        self.stage = TtsStage(self.settings, voice or FakeVoice(self.settings))
        self.stage.load()
        self.now_s = 10.0
        self.chunks = []
        self.faults = []
        self.errors = []

    def keep(self, outs):
        try:
            for out in outs:
                (self.chunks if out.topic == "speech/audio" else self.faults).append(out.message)
        except (TtsError, ZeroDivisionError) as error:
            self.errors.append(error)

    def say(self, text, index=0, turn=1, **more):
        self.keep(self.stage.push("speech/sentence", Sentence(turn=turn, index=index, text=text, **more), self.now_s))

    def say_and_wait(self, text):
        """For voices with a thread of their own: until the turn has ended."""
        awake = threading.Event()
        self.stage.wake = awake.set
        self.say(text, last=True)
        until_s = time.monotonic() + 60
        while not (self.chunks and self.chunks[-1].turn_end):
            assert time.monotonic() < until_s, "the turn never ended"
            awake.wait(0.1)
            self.run(0.04)

    def hear(self, sample, state=PlaybackState.PLAYING, turn=1):
        clock = PlaybackClock(turn=turn, sample=sample, state=state, steady_ns=round(self.now_s * 1e9))
        self.keep(self.stage.push("speech/playback", clock, self.now_s))

    def cancel(self, turn=1):
        self.keep(self.stage.interrupt(Interrupt(turn=turn, action=InterruptAction.CANCEL), self.now_s))

    def run(self, seconds):
        for _ in range(round(seconds / 0.04)):
            self.now_s += 0.04
            self.keep(self.stage.tick(self.now_s))

    def sound(self):
        return np.concatenate([chunk.pcm for chunk in self.chunks])

    def sent_s(self):
        return sum(len(chunk.pcm) for chunk in self.chunks) / RATE


class ToneVoice:
    """1 kHz in many small parts, at another rate than the session's."""

    blocking = False
    rate = 22050

    def __init__(self, fail_after=None, loud=10000):
        self.fail_after = fail_after
        self.loud = loud

    def load(self): ...

    def close(self): ...

    def status(self):
        return {}

    def speak(self, text, locale, stop=None):
        pcm = np.round(self.loud * np.sin(2 * np.pi * 1000 * np.arange(self.rate) / self.rate)).astype(np.int16)
        for i, piece in enumerate(np.array_split(pcm, 37)):
            if i == self.fail_after:
                raise TtsError("tts_down", "the service fails", retryable=True)
            marks = (VoiceMark(MarkKind.PHONE, "a", 0.5, 0.6),) if i == 0 else ()
            yield Part(piece, self.rate, marks)
