"""Judges what was heard: is it for the avatar to fall silent, an answer to its question, or nothing?"""

from __future__ import annotations

from ..core.types import Transcript
from .backchannels import Phrases, interrupts, only_body_sound
from .base import DialogueSettings
from .response_policy import word_count
from .user_speech import Utterance


class InterruptionPolicy:
    """The rules of interrupting that need no memory."""

    def __init__(self, settings: DialogueSettings) -> None:
        self._settings = settings
        self._backchannels = Phrases(settings.backchannels)
        self._stop_phrases = Phrases(settings.stop_phrases)

    def meant(self, transcript: Transcript, utterance: Utterance) -> bool:
        """Whether speech over the avatar was meant for it, be it understood or not."""
        return interrupts(transcript, self._backchannels) or self._meant_though_unclear(transcript, utterance)

    def stops(self, transcript: Transcript) -> bool:
        """Whether it silences the avatar and wants no answer."""
        return not transcript.rejected and self._stop_phrases.match(transcript.text)

    def may_answer(self, transcript: Transcript) -> bool:
        """Whether it is a "yes", which answers a question though it interrupts nothing."""
        return not transcript.rejected and self._backchannels.match(transcript.text)

    def wordless(self, partial: Transcript) -> bool:
        """Whether what was heard so far is a sound, or a sign of listening."""
        return only_body_sound(partial) or self._backchannels.match(partial.text)

    def enough(self, partial: Transcript) -> bool:
        """Whether the words so far interrupt before the voice stops."""
        needed = self._settings.partial_words
        sure = partial.confidence >= self._settings.partial_confidence
        return 0 < needed <= word_count(partial.text) and sure and not self._backchannels.may_become(partial.text)

    def undecided(self, utterance: Utterance, now_s: float) -> bool:
        """Whether it may still turn out to be an interruption."""
        stopped_s = utterance.heard_stopped_s
        return stopped_s is None or now_s - stopped_s <= self._settings.decide_within_s

    def lasts(self, utterance: Utterance, now_s: float) -> bool:
        """Whether the voice alone interrupts by now; who laughs long still wants to hear the rest."""
        limit_s = self._settings.cancel_after_voice_s
        if limit_s <= 0 or utterance.wordless or not utterance.going_on:
            return False
        return now_s - utterance.heard_started_s >= limit_s

    def _meant_though_unclear(self, transcript: Transcript, utterance: Utterance) -> bool:
        """Whether somebody said a whole sentence over the avatar of which no word was understood."""
        limit_s, voice_s = self._settings.unclear_voice_s, utterance.voice_s
        long = limit_s > 0 and voice_s is not None and voice_s >= limit_s
        unclear = transcript.rejected and not self._backchannels.match(transcript.text)
        return long and unclear and utterance.over_speech and not only_body_sound(transcript)
