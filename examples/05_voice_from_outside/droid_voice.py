"""A voice of one's own in one file: a droid that makes a sound for each letter. It needs nothing but numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from avatar_ros.core.arrays import Pcm
from avatar_ros.core.enums import MarkKind
from avatar_ros.core.errors import TtsError
from avatar_ros.core.settings import Settings, setting
from avatar_ros.tts.base import UNREADABLE, Part, TtsSettings, VoiceMark
from avatar_ros.tts.cancel_token import CancelToken

RATE_HZ = 24000
#: Between two words, and at both ends of a letter, s.
GAP_S, FADE_S = 0.06, 0.008
#: Letter -> the phone that the lips are to show, as in ARPABET; whatever else can be said is an "ah".
PHONES = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "aa b k d eh f g hh ih jh k l m n ao p k r s t uw v w k y z".split(),
        strict=True,
    )
)
#: First and second formant of the vowels, Hz.
FORMANTS_HZ = {
    "aa": (730, 1090),
    "eh": (530, 1840),
    "ih": (390, 1990),
    "ao": (570, 840),
    "uw": (300, 870),
    "ah": (640, 1190),
}


@dataclass(frozen=True)
class DroidSettings(Settings):
    """Parameters of tts_node while this voice is chosen: DroidVoice.pitch_hz, DroidVoice.letter_s."""

    pitch_hz: float = setting(190.0, "height of the voice, Hz", low=60.0, high=600.0)
    letter_s: float = setting(0.075, "length of a letter, s", low=0.03, high=0.3)


class DroidVoice:
    """What `avatar_ros.tts.base.Voice` asks for; chosen by `backend: droid_voice:DroidVoice`."""

    Settings = DroidSettings
    #: True where `speak` waits for a service: it then has a thread of its own.
    blocking = False

    def __init__(self, settings: TtsSettings, own: DroidSettings) -> None:
        self._own = own

    def load(self) -> None:
        """A model would be loaded here."""

    def speak(self, text: str, locale: str, stop: CancelToken | None = None) -> Iterator[Part]:
        """A part for each word, as soon as it is made, with its phones and the word itself as marks."""
        words = [word for word in text.split() if any(map(str.isalnum, word))]
        if not words:
            raise TtsError(UNREADABLE, "there is no letter to say")
        at_s = 0.0
        for word in words:
            phones = [PHONES.get(letter, "ah") for letter in word.lower() if letter.isalnum()]
            pcm = np.concatenate([*map(self._sound, phones), np.zeros(round(GAP_S * RATE_HZ), np.int16)])
            yield Part(pcm, RATE_HZ, tuple(self._marks(word, phones, at_s)))
            at_s += len(pcm) / RATE_HZ

    def _sound(self, phone: str) -> Pcm:
        t = np.arange(round(self._own.letter_s * RATE_HZ)) / RATE_HZ
        first_hz, second_hz = FORMANTS_HZ.get(phone, (1.5 * self._own.pitch_hz, 3.0 * self._own.pitch_hz))
        tones = ((0.30, self._own.pitch_hz), (0.15, first_hz), (0.07, second_hz))
        wave = sum(share * np.sin(2 * np.pi * hz * t) for share, hz in tones)
        fade = np.minimum(1, np.minimum(t, t[-1] - t) / FADE_S) * (1.0 if phone in FORMANTS_HZ else 0.6)
        return np.round(32767 * fade * wave).astype(np.int16)

    def _marks(self, word: str, phones: list[str], at_s: float) -> Iterator[VoiceMark]:
        step_s = round(self._own.letter_s * RATE_HZ) / RATE_HZ
        yield VoiceMark(MarkKind.WORD, word, at_s, at_s + step_s * len(phones))
        for i, phone in enumerate(phones):
            yield VoiceMark(MarkKind.PHONE, phone, at_s + i * step_s, at_s + (i + 1) * step_s)

    def expect(self) -> None:
        """Somebody has begun to speak; a service would open its connection now."""

    def status(self) -> Mapping[str, str]:
        """For /diagnostics."""
        return {"voice": f"droid at {self._own.pitch_hz:g} Hz"}

    def close(self) -> None:
        """What `load` took would be freed here."""
