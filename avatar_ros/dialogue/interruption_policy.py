"""Is what was said over the avatar an interruption, an answer to its question, or neither?"""

from __future__ import annotations

from ..core.types import Transcript
from .backchannels import Phrases, interrupts, only_body_sound
from .base import DialogueSettings
from .fixed_texts import ListeningWords
from .response_policy import word_count
from .user_speech import UserTurn, Utterance


class InterruptionPolicy:
    """The rules of interrupting that need no memory."""

    def __init__(self, settings: DialogueSettings) -> None:
        self._settings = settings
        self._words = ListeningWords(settings)

    def is_interruption(self, said: UserTurn) -> bool:
        """Whether speech over the avatar interrupts it, be it understood or not."""
        return interrupts(said.transcript, self._backchannels(said.transcript)) or self._is_unclear_speech(*said)

    def is_stop(self, transcript: Transcript) -> bool:
        """Whether it silences the avatar and wants no answer."""
        return not transcript.rejected and self._words.stop_phrases(transcript.locale).match(transcript.text)

    def is_short_answer(self, transcript: Transcript) -> bool:
        """Whether it is a "yes", which answers a question though it interrupts nothing."""
        return not transcript.rejected and self._backchannels(transcript).match(transcript.text)

    def is_wordless(self, partial: Transcript) -> bool:
        """Whether what was heard so far is a sound, or a sign of listening."""
        return only_body_sound(partial) or self._backchannels(partial).match(partial.text)

    def partial_interrupts(self, partial: Transcript) -> bool:
        """Whether the words so far interrupt before the voice stops."""
        needed = self._settings.partial_words
        sure = partial.confidence >= self._settings.partial_confidence
        listening = self._backchannels(partial).may_become(partial.text)
        return 0 < needed <= word_count(partial.text) and sure and not listening

    def undecided(self, utterance: Utterance, now_s: float) -> bool:
        """Whether it may still turn out to be an interruption."""
        stopped_s = utterance.stop_received_s
        return stopped_s is None or now_s - stopped_s <= self._settings.decide_within_s

    def voice_interrupts(self, utterance: Utterance, now_s: float) -> bool:
        """Whether the voice alone interrupts by now: not a laugh, however long."""
        limit_s = self._settings.cancel_after_voice_s
        if limit_s <= 0 or utterance.wordless or not utterance.ongoing:
            return False
        return now_s - utterance.start_received_s >= limit_s

    def _backchannels(self, transcript: Transcript) -> Phrases:
        return self._words.backchannels(transcript.locale)

    def _is_unclear_speech(self, transcript: Transcript, utterance: Utterance) -> bool:
        """Whether a whole sentence was said over the avatar of which no word was understood."""
        limit_s, voice_s = self._settings.unclear_voice_s, utterance.voice_s
        long = limit_s > 0 and voice_s is not None and voice_s >= limit_s
        unclear = transcript.rejected and not self._backchannels(transcript).match(transcript.text)
        return long and unclear and utterance.over_speech and not only_body_sound(transcript)
