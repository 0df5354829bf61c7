"""`./avatar bench voice`: core-seconds a second of speech, and how long a short clause waits for its first sound.

Both are measured at the tts stage, as tts_node runs it: the first sound is its first chunk (first_chunk_s of sound),
counted from the sentence's coming; core-seconds are those of this process and its helpers, from the sentence's coming
to its last sound. Voices take turns, sentence by sentence, so that a busy moment strikes all of them.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avatar_ros.core.enums import PlaybackState
from avatar_ros.core.types import PlaybackClock, Sentence, SpeechChunk
from avatar_ros.testing.settings import split
from avatar_ros.tts.base import TTS_BACKENDS, TtsSettings
from avatar_ros.tts.stage import build

from ..lib.machine import processor_name
from ..lib.report import tell

#: Six words each.
CLAUSES = (
    "The cafe is on the left.",
    "We are open until nine today.",
    "Tickets are sold at the desk.",
    "You can take the lift upstairs.",
    "There are lockers near the entrance.",
    "Yes, dogs are welcome in here.",
    "The next tour starts at two.",
    "Please ask my colleague over there.",
    "It was built long before that.",
    "Children pay half of the price.",
)
#: As answers are.
SENTENCES = (
    "The museum shop is on the ground floor, right behind the ticket desk, and it closes half an hour before we do.",
    "Guided tours begin every hour in the entrance hall and take about forty minutes.",
    "You are welcome to take pictures, but please leave the flash off in the old rooms.",
    "The bus to the station stops across the street, and the last one leaves at eleven.",
)
_PATIENCE_S = 60.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str]) -> int:
    """Parse, measure, print one JSON object; exit code 0."""
    parser = argparse.ArgumentParser(prog="avatar bench voice", description=__doc__)
    parser.add_argument("--backends", default="piper,espeak", help="voices, joined by commas (default: %(default)s)")
    parser.add_argument("--model", default="", help="of piper or kokoro (default: the packaged one)")
    parser.add_argument("--rounds", type=int, default=4, help="of all clauses (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of piper or kokoro (default: %(default)s)")
    parser.add_argument("--json", help="also write the result here")
    options = parser.parse_args(list(arguments))
    voices = [VoiceUnderTest(name, options.model, options.threads) for name in options.backends.split(",")]
    try:
        result = measure(voices, options.rounds)
    finally:
        for voice in voices:
            voice.stage.close()
    tell({"processor": processor_name(), "cores": os.cpu_count(), **result}, options.json)
    return 0


class VoiceUnderTest:
    """A backend's stage, loaded, and what it took so far, all in seconds."""

    def __init__(self, name: str, model: str = "", threads: int = 1) -> None:
        self.name = name
        given: dict[str, Any] = {"model": model, "threads": threads} if name in ("piper", "kokoro") else {}
        before_kib, began_s = _resident_kib(), time.perf_counter()
        self.stage = build(*split(TTS_BACKENDS, TtsSettings, backend=name, fallback="", ahead_s=10.0, **given))
        self._awake = threading.Event()
        self.stage.wake = self._awake.set
        self.stage.load()
        self.load_s = time.perf_counter() - began_s
        self.resident_mib = (_resident_kib() - before_kib) / 1024
        self.first_sounds_s: list[float] = []
        self.core_s = self.sound_s = 0.0
        self._turn = 0

    def say(self, text: str) -> tuple[float, float, float]:
        """Speak one sentence to its end: (wait for the first chunk, core-seconds, sound), seconds."""
        self._turn += 1
        began_s, cpu_s = time.perf_counter(), _processor_s()
        sentence = Sentence(turn=self._turn, text=text, last=True)
        chunks = self._keep(self.stage.push("speech/sentence", sentence, time.monotonic()))
        first_s = time.perf_counter() - began_s if chunks else 0.0
        clock = PlaybackClock(turn=self._turn, sample=10**9, state=PlaybackState.PAUSED)  # nothing is held back
        chunks += self._keep(self.stage.push("speech/playback", clock, time.monotonic()))
        while not (chunks and chunks[-1].turn_end):
            if time.perf_counter() - began_s > _PATIENCE_S:
                raise TimeoutError(f"'{self.name}' did not finish: {text}")
            self._awake.wait(0.005)
            self._awake.clear()
            chunks += self._keep(self.stage.tick(time.monotonic()))
            first_s = first_s or (time.perf_counter() - began_s if chunks else 0.0)
        used_s = _processor_s() - cpu_s
        return first_s, used_s, sum(len(chunk.pcm) / chunk.sample_rate_hz for chunk in chunks)

    @staticmethod
    def _keep(outs: Any) -> list[SpeechChunk]:
        return [out.message for out in outs if isinstance(out.message, SpeechChunk)]


def measure(voices: Sequence[VoiceUnderTest], rounds: int) -> dict[str, Any]:
    """Every voice says every clause `rounds` times, and every sentence once a round."""
    for _ in range(rounds):
        for text in CLAUSES:
            for voice in voices:
                voice.first_sounds_s.append(voice.say(text)[0])
        for text in SENTENCES:
            for voice in voices:
                _, used_s, sound_s = voice.say(text)
                voice.core_s += used_s
                voice.sound_s += sound_s
    return {voice.name: _figures(voice) for voice in voices}


def _figures(voice: VoiceUnderTest) -> dict[str, float]:
    waits_ms = np.array(voice.first_sounds_s) * 1000
    return {
        "first_sound_ms_median": round(float(np.median(waits_ms)), 1),
        "first_sound_ms_p95": round(float(np.percentile(waits_ms, 95)), 1),
        "clauses": len(waits_ms),
        "core_s_per_s": round(voice.core_s / voice.sound_s, 4),
        "sound_s": round(voice.sound_s, 1),
        "load_s": round(voice.load_s, 2),
        "resident_mib": round(voice.resident_mib, 1),
    }


def _processor_s() -> float:
    """Processor time of this process, to the nanosecond, and of its helpers, in ticks."""
    own = time.process_time()
    return own + sum(_stat_ticks(pid) for pid in _children()) * _TICK_S


def _children() -> list[int]:
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(pid) for path in found for pid in path.read_text().split()]


def _stat_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return 0
    return int(fields[11]) + int(fields[12])


def _resident_kib() -> int:
    """Of this process; its helpers are not counted."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
