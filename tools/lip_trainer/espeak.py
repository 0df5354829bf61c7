"""espeak-ng: formant synthesis, no recorded person; a small share of the speech, for languages and odd voices."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from avatar_ros.core.enums import MarkKind
from avatar_ros.speech.phone_mapping import SILENCE, UNKNOWN, Schedule, schedules
from avatar_ros.tts.base import TtsSettings
from avatar_ros.tts.espeak import EspeakSettings, EspeakVoice

from .speech import Spoken, seed_of, spoken


@dataclass(frozen=True)
class Espeak:
    """locale: as espeak calls it; pitch 0–99. Phone times from its events."""

    name: str
    locale: str
    pitch: int
    words: str

    def missing(self) -> str:
        """What to install."""
        return "" if importlib.util.find_spec("espeakng_loader") else "pip install espeakng-loader"

    def speak(self, texts: Sequence[str], seed: int) -> list[Spoken]:
        """See speech.Voice. 130 to 200 words a minute."""
        rng = np.random.default_rng(seed_of(self.name, seed))
        out = []
        for texts_part in np.array_split(np.array(texts, object), 4):
            voice = EspeakVoice(
                TtsSettings(), EspeakSettings(pitch=self.pitch, words_per_minute=int(rng.integers(130, 200)))
            )
            try:
                voice.load()
                out += [self._speak(voice, str(text)) for text in texts_part]
            finally:
                voice.close()
        return out

    def _speak(self, voice: EspeakVoice, text: str) -> Spoken:
        (part,) = voice.speak(text, self.locale)
        marks = [mark for mark in part.marks if mark.kind is MarkKind.PHONE]
        plans, ends = _without_gaps([m.text for m in marks], [(m.start_s, m.end_s) for m in marks])
        return spoken(part.pcm.astype(np.float32) / np.float32(32768), part.sample_rate_hz, plans, ends)


def _without_gaps(names: list[str], times: list[tuple[float, float]]) -> tuple[list[Schedule], list[float]]:
    """Schedules and ends, with silence where no phone is."""
    plans: list[Schedule] = []
    ends: list[float] = []
    found, _ = schedules(names)
    for plan, (start_s, end_s) in zip(found, times, strict=True):
        if start_s > (ends[-1] if ends else 0.0):
            plans.append(SILENCE)
            ends.append(start_s)
        plans.append(plan or UNKNOWN)
        ends.append(end_s)
    return plans, ends
