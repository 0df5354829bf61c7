"""From probabilities to utterances: told how many seconds passed and how likely they held speech; reads no clock."""

from __future__ import annotations

from dataclasses import dataclass

from .base import VadSettings


@dataclass(frozen=True)
class VoiceStarted:
    """Speech began `speech_s` before the end of what was heard so far."""

    speech_s: float


@dataclass(frozen=True)
class VoiceStopped:
    """Speech ended `silence_s` before the end of what was heard so far.

    cut: it became too long, but goes on: the next utterance has started where this one stops.
    """

    silence_s: float
    cut: bool = False


VoiceEvent = VoiceStarted | VoiceStopped


class Segmenter:
    """Hysteresis with a minimum of speech to start and an adjustable wait to stop.

    A detector says speech for some more windows after the last word: what has faded away since then counts as the
    beginning of the silence, unless it lasts; then it is somebody who goes on softly.

    Too long an utterance is cut in two where somebody goes on speaking. Sound that has not been loud enough to start
    an utterance for as long as the wait is background, by now: there it ends.
    """

    def __init__(self, settings: VadSettings) -> None:
        self._settings = settings
        self.wait_s = settings.stop_silence_s
        self.speaking = False
        self._speech_s = 0.0
        self._silence_s = 0.0
        self._faded_s = 0.0
        self._soft_s = 0.0  # since it was last loud enough to start an utterance

    @property
    def silence_s(self) -> float:
        """Silence since the last speech of the utterance, s."""
        return self._silence_s

    @property
    def voice_s(self) -> float:
        """From the beginning of the utterance to its last speech, s."""
        return max(0.0, self._speech_s - self._silence_s)

    def step(
        self, seconds: float, probability: float, *, loud_enough: bool = True, faded: bool = False
    ) -> VoiceEvent | None:
        """Take the next `seconds` of sound.

        loud_enough: False keeps them from starting an utterance; faded: much softer than the speech before.
        """
        self._soft_s = 0.0 if loud_enough else self._soft_s + seconds
        if self.speaking:
            return self._while_speaking(seconds, probability, faded)
        return self._while_quiet(seconds, probability if loud_enough else 0.0)

    def stop(self) -> VoiceStopped | None:
        """End the utterance now (the stream ended), None where nobody speaks."""
        return self._stopped() if self.speaking else None

    def _while_quiet(self, seconds: float, probability: float) -> VoiceStarted | None:
        threshold = self._settings.stop_threshold if self._speech_s else self._settings.start_threshold
        if probability < threshold:
            self._speech_s = 0.0
            return None
        self._speech_s += seconds
        if self._speech_s < self._settings.min_speech_s:
            return None
        self.speaking, self._silence_s, self.wait_s = True, 0.0, self._settings.stop_silence_s
        self._faded_s = 0.0
        return VoiceStarted(self._speech_s)

    def _while_speaking(self, seconds: float, probability: float, faded: bool) -> VoiceStopped | None:
        self._speech_s += seconds
        self._silence_s = 0.0 if self._is_speech(seconds, probability, faded) else self._silence_s + seconds
        if self._silence_s >= self.wait_s:
            return self._stopped()
        if self._speech_s >= self._settings.max_utterance_s:
            return self._cut() if self._soft_s < self.wait_s else self._stopped()
        return None

    def _is_speech(self, seconds: float, probability: float, faded: bool) -> bool:
        if probability < self._settings.stop_threshold:
            return False
        self._faded_s = self._faded_s + seconds if faded else 0.0
        return not faded or self._faded_s > self._settings.fade_s

    def _cut(self) -> VoiceStopped:
        # A silence whose end is still waited for goes on with the next utterance.
        self._speech_s, self.wait_s = 0.0, self._settings.stop_silence_s
        return VoiceStopped(0.0, cut=True)

    def _stopped(self) -> VoiceStopped:
        event = VoiceStopped(self._silence_s)
        self.speaking, self._speech_s, self._silence_s = False, 0.0, 0.0
        return event
