"""What every voice must do, alone and in the tts stage."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ...core.arrays import Pcm
from ...core.enums import MarkKind, PlaybackState
from ...core.errors import TtsError
from ...core.events import SpeechFault
from ...core.stage import Out, Stage
from ...core.types import Mark, PlaybackClock, Sentence, SpeechChunk
from ...tts.base import UNREADABLE, TtsSettings, Voice
from ...tts.cancel_token import CancelToken
from ...tts.stage import TtsStage
from .common import check_status, run

RATE_HZ = TtsSettings().speech_rate_hz
#: Longest wait for the end of a turn, s.
PATIENCE_S = 60.0
_TEXTS = ("42", "x" * 700, "https://a.b/c?d=e", "\x00\x07 hi")
_FOREIGN_TEXTS = ("你好，世界。", "¡Olé! ñ ß ø", "שלום")


class VoiceBench:
    """A tts stage that is run in real time until its turn has ended; what came of it. The stage is loaded already."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.chunks: list[SpeechChunk] = []
        self.faults: list[SpeechFault] = []
        self.errors: list[TtsError] = []
        self._awake = threading.Event()
        stage.wake = self._awake.set

    def keep(self, outs: Iterable[Out]) -> None:
        """Take what the stage publishes."""
        try:
            for out in outs:
                (self.chunks if isinstance(out.message, SpeechChunk) else self.faults).append(out.message)  # type: ignore
        except TtsError as error:
            self.errors.append(error)

    def say(self, *texts: str, turn: int = 1, locale: str = "en-US") -> VoiceBench:
        """Speak a turn of these sentences to its end."""
        for i, text in enumerate(texts):
            sentence = Sentence(turn=turn, index=i, text=text, locale=locale, last=i == len(texts) - 1)
            self.keep(self.stage.push("speech/sentence", sentence, time.monotonic()))
        # As if all had been heard long ago: nothing is held back.
        clock = PlaybackClock(turn=turn, sample=10**9, state=PlaybackState.PAUSED)
        self.keep(self.stage.push("speech/playback", clock, time.monotonic()))
        until_s = time.monotonic() + PATIENCE_S
        while not (self.chunks and self.chunks[-1].turn_end and self.chunks[-1].turn == turn):
            assert time.monotonic() < until_s, f"the turn {texts!r:.80} never ended"
            self._awake.wait(0.02)
            self._awake.clear()
            self.keep(self.stage.tick(time.monotonic()))
        return self

    def sound(self, turn: int = 1) -> Pcm:
        """The turn's sound."""
        return np.concatenate([chunk.pcm for chunk in self.chunks if chunk.turn == turn])

    def marks(self, kind: MarkKind) -> list[Mark]:
        """All marks of a kind."""
        return [mark for chunk in self.chunks for mark in chunk.marks if mark.kind is kind]


@contextlib.contextmanager
def _bench(voice: Voice) -> Iterator[VoiceBench]:
    """A stage of the voice's own, which stays loaded: closing the stage would close it."""
    yield VoiceBench(TtsStage(TtsSettings(ahead_s=10.0), voice))


def gives_parts_of_int16(voice: Voice) -> None:
    """`speak` yields mono int16 at a plain rate, with marks within reason; `status` gives texts."""
    parts = list(voice.speak("Hello there.", "en-US"))
    assert parts, "speak() gave nothing for 'Hello there.'"
    for part in parts:
        assert part.pcm.dtype == np.int16 and part.pcm.ndim == 1, f"pcm must be int16 [N], not {part.pcm.dtype}"
        assert 8000 <= part.sample_rate_hz <= 192_000, f"sample_rate_hz is {part.sample_rate_hz}"
    voice.expect()
    check_status(voice.status())


def a_turn_of_three_sentences_is_whole(voice: Voice) -> None:
    """Chunks follow each other without a gap; each sentence ends once, with its text; the sound is heard."""
    texts = ("Hello there.", "This is a longer sentence, with a comma.", "Bye!")
    with _bench(voice) as bench:
        bench.say(*texts)
        assert not bench.errors, f"the voice failed: {bench.errors}"
        ends = [chunk.first_sample + len(chunk.pcm) for chunk in bench.chunks]
        assert [chunk.first_sample for chunk in bench.chunks] == [0, *ends[:-1]]
        assert [chunk.sentence for chunk in bench.chunks if chunk.sentence_end] == [0, 1, 2]
        assert [chunk.turn_end for chunk in bench.chunks].count(True) == 1
        assert tuple(chunk.text for chunk in bench.chunks if chunk.text) == texts
        assert all(chunk.sample_rate_hz == RATE_HZ and chunk.pcm.dtype == np.int16 for chunk in bench.chunks)
        peak = int(np.abs(bench.sound().astype(int)).max())
        assert 1000 < peak < 32767, f"the loudest sample is {peak} of 32767"
        assert 1.0 < ends[-1] / RATE_HZ < 30.0, f"three short sentences took {ends[-1] / RATE_HZ:.1f} s"


def marks_lie_within_the_sound_and_in_order(voice: Voice) -> None:
    """Where a voice gives marks."""
    with _bench(voice) as bench:
        bench.say("Hello my brave world.", "Again.")
        total = len(bench.sound())
        for kind in MarkKind:
            found = bench.marks(kind)
            assert [m.start_sample for m in found] == sorted(m.start_sample for m in found), f"{kind} out of order"
            late = [m for m in found if not 0 <= m.start_sample < m.end_sample <= total + RATE_HZ // 20]
            assert not late, f"marks beyond the sound of {total} samples: {late[:3]}"


def any_text_ends(voice: Voice) -> None:
    """English in any shape is heard; of what it cannot read a voice says so by the code tts_unreadable."""
    with _bench(voice) as bench:
        for turn, text in enumerate(_TEXTS + _FOREIGN_TEXTS, 1):
            bench.say(text, turn=turn)
            assert text in _FOREIGN_TEXTS or len(bench.sound(turn)), f"nothing was heard of {text!r:.40}"
    other = [error for error in bench.errors if error.code != UNREADABLE]
    assert not other, f"the voice failed: {other}"


def nothing_to_say_closes_the_turn(voice: Voice) -> None:
    """Empty sentences and mere signs are no sound."""
    with _bench(voice) as bench:
        bench.say("", turn=1)
        bench.say("🎉 *** 🎉", turn=2)
        assert len(bench.sound(1)) == len(bench.sound(2)) == 0
        assert [(fault.turn, fault.reason) for fault in bench.faults] == [(2, "unpronounceable")]


def ends_when_it_is_stopped(voice: Voice) -> None:
    """A sentence that nobody wants any more, and the next one is spoken."""
    stop = CancelToken()
    stop.ask()
    with contextlib.suppress(TtsError):
        list(voice.speak("Nobody wants to hear this.", "en-US", stop))
    assert list(voice.speak("This one is wanted.", "en-US")), "the voice is mute after a sentence that was stopped"


VOICE: tuple[Callable[[Voice], None], ...] = (
    gives_parts_of_int16,
    a_turn_of_three_sentences_is_whole,
    marks_lie_within_the_sound_and_in_order,
    nothing_to_say_closes_the_turn,
    any_text_ends,
    ends_when_it_is_stopped,
)


def check_voice(voice: Voice) -> None:
    """All that the tts stage relies on. voice: not loaded yet."""
    run(voice, VOICE)
